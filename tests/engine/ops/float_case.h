/// Random float linear and convolution nodes, and the demand on them: what runs is within rounding of the reference,
/// and equal to it where the operator does not say it is class F.
#ifndef OCTET_TESTS_ENGINE_OPS_FLOAT_CASE_H
#define OCTET_TESTS_ENGINE_OPS_FLOAT_CASE_H

#include <math.h>

#include "tests/engine/ops/weighted_case.h"

#define FLOAT_TOLERANCE 1e-5f ///< of the largest output

static inline void fill_floats(struct oct_rng *rng, float *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        numbers[i] = oct_rng_float(rng, -1.0f, 1.0f);
    }
}

static inline void add_float_weight(struct weighted_case *c, struct oct_rng *rng, int32_t rank, const int64_t *dims)
{
    size_t bytes;
    c->weight = make_desc(OCT_DTYPE_FLOAT32, rank, dims);
    c->bias = make_desc(OCT_DTYPE_FLOAT32, 1, dims);
    c->has_bias = oct_rng_between(rng, 0, 3) != 0;
    ck_assert_status_ok(oct_tensor_bytes(&c->weight, 1, &bytes));
    c->weight_data = malloc(bytes);
    fill_floats(rng, c->weight_data, bytes / sizeof(float));
    fill_floats(rng, c->bias_data, (size_t)dims[0]);
}

static inline struct prepared_run
check_float(struct weighted_case *c, struct oct_rng *rng, int64_t rows, size_t *splits)
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
    struct oct_guard y = oct_guard_create(y_bytes);
    float *expected = malloc(y_bytes + 1);
    const float *got = (const float *)(const void *)y.data;
    fill_floats(rng, (float *)(void *)x.data, x_bytes / sizeof(float));
    run_reference(c, rows, x.data, expected);
    struct prepared_run run = run_prepared(c, rows, x.data, &y, oct_cpu_detect(), 3, splits);
    ck_assert_ptr_nonnull(run.kernel);
    float largest = 0.0f;
    for (size_t i = 0; i < y_bytes / sizeof(float); i++) {
        largest = fmaxf(largest, fabsf(expected[i]));
    }
    for (size_t i = 0; i < y_bytes / sizeof(float); i++) {
        float error_here = fabsf(got[i] - expected[i]);
        ck_assert_msg(run.class_f ? error_here <= FLOAT_TOLERANCE * largest : error_here == 0.0f,
                      "%s: element %zu is %a, expected %a", run.kernel, i, (double)got[i], (double)expected[i]);
    }
    ck_assert(oct_guard_intact(&y));
    free(expected);
    oct_guard_destroy(&x);
    oct_guard_destroy(&y);
    return run;
}

#endif
