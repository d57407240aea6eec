/// What quantized addition and multiplication share: two inputs of one dtype that broadcast, output parameters given.
/// Threads: [any].
#ifndef OCTET_ENGINE_OPS_QUANTIZED_BINARY_H
#define OCTET_ENGINE_OPS_QUANTIZED_BINARY_H

#include "octet/op.h"

#define OCTI_QUANTIZED_BINARY_FLAGS                                                                                    \
    (OCT_OP_IN_PLACE | OCT_OP_IN_PLACE_ANY | OCT_OP_ANY_FORMAT | OCT_OP_PITCHED | OCT_OP_POINTWISE)

/// scale, zero_point.
extern const struct oct_attribute_spec octi_quantized_binary_attributes[];

enum oct_status octi_quantized_binary_infer(struct oct_op_infer_call *call);

/// First member of a prepared state: y[i] = f(a[i], b[i]) over dense bytes; `y` may be `a` or `b`.
struct octi_quantized_binary {
    void (*apply)(const struct octi_quantized_binary *state, size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y);
};

/// Chooses what runs call->state, a struct octi_quantized_binary, over output, first and second input of any strides.
void octi_quantized_binary_choose(struct oct_op_prepare_call *call);

#endif
