# hearthchat_embed(TARGET SYMBOL DIRECTORY PATTERN…): builds files into the target as
# `const struct embedded_file SYMBOL[]` (core/embedded_file.h): name, bytes, length, each one word; the last
# has a NULL name.
if(CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(HEARTHCHAT_WORD .quad)
else()
  set(HEARTHCHAT_WORD .long)
endif()

function(hearthchat_embed target symbol directory)
  set(files)
  foreach(pattern ${ARGN})
    file(GLOB found CONFIGURE_DEPENDS RELATIVE ${directory} ${directory}/${pattern})
    list(APPEND files ${found})
  endforeach()
  set(bytes "")
  set(table "")
  set(paths "")
  set(index 0)
  foreach(file ${files})
    set(name ${symbol}_${index})
    list(APPEND paths ${directory}/${file})
    string(APPEND bytes "${name}_name:\n    .asciz \"${file}\"\n"
      "${name}:\n    .incbin \"${directory}/${file}\"\n${name}_end:\n    .byte 0\n")
    string(APPEND table "    ${HEARTHCHAT_WORD} ${name}_name, ${name}, ${name}_end - ${name}\n")
    math(EXPR index "${index} + 1")
  endforeach()
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.S)
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT
"    .section .note.GNU-stack,\"\",%progbits
    .section .rodata
${bytes}
    .section .data.rel.ro,\"aw\"
    .balign 8
    .global ${symbol}
${symbol}:
${table}    ${HEARTHCHAT_WORD} 0, 0, 0
")
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS "${paths}")
  target_sources(${target} PRIVATE ${output})
endfunction()
