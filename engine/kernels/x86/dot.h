/// One inline function per dot-product instruction.
///
/// gcc 12 copies accumulators through temporaries and spills them inside the loop when a tile of 24 is written with
/// _mm512_dpbusd_epi32 (26-54 % of peak at any flags tried); the same source with the instruction in inline assembly
/// runs at 97-100 %. clang 14 is right with the intrinsic.
#ifndef OCTET_ENGINE_KERNELS_X86_DOT_H
#define OCTET_ENGINE_KERNELS_X86_DOT_H

#include <immintrin.h>

#if defined(__AVX512VNNI__)
/// sum[i] += dot of 4 unsigned bytes of `u` and 4 signed bytes of `s`, exact in 32 bits (vpdpbusd).
static inline __attribute__((always_inline)) __m512i octi_dot_u8s8_512(__m512i sum, __m512i u, __m512i s)
{
#if defined(__clang__)
    return _mm512_dpbusd_epi32(sum, u, s);
#else
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(u), "v"(s));
    return sum;
#endif
}

/// sum[i] += dot of 2 signed 16-bit numbers of each, modulo 2^32 (vpdpwssd).
static inline __attribute__((always_inline)) __m512i octi_dot_s16_512(__m512i sum, __m512i a, __m512i b)
{
#if defined(__clang__)
    return _mm512_dpwssd_epi32(sum, a, b);
#else
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
#endif
}

/// As above with `s` in memory (any alignment), for a vector that is used once: gcc would spend a register and an
/// instruction on it.
static inline __attribute__((always_inline)) __m512i octi_dot_u8s8_memory_512(__m512i sum, __m512i u, const void *s)
{
#if defined(__clang__)
    return _mm512_dpbusd_epi32(sum, u, _mm512_loadu_si512(s));
#else
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(u), "m"(*(const char(*)[64])s));
    return sum;
#endif
}

/// The same vector, but a new one to the compiler: it can neither load it again instead of keeping it (gcc does, where
/// loads are what is short) nor move the loading away (clang does, to where registers are short).
static inline __attribute__((always_inline)) __m512i octi_keep_512(__m512i x)
{
    __asm__("" : "+v"(x));
    return x;
}

/// An accumulator at the beginning of a loop's turn. gcc, unless told that it changes there, may copy it to and fro
/// around a dot product, which doubles the time that few of them take; clang would put others on the stack for it.
static inline __attribute__((always_inline)) __m512i octi_stay_512(__m512i x)
{
#if !defined(__clang__)
    __asm__("" : "+v"(x));
#endif
    return x;
}

/// The 4 bytes at `p` (any alignment) in every 32-bit lane.
static inline __attribute__((always_inline)) __m512i octi_broadcast_quad_512(const void *p)
{
    return _mm512_broadcastd_epi32(_mm_loadu_si32(p));
}
#endif

#if defined(__AVXVNNI__)
/// As above on 8 sums, in the form for processors without AVX-512: an assembler takes the other one unless told.
static inline __attribute__((always_inline)) __m256i octi_dot_u8s8_256(__m256i sum, __m256i u, __m256i s)
{
#if defined(__clang__)
    return _mm256_dpbusd_avx_epi32(sum, u, s);
#else
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(u), "x"(s));
    return sum;
#endif
}

/// As above with `s` in memory (any alignment).
static inline __attribute__((always_inline)) __m256i octi_dot_u8s8_memory_256(__m256i sum, __m256i u, const void *s)
{
#if defined(__clang__)
    return _mm256_dpbusd_avx_epi32(sum, u, _mm256_loadu_si256((const __m256i *)s));
#else
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(u), "m"(*(const char(*)[32])s));
    return sum;
#endif
}
#endif

#endif
