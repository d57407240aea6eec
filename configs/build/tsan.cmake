# cmake -C configs/build/tsan.cmake -S . -B build/tsan: data races
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O1 -g1" CACHE STRING "") # with assertions
set(OCTET_SANITIZE thread CACHE STRING "")
set(OCTET_SWEEP_SHARE 20 CACHE STRING "") # the kernels and operators are swept whole by the build `test`
