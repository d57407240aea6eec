/// The epilogue of the int8 kernels in AVX-512: octi_round_clamp() lane by lane, same operations in the same order.
/// maxps and minps keep their second operand for NaN, as the comparisons of the definition do.
#ifndef OCTET_ENGINE_KERNELS_X86_REQUANT_AVX512_H
#define OCTET_ENGINE_KERNELS_X86_REQUANT_AVX512_H

#include <immintrin.h>
#include <stdbool.h>

#include "engine/quant/affine.h"

struct octi_requant_512 {
    __m512 hi;
    __m512 bias_factor;
    bool bias_whole;      ///< its factor is 1
    bool bounded;         ///< the output's bounds are not those of a byte
    __m512i zero_point16; ///< in 16-bit lanes
    __m512i zero_point32, lo32;
    __m512i floor8, floor16;     ///< lo plus zero point, in 8- and 16-bit lanes
    __m512i ceiling8, ceiling16; ///< hi plus zero point
};

/// Has the output bounds that are not those of a byte?
static inline bool octi_output_bounded(struct octi_output output)
{
    return output.zero_point + (int32_t)output.lo > 0 || output.zero_point + (int32_t)output.hi < 255;
}

static inline __attribute__((always_inline)) struct octi_requant_512 octi_requant_512(struct octi_output output)
{
    struct octi_requant_512 r;
    r.hi = _mm512_set1_ps(output.hi);
    r.bias_factor = _mm512_set1_ps(1.0f);
    r.bias_whole = true;
    r.bounded = octi_output_bounded(output);
    r.zero_point16 = _mm512_set1_epi16((short)output.zero_point);
    r.zero_point32 = _mm512_set1_epi32(output.zero_point);
    r.lo32 = _mm512_set1_epi32((int32_t)output.lo);
    r.floor8 = _mm512_set1_epi8((char)(output.zero_point + (int32_t)output.lo));
    r.floor16 = _mm512_set1_epi16((short)(output.zero_point + (int32_t)output.lo));
    r.ceiling8 = _mm512_set1_epi8((char)(output.zero_point + (int32_t)output.hi));
    r.ceiling16 = _mm512_set1_epi16((short)(output.zero_point + (int32_t)output.hi));
    return r;
}

/// For sums of a packed product, whose biases have a factor.
static inline __attribute__((always_inline)) struct octi_requant_512 octi_requant_product_512(struct octi_output output,
                                                                                              float bias_factor)
{
    struct octi_requant_512 r = octi_requant_512(output);
    r.bias_factor = _mm512_set1_ps(bias_factor);
    r.bias_whole = bias_factor == 1.0f;
    return r;
}

/// fma(bias, bias_factor, sum). With a factor of 1, `whole`, that is a sum, and additions leave the units of dot
/// products alone: kernels branch by bias_whole where it serves many.
static inline __attribute__((always_inline)) __m512
octi_add_bias_512(__m512 sum, __m512 bias, const struct octi_requant_512 *r, const bool whole)
{
    return whole ? _mm512_add_ps(sum, bias) : _mm512_fmadd_ps(bias, r->bias_factor, sum);
}

/// rne(clamp(t)) without the lower bound, which is cheaper to apply where a vector holds more lanes, as is the zero
/// point: values too low, and NaN, end up at INT32_MIN, stay below under saturation and zero point, and the floors do
/// the rest.
static inline __attribute__((always_inline)) __m512i octi_round_open_512(__m512 t, const struct octi_requant_512 *r)
{
    return _mm512_cvtps_epi32(_mm512_min_ps(r->hi, t)); // NaN is kept
}

/// octi_round_open_512(fma(bias, bias_factor, f32(sum)) * multiplier).
static inline __attribute__((always_inline)) __m512i
octi_requant_open_512(__m512i sum, __m512 bias, __m512 multiplier, const struct octi_requant_512 *r)
{
    __m512 t = _mm512_fmadd_ps(bias, r->bias_factor, _mm512_cvtepi32_ps(sum));
    return octi_round_open_512(_mm512_mul_ps(t, multiplier), r);
}

/// Four vectors in the panel's order to 64 bytes in natural order.
static inline __attribute__((always_inline)) __m512i
octi_pack_512(__m512i a, __m512i b, __m512i c, __m512i d, const struct octi_requant_512 *r)
{
    __m512i ab = _mm512_add_epi16(_mm512_packs_epi32(a, b), r->zero_point16);
    __m512i cd = _mm512_add_epi16(_mm512_packs_epi32(c, d), r->zero_point16);
    return _mm512_packus_epi16(ab, cd);
}

/// The same for vectors of octi_round_open_512().
static inline __attribute__((always_inline)) __m512i
octi_pack_open_512(__m512i a, __m512i b, __m512i c, __m512i d, const struct octi_requant_512 *r)
{
    return _mm512_max_epu8(octi_pack_512(a, b, c, d, r), r->floor8);
}

/// Numbers up to this magnitude may be rounded without any bound: they fit the conversion. (2^31 itself does not, and a
/// product that decides by this may have been rounded.)
#define OCTI_CONVERTIBLE 0x1p30f

/// The same for vectors of _mm512_cvtps_epi32() of numbers within OCTI_CONVERTIBLE, but for bounds that are not those
/// of a byte: octi_bound_bytes_512().
static inline __attribute__((always_inline)) __m512i
octi_pack_saturated_512(__m512i a, __m512i b, __m512i c, __m512i d, const struct octi_requant_512 *r)
{
    __m512i ab = _mm512_adds_epi16(_mm512_packs_epi32(a, b), r->zero_point16);
    __m512i cd = _mm512_adds_epi16(_mm512_packs_epi32(c, d), r->zero_point16);
    return _mm512_packus_epi16(ab, cd);
}

static inline __attribute__((always_inline)) __m512i octi_bound_bytes_512(__m512i bytes,
                                                                          const struct octi_requant_512 *r)
{
    return _mm512_min_epu8(_mm512_max_epu8(bytes, r->floor8), r->ceiling8);
}

/// Both together.
static inline __attribute__((always_inline)) __m512i
octi_pack_unbounded_512(__m512i a, __m512i b, __m512i c, __m512i d, const struct octi_requant_512 *r)
{
    return octi_bound_bytes_512(octi_pack_saturated_512(a, b, c, d, r), r);
}

/// The first n (1..64) bits.
static inline __attribute__((always_inline)) __mmask64 octi_mask_64(size_t n)
{
    return ~(__mmask64)0 >> (64 - n);
}

#endif
