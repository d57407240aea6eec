# cmake -C configs/build/fuzz.cmake -S . -B build/fuzz: libFuzzer targets under tests/fuzz, with clang
set(CMAKE_C_COMPILER clang-14 CACHE STRING "")
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(OCTET_SANITIZE address,undefined CACHE STRING "")
set(OCTET_FUZZ ON CACHE BOOL "")
