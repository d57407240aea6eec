/// A product case run by one kernel and compared with the formula itself, computed in 64 bits from the weights as they
/// were given.
#ifndef OCTET_TESTS_ENGINE_KERNELS_QGEMM_QGEMM_CASE_H
#define OCTET_TESTS_ENGINE_KERNELS_QGEMM_QGEMM_CASE_H

#include "tests/engine/kernels/packed_case.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"

#define GAP 3 // bytes between rows that nobody may touch

static inline int64_t exact_sum(const struct packed_case *c, const struct octi_qgemm_call *call, size_t m, size_t j)
{
    int64_t sum = 0;
    const size_t taps = call->taps != NULL ? call->n_taps : c->taps;
    for (size_t t = 0; t < taps; t++) {
        const uint8_t *x = octi_qgemm_row(call, t, m);
        const int8_t *w = c->weights + (j * c->taps + (call->taps != NULL ? (size_t)call->taps[t] : t)) * c->k;
        for (size_t i = 0; i < c->k; i++) {
            sum += (int64_t)(x[i] - c->x_zero_point) * (w[i] - c->columns[j].zero_point);
        }
    }
    return sum;
}

// Runs every panel of the case and compares all output bytes, the gaps, rows that are not the call's and the guards.
static inline void
check_call(const struct octi_qgemm *kernel, struct packed_case *c, struct octi_qgemm_call call, const uint8_t *expected)
{
    size_t stride = c->n + GAP;
    size_t rows = call.m;
    for (size_t m = 0; call.c_rows != NULL && m < call.m; m++) {
        rows = (size_t)call.c_rows[m] >= rows ? (size_t)call.c_rows[m] + 1 : rows;
    }
    struct oct_guard y = oct_guard_create(rows * stride - GAP);
    call.c = y.data;
    call.c_stride = stride;
    call.output = c->output;
    uint8_t untouched = y.data[0];
    pack_case(c, &kernel->geometry);
    call.start = (const int32_t *)c->starts;
    for (size_t i = 0; i < c->packed.n_panels; i++) {
        kernel->run(&call, &c->packed, &c->panels[i]);
    }
    unpack_case(c);
    for (size_t row = 0; row < rows; row++) {
        size_t m = 0; // of the call
        while (m < call.m && row != (call.c_rows != NULL ? (size_t)call.c_rows[m] : m)) {
            m++;
        }
        for (size_t j = 0; j < stride && row * stride + j < y.bytes; j++) {
            uint8_t want = m < call.m && j < c->n ? expected[m * c->n + j] : untouched;
            ck_assert_msg(y.data[row * stride + j] == want,
                          "%s: m %zu of %zu, n %zu of %zu, taps %zu, k %zu: got %u, expected %u", kernel->kernel.name,
                          m, call.m, j, c->n, c->taps, c->k, y.data[row * stride + j], want);
        }
    }
    ck_assert_msg(oct_guard_intact(&y), "%s wrote outside its output", kernel->kernel.name);
    oct_guard_destroy(&y);
}

static inline void fill_activations(struct oct_rng *rng, struct oct_guard *x)
{
    oct_rng_bytes(rng, x->data, x->bytes);
    if (oct_rng_between(rng, 0, 7) == 0) {
        memset(x->data, oct_rng_between(rng, 0, 1) == 0 ? 0 : 255, x->bytes);
    }
}

/// Direct rows, with and without bytes between them.
static inline void check_direct_rows(const struct octi_qgemm *kernel, struct oct_rng *rng, size_t m, size_t n, size_t k)
{
    struct packed_case c = make_case(rng, n, 1, k, false);
    size_t stride = k + (size_t)oct_rng_between(rng, 0, 5);
    struct oct_guard x = oct_guard_create((m - 1) * stride + k);
    fill_activations(rng, &x);
    struct octi_qgemm_call call = {.m = m, .a = x.data, .a_stride = stride};
    uint8_t *expected = expect_case(&c, &call, exact_sum);
    check_call(kernel, &c, call, expected);
    free(expected);
    oct_guard_destroy(&x);
    free_case(&c);
}

/// Lines of pixels with a window around each, of an image of random size.
static inline void check_lines(const struct octi_qgemm *kernel, struct oct_rng *rng)
{
    enum { MAX_TAPS = 6 };
    size_t line = (size_t)oct_rng_between(rng, 1, 40);
    size_t n_lines = (size_t)oct_rng_between(rng, 1, 4);
    size_t taps = (size_t)oct_rng_between(rng, 1, MAX_TAPS);
    size_t k = (size_t)oct_rng_between(rng, 1, 140);
    size_t stride = k + (size_t)oct_rng_between(rng, 0, 9);
    size_t line_stride = line * stride + (size_t)oct_rng_between(rng, 0, 9);
    struct packed_case c = make_case(rng, (size_t)oct_rng_between(rng, 1, 140), taps, k, false);
    struct oct_guard x = oct_guard_create((n_lines + 2) * line_stride + k);
    fill_activations(rng, &x);
    int32_t tap_offsets[MAX_TAPS];
    for (size_t t = 0; t < taps; t++) {
        tap_offsets[t] = (int32_t)oct_rng_between(rng, 0, (int64_t)line_stride);
    }
    struct octi_qgemm_call call = {.m = n_lines * line, .a = x.data, .a_stride = stride};
    call.tap_offsets = tap_offsets;
    call.line = line;
    call.line_stride = line_stride;
    uint8_t *expected = expect_case(&c, &call, exact_sum);
    check_call(kernel, &c, call, expected);
    free(expected);
    oct_guard_destroy(&x);
    free_case(&c);
}

#endif
