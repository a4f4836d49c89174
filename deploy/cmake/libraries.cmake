# libraries: every library from outside, under the name that rooms link.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# For a weigh that runs on other distributions: build the target weigh alone.
# libcurl stays shared, since its archive wants Kerberos, and Debian has no
# archive of that.
option(WEIGHHOUSE_STATIC "take weigh's libraries but libcurl from archives" OFF)
set(static_libraries crypto sodium jansson utf8proc seccomp yaml)
if(WEIGHHOUSE_STATIC)
  # libcurl brings an OpenSSL of its own, which must not find ours.
  add_link_options(-static-libgcc -Wl,--exclude-libs,ALL)
endif()

# library(name modules...): an interface target of pkg-config's answer.
function(library name)
  if(WEIGHHOUSE_STATIC AND name IN_LIST static_libraries)
    set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)
  endif()
  pkg_check_modules(${name}_found REQUIRED IMPORTED_TARGET ${ARGN})
  add_library(${name} INTERFACE)
  target_link_libraries(${name} INTERFACE PkgConfig::${name}_found)
endfunction()

library(crypto libcrypto)
library(openssl libssl libcrypto)
library(sodium libsodium)
library(jansson jansson)
library(utf8proc libutf8proc)
library(seccomp libseccomp)
library(yaml yaml-0.1)
library(pq libpq)
library(git2 libgit2)
library(zlib zlib)
library(curl libcurl)
library(event libevent_core libevent_pthreads)
library(cmark_core libcmark-gfm)

# libcmark-gfm-extensions has no pkg-config file of its own.
add_library(cmark INTERFACE)
target_link_libraries(cmark INTERFACE cmark-gfm-extensions cmark_core)

add_library(threads INTERFACE)
target_link_libraries(threads INTERFACE Threads::Threads)

# llhttp comes as C sources from Debian's node-llhttp.  Only strict mode
# refuses the two smuggling forms of CVE-2023-30589 and CVE-2025-23167.
set(LLHTTP_SOURCES /usr/share/llhttp CACHE PATH "folder with llhttp.c")
set(LLHTTP_HEADERS /usr/share/include/llhttp CACHE PATH "folder with llhttp.h")
add_library(llhttp STATIC ${LLHTTP_SOURCES}/llhttp.c ${LLHTTP_SOURCES}/api.c
  ${LLHTTP_SOURCES}/http.c)
target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
target_compile_options(llhttp PRIVATE -w)
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_HEADERS})
