# cmake -C configs/build/release.cmake -S . -B build/release
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(OCTET_TESTS OFF CACHE BOOL "")
