// Two taps at a time: their bytes interleaved and widened to 16 bits, then vpmaddwd: exact, as in qgemm.
#include <immintrin.h>

#include "engine/kernels/qdwconv/qdwconv.h"
#include "engine/kernels/x86/requant_avx2.h"

#define INLINE static inline __attribute__((always_inline))

INLINE __m128i load_16(const void *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

INLINE __m256i load_32(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

// 16 channels of one tap; zeros beyond the last tap, so that sums of activations stay right too.
INLINE __m128i load_tap(const struct octi_qgemm_call *call, size_t taps, size_t t, size_t m, size_t first)
{
    return t < taps ? load_16(octi_qdwconv_tap(call, t, m) + first) : _mm_setzero_si128();
}

INLINE void pixel(const struct octi_qgemm_call *call,
                  const struct octi_panels *weights,
                  const struct octi_panel *panel,
                  size_t m,
                  const struct octi_requant_256 *requant,
                  const bool sums)
{
    const int32_t *start = panel->bytes;
    const int8_t *w = (const int8_t *)panel->bytes + octi_panel_header_bytes(16);
    __m256i s0 = load_32(start);
    __m256i s1 = load_32(start + 8);
    __m256i x0 = _mm256_setzero_si256();
    __m256i x1 = x0;
    for (size_t t = 0; t < weights->k; t += 2) {
        __m128i a = load_tap(call, weights->k, t, m, panel->first);
        __m128i b = load_tap(call, weights->k, t + 1, m, panel->first);
        __m256i lo = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b)); // channels 0..7
        __m256i hi = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
        s0 = _mm256_add_epi32(s0, _mm256_madd_epi16(lo, _mm256_cvtepi8_epi16(load_16(w))));
        s1 = _mm256_add_epi32(s1, _mm256_madd_epi16(hi, _mm256_cvtepi8_epi16(load_16(w + 16))));
        w += 32;
        if (sums) {
            const __m256i ones = _mm256_set1_epi16(1);
            x0 = _mm256_add_epi32(x0, _mm256_madd_epi16(lo, ones));
            x1 = _mm256_add_epi32(x1, _mm256_madd_epi16(hi, ones));
        }
    }
    if (sums) {
        s0 = _mm256_sub_epi32(s0, _mm256_mullo_epi32(x0, load_32(start + 48)));
        s1 = _mm256_sub_epi32(s1, _mm256_mullo_epi32(x1, load_32(start + 56)));
    }
    const float *bias = (const float *)(const void *)(start + 16);
    s0 = octi_requant_panel_256(s0, bias, bias + 16, requant);
    s1 = octi_requant_panel_256(s1, bias + 8, bias + 24, requant);
    octi_store_bytes_128(call->c + m * call->c_stride + panel->first, octi_pack_256(s0, s1, requant), panel->n);
}

void octi_qdwconv_1x16k2__avx2(const struct octi_qgemm_call *call,
                               const struct octi_panels *weights,
                               const struct octi_panel *panel)
{
    const struct octi_requant_256 requant = octi_requant_product_256(call->output, weights->bias_factor);
    for (size_t m = 0; m < call->m; m++) {
        if (weights->weight_zero_points) {
            pixel(call, weights, panel, m, &requant, true);
        } else {
            pixel(call, weights, panel, m, &requant, false);
        }
    }
}
