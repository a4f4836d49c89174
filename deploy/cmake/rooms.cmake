# room(target FOLDER [LINK ...] [EXCLUDE ...]): a static library of the .c
# files in FOLDER, not in the folders below it.  One generated file keeps a room
# that has only tables a library.
function(room target folder)
  cmake_parse_arguments(ARG "" "" "LINK;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.c)
  foreach(file ${ARG_EXCLUDE})
    list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/${folder}/${file})
  endforeach()
  set(stamp ${PROJECT_BINARY_DIR}/generated/${target}_room.c)
  file(CONFIGURE OUTPUT ${stamp} CONTENT "extern int ${target}_room;\n")
  add_library(${target} STATIC ${sources} ${stamp})
  target_link_libraries(${target} PUBLIC warnings ${ARG_LINK})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# embed_folder(target kind PATTERN...): embed() of the files that match.
function(embed_folder target kind)
  file(GLOB files CONFIGURE_DEPENDS ${ARGN})
  embed(${target} ${kind} ${files})
endfunction()
