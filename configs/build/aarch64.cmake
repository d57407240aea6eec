# cmake -C configs/build/aarch64.cmake -S . -B build/aarch64: the engine for AArch64, cross-compiled, its tests under emulation
set(CMAKE_SYSTEM_NAME Linux CACHE STRING "")
set(CMAKE_SYSTEM_PROCESSOR aarch64 CACHE STRING "")
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc-12 CACHE STRING "")
set(CMAKE_EXE_LINKER_FLAGS -static CACHE STRING "") # the emulator finds no libraries of the other machine
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1" CACHE STRING "") # with assertions
set(OCTET_ENGINE_ONLY ON CACHE BOOL "")
set(OCTET_OPENBLAS OFF CACHE BOOL "")
set(OCTET_EMULATED ON CACHE BOOL "")
set(OCTET_SWEEP_SHARE 4 CACHE STRING "") # operators and graphs; its kernels are swept whole
