// DESIGN: exp is 2^n * e^r with r = x - n*ln2 in two steps (the high part of ln2 has 15 bits, so n times it is exact),
// and a polynomial for e^r on [-ln2/2, ln2/2]. Everything else is built on it, so that a SIMD kernel needs one vector
// exp. The polynomials are our own minimax fits in float32 coefficients. Rejected: libm (its results change with the
// CPU), tables (gathers are slow), rational forms (no relative accuracy near 0).
#include "engine/quant/functions.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LOG2_E   0x1.715476p+0f
#define LN2_HIGH 0x1.62e4p-1f
#define LN2_LOW  0x1.7f7d1cp-20f
#define MAGIC    0x1.8p+23f // adding it rounds to an integer, ties to even, in the low bits

#define EXP_LOWEST   (-104.0f) // below, e^x is under half the smallest subnormal
#define EXP_HIGHEST  89.0f     // above, over the largest float
#define MIN_EXPONENT (-126)
#define MAX_EXPONENT 127
#define TANH_SPLIT   0.625f // below, an odd polynomial; above, through exp
#define TANH_ONE     10.0f  // from here tanh rounds to 1

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// 2^n for n in [MIN_EXPONENT, MAX_EXPONENT].
static float power_of_two(int32_t n)
{
    return from_bits((uint32_t)(n + 127) << 23);
}

// n = rne(t) for |t| < 2^22.
static float round_to_integer(float t)
{
    return (t + MAGIC) - MAGIC;
}

// e^r for |r| <= 0.35.
static float exp_reduced(float r)
{
    float p = 0x1.6d7bd6p-10f;
    p = p * r + 0x1.123aacp-7f;
    p = p * r + 0x1.5554bep-5f;
    p = p * r + 0x1.55549p-3f;
    p = p * r + 0.5f;
    float square = r * r;
    return (p * square + r) + 1.0f;
}

float octi_exp(float x)
{
    if (x != x) {
        return x;
    }
    if (x > EXP_HIGHEST) {
        return INFINITY;
    }
    if (x < EXP_LOWEST) {
        return 0.0f;
    }
    float n = round_to_integer(x * LOG2_E);
    float r = x - n * LN2_HIGH;
    r = r - n * LN2_LOW;
    float e = exp_reduced(r);
    // Two factors, since n reaches beyond what one float's exponent holds: the first is exact.
    int32_t whole = (int32_t)n;
    int32_t first = whole < MIN_EXPONENT ? MIN_EXPONENT : whole > MAX_EXPONENT ? MAX_EXPONENT : whole;
    return e * power_of_two(first) * power_of_two(whole - first);
}

float octi_sigmoid(float x)
{
    float magnitude = x < 0.0f ? x : -x;
    float e = octi_exp(magnitude); // in [0, 1]: neither branch overflows or cancels
    return x < 0.0f ? e / (1.0f + e) : 1.0f / (1.0f + e);
}

// tanh(x) for |x| < TANH_SPLIT.
static float tanh_small(float x)
{
    float square = x * x;
    float p = -0x1.76ac18p-8f;
    p = p * square + 0x1.5256d6p-6f;
    p = p * square - 0x1.b84448p-5f;
    p = p * square + 0x1.110768p-3f;
    p = p * square - 0x1.555534p-2f;
    return p * square * x + x;
}

float octi_tanh(float x)
{
    float magnitude = x < 0.0f ? -x : x;
    if (magnitude == 0.0f) {
        return x; // zero keeps its sign
    }
    if (magnitude < TANH_SPLIT) {
        return tanh_small(x);
    }
    if (magnitude != magnitude) {
        return x;
    }
    float result = magnitude >= TANH_ONE ? 1.0f : 1.0f - 2.0f / (octi_exp(magnitude + magnitude) + 1.0f);
    return x < 0.0f ? -result : result;
}
