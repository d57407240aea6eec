#include "engine/kernels/sgemm/sgemm.h"

#if defined(OCTET_OPENBLAS)
#include <cblas.h>

void octi_sgemm_prepare(void)
{
    // Setting it takes OpenBLAS's server lock and writes a global: not while another worker multiplies.
    if (openblas_get_num_threads() != 1) {
        openblas_set_num_threads(1);
    }
}

bool octi_sgemm_is_class_f(void)
{
    return true;
}

const char *octi_sgemm_name(void)
{
    return "sgemm_openblas";
}

void octi_sgemm(size_t m,
                size_t n,
                size_t k,
                const float *a,
                size_t a_stride,
                const float *b,
                size_t b_stride,
                float *c,
                size_t c_stride)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)m, (blasint)n, (blasint)k, 1.0f, a, (blasint)a_stride,
                b, (blasint)b_stride, 0.0f, c, (blasint)c_stride);
}
#else
void octi_sgemm_prepare(void)
{
}

bool octi_sgemm_is_class_f(void)
{
    return false;
}

const char *octi_sgemm_name(void)
{
    return "sgemm_plain";
}

void octi_sgemm(size_t m,
                size_t n,
                size_t k,
                const float *a,
                size_t a_stride,
                const float *b,
                size_t b_stride,
                float *c,
                size_t c_stride)
{
    for (size_t row = 0; row < m; row++) {
        for (size_t column = 0; column < n; column++) {
            const float *x = a + row * a_stride;
            const float *w = b + column * b_stride;
            float sum = 0.0f;
            for (size_t i = 0; i < k; i++) {
                sum += x[i] * w[i];
            }
            c[row * c_stride + column] = sum;
        }
    }
}
#endif
