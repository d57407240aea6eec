#include "engine/quant/affine.h"
#include "octet/tensor.h"

#include <assert.h>

void oct_quantize_array(const struct oct_qparams *qparams, enum oct_dtype dtype, const float *x, size_t n, void *q)
{
    assert(qparams->scheme == OCT_QSCHEME_PER_TENSOR_AFFINE && oct_dtype_is_quantized(dtype));
    if (dtype == OCT_DTYPE_QINT32) {
        float inverse_scale = octi_inverse_scale(qparams->scale);
        int32_t *out = q;
        for (size_t i = 0; i < n; i++) {
            out[i] = octi_quantize_int32(x[i], inverse_scale, qparams->zero_point);
        }
        return;
    }
    struct octi_quantizer quantizer =
        octi_quantizer_make(qparams->scale, qparams->zero_point, oct_dtype_qmin(dtype), oct_dtype_qmax(dtype), 0);
    uint8_t *out = q; // a qint8 is stored as the same eight bits
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)octi_quantize_tensor(x[i], &quantizer);
    }
}
