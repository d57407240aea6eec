# cmake -C configs/build/test.cmake -S . -B build/test: what tests/run.sh runs first, optimized and with assertions
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g" CACHE STRING "")
# Before AVX, and with AVX2 but nothing later: an instruction too new in code that everybody runs stops these.
set(OCTET_EMULATED_CPUS Nehalem Haswell CACHE STRING "")
