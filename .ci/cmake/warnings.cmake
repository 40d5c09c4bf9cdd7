# hearthchat_room(NAME LIBRARIES…): a folder's static library from its *.c and *.h.
set(HEARTHCHAT_GCC_WARNINGS
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wformat=2 -Wcast-qual -Wcast-align=strict -Wpointer-arith -Wwrite-strings
  -Wundef -Wvla -Wnull-dereference -Wduplicated-cond -Wduplicated-branches -Wlogical-op
  -Wimplicit-fallthrough=5 -Wjump-misses-init -Wdouble-promotion)
set(HEARTHCHAT_CLANG_WARNINGS
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wformat=2 -Wcast-qual -Wpointer-arith -Wwrite-strings -Wundef -Wvla
  -Wnull-dereference -Wimplicit-fallthrough -Wdouble-promotion)

function(hearthchat_compile_options target)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANG_AND_ID:C,GNU>:${HEARTHCHAT_GCC_WARNINGS}>
    $<$<COMPILE_LANG_AND_ID:C,Clang>:${HEARTHCHAT_CLANG_WARNINGS}>)
  if(HEARTHCHAT_WERROR)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:C>:-Werror>)
  endif()
endfunction()

function(hearthchat_room name)
  cmake_parse_arguments(ROOM "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  add_library(${name} STATIC ${sources})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
  target_compile_definitions(${name} PUBLIC _GNU_SOURCE)
  target_link_libraries(${name} PUBLIC ${ROOM_PUBLIC} PRIVATE ${ROOM_PRIVATE})
  hearthchat_compile_options(${name})
endfunction()
