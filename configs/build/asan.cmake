# cmake -C configs/build/asan.cmake -S . -B build/asan: address, leak and undefined-behaviour sanitizers over the same tests
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O1 -g1" CACHE STRING "") # with assertions
set(OCTET_SANITIZE address,undefined CACHE STRING "")
set(OCTET_SWEEP_SHARE 3 CACHE STRING "") # the kernels and operators are swept whole by the build `test`
