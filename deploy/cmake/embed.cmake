# embed(target kind files...): builds each file into target as the C array
# <kind>_<stem> (dots of the stem as _) and all of them into the table
# <target>_<kind>, ended by an entry without a name; both are declared in
# <target>_<kind>.h.
function(embed target kind)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/generated/${target}_${kind})
  set(source "#include \"${target}_${kind}.h\"\n")
  set(header "#pragma once\n#include \"storage/base/embed.h\"\n")
  set(table "const struct embed_file ${target}_${kind}[] = {\n")
  list(SORT ARGN)
  foreach(file ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(stem ${file} NAME_WLE)
    get_filename_component(name ${file} NAME)
    string(REPLACE "." "_" symbol ${stem})
    string(REPLACE "-" "_" symbol ${symbol})
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    string(APPEND source
      "const unsigned char ${kind}_${symbol}[] = {${bytes}0};\n")
    string(APPEND header "extern const unsigned char ${kind}_${symbol}[];\n")
    string(APPEND table "    {\"${stem}\", \"${name}\", "
      "(const char *)${kind}_${symbol}, sizeof(${kind}_${symbol}) - 1},\n")
  endforeach()
  string(APPEND source "${table}    {0},\n};\n")
  string(APPEND header
    "extern const struct embed_file ${target}_${kind}[];\n")
  file(CONFIGURE OUTPUT ${out}.c CONTENT "${source}" @ONLY)
  file(CONFIGURE OUTPUT ${out}.h CONTENT "${header}" @ONLY)
  target_sources(${target} PRIVATE ${out}.c)
  target_include_directories(${target} PUBLIC
    ${CMAKE_CURRENT_BINARY_DIR}/generated)
endfunction()
