/// Functions of one element: what relu, sigmoid and their like share.
///
/// On 8-bit quantized tensors such a function is a table of 256 bytes. The reference evaluates the operator's scalar
/// formula for each element; `prepare` evaluates it once for each byte, so the two cannot differ. Threads: [any].
#ifndef OCTET_ENGINE_OPS_UNARY_H
#define OCTET_ENGINE_OPS_UNARY_H

#include "engine/ops/walk.h"
#include "octet/op.h"

/// The function on real numbers. `attributes` are the node's.
typedef float (*octi_unary_float_fn)(float x, const struct oct_attribute *attributes);
/// The function on stored integers of quint8 or qint8 tensors.
typedef int32_t (*octi_unary_code_fn)(int32_t code,
                                      const struct oct_tensor_desc *in,
                                      const struct oct_tensor_desc *out,
                                      const struct oct_attribute *attributes);

/// What distinguishes one operator from another.
struct octi_unary {
    octi_unary_float_fn on_float;
    octi_unary_code_fn on_code; ///< NULL: Q(on_float(DQ(code)))
    oct_op_run_fn run_float;    ///< octi_unary_run_float() around an inlined `on_float`
};

#define OCTI_UNARY_FLAGS (OCT_OP_IN_PLACE | OCT_OP_ANY_FORMAT | OCT_OP_PITCHED | OCT_OP_POINTWISE)

/// Infers an output like the input: float32, or per-tensor quint8 or qint8 with the input's parameters.
enum oct_status octi_unary_infer_same(struct oct_op_infer_call *call);
/// As above for operators that take quantized inputs only.
enum oct_status octi_unary_infer_quantized_same(struct oct_op_infer_call *call);
/// As above for operators that take float32 only.
enum oct_status octi_unary_infer_float(struct oct_op_infer_call *call);
/// Float32 as it is; quantized inputs get scale 1/256 and the dtype's smallest integer as zero point: for results in
/// [0, 1].
enum oct_status octi_unary_infer_unit(struct oct_op_infer_call *call);
/// Quantized input; scale and zero point of the output are attributes 0 and 1.
enum oct_status octi_unary_infer_given(struct oct_op_infer_call *call);

void octi_unary_reference(const struct oct_op_run_call *call, const struct octi_unary *unary);
enum oct_status octi_unary_prepare(struct oct_op_prepare_call *call, const struct octi_unary *unary);

/// Defines `static void name(call)`, a run function for float tensors in which `function` is inlined.
#define OCTI_UNARY_RUN_FLOAT(name, function)                                                                           \
    static void name##_row(const void *context, int64_t n, unsigned char *const *data, const int64_t *strides)         \
    {                                                                                                                  \
        const struct oct_attribute *attributes = context;                                                              \
        if (strides[0] == sizeof(float) && strides[1] == sizeof(float)) {                                              \
            float *y = (float *)(void *)data[0];                                                                       \
            const float *x = (const float *)(const void *)data[1];                                                     \
            if (y == x) { /* in place: said apart, so that the compiler sees no overlap in either loop */              \
                for (int64_t i = 0; i < n; i++) {                                                                      \
                    y[i] = function(y[i], attributes);                                                                 \
                }                                                                                                      \
                return;                                                                                                \
            }                                                                                                          \
            for (int64_t i = 0; i < n; i++) {                                                                          \
                y[i] = function(x[i], attributes);                                                                     \
            }                                                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const float *x = (const float *)(const void *)(data[1] + i * strides[1]);                                  \
            *(float *)(void *)(data[0] + i * strides[0]) = function(*x, attributes);                                   \
        }                                                                                                              \
    }                                                                                                                  \
    static void name(const struct oct_op_run_call *call)                                                               \
    {                                                                                                                  \
        const struct oct_view *views[] = {&call->outputs[0], &call->inputs[0]};                                        \
        octi_walk(views, 2, name##_row, call->attributes, call->executor);                                             \
    }

/// Defines `reference` and `prepare` of a file's records.
#define OCTI_UNARY(on_float, on_code)                                                                                  \
    OCTI_UNARY_RUN_FLOAT(run_float, on_float)                                                                          \
    static const struct octi_unary UNARY = {on_float, on_code, run_float};                                             \
    static void reference(const struct oct_op_run_call *call)                                                          \
    {                                                                                                                  \
        octi_unary_reference(call, &UNARY);                                                                            \
    }                                                                                                                  \
    static enum oct_status prepare(struct oct_op_prepare_call *call)                                                   \
    {                                                                                                                  \
        return octi_unary_prepare(call, &UNARY);                                                                       \
    }

#endif
