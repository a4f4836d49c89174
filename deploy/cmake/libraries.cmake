# libraries: every library from outside, under the name that rooms link.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# For a weigh that runs on other distributions: deploy/static builds the target
# weigh alone, after the libcurl in this folder.  Debian's archive of libcurl
# wants Kerberos, of which there is none.
option(WEIGHHOUSE_STATIC "link weigh without any shared library" OFF)
set(WEIGHHOUSE_CURL ${PROJECT_SOURCE_DIR}/build/static-curl/installed CACHE PATH
  "folder of the libcurl that a static weigh is linked with")
set(static_libraries crypto openssl sodium jansson utf8proc seccomp yaml)
if(WEIGHHOUSE_STATIC)
  add_link_options(-static-pie -s)
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
if(WEIGHHOUSE_STATIC)
  add_library(curl INTERFACE)
  target_compile_definitions(curl INTERFACE CURL_STATICLIB)
  target_include_directories(curl SYSTEM INTERFACE ${WEIGHHOUSE_CURL}/include)
  target_link_libraries(curl INTERFACE
    ${WEIGHHOUSE_CURL}/lib/libcurl.a openssl)
else()
  library(curl libcurl)
endif()
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
