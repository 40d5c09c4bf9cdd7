# hearthchat_embed(TARGET SYMBOL DIRECTORY PACKED|PLAIN PATTERN…): builds files into the target as
# `const struct embedded_file SYMBOL[]` (core/embedded_file.h): name, bytes, length, each one word; the last has a NULL
# name. PACKED: the bytes are gzip's. In worker.js, @FILES@ are the names of all others and @VERSION@ is a hash of
# all of it. zopfli packs once, here, what every visit downloads: 3 % smaller than gzip -9, which is quick enough for
# what nobody downloads.
find_program(HEARTHCHAT_ZOPFLI zopfli REQUIRED)
if(CMAKE_BUILD_TYPE STREQUAL Release)
  set(HEARTHCHAT_PACK ${HEARTHCHAT_ZOPFLI} -c --gzip)
else()
  set(HEARTHCHAT_PACK gzip -9nc)
endif()
if(CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(HEARTHCHAT_WORD .quad)
else()
  set(HEARTHCHAT_WORD .long)
endif()

function(hearthchat_stamp path_out directory files)
  set(stamped ${CMAKE_CURRENT_BINARY_DIR}/worker.js)
  set(sources ${files})
  list(TRANSFORM sources PREPEND ${directory}/)
  set(others ${files})
  list(REMOVE_ITEM others worker.js)
  list(JOIN others " " names)
  add_custom_command(OUTPUT ${stamped} DEPENDS ${sources} VERBATIM
    COMMAND sh -c "version=$(cat \"$@\" | sha256sum | cut -c1-16) && exec sed \"s/@FILES@/$0/; s/@VERSION@/$version/\" worker.js >${stamped}" ${names} ${files}
    WORKING_DIRECTORY ${directory})
  set(${path_out} ${stamped} PARENT_SCOPE)
endfunction()

function(hearthchat_embed target symbol directory form)
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
    set(path ${directory}/${file})
    if(file STREQUAL "worker.js")
      hearthchat_stamp(path ${directory} "${files}")
    endif()
    if(form STREQUAL "PACKED")
      set(packed ${CMAKE_CURRENT_BINARY_DIR}/${name}.gz)
      add_custom_command(OUTPUT ${packed} DEPENDS ${path} VERBATIM
        COMMAND sh -c "exec \"$@\" >\"$0\"" ${packed} ${HEARTHCHAT_PACK} ${path})
      set(path ${packed})
    endif()
    list(APPEND paths ${path})
    string(APPEND bytes "${name}_name:\n    .asciz \"${file}\"\n"
      "${name}:\n    .incbin \"${path}\"\n${name}_end:\n    .byte 0\n")
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
