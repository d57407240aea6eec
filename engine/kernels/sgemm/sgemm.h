/// Float matrix product, on OpenBLAS when the build has it; the only place that sees its header.
///
///   c[m][n] = sum over k of a[m][k] * b[n][k]
///
/// With OpenBLAS the order of the sum, and so its last bits, depend on the CPU and on m: what is computed here is class
/// F. Without it the sum runs over k in order, the same everywhere. Threads: [any]; each call runs on its caller's
/// thread only.
#ifndef OCTET_ENGINE_KERNELS_SGEMM_SGEMM_H
#define OCTET_ENGINE_KERNELS_SGEMM_SGEMM_H

#include <stdbool.h>
#include <stddef.h>

/// Largest m, n, k and stride: OpenBLAS counts in int.
#define OCTI_SGEMM_MAX_EXTENT 2147483647

/// Makes every later product single-threaded, for the life of the process. Call while preparing an operator that will
/// multiply. Idempotent.
void octi_sgemm_prepare(void);
/// Results may differ with the CPU or the number of rows.
bool octi_sgemm_is_class_f(void);
/// "sgemm_openblas", "sgemm_plain".
const char *octi_sgemm_name(void);

/// @param a [m][k], rows a_stride elements apart
/// @param b [n][k], rows b_stride elements apart
/// @param c [m][n], rows c_stride elements apart; does not overlap a or b; overwritten
/// m, n, k >= 1 and all extents <= OCTI_SGEMM_MAX_EXTENT.
void octi_sgemm(size_t m,
                size_t n,
                size_t k,
                const float *a,
                size_t a_stride,
                const float *b,
                size_t b_stride,
                float *c,
                size_t c_stride);

#endif
