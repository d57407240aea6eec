/// The tile instructions of AMX-INT8 that kernels use, one macro each: a tile's number is part of the instruction.
///
/// Inline assembly under both compilers: gcc 12's intrinsic for ldtilecfg declares 8 of the 64 bytes that it reads, so
/// that the rest of the configuration may not have been written yet. The compiler never uses tiles by itself; they
/// survive until the next octi_tiles_configure() or octi_tiles_release() of the thread, and calls do not preserve them.
///
/// A test that has no such processor names a header of plain C instead (OCTI_TILES_HEADER).
#ifndef OCTET_ENGINE_KERNELS_X86_TILES_H
#define OCTET_ENGINE_KERNELS_X86_TILES_H

#include "engine/kernels/x86/tile_config.h"

#if defined(OCTI_TILES_HEADER)
#include OCTI_TILES_HEADER
#else

/// Gives all tiles their shape and zeroes them.
static inline __attribute__((always_inline)) void octi_tiles_configure(const struct octi_tile_config *config)
{
    __asm__ volatile("ldtilecfg %0" : : "m"(*config) : "memory");
}

/// The shape in force; all bytes zero after a release.
static inline __attribute__((always_inline)) void octi_tiles_current(struct octi_tile_config *config)
{
    __asm__ volatile("sttilecfg %0" : "=m"(*config));
}

static inline __attribute__((always_inline)) void octi_tiles_release(void)
{
    __asm__ volatile("tilerelease" : : : "memory");
}

/// Rows of `tile` from memory, `stride` BYTES apart; 0 repeats one row.
#define OCTI_TILE_LOAD(tile, address, stride)                                                                          \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile : : "r"(address), "r"((int64_t)(stride)) : "memory")
#define OCTI_TILE_STORE(tile, address, stride)                                                                         \
    __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1,1)" : : "r"(address), "r"((int64_t)(stride)) : "memory")
/// sums[r][j] += dot of the 4 unsigned bytes at u[r][4*k] and the 4 signed bytes at s[k][4*j], over all k.
#define OCTI_TILE_DOT_U8S8(sums, u, s) __asm__ volatile("tdpbusd %tmm" #s ", %tmm" #u ", %tmm" #sums)

#endif
#endif
