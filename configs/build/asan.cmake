# cmake -C configs/build/asan.cmake -S . -B build/asan: address, leak and undefined-behaviour sanitizers over the same tests
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
# With assertions. Addresses are checked by calls: written out, the checks double the time that kernels take to compile.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O1 -g1 --param asan-instrumentation-with-call-threshold=0" CACHE STRING "")
set(OCTET_SANITIZE address,undefined CACHE STRING "")
set(OCTET_SWEEP_SHARE 5 CACHE STRING "") # the kernels and operators are swept whole by the build `test`
