/// Quantized convolutions of one, two or three spatial dimensions with random numbers in them.
#ifndef OCTET_TESTS_ENGINE_OPS_SPATIAL_CASE_H
#define OCTET_TESTS_ENGINE_OPS_SPATIAL_CASE_H

#include "engine/ops/op_support.h"
#include "tests/engine/ops/quantized_case.h"

struct spatial_shape {
    int32_t dims; ///< that arrays are used of
    int64_t channels, outputs, groups;
    int64_t in[3], kernel[3], stride[3], padding[3], dilation[3];
};

static inline const struct oct_op *spatial_op(int32_t dims, bool relu)
{
    static const struct oct_op *const ops[3][2] = {
        {&octi_op_quantized_conv1d, &octi_op_quantized_conv1d_relu},
        {&octi_op_quantized_conv2d, &octi_op_quantized_conv2d_relu},
        {&octi_op_quantized_conv3d, &octi_op_quantized_conv3d_relu},
    };
    return ops[dims - 1][relu];
}

static inline struct weighted_case make_spatial(struct oct_rng *rng, bool relu, const struct spatial_shape *s)
{
    struct weighted_case c = {.op = spatial_op(s->dims, relu)};
    int64_t x_dims[5] = {OCT_DIM_BATCH, s->channels};
    int64_t w_dims[5] = {s->outputs, s->channels / s->groups};
    size_t n = (size_t)s->dims;
    memcpy(x_dims + 2, s->in, n * sizeof *x_dims);
    memcpy(w_dims + 2, s->kernel, n * sizeof *w_dims);
    c.x = make_quantized_desc(OCT_DTYPE_QUINT8, 2 + s->dims, x_dims, 0.021, oct_rng_between(rng, 0, 255));
    add_weight(&c, rng, 2 + s->dims, w_dims);
    add_ints(&c, s->stride, n);
    add_ints(&c, s->padding, n);
    add_ints(&c, s->dilation, n);
    add_int(&c, s->groups);
    add_float(&c, (double)oct_rng_float(rng, 0.01f, 0.3f));
    add_int(&c, oct_rng_between(rng, 0, 255));
    return c;
}

/// check_levels() of such a node, with ReLU or without.
static inline const char *
check_spatial(struct oct_rng *rng, const struct spatial_shape *s, int64_t rows, size_t *splits)
{
    struct weighted_case c = make_spatial(rng, oct_rng_between(rng, 0, 1) == 1, s);
    const char *kernel = check_levels(&c, rng, rows, splits);
    free(c.weight_data);
    return kernel;
}

/// Small, with every attribute unequal between dimensions, padding wider than half the window included.
static inline struct spatial_shape random_spatial(struct oct_rng *rng, int32_t dims)
{
    struct spatial_shape s = {.dims = dims, .groups = 1};
    for (int32_t d = 0; d < dims; d++) {
        s.kernel[d] = oct_rng_between(rng, 1, dims == 3 ? 3 : 5);
        s.stride[d] = oct_rng_between(rng, 1, 3);
        s.padding[d] = oct_rng_between(rng, 0, dims == 3 ? 2 : 4);
        s.dilation[d] = oct_rng_between(rng, 1, 2);
        s.in[d] = s.kernel[d] * s.dilation[d] + oct_rng_between(rng, 0, dims == 1 ? 40 : 4);
    }
    s.channels = oct_rng_between(rng, 1, 20);
    s.outputs = oct_rng_between(rng, 1, 40);
    return s;
}

#endif
