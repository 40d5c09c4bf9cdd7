# What release builds carry against mistakes that were overlooked; each flag where the compiler has it.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

function(hearthchat_harden)
  foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
      -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "HAS${flag}" has)
    check_c_compiler_flag("${flag} -Werror" ${has})
    if(${has})
      add_compile_options($<$<COMPILE_LANGUAGE:C>:${flag}>)
    endif()
  endforeach()
  add_compile_definitions($<$<COMPILE_LANGUAGE:C>:_FORTIFY_SOURCE=2>)
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
  # The embedded files are assembled without code, hence without a mark: the whole is marked here.
  if(HAS_fcf_protection_full)
    add_link_options(-Wl,-z,ibt,-z,shstk)
  endif()
endfunction()
