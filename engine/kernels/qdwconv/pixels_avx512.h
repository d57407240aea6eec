/// 64 bytes of a depthwise convolution: 64 channels of one pixel, 32 of two or 16 of four, side by side in the 128-bit
/// lanes, so that narrow panels cost a half or a quarter. `lanes` is a constant 4, 2 or 1 everywhere: lanes per pixel.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_PIXELS_AVX512_H
#define OCTET_ENGINE_KERNELS_QDWCONV_PIXELS_AVX512_H

#include "engine/kernels/qdwconv/qdwconv.h"
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/x86/requant_avx512.h"

// Hides from the compiler that a pointer is the same as before: it would keep what lies there in registers, and these
// then on the stack.
#define OCTI_FORGET(pointer) __asm__("" : "+r"(pointer))

#define OCTI_INLINE static inline __attribute__((always_inline))

/// Rows of a call; those beyond 4 / lanes are unused. The same row twice is written twice with the same bytes.
struct octi_pixels_512 {
    size_t m0, m1, m2, m3;
};

/// Vector `j` of an array of 32-bit positions, repeated for each pixel.
OCTI_INLINE __m512i octi_load_positions_512(const void *array, const int j, const int lanes)
{
    const char *p = (const char *)array + 16 * lanes * j;
    if (lanes == 4) {
        return _mm512_loadu_si512(p);
    }
    if (lanes == 2) {
        return _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(const void *)p));
    }
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)p));
}

/// Channels from `first` of tap `t` of the pixels `ahead` rows behind `at`.
OCTI_INLINE __m512i octi_load_tap_512(const struct octi_qgemm_call *call,
                                      size_t t,
                                      const struct octi_pixels_512 *at,
                                      size_t ahead,
                                      size_t first,
                                      const int lanes)
{
    const uint8_t *p0 = octi_qdwconv_tap(call, t, at->m0 + ahead) + first;
    if (lanes == 4) {
        return _mm512_loadu_si512(p0);
    }
    const uint8_t *p1 = octi_qdwconv_tap(call, t, at->m1 + ahead) + first;
    if (lanes == 2) {
        __m512i x = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(const void *)p0));
        return _mm512_inserti64x4(x, _mm256_loadu_si256((const __m256i *)(const void *)p1), 1);
    }
    const uint8_t *p2 = octi_qdwconv_tap(call, t, at->m2 + ahead) + first;
    const uint8_t *p3 = octi_qdwconv_tap(call, t, at->m3 + ahead) + first;
    __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)p0));
    x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)(const void *)p1), 1);
    x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)(const void *)p2), 2);
    return _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)(const void *)p3), 3);
}

/// The panel's channels of those pixels.
OCTI_INLINE void octi_store_pixels_512(const struct octi_qgemm_call *call,
                                       const struct octi_panel *panel,
                                       const struct octi_pixels_512 *at,
                                       size_t ahead,
                                       __m512i bytes,
                                       const int lanes)
{
    uint8_t *c = call->c + panel->first;
    const size_t stride = call->c_stride;
    const __mmask64 mask = octi_mask_64(panel->n);
    if (lanes == 4) {
        _mm512_mask_storeu_epi8(c + (at->m0 + ahead) * stride, mask, bytes);
    } else if (lanes == 2) {
        _mm256_mask_storeu_epi8(c + (at->m0 + ahead) * stride, (__mmask32)mask, _mm512_castsi512_si256(bytes));
        _mm256_mask_storeu_epi8(c + (at->m1 + ahead) * stride, (__mmask32)mask, _mm512_extracti64x4_epi64(bytes, 1));
    } else {
        const __mmask16 few = (__mmask16)mask;
        _mm_mask_storeu_epi8(c + (at->m0 + ahead) * stride, few, _mm512_castsi512_si128(bytes));
        _mm_mask_storeu_epi8(c + (at->m1 + ahead) * stride, few, _mm512_extracti32x4_epi32(bytes, 1));
        _mm_mask_storeu_epi8(c + (at->m2 + ahead) * stride, few, _mm512_extracti32x4_epi32(bytes, 2));
        _mm_mask_storeu_epi8(c + (at->m3 + ahead) * stride, few, _mm512_extracti32x4_epi32(bytes, 3));
    }
}

/// Four vectors of 32-bit numbers per channel, in the order that octi_pack_512() undoes.
struct octi_quads_512 {
    __m512i v0, v1, v2, v3;
};

/// Four bytes of a channel, one from each of a, b, c, d, side by side: a dot product's operand.
OCTI_INLINE struct octi_quads_512 octi_interleave_512(__m512i a, __m512i b, __m512i c, __m512i d)
{
    const __m512i ab_lo = _mm512_unpacklo_epi8(a, b);
    const __m512i ab_hi = _mm512_unpackhi_epi8(a, b);
    const __m512i cd_lo = _mm512_unpacklo_epi8(c, d);
    const __m512i cd_hi = _mm512_unpackhi_epi8(c, d);
    struct octi_quads_512 quads;
    quads.v0 = _mm512_unpacklo_epi16(ab_lo, cd_lo);
    quads.v1 = _mm512_unpackhi_epi16(ab_lo, cd_lo);
    quads.v2 = _mm512_unpacklo_epi16(ab_hi, cd_hi);
    quads.v3 = _mm512_unpackhi_epi16(ab_hi, cd_hi);
    return quads;
}

/// Per channel, sum += x . w with w at 16*lanes quads of weights.
OCTI_INLINE struct octi_quads_512
octi_dot_quads_512(struct octi_quads_512 sum, struct octi_quads_512 x, const void *w, const int lanes)
{
    if (lanes == 4) {
        const char *p = w;
        sum.v0 = octi_dot_u8s8_memory_512(sum.v0, x.v0, p);
        sum.v1 = octi_dot_u8s8_memory_512(sum.v1, x.v1, p + 64);
        sum.v2 = octi_dot_u8s8_memory_512(sum.v2, x.v2, p + 128);
        sum.v3 = octi_dot_u8s8_memory_512(sum.v3, x.v3, p + 192);
        return sum;
    }
    sum.v0 = octi_dot_u8s8_512(sum.v0, x.v0, octi_load_positions_512(w, 0, lanes));
    sum.v1 = octi_dot_u8s8_512(sum.v1, x.v1, octi_load_positions_512(w, 1, lanes));
    sum.v2 = octi_dot_u8s8_512(sum.v2, x.v2, octi_load_positions_512(w, 2, lanes));
    sum.v3 = octi_dot_u8s8_512(sum.v3, x.v3, octi_load_positions_512(w, 3, lanes));
    return sum;
}

/// Per channel, sum += the bytes of x.
OCTI_INLINE struct octi_quads_512 octi_sum_quads_512(struct octi_quads_512 sum, struct octi_quads_512 x)
{
    const __m512i ones = _mm512_set1_epi8(1);
    sum.v0 = octi_dot_u8s8_512(sum.v0, x.v0, ones);
    sum.v1 = octi_dot_u8s8_512(sum.v1, x.v1, ones);
    sum.v2 = octi_dot_u8s8_512(sum.v2, x.v2, ones);
    sum.v3 = octi_dot_u8s8_512(sum.v3, x.v3, ones);
    return sum;
}

OCTI_INLINE struct octi_quads_512 octi_zero_quads_512(void)
{
    const __m512i zero = _mm512_setzero_si512();
    return (struct octi_quads_512){zero, zero, zero, zero};
}

/// `start` of a panel.
OCTI_INLINE struct octi_quads_512 octi_start_quads_512(const void *header, const int lanes)
{
    struct octi_quads_512 sum;
    sum.v0 = octi_load_positions_512(header, 0, lanes);
    sum.v1 = octi_load_positions_512(header, 1, lanes);
    sum.v2 = octi_load_positions_512(header, 2, lanes);
    sum.v3 = octi_load_positions_512(header, 3, lanes);
    return sum;
}

/// Takes zw * (sum of the activations) off.
OCTI_INLINE struct octi_quads_512
octi_weight_zero_quads_512(struct octi_quads_512 sum, struct octi_quads_512 x_sum, const void *header, const int lanes)
{
    const struct octi_quads_512 zero_point = octi_start_quads_512((const int32_t *)header + 3 * 16 * lanes, lanes);
    sum.v0 = _mm512_sub_epi32(sum.v0, _mm512_mullo_epi32(x_sum.v0, zero_point.v0));
    sum.v1 = _mm512_sub_epi32(sum.v1, _mm512_mullo_epi32(x_sum.v1, zero_point.v1));
    sum.v2 = _mm512_sub_epi32(sum.v2, _mm512_mullo_epi32(x_sum.v2, zero_point.v2));
    sum.v3 = _mm512_sub_epi32(sum.v3, _mm512_mullo_epi32(x_sum.v3, zero_point.v3));
    return sum;
}

OCTI_INLINE __m512i octi_finish_vector_512(__m512i sum,
                                           const float *bias,
                                           const struct octi_requant_512 *requant,
                                           const int j,
                                           const int lanes,
                                           const bool convertible)
{
    const __m512i b = octi_load_positions_512(bias, j, lanes);
    const __m512i multiplier = octi_load_positions_512(bias + 16 * lanes, j, lanes);
    __m512 t = _mm512_fmadd_ps(_mm512_castsi512_ps(b), requant->bias_factor, _mm512_cvtepi32_ps(sum));
    t = _mm512_mul_ps(t, _mm512_castsi512_ps(multiplier));
    return convertible ? _mm512_cvtps_epi32(t) : octi_round_open_512(t, requant);
}

/// Requantized bytes in natural order.
/// @param convertible  octi_panels_convertible(); a constant
OCTI_INLINE __m512i octi_finish_quads_512(struct octi_quads_512 sum,
                                          const void *header,
                                          const struct octi_requant_512 *requant,
                                          const int lanes,
                                          const bool convertible)
{
    const float *bias = (const float *)header + 16 * lanes;
    sum.v0 = octi_finish_vector_512(sum.v0, bias, requant, 0, lanes, convertible);
    sum.v1 = octi_finish_vector_512(sum.v1, bias, requant, 1, lanes, convertible);
    sum.v2 = octi_finish_vector_512(sum.v2, bias, requant, 2, lanes, convertible);
    sum.v3 = octi_finish_vector_512(sum.v3, bias, requant, 3, lanes, convertible);
    return convertible ? octi_pack_unbounded_512(sum.v0, sum.v1, sum.v2, sum.v3, requant)
                       : octi_pack_open_512(sum.v0, sum.v1, sum.v2, sum.v3, requant);
}

/// Kernels have two variants: for symmetric weights and convertible results, which is what there is, and for all
/// others, with sums of the activations and bounds.
OCTI_INLINE bool octi_is_special_512(const struct octi_panels *weights)
{
    return weights->weight_zero_points || !octi_panels_convertible(weights);
}

/// Lanes of the panel that kernels along lines read: whatever its width, repeated beforehand so that each vector of it
/// can be an operand in memory.
#define OCTI_WIDE 4

/// Repeats a panel of `vectors` vectors, header and weights, for each pixel.
OCTI_INLINE void octi_repeat_panel_512(const void *panel, void *wide, const int vectors, const int lanes)
{
    for (int i = 0; i < vectors; i++) {
        _mm512_store_si512((char *)wide + 64 * i, octi_load_positions_512(panel, i, lanes));
    }
}

/// Row m, or the last one.
OCTI_INLINE size_t octi_pixel_at_512(const struct octi_qgemm_call *call, size_t m)
{
    return m < call->m ? m : call->m - 1;
}

OCTI_INLINE void octi_column_panel_512(const struct octi_qgemm_call *call,
                                       const struct octi_panel *panel,
                                       const float bias_factor,
                                       size_t height,
                                       size_t width,
                                       const int lanes)
{
    const struct octi_requant_512 requant = octi_requant_product_512(call->output, bias_factor);
    for (size_t m = 0; m < call->m; m += (size_t)(4 / lanes)) {
        const struct octi_pixels_512 at = {m, octi_pixel_at_512(call, m + 1), octi_pixel_at_512(call, m + 2),
                                           octi_pixel_at_512(call, m + 3)};
        const char *w = (const char *)panel->bytes + octi_panel_header_bytes((size_t)(16 * lanes));
        struct octi_quads_512 sum = octi_start_quads_512(panel->bytes, lanes);
        struct octi_quads_512 x_sum = octi_zero_quads_512();
        for (size_t kx = 0; kx < width; kx++) {
            for (size_t ky = 0; ky < height; ky += 4) {
                __m512i rows[4];
                for (size_t i = 0; i < 4; i++) {
                    rows[i] = ky + i < height
                                  ? octi_load_tap_512(call, (ky + i) * width + kx, &at, 0, panel->first, lanes)
                                  : _mm512_setzero_si512();
                }
                const struct octi_quads_512 x = octi_interleave_512(rows[0], rows[1], rows[2], rows[3]);
                sum = octi_dot_quads_512(sum, x, w, lanes);
                x_sum = octi_sum_quads_512(x_sum, x);
                w += 64 * lanes;
            }
        }
        sum = octi_weight_zero_quads_512(sum, x_sum, panel->bytes, lanes);
        octi_store_pixels_512(call, panel, &at, 0, octi_finish_quads_512(sum, panel->bytes, &requant, lanes, false),
                              lanes);
    }
}

/// A panel that is packed by columns of its windows, pixel by pixel, whatever its parameters.
static inline void octi_column_pixels_512(const struct octi_qgemm_call *call,
                                          const struct octi_panel *panel,
                                          const float bias_factor,
                                          size_t height,
                                          size_t width)
{
    if (panel->width == 64) {
        octi_column_panel_512(call, panel, bias_factor, height, width, 4);
    } else if (panel->width == 32) {
        octi_column_panel_512(call, panel, bias_factor, height, width, 2);
    } else {
        octi_column_panel_512(call, panel, bias_factor, height, width, 1);
    }
}

#endif
