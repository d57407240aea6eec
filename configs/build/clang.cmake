# cmake -C configs/build/clang.cmake -S . -B build/clang: the same warnings from the other compiler, and its machine code
set(CMAKE_C_COMPILER clang-14 CACHE STRING "")
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1" CACHE STRING "") # with assertions
