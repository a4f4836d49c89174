# version: the number of this project and the commit it was built from, looked
# up at every build, in a source file that changes only when they do.
set(version_source ${PROJECT_BINARY_DIR}/generated/version.c)
file(WRITE ${PROJECT_BINARY_DIR}/generated/version.h
"#pragma once
/* \"0.1.0 (1a2b3c4d5e6f)\": the version and the commit. */
extern const char version_text[];
")
file(WRITE ${PROJECT_BINARY_DIR}/generated/version.in
  "#include \"version.h\"\nconst char version_text[] = \"@VERSION@\";\n")
file(WRITE ${PROJECT_BINARY_DIR}/generated/version_write.cmake
"execute_process(COMMAND git -c safe.directory=* -C ${PROJECT_SOURCE_DIR}
  describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT COMMIT AND EXISTS ${PROJECT_SOURCE_DIR}/commit)
  file(STRINGS ${PROJECT_SOURCE_DIR}/commit COMMIT)
endif()
if(NOT COMMIT)
  set(COMMIT \"unknown commit\")
endif()
set(VERSION \"${PROJECT_VERSION} (\${COMMIT})\")
configure_file(${PROJECT_BINARY_DIR}/generated/version.in ${version_source}
  @ONLY)
")
add_custom_target(version_write
  COMMAND ${CMAKE_COMMAND}
    -P ${PROJECT_BINARY_DIR}/generated/version_write.cmake
  BYPRODUCTS ${version_source} VERBATIM)
add_library(version STATIC ${version_source})
add_dependencies(version version_write)
target_include_directories(version PUBLIC ${PROJECT_BINARY_DIR}/generated)
