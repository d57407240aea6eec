/// Float operators of two tensors that broadcast.
/// Threads: [any].
#ifndef OCTET_ENGINE_OPS_BINARY_H
#define OCTET_ENGINE_OPS_BINARY_H

#include "engine/ops/walk.h"
#include "octet/op.h"

typedef float (*octi_binary_fn)(float a, float b, const struct oct_attribute *attributes);

/// Two float32 tensors of shapes that broadcast.
enum oct_status octi_binary_infer(struct oct_op_infer_call *call);
void octi_binary_reference(const struct oct_op_run_call *call, octi_binary_fn function);
/// Walks output, first and second input (broadcast) with `row` over the node's attributes.
void octi_binary_run(const struct oct_op_run_call *call, octi_walk_row_fn row);

/// Defines `static void name(call)`, a run function in which `function` is inlined.
#define OCTI_BINARY_RUN(name, function)                                                                                \
    static void name##_row(const void *context, int64_t n, unsigned char *const *data, const int64_t *strides)         \
    {                                                                                                                  \
        const struct oct_attribute *attributes = context;                                                              \
        const int64_t dense = sizeof(float);                                                                           \
        if (strides[0] == dense && strides[1] == dense && strides[2] == dense) {                                       \
            float *y = (float *)(void *)data[0];                                                                       \
            const float *a = (const float *)(const void *)data[1];                                                     \
            const float *b = (const float *)(const void *)data[2];                                                     \
            if (y == a) { /* in place: said apart, so that the compiler sees no overlap in either loop */              \
                for (int64_t i = 0; i < n; i++) {                                                                      \
                    y[i] = function(y[i], b[i], attributes);                                                           \
                }                                                                                                      \
                return;                                                                                                \
            }                                                                                                          \
            for (int64_t i = 0; i < n; i++) {                                                                          \
                y[i] = function(a[i], b[i], attributes);                                                               \
            }                                                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const float *a = (const float *)(const void *)(data[1] + i * strides[1]);                                  \
            const float *b = (const float *)(const void *)(data[2] + i * strides[2]);                                  \
            *(float *)(void *)(data[0] + i * strides[0]) = function(*a, *b, attributes);                               \
        }                                                                                                              \
    }                                                                                                                  \
    static void name(const struct oct_op_run_call *call)                                                               \
    {                                                                                                                  \
        octi_binary_run(call, name##_row);                                                                             \
    }

#endif
