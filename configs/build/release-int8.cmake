# cmake -C configs/build/release-int8.cmake -S . -B build/release-int8: the small build for int8 models, without OpenBLAS
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(OCTET_TESTS OFF CACHE BOOL "")
set(OCTET_OPENBLAS OFF CACHE BOOL "")
