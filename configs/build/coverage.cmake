# cmake -C configs/build/coverage.cmake -S . -B build/coverage: then gcovr
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(OCTET_EXTRA_FLAGS --coverage CACHE STRING "")
