# cmake -C configs/build/clang.cmake -S . -B build/clang: the same warnings from the other compiler
set(CMAKE_C_COMPILER clang-14 CACHE STRING "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
