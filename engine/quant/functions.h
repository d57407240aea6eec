/// Transcendental functions of our own: the same bits on every CPU, which no libm promises.
///
/// Each is a fixed sequence of float32 operations without contraction; SIMD kernels repeat the same sequence lane by
/// lane. Errors are against the exact value, in units of the last place of the exact value's float32 binade, measured
/// once over all 2^32 inputs; tests/engine/quant/check_functions.c holds every 4099th to the stated bound. Threads:
/// [any].
#ifndef OCTET_ENGINE_QUANT_FUNCTIONS_H
#define OCTET_ENGINE_QUANT_FUNCTIONS_H

/// e^x; 0 below -104, infinity above 88.8, NaN for NaN. At most 1 ulp (measured 0.9982).
float octi_exp(float x);
/// 1 / (1 + e^-x), NaN for NaN. At most 2.5 ulp (measured 2.402), also where the result is subnormal.
float octi_sigmoid(float x);
/// tanh(x), NaN for NaN; exactly odd. At most 1.5 ulp (measured 1.332).
float octi_tanh(float x);

#endif
