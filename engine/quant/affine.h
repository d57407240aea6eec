/// The arithmetic of affine quantization: the definition that every kernel equals bit for bit.
///
/// All steps are single float32 operations in the order written, rounded to nearest even (the process' default mode),
/// never contracted; the one fused operation is written as such. Sources: PyTorch AffineQuantizerBase.cpp
/// (`quantize_val`, `dequantize_val`, `requantize_from_int`) and FBGEMM's OutputProcessing. The clamp stands before the
/// rounding: its bounds are integers, so the result is the one of clamping afterwards, and no value can overflow the
/// conversion. NaN becomes qmin (maxps keeps its second operand).
#ifndef OCTET_ENGINE_QUANT_AFFINE_H
#define OCTET_ENGINE_QUANT_AFFINE_H

#include <math.h>
#include <stdint.h>

/// Where a float scaled by 1/scale (or by a multiplier) ends up: q = zero_point + rne(clamp(t, lo, hi)).
struct octi_output {
    float lo, hi; ///< bounds of the stored integer minus zero_point; ReLU raises lo to 0
    int32_t zero_point;
};

/// @param qmin,qmax   range of the stored 8-bit type
/// @param relu        true: nothing below the zero point
static inline struct octi_output octi_output_make(int64_t zero_point, int64_t qmin, int64_t qmax, int relu)
{
    struct octi_output output;
    output.zero_point = (int32_t)zero_point;
    output.lo = (float)(relu && zero_point > qmin ? 0 : qmin - zero_point);
    output.hi = (float)(qmax - zero_point);
    return output;
}

/// rne(t) clamped, plus the zero point.
static inline int32_t octi_round_clamp(float t, struct octi_output output)
{
    t = t > output.lo ? t : output.lo;
    t = t < output.hi ? t : output.hi;
    return (int32_t)lrintf(t) + output.zero_point;
}

/// The reciprocal by which quantizing multiplies: f32(1 / f32(scale)).
static inline float octi_inverse_scale(double scale)
{
    return 1.0f / (float)scale;
}

/// How aten::quantize_per_tensor turns numbers from outside into bytes.
struct octi_quantizer {
    float inverse_scale;
    float zero_point;          ///< inside the fused product
    struct octi_output output; ///< bounds of the integer; its zero_point is what the byte has more than the integer
};

/// @param offset  added to the integer to make the byte: 0, or 128 for a qint8 that is kept with its sign bit flipped
static inline struct octi_quantizer
octi_quantizer_make(double scale, int64_t zero_point, int64_t qmin, int64_t qmax, int32_t offset)
{
    return (struct octi_quantizer){octi_inverse_scale(scale), (float)zero_point, {(float)qmin, (float)qmax, offset}};
}

/// q = sat(rne(fma(x, inverse_scale, z))) + offset: one rounding to float32 and one to an integer. Measured in
/// torch 2.13 (FBGEMM adds the zero point before it rounds); older releases round first, which differs by one step at
/// ties under an odd zero point and at about one number in 10^5.
static inline int32_t octi_quantize_tensor(float x, const struct octi_quantizer *quantizer)
{
    return octi_round_clamp(fmaf(x, quantizer->inverse_scale, quantizer->zero_point), quantizer->output);
}

/// What an operator does to the real number it has computed: q = sat(z + rne(f32(x * inverse_scale))).
static inline int32_t octi_quantize(float x, float inverse_scale, struct octi_output output)
{
    return octi_round_clamp(x * inverse_scale, output);
}

/// x = f32(scale) * f32(q - z).
static inline float octi_dequantize(int32_t q, float scale, int32_t zero_point)
{
    return scale * (float)(q - zero_point);
}

/// q = sat(z + rne(f32(f32(acc) * multiplier))).
static inline int32_t octi_requantize(int32_t accumulator, float multiplier, struct octi_output output)
{
    return octi_round_clamp((float)accumulator * multiplier, output);
}

/// qint32: q = sat(rne(f32(f32(x * inverse_scale) + f32(z)))). PyTorch gives it to FBGEMM's scalar quantizer, which
/// adds the zero point before it rounds as the others do, but in a step of its own (measured in torch 2.13: no
/// difference in 6 * 10^6 numbers). No float32 holds the bounds: the clamp is done in double. NaN becomes -2^31.
static inline int32_t octi_quantize_int32(float x, float inverse_scale, int64_t zero_point)
{
    float scaled = x * inverse_scale;
    double t = rint((double)(scaled + (float)zero_point));
    t = t > -2147483648.0 ? t : -2147483648.0;
    t = t < 2147483647.0 ? t : 2147483647.0;
    return (int32_t)t;
}

#endif
