# cmake -C configs/build/debug.cmake -S . -B build/debug
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
