#include "engine/ops/quantized_binary.h"

#include "engine/ops/attributes.h"
#include "engine/ops/op_support.h"
#include "engine/ops/walk.h"

#include <string.h>

enum { SCALE, ZERO_POINT };

const struct oct_attribute_spec octi_quantized_binary_attributes[] = {
    [SCALE] = OCTI_ATTRIBUTE_SCALE("scale"),
    [ZERO_POINT] = OCTI_ATTRIBUTE_ZERO_POINT("zero_point"),
    OCTI_ATTRIBUTES_END,
};

enum oct_status octi_quantized_binary_infer(struct oct_op_infer_call *call)
{
    static const enum oct_dtype allowed[] = {OCT_DTYPE_QUINT8, OCT_DTYPE_QINT8};
    for (size_t i = 0; i < 2; i++) {
        if (!octi_infer_dtype(call, i, allowed, 2) || !octi_infer_per_tensor(call, i)) {
            return octi_infer_failed(call);
        }
    }
    const struct oct_tensor_desc *a = call->inputs[0], *b = call->inputs[1];
    if (a->dtype != b->dtype) {
        octi_infer_fail(call, OCT_ERR_UNSUPPORTED, "inputs are %s and %s, expected one dtype", oct_dtype_name(a->dtype),
                        oct_dtype_name(b->dtype));
        return octi_infer_failed(call);
    }
    struct oct_tensor_desc *out = &call->outputs[0];
    out->dtype = a->dtype;
    out->format = OCT_FORMAT_CONTIGUOUS;
    if (!octi_infer_broadcast(call, &a->shape, &b->shape, &out->shape) ||
        !octi_infer_output_qparams(call, SCALE, ZERO_POINT, out->dtype, &out->qparams)) {
        return octi_infer_failed(call);
    }
    return OCT_OK;
}

/// Bytes that are gathered at a time where an input is broadcast or in another order.
#define CHUNK 256
/// Bytes of a row that is the same for many, repeated so often that a call does that many at once.
#define REPEATED 2048

static const uint8_t *gather(const unsigned char *from, int64_t stride, int64_t n, uint8_t *buffer)
{
    if (stride == 1) {
        return from;
    }
    if (stride == 0) {
        memset(buffer, *from, (size_t)n);
        return buffer;
    }
    for (int64_t i = 0; i < n; i++) {
        buffer[i] = from[i * stride];
    }
    return buffer;
}

static void
apply_row(const struct octi_quantized_binary *state, int64_t n, unsigned char *const *data, const int64_t *strides)
{
    if (strides[0] == 1 && strides[1] == 1 && strides[2] == 1) {
        state->apply(state, (size_t)n, data[1], data[2], data[0]);
        return;
    }
    uint8_t a[CHUNK], b[CHUNK], y[CHUNK];
    for (int64_t done = 0; done < n; done += CHUNK) {
        int64_t part = n - done < CHUNK ? n - done : CHUNK;
        const uint8_t *left = gather(data[1] + done * strides[1], strides[1], part, a);
        const uint8_t *right = gather(data[2] + done * strides[2], strides[2], part, b);
        unsigned char *to = data[0] + done * strides[0];
        state->apply(state, (size_t)part, left, right, strides[0] == 1 ? to : y);
        for (int64_t i = 0; strides[0] != 1 && i < part; i++) {
            to[i * strides[0]] = y[i];
        }
    }
}

/// Is view v dense, all rows one behind the other?
static bool is_block(const struct octi_walk_plane *plane, int v)
{
    return plane->strides[1][v] == 1 && plane->strides[0][v] == plane->extents[1];
}

/// Is it one dense row, the same for all?
static bool is_repeated(const struct octi_walk_plane *plane, int v)
{
    return plane->strides[1][v] == 1 && plane->strides[0][v] == 0;
}

/// Rows of views 0 and `block`, dense, with the one row of view `repeated`: a scale for each channel, for example.
static void apply_repeated(const struct octi_quantized_binary *state,
                           const struct octi_walk_plane *plane,
                           unsigned char *const *data,
                           int block,
                           int repeated)
{
    const int64_t n = plane->extents[1];
    uint8_t rows[REPEATED];
    const int64_t most = plane->extents[0] < REPEATED / n ? plane->extents[0] : REPEATED / n;
    for (int64_t r = 0; r < most; r++) {
        memcpy(rows + r * n, data[repeated], (size_t)n);
    }
    for (int64_t r = 0; r < plane->extents[0]; r += most) {
        int64_t part = plane->extents[0] - r < most ? plane->extents[0] - r : most;
        const uint8_t *from = data[block] + r * n;
        state->apply(state, (size_t)(part * n), block == 1 ? from : rows, block == 1 ? rows : from, data[0] + r * n);
    }
}

static void apply_plane(const void *context, const struct octi_walk_plane *plane, unsigned char *const *data)
{
    const struct octi_quantized_binary *state = context;
    if (plane->extents[1] <= REPEATED / 2 && is_block(plane, 0)) {
        if (is_block(plane, 1) && is_repeated(plane, 2)) {
            apply_repeated(state, plane, data, 1, 2);
            return;
        }
        if (is_block(plane, 2) && is_repeated(plane, 1)) {
            apply_repeated(state, plane, data, 2, 1);
            return;
        }
    }
    unsigned char *at[] = {data[0], data[1], data[2]};
    for (int64_t r = 0; r < plane->extents[0]; r++) {
        apply_row(state, plane->extents[1], at, plane->strides[1]);
        for (int v = 0; v < 3; v++) {
            at[v] += plane->strides[0][v];
        }
    }
}

void octi_quantized_binary_run(const struct oct_op_run_call *call)
{
    const struct oct_view *y = &call->outputs[0];
    struct oct_view a = octi_view_broadcast(&call->inputs[0], &y->desc.shape);
    struct oct_view b = octi_view_broadcast(&call->inputs[1], &y->desc.shape);
    const struct oct_view *views[] = {y, &a, &b};
    octi_walk_planes(views, 3, apply_plane, call->state, call->executor);
}
