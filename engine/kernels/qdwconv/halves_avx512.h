/// The steps of requantizing half of the vectors of two outputs, in AVX-512: four chains side by side. Each step stays
/// where it is written, between products of other outputs, so that what it waits for is done when it comes in; floats
/// lie in integer vectors.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_HALVES_AVX512_H
#define OCTET_ENGINE_KERNELS_QDWCONV_HALVES_AVX512_H

#include "engine/kernels/qdwconv/groups_avx512.h"

/// Two vectors, a and b, of two outputs.
struct octi_half_512 {
    struct octi_both_512 a, b;
};

#define OCTI_FLOATS_512(x) _mm512_castsi512_ps(x)
#define OCTI_INTS_512(x)   _mm512_castps_si512(x)

OCTI_INLINE struct octi_half_512 octi_here_half_512(struct octi_half_512 x)
{
    __asm__ volatile("" : "+v"(x.a.first), "+v"(x.a.second), "+v"(x.b.first), "+v"(x.b.second));
    return x;
}

OCTI_INLINE struct octi_half_512 octi_converted_512(struct octi_half_512 x)
{
    x.a.first = OCTI_INTS_512(_mm512_cvtepi32_ps(x.a.first));
    x.a.second = OCTI_INTS_512(_mm512_cvtepi32_ps(x.a.second));
    x.b.first = OCTI_INTS_512(_mm512_cvtepi32_ps(x.b.first));
    x.b.second = OCTI_INTS_512(_mm512_cvtepi32_ps(x.b.second));
    return octi_here_half_512(x);
}

/// With a factor out of memory: there may be no register for it.
OCTI_INLINE __m512i octi_fused_512(__m512 bias, __m512i x, const struct octi_requant_512 *requant)
{
    __asm__ volatile("" : "+r"(requant)); // every time
    return OCTI_INTS_512(_mm512_fmadd_ps(bias, requant->bias_factor, OCTI_FLOATS_512(x)));
}

/// A bias without factor is a sum, rounded as the fused product by 1 is, and takes no unit that multiplies.
OCTI_INLINE struct octi_half_512 octi_biased_512(struct octi_half_512 x,
                                                 const char *panel,
                                                 const int i,
                                                 const struct octi_requant_512 *requant,
                                                 const enum octi_ending_512 ending)
{
    const __m512 a = OCTI_FLOATS_512(octi_panel_vector_512(panel, OCTI_BIAS_512 + i));
    const __m512 b = OCTI_FLOATS_512(octi_panel_vector_512(panel, OCTI_BIAS_512 + i + 1));
    if (ending == OCTI_ENDS_ANY) {
        x.a.first = octi_fused_512(a, x.a.first, requant);
        x.a.second = octi_fused_512(a, x.a.second, requant);
        x.b.first = octi_fused_512(b, x.b.first, requant);
        x.b.second = octi_fused_512(b, x.b.second, requant);
    } else {
        x.a.first = OCTI_INTS_512(_mm512_add_ps(a, OCTI_FLOATS_512(x.a.first)));
        x.a.second = OCTI_INTS_512(_mm512_add_ps(a, OCTI_FLOATS_512(x.a.second)));
        x.b.first = OCTI_INTS_512(_mm512_add_ps(b, OCTI_FLOATS_512(x.b.first)));
        x.b.second = OCTI_INTS_512(_mm512_add_ps(b, OCTI_FLOATS_512(x.b.second)));
    }
    return octi_here_half_512(x);
}

OCTI_INLINE struct octi_half_512 octi_multiplied_512(struct octi_half_512 x, const char *panel, const int i)
{
    const __m512 a = OCTI_FLOATS_512(octi_panel_vector_512(panel, OCTI_MULTIPLIER_512 + i));
    x.a.first = OCTI_INTS_512(_mm512_mul_ps(OCTI_FLOATS_512(x.a.first), a));
    x.a.second = OCTI_INTS_512(_mm512_mul_ps(OCTI_FLOATS_512(x.a.second), a));
    const __m512 b = OCTI_FLOATS_512(octi_panel_vector_512(panel, OCTI_MULTIPLIER_512 + i + 1));
    x.b.first = OCTI_INTS_512(_mm512_mul_ps(OCTI_FLOATS_512(x.b.first), b));
    x.b.second = OCTI_INTS_512(_mm512_mul_ps(OCTI_FLOATS_512(x.b.second), b));
    return octi_here_half_512(x);
}

OCTI_INLINE struct octi_half_512 octi_rounded_512(struct octi_half_512 x)
{
    x.a.first = _mm512_cvtps_epi32(OCTI_FLOATS_512(x.a.first));
    x.a.second = _mm512_cvtps_epi32(OCTI_FLOATS_512(x.a.second));
    x.b.first = _mm512_cvtps_epi32(OCTI_FLOATS_512(x.b.first));
    x.b.second = _mm512_cvtps_epi32(OCTI_FLOATS_512(x.b.second));
    return octi_here_half_512(x);
}

OCTI_INLINE struct octi_both_512 octi_packed_512(struct octi_half_512 z)
{
    struct octi_both_512 words;
    words.first = _mm512_packs_epi32(z.a.first, z.b.first);
    words.second = _mm512_packs_epi32(z.a.second, z.b.second);
    return octi_here_512(words);
}

OCTI_INLINE struct octi_both_512
octi_shifted_512(struct octi_both_512 words, __m512i zero_point, const enum octi_ending_512 ending)
{
    if (ending != OCTI_ENDS_RELU) {
        words.first = _mm512_adds_epi16(words.first, zero_point);
        words.second = _mm512_adds_epi16(words.second, zero_point);
    }
    return octi_here_512(words);
}

#endif
