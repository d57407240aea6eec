/// Random quantized linear and convolution nodes, and the demand on them: every level equals the reference, byte for
/// byte.
#ifndef OCTET_TESTS_ENGINE_OPS_QUANTIZED_CASE_H
#define OCTET_TESTS_ENGINE_OPS_QUANTIZED_CASE_H

#include "tests/engine/ops/weighted_case.h"

/// A weight of these dims with random codes, per tensor or per channel, sometimes asymmetric, and a bias most of the
/// time.
static inline void add_weight(struct weighted_case *c, struct oct_rng *rng, int32_t rank, const int64_t *dims)
{
    size_t n = 1;
    for (int32_t d = 0; d < rank; d++) {
        n *= (size_t)dims[d];
    }
    c->weight_data = malloc(n + 1);
    oct_rng_bytes(rng, c->weight_data, n);
    bool asymmetric = oct_rng_between(rng, 0, 3) == 0;
    double scale = (double)oct_rng_float(rng, 0.002f, 0.03f);
    c->weight = make_quantized_desc(OCT_DTYPE_QINT8, rank, dims, scale, asymmetric ? -37 : 0);
    if (oct_rng_between(rng, 0, 1) == 1) {
        for (int64_t i = 0; i < dims[0]; i++) {
            c->scales[i] = (double)oct_rng_float(rng, 0.002f, 0.03f);
            c->zero_points[i] = asymmetric ? oct_rng_between(rng, -128, 127) : 0;
        }
        c->weight.qparams = (struct oct_qparams){.scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE, .channels = (size_t)dims[0]};
    }
    c->has_bias = oct_rng_between(rng, 0, 3) != 0;
    c->bias = make_desc(OCT_DTYPE_FLOAT32, 1, dims);
    for (int64_t i = 0; i < dims[0]; i++) {
        c->bias_data[i] = oct_rng_float(rng, -2.0f, 2.0f);
    }
}

/// Infers, then compares every level, alone and over an executor of 3, with the reference.
/// @return the highest level's kernel; NULL when the reference runs
static inline const char *check_levels(struct weighted_case *c, struct oct_rng *rng, int64_t rows, size_t *splits)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(infer_case(c, &error), &error);
    bool channels_last = (c->op->flags & OCT_OP_CHANNELS_LAST) != 0;
    c->x.format = channels_last ? OCT_FORMAT_CHANNELS_LAST : OCT_FORMAT_CONTIGUOUS;
    c->y.format = c->x.format;
    size_t x_bytes;
    size_t y_bytes;
    ck_assert_status_ok(oct_tensor_bytes(&c->x, rows, &x_bytes));
    ck_assert_status_ok(oct_tensor_bytes(&c->y, rows, &y_bytes));
    struct oct_guard x = oct_guard_create(x_bytes);
    oct_rng_bytes(rng, x.data, x_bytes);
    uint8_t *expected = malloc(y_bytes + 1);
    run_reference(c, rows, x.data, expected);
    uint64_t masks[OCTI_ISA_COUNT];
    size_t n = levels_here(masks);
    const char *kernel = NULL;
    *splits = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t width = 1; width <= 3; width += 2) {
            struct oct_guard y = oct_guard_create(y_bytes);
            size_t used = 0;
            struct prepared_run run = run_prepared(c, rows, x.data, &y, masks[i], width, &used);
            ck_assert(!run.class_f);
            kernel = run.kernel;
            *splits += used;
            ck_assert_msg(kernel == NULL || memcmp(y.data, expected, y_bytes) == 0, "%s differs from the reference",
                          kernel);
            ck_assert(oct_guard_intact(&y));
            oct_guard_destroy(&y);
        }
    }
    free(expected);
    oct_guard_destroy(&x);
    return kernel;
}

#endif
