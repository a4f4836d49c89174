# Walks the include lines of every C file against the picture in README.md:
#   cmake -DROOT=. -P tests/layering.cmake
# A row is FOLDER|what its files may include; the first row that fits decides.
set(below "storage/(base|model|content|git|db)/")
set(rows
  "storage/base/|storage/base/"
  "storage/model/|storage/(base|model)/"
  "storage/chunk/|storage/(base|chunk)/"
  "storage/|storage/"
  "auth/key/|auth/key/|storage/(base|model)/"
  "auth/|auth/|${below}"
  "registry/|registry/|auth/|${below}"
  "cli/infer/|cli/infer/|storage/(base|model)/"
  "cli/|cli/(command|client|home|terminal|serve|[a-z_]+\\.h)|cli/infer/infer\\.h$|auth/key/|storage/(base|model|chunk)/")

# HEADER|folders that may see it.
set(libraries
  "libpq|storage/db/"
  "git2|storage/git/"
  "event2/|registry/"
  "llhttp|registry/|cli/serve/"
  "openssl/ssl\\.h|registry/"
  "sodium|auth/key/|auth/password|storage/base/"
  "seccomp|storage/base/"
  "linux/landlock|storage/base/"
  "curl/|cli/client/|storage/blob/|registry/hooks/")

# WORDS|folders that may say them: who makes the permit that opens weights, and
# who may open them without one.
set(doors
  "\\(struct content_permit\\)|auth/gate\\.c|storage/content/"
  "struct content_permit [a-z_]+ =|auth/gate\\.c|storage/content/"
  "content_inspect_open\\(|auth/examine\\.c|storage/content/|registry/jobs/")

get_filename_component(ROOT ${ROOT} ABSOLUTE)
set(broken "")
foreach(room storage auth registry cli)
  file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/${room}/*.[ch])
  foreach(path ${files})
    file(STRINGS ${ROOT}/${path} lines REGEX "^[ \t]*#[ \t]*include")
    foreach(line ${lines})
      if(line MATCHES "\"((storage|auth|registry|cli)/[^\"]+)\"")
        set(target ${CMAKE_MATCH_1})
        foreach(row ${rows})
          string(REGEX MATCH "^([^|]+)\\|(.*)$" unused "${row}")
          set(may "${CMAKE_MATCH_2}")
          if(path MATCHES "^${CMAKE_MATCH_1}")
            if(NOT target MATCHES "^(${may})")
              list(APPEND broken "${path}: ${line}")
            endif()
            break()
          endif()
        endforeach()
      elseif(line MATCHES "<([^>]+)>")
        set(target ${CMAKE_MATCH_1})
        foreach(row ${libraries})
          string(REGEX MATCH "^([^|]+)\\|(.*)$" unused "${row}")
          set(may "${CMAKE_MATCH_2}")
          if(target MATCHES "^(${CMAKE_MATCH_1})" AND
             NOT path MATCHES "^(${may})")
            list(APPEND broken "${path}: ${line}")
          endif()
        endforeach()
      endif()
    endforeach()
    foreach(row ${doors})
      string(REGEX MATCH "^([^|]+)\\|(.*)$" unused "${row}")
      set(words "${CMAKE_MATCH_1}")
      set(may "${CMAKE_MATCH_2}")
      file(STRINGS ${ROOT}/${path} lines REGEX "${words}")
      if(lines AND NOT path MATCHES "^(${may})")
        list(APPEND broken "${path}: ${words}")
      endif()
    endforeach()
  endforeach()
endforeach()
if(broken)
  list(JOIN broken "\n  " text)
  message(FATAL_ERROR "arrows that turn:\n  ${text}")
endif()
