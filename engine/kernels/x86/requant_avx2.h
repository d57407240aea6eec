/// The epilogue of the int8 kernels in AVX2; see requant_avx512.h.
#ifndef OCTET_ENGINE_KERNELS_X86_REQUANT_AVX2_H
#define OCTET_ENGINE_KERNELS_X86_REQUANT_AVX2_H

#include <immintrin.h>

#include "engine/quant/affine.h"

struct octi_requant_256 {
    __m256 lo, hi;
    __m256 bias_factor;
    __m256i zero_point16; ///< in 16-bit lanes
};

static inline __attribute__((always_inline)) struct octi_requant_256 octi_requant_256(struct octi_output output)
{
    struct octi_requant_256 r;
    r.lo = _mm256_set1_ps(output.lo);
    r.hi = _mm256_set1_ps(output.hi);
    r.bias_factor = _mm256_set1_ps(1.0f);
    r.zero_point16 = _mm256_set1_epi16((short)output.zero_point);
    return r;
}

/// For sums of a packed product, whose biases have a factor.
static inline __attribute__((always_inline)) struct octi_requant_256 octi_requant_product_256(struct octi_output output,
                                                                                              float bias_factor)
{
    struct octi_requant_256 r = octi_requant_256(output);
    r.bias_factor = _mm256_set1_ps(bias_factor);
    return r;
}

/// rne(clamp(t)); the zero point is added by octi_pack_256().
static inline __attribute__((always_inline)) __m256i octi_round_256(__m256 t, const struct octi_requant_256 *r)
{
    return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(t, r->lo), r->hi));
}

/// rne(clamp(fma(bias, bias_factor, f32(sum)) * multiplier)) with vectors read from a panel's header.
static inline __attribute__((always_inline)) __m256i
octi_requant_panel_256(__m256i sum, const float *bias, const float *multiplier, const struct octi_requant_256 *r)
{
    __m256 t = _mm256_fmadd_ps(_mm256_loadu_ps(bias), r->bias_factor, _mm256_cvtepi32_ps(sum));
    return octi_round_256(_mm256_mul_ps(t, _mm256_loadu_ps(multiplier)), r);
}

/// 16 rounded values (a then b) to bytes in order.
static inline __attribute__((always_inline)) __m128i
octi_pack_256(__m256i a, __m256i b, const struct octi_requant_256 *r)
{
    __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
    words = _mm256_add_epi16(words, r->zero_point16);
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/// The same for vectors in the order of a panel of two lanes: the packing inside lanes undoes it.
static inline __attribute__((always_inline)) __m128i
octi_pack_lanes_256(__m256i a, __m256i b, const struct octi_requant_256 *r)
{
    __m256i words = _mm256_add_epi16(_mm256_packs_epi32(a, b), r->zero_point16);
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/// The first min(n, 8) bytes; AVX2 has no byte masks, and a call of memcpy() would cost the caller all its vectors.
static inline __attribute__((always_inline)) void octi_store_bytes_64(uint8_t *y, __m128i bytes, size_t n)
{
    if (n >= 8) {
        _mm_storel_epi64((__m128i *)(void *)y, bytes);
        return;
    }
    if ((n & 4) != 0) {
        _mm_storeu_si32(y, bytes);
        bytes = _mm_srli_si128(bytes, 4);
        y += 4;
    }
    if ((n & 2) != 0) {
        _mm_storeu_si16(y, bytes);
        bytes = _mm_srli_si128(bytes, 2);
        y += 2;
    }
    if ((n & 1) != 0) {
        *y = (uint8_t)_mm_cvtsi128_si32(bytes);
    }
}

/// The first min(n, 16) bytes.
static inline __attribute__((always_inline)) void octi_store_bytes_128(uint8_t *y, __m128i bytes, size_t n)
{
    if (n >= 16) {
        _mm_storeu_si128((__m128i *)(void *)y, bytes);
        return;
    }
    octi_store_bytes_64(y, bytes, n);
    if (n > 8) {
        octi_store_bytes_64(y + 8, _mm_unpackhi_epi64(bytes, bytes), n - 8);
    }
}

#endif
