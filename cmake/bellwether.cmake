# SPDX-License-Identifier: GPL-3.0-or-later
# The words the build files are written in: a folder of src/, a test, a fuzz target, an embedded file.

include(CheckCCompilerFlag)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# Warnings are for all code; bw_flags adds what a program of ours is made with.
add_library(bw_warnings INTERFACE)
add_library(bw_flags INTERFACE)
target_link_libraries(bw_flags INTERFACE bw_warnings)
target_compile_options(bw_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wvla -Wcast-qual -Wundef -Wformat=2 -fno-common -fstack-protector-strong)
target_compile_definitions(bw_warnings INTERFACE _GNU_SOURCE BW_VERSION="${PROJECT_VERSION}")
if(BW_WERROR)
  target_compile_options(bw_warnings INTERFACE -Werror)
endif()
if(BW_SANITIZE)
  target_compile_options(bw_flags INTERFACE
    -fsanitize=${BW_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(bw_flags INTERFACE -fsanitize=${BW_SANITIZE})
elseif(CMAKE_BUILD_TYPE MATCHES "Rel")
  target_compile_options(bw_flags INTERFACE -fPIE -fstack-clash-protection -fcf-protection)
  target_compile_definitions(bw_flags INTERFACE _FORTIFY_SOURCE=2)
  target_link_options(bw_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
endif()

# Debian's packages, found once each: bw_pkg(uv libuv) makes the target bw_pkg_uv.
function(bw_pkg name module)
  if(NOT TARGET PkgConfig::${name})
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  endif()
  add_library(bw_pkg_${name} INTERFACE)
  target_link_libraries(bw_pkg_${name} INTERFACE PkgConfig::${name})
endfunction()

# One folder of src/ is one static library that sees its own folder and those it NEEDS:
#   bw_folder(health SOURCES health.c threshold.c NEEDS base model LIBS bw_pkg_gsl)
function(bw_folder name)
  cmake_parse_arguments(arg "" "" "SOURCES;NEEDS;LIBS" ${ARGN})
  list(TRANSFORM arg_NEEDS PREPEND bw_)
  add_library(bw_${name} STATIC ${arg_SOURCES})
  target_include_directories(bw_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(bw_${name} PUBLIC ${arg_NEEDS} PRIVATE bw_flags ${arg_LIBS})
endfunction()

# A unit test, tests/unit/<folder>/test_<file>.c, that links only what it names:
#   bw_test(test_health NEEDS health)
# Further SOURCES, LIBS, DEFINES and a TIMEOUT in seconds are optional.
function(bw_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;NEEDS;LIBS;DEFINES" ${ARGN})
  list(TRANSFORM arg_NEEDS PREPEND bw_)
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  set(target ${folder}_${name})
  add_executable(${target} ${name}.c ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE bw_flags ${arg_NEEDS} ${arg_LIBS} bw_pkg_cmocka)
  target_compile_definitions(${target} PRIVATE
    BW_FIXTURES="${PROJECT_SOURCE_DIR}/tests/fixtures" ${arg_DEFINES})
  add_test(NAME ${folder}/${name} COMMAND ${target})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set_tests_properties(${folder}/${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77)
endfunction()

# A fuzz target, tests/fuzz/fuzz_<name>.c, with seeds in tests/fuzz/seeds/<name>/. With
# BW_FUZZ it is a libFuzzer binary; otherwise a test that feeds it every seed once.
function(bw_fuzz name)
  cmake_parse_arguments(arg "" "" "NEEDS;LIBS" ${ARGN})
  list(TRANSFORM arg_NEEDS PREPEND bw_)
  set(seeds ${CMAKE_CURRENT_SOURCE_DIR}/seeds/${name})
  if(BW_FUZZ)
    add_executable(fuzz_${name} fuzz_${name}.c)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers fuzz_${name})
  else()
    add_executable(fuzz_${name} fuzz_${name}.c replay.c)
    add_test(NAME fuzz/${name} COMMAND fuzz_${name} ${seeds})
  endif()
  target_link_libraries(fuzz_${name} PRIVATE bw_flags ${arg_NEEDS} ${arg_LIBS})
endfunction()

if(BW_FUZZ)
  add_custom_target(fuzzers) # all of them
endif()

# Turns files into C arrays: bw_embed(target SYMBOL bw_templates FILES a b) adds a source that
# defines `const struct bw_embedded bw_templates[]`, ended by a NULL name (base/embedded.h).
function(bw_embed target)
  cmake_parse_arguments(arg "" "SYMBOL" "FILES" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${arg_SYMBOL}.c)
  add_custom_command(OUTPUT ${out}
    COMMAND ${PROJECT_SOURCE_DIR}/scripts/embed ${arg_SYMBOL} ${out} ${arg_FILES}
    DEPENDS ${arg_FILES} ${PROJECT_SOURCE_DIR}/scripts/embed VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()

bw_pkg(uv libuv)
bw_pkg(cares libcares)
bw_pkg(curl libcurl)
bw_pkg(ssl openssl)
bw_pkg(sqlite sqlite3)
bw_pkg(mhd libmicrohttpd)
bw_pkg(gsl gsl)
bw_pkg(fyaml libfyaml)
bw_pkg(jansson jansson)
bw_pkg(deflate libdeflate)
bw_pkg(pcre2 libpcre2-8)
bw_pkg(xlsxwriter xlsxwriter)
if(BW_TESTS)
  bw_pkg(cmocka cmocka)
endif()
