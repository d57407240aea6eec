/// 32 bytes of a depthwise convolution: 32 channels of one pixel or 16 of two, side by side in the 128-bit lanes.
/// `lanes` is a constant 2 or 1 everywhere: lanes per pixel. The 256-bit counterpart of pixels_avx512.h.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_PIXELS_AVXVNNI_H
#define OCTET_ENGINE_KERNELS_QDWCONV_PIXELS_AVXVNNI_H

#include "engine/kernels/qdwconv/qdwconv.h"
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/x86/requant_avx2.h"

// Hides from the compiler that a pointer is the same as before: it would keep what lies there in registers, and these
// then on the stack.
#define OCTI_FORGET(pointer) __asm__("" : "+r"(pointer))

#define OCTI_INLINE static inline __attribute__((always_inline))

/// Rows of a call; with two lanes per pixel the second is unused. The same row twice is written twice with the same
/// bytes.
struct octi_pixels_256 {
    size_t m0, m1;
};

OCTI_INLINE __m128i octi_load_128(const void *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

/// Vector `j` of an array of 32-bit positions, repeated for each pixel.
OCTI_INLINE __m256i octi_load_positions_256(const void *array, const int j, const int lanes)
{
    const char *p = (const char *)array + 16 * lanes * j;
    return lanes == 2 ? _mm256_loadu_si256((const __m256i *)(const void *)p)
                      : _mm256_broadcastsi128_si256(octi_load_128(p));
}

/// Channels from `first` of tap `t` of the pixels `ahead` rows behind `at`.
OCTI_INLINE __m256i octi_load_tap_256(const struct octi_qgemm_call *call,
                                      size_t t,
                                      const struct octi_pixels_256 *at,
                                      size_t ahead,
                                      size_t first,
                                      const int lanes)
{
    const uint8_t *p0 = octi_qdwconv_tap(call, t, at->m0 + ahead) + first;
    if (lanes == 2) {
        return _mm256_loadu_si256((const __m256i *)(const void *)p0);
    }
    const uint8_t *p1 = octi_qdwconv_tap(call, t, at->m1 + ahead) + first;
    return _mm256_inserti128_si256(_mm256_castsi128_si256(octi_load_128(p0)), octi_load_128(p1), 1);
}

/// The panel's channels of those pixels.
OCTI_INLINE void octi_store_pixels_256(const struct octi_qgemm_call *call,
                                       const struct octi_panel *panel,
                                       const struct octi_pixels_256 *at,
                                       size_t ahead,
                                       __m256i bytes,
                                       const int lanes)
{
    uint8_t *c = call->c + panel->first;
    const size_t stride = call->c_stride;
    uint8_t *c0 = c + (at->m0 + ahead) * stride;
    const __m128i low = _mm256_castsi256_si128(bytes);
    const __m128i high = _mm256_extracti128_si256(bytes, 1);
    if (lanes == 1) {
        octi_store_bytes_128(c0, low, panel->n);
        octi_store_bytes_128(c + (at->m1 + ahead) * stride, high, panel->n);
    } else if (panel->n == 32) {
        _mm256_storeu_si256((__m256i *)(void *)c0, bytes);
    } else { // a panel of 32 has at least 17 channels
        octi_store_bytes_128(c0, low, 16);
        octi_store_bytes_128(c0 + 16, high, panel->n - 16);
    }
}

/// Four vectors of 32-bit numbers per channel, in the order that packing undoes.
struct octi_quads_256 {
    __m256i v0, v1, v2, v3;
};

OCTI_INLINE struct octi_quads_256 octi_zero_quads_256(void)
{
    const __m256i zero = _mm256_setzero_si256();
    return (struct octi_quads_256){zero, zero, zero, zero};
}

/// `start` of a panel.
OCTI_INLINE struct octi_quads_256 octi_start_quads_256(const void *header, const int lanes)
{
    struct octi_quads_256 sum;
    sum.v0 = octi_load_positions_256(header, 0, lanes);
    sum.v1 = octi_load_positions_256(header, 1, lanes);
    sum.v2 = octi_load_positions_256(header, 2, lanes);
    sum.v3 = octi_load_positions_256(header, 3, lanes);
    return sum;
}

/// Per channel, sum += the bytes of x.
OCTI_INLINE struct octi_quads_256 octi_sum_quads_256(struct octi_quads_256 sum, struct octi_quads_256 x)
{
    const __m256i ones = _mm256_set1_epi8(1);
    sum.v0 = octi_dot_u8s8_256(sum.v0, x.v0, ones);
    sum.v1 = octi_dot_u8s8_256(sum.v1, x.v1, ones);
    sum.v2 = octi_dot_u8s8_256(sum.v2, x.v2, ones);
    sum.v3 = octi_dot_u8s8_256(sum.v3, x.v3, ones);
    return sum;
}

/// Takes zw * (sum of the activations) off.
OCTI_INLINE struct octi_quads_256
octi_weight_zero_quads_256(struct octi_quads_256 sum, struct octi_quads_256 x_sum, const void *header, const int lanes)
{
    const struct octi_quads_256 zero_point = octi_start_quads_256((const int32_t *)header + 3 * 16 * lanes, lanes);
    sum.v0 = _mm256_sub_epi32(sum.v0, _mm256_mullo_epi32(x_sum.v0, zero_point.v0));
    sum.v1 = _mm256_sub_epi32(sum.v1, _mm256_mullo_epi32(x_sum.v1, zero_point.v1));
    sum.v2 = _mm256_sub_epi32(sum.v2, _mm256_mullo_epi32(x_sum.v2, zero_point.v2));
    sum.v3 = _mm256_sub_epi32(sum.v3, _mm256_mullo_epi32(x_sum.v3, zero_point.v3));
    return sum;
}

OCTI_INLINE __m256i octi_finish_vector_256(
    __m256i sum, const float *bias, const struct octi_requant_256 *requant, const int j, const int lanes)
{
    const __m256 b = _mm256_castsi256_ps(octi_load_positions_256(bias, j, lanes));
    const __m256 multiplier = _mm256_castsi256_ps(octi_load_positions_256(bias + 16 * lanes, j, lanes));
    const __m256 t = _mm256_fmadd_ps(b, requant->bias_factor, _mm256_cvtepi32_ps(sum));
    return octi_round_256(_mm256_mul_ps(t, multiplier), requant);
}

/// Requantized bytes in natural order.
OCTI_INLINE __m256i octi_finish_quads_256(struct octi_quads_256 sum,
                                          const void *header,
                                          const struct octi_requant_256 *requant,
                                          const int lanes)
{
    const float *bias = (const float *)header + 16 * lanes;
    sum.v0 = octi_finish_vector_256(sum.v0, bias, requant, 0, lanes);
    sum.v1 = octi_finish_vector_256(sum.v1, bias, requant, 1, lanes);
    const __m256i low = _mm256_add_epi16(_mm256_packs_epi32(sum.v0, sum.v1), requant->zero_point16);
    sum.v2 = octi_finish_vector_256(sum.v2, bias, requant, 2, lanes);
    sum.v3 = octi_finish_vector_256(sum.v3, bias, requant, 3, lanes);
    const __m256i high = _mm256_add_epi16(_mm256_packs_epi32(sum.v2, sum.v3), requant->zero_point16);
    return _mm256_packus_epi16(low, high);
}

#endif
