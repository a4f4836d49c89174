# warnings: the flags every target of ours is built with (STYLE rule 46).
add_library(warnings INTERFACE)
target_compile_definitions(warnings INTERFACE _GNU_SOURCE)
target_compile_options(warnings INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wvla
  -Wstrict-prototypes -Wmissing-prototypes -fno-common)
if(WEIGHHOUSE_WERROR)
  target_compile_options(warnings INTERFACE -Werror)
endif()
if(WEIGHHOUSE_SANITIZE)
  target_compile_options(warnings INTERFACE
    -fsanitize=${WEIGHHOUSE_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(warnings INTERFACE -fsanitize=${WEIGHHOUSE_SANITIZE})
endif()
# Without it libFuzzer sees no branch of what it feeds.
if(WEIGHHOUSE_FUZZ)
  target_compile_options(warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(warnings INTERFACE
    -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
  target_link_options(warnings INTERFACE -Wl,-z,relro,-z,now)
endif()
