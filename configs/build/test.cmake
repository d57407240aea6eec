# cmake -C configs/build/test.cmake -S . -B build/test: what tests/run.sh runs first, optimized as what ships, and with assertions
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O3 -g1" CACHE STRING "")
set(OCTET_EMULATED ON CACHE BOOL "")
