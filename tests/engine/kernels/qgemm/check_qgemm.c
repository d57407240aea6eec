// Every kernel of the family against the formula itself, computed in 64 bits from the weights as they were given.
#include "tests/engine/kernels/qgemm/qgemm_case.h"
#include "tests/support/sweep.h"

#include "octet/cpu.h"

static bool runs_here(const struct octi_qgemm *kernel)
{
    return (octi_isa_required(kernel->kernel.isa) & ~oct_cpu_detect()) == 0;
}

static void check_all(struct packed_case *c, const struct octi_qgemm_call *call)
{
    uint8_t *expected = expect_case(c, call, exact_sum);
    for (size_t i = 0; i < octi_qgemm_count(); i++) {
        if (runs_here(octi_qgemm_at(i))) {
            check_call(octi_qgemm_at(i), c, *call, expected);
        }
    }
    free(expected);
}

static void check_rows(struct oct_rng *rng, struct packed_case c, size_t m)
{
    size_t k = c.k;
    size_t stride = k + (size_t)oct_rng_between(rng, 0, 5);
    struct oct_guard x = oct_guard_create((m - 1) * stride + k);
    fill_activations(rng, &x);
    struct octi_qgemm_call call = {.m = m, .a = x.data, .a_stride = stride};
    check_all(&c, &call);
    oct_guard_destroy(&x);
    free_case(&c);
}

static void check_direct(struct oct_rng *rng, size_t m, size_t n, size_t k)
{
    check_rows(rng, make_case(rng, n, 1, k, false), m);
}

// Parameters as layers have them, none of which asks for the careful kinds of a kernel.
static void check_ordinary(struct oct_rng *rng, size_t m, size_t n, size_t k)
{
    struct packed_case c = make_case(rng, n, 1, k, false);
    for (size_t j = 0; j < n; j++) {
        c.columns[j].zero_point = 0;
        c.columns[j].multiplier = oct_rng_float(rng, 0.2f, 2.0f) / (float)(64 * k);
    }
    check_rows(rng, c, m);
}

START_TEST(every_kernel_is_exact_for_every_row_count_and_column_tail)
{
    struct oct_rng rng = {1};
    static const size_t depths[] = {1, 3, 4, 9, 17};
    struct oct_sweep sweep = oct_sweep_begin();
    for (size_t m = 1; m <= 13; m++) {
        for (size_t n = 1; n <= 130; n += n < 20 ? 1 : 7) {
            if (oct_sweep_takes(&sweep)) {
                check_direct(&rng, m, n, depths[(m + n) % 5]);
            }
        }
    }
    oct_sweep_end(&sweep);
}
END_TEST

START_TEST(every_kernel_is_exact_for_every_depth)
{
    struct oct_rng rng = {2};
    static const size_t widths[] = {1, 16, 33, 64, 80};
    struct oct_sweep sweep = oct_sweep_begin();
    for (size_t k = 1; k <= 70; k++) {
        for (size_t i = 0; i < 5; i++) {
            if (oct_sweep_takes(&sweep)) {
                check_direct(&rng, 1 + (k + i) % 9, widths[i], k);
            }
        }
    }
    oct_sweep_end(&sweep);
}
END_TEST

START_TEST(sums_at_the_limit_of_32_bits_are_exact)
{
    struct oct_rng rng = {3};
    size_t k = INT32_MAX / (255 * 128);
    struct packed_case c = make_case(&rng, 17, 1, k, false);
    memset(c.weights, -128, c.n * k);
    c.x_zero_point = 0;
    c.output = octi_output_make(200, 0, 255, 0);
    for (size_t j = 0; j < c.n; j++) {
        c.columns[j] = (struct octi_panel_column){.bias = 0.0f, .multiplier = 1e-7f, .zero_point = 0};
    }
    struct oct_guard x = oct_guard_create(2 * k);
    memset(x.data, 255, x.bytes);
    struct octi_qgemm_call call = {.m = 2, .a = x.data, .a_stride = k};
    check_all(&c, &call);
    oct_guard_destroy(&x);
    free_case(&c);
}
END_TEST

START_TEST(indirect_rows_read_their_offsets_and_the_padding)
{
    struct oct_rng rng = {4};
    for (int repeat = 0; repeat < oct_sweep_draws(300); repeat++) {
        size_t m = (size_t)oct_rng_between(&rng, 1, 15);
        size_t taps = (size_t)oct_rng_between(&rng, 1, 10);
        size_t k = (size_t)oct_rng_between(&rng, 1, 20);
        size_t positions = (size_t)oct_rng_between(&rng, 1, 12);
        struct packed_case c = make_case(&rng, (size_t)oct_rng_between(&rng, 1, 100), taps, k, false);
        struct oct_guard x = oct_guard_create(positions * k);
        struct oct_guard padding = oct_guard_create(k);
        fill_activations(&rng, &x);
        memset(padding.data, c.x_zero_point, k);
        size_t stride = m + 2;
        int32_t *offsets = malloc(taps * stride * sizeof *offsets);
        for (size_t i = 0; i < taps * stride; i++) {
            int64_t position = oct_rng_between(&rng, -1, (int64_t)positions - 1);
            offsets[i] = position < 0 ? OCTI_QGEMM_PADDING : (int32_t)(position * (int64_t)k);
        }
        struct octi_qgemm_call call = {
            .m = m, .a = x.data, .offsets = offsets, .offset_stride = stride, .padding = padding.data};
        check_all(&c, &call);
        free(offsets);
        oct_guard_destroy(&padding);
        oct_guard_destroy(&x);
        free_case(&c);
    }
}
END_TEST

START_TEST(a_tap_stride_replaces_the_offsets_of_later_taps)
{
    struct oct_rng rng = {5};
    for (int repeat = 0; repeat < oct_sweep_draws(100); repeat++) {
        size_t m = (size_t)oct_rng_between(&rng, 1, 15);
        size_t taps = (size_t)oct_rng_between(&rng, 1, 7);
        size_t k = (size_t)oct_rng_between(&rng, 1, 25);
        size_t line = k + (size_t)oct_rng_between(&rng, 0, 9);
        struct packed_case c = make_case(&rng, (size_t)oct_rng_between(&rng, 1, 100), taps, k, false);
        struct oct_guard x = oct_guard_create((taps - 1) * line + m + k);
        fill_activations(&rng, &x);
        int32_t *offsets = malloc(taps * m * sizeof *offsets);
        for (size_t i = 0; i < taps * m; i++) {
            offsets[i] = (int32_t)(i % m + i / m * line);
        }
        struct octi_qgemm_call call = {.m = m, .a = x.data, .offsets = offsets, .offset_stride = m};
        uint8_t *expected = expect_case(&c, &call, exact_sum);
        call.offset_stride = 0;
        call.tap_stride = line;
        for (size_t i = 0; i < octi_qgemm_count(); i++) {
            if (runs_here(octi_qgemm_at(i))) {
                check_call(octi_qgemm_at(i), &c, call, expected);
            }
        }
        free(expected);
        free(offsets);
        oct_guard_destroy(&x);
        free_case(&c);
    }
}
END_TEST

// Rows of c in any order, with some left out.
static int32_t *scatter_rows(struct oct_rng *rng, size_t m)
{
    int32_t *rows = malloc(m * sizeof *rows);
    for (size_t i = 0; i < m; i++) {
        rows[i] = (int32_t)(2 * i);
    }
    for (size_t i = m; i-- > 1;) {
        const size_t other = (size_t)oct_rng_between(rng, 0, (int64_t)i);
        const int32_t row = rows[i];
        rows[i] = rows[other];
        rows[other] = row;
    }
    return rows;
}

START_TEST(calls_for_some_of_the_taps_and_rows_anywhere_are_exact)
{
    struct oct_rng rng = {8};
    for (int repeat = 0; repeat < oct_sweep_draws(400); repeat++) {
        enum { MAX_TAPS = 10 };
        const size_t m = (size_t)oct_rng_between(&rng, 1, 30), taps = (size_t)oct_rng_between(&rng, 1, MAX_TAPS);
        const size_t k = (size_t)oct_rng_between(&rng, 1, repeat % 9 == 0 ? 300 : 20);
        struct packed_case c = make_case(&rng, (size_t)oct_rng_between(&rng, 1, 140), taps, k, false);
        int32_t seen[MAX_TAPS];
        c.seen.taps = seen;
        for (size_t t = 0; t < taps; t++) {
            if (oct_rng_between(&rng, 0, 2) > 0) {
                seen[c.seen.n++] = (int32_t)t;
            }
        }
        const size_t positions = 12, stride = m + 1;
        struct oct_guard x = oct_guard_create(positions * k), padding = oct_guard_create(k);
        fill_activations(&rng, &x);
        memset(padding.data, c.x_zero_point, k);
        int32_t *offsets = malloc((c.seen.n * stride + 1) * sizeof *offsets);
        for (size_t i = 0; i < c.seen.n * stride; i++) {
            const int64_t position = oct_rng_between(&rng, -1, (int64_t)positions - 1);
            offsets[i] = position < 0 ? OCTI_QGEMM_PADDING : (int32_t)(position * (int64_t)k);
        }
        int32_t *rows = scatter_rows(&rng, m);
        struct octi_qgemm_call call = {.m = m, .a = x.data, .offsets = offsets, .offset_stride = stride};
        call.padding = padding.data;
        call.taps = seen;
        call.n_taps = c.seen.n;
        call.c_rows = rows;
        uint8_t *expected = expect_case(&c, &call, exact_sum);
        for (size_t i = 0; i < octi_qgemm_count(); i++) {
            if (runs_here(octi_qgemm_at(i)) && !octi_qgemm_at(i)->geometry.gathered) {
                check_call(octi_qgemm_at(i), &c, call, expected);
            }
        }
        free(expected);
        free(rows);
        free(offsets);
        oct_guard_destroy(&padding);
        oct_guard_destroy(&x);
        free_case(&c);
    }
}
END_TEST

START_TEST(many_rows_and_steps_are_exact)
{
    struct oct_rng rng = {6};
    for (int repeat = 0; repeat < oct_sweep_draws(60); repeat++) {
        size_t n = (size_t)oct_rng_between(&rng, 1, 140);
        check_direct(&rng, (size_t)oct_rng_between(&rng, 1, 150), n, (size_t)oct_rng_between(&rng, 1, 400));
    }
}
END_TEST

START_TEST(many_rows_of_ordinary_parameters_are_exact)
{
    struct oct_rng rng = {8};
    for (size_t m = 20; m <= 50; m++) {
        check_ordinary(&rng, m, 64 + m % 3 * 40, 5 + m * 7 % 50);
    }
}
END_TEST

START_TEST(few_rows_are_exact_with_more_weights_than_a_second_level_cache)
{
    struct oct_rng rng = {9};
    static const size_t rows[] = {2, 3, 4, 5, 6, 9};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_ordinary(&rng, rows[i], 1030, 1030);
    }
}
END_TEST

START_TEST(kernels_of_tiles_read_lines)
{
    struct oct_rng rng = {7};
    for (size_t i = 0; i < octi_qgemm_count(); i++) {
        const struct octi_qgemm *kernel = octi_qgemm_at(i);
        for (int repeat = 0; repeat < 100 && kernel->geometry.gathered && runs_here(kernel); repeat++) {
            check_lines(kernel, &rng);
        }
    }
}
END_TEST

START_TEST(tiles_are_balanced)
{
    size_t left = 49;
    size_t sixes = 0;
    size_t fives = 0;
    while (left > 0) {
        size_t rows = octi_qgemm_tile_rows(left, 6);
        sixes += rows == 6;
        fives += rows == 5;
        left -= rows;
    }
    ck_assert_uint_eq(sixes, 4);
    ck_assert_uint_eq(fives, 5);
    ck_assert_uint_eq(octi_qgemm_tile_rows(7, 6), 4);
    ck_assert_uint_eq(octi_qgemm_tile_rows(1, 6), 1);
}
END_TEST

static void add(Suite *suite)
{
    TCase *exact = oct_case(suite, "exact");
    tcase_add_test(exact, every_kernel_is_exact_for_every_row_count_and_column_tail);
    tcase_add_test(exact, every_kernel_is_exact_for_every_depth);
    tcase_add_test(exact, sums_at_the_limit_of_32_bits_are_exact);
    tcase_add_test(exact, indirect_rows_read_their_offsets_and_the_padding);
    tcase_add_test(exact, a_tap_stride_replaces_the_offsets_of_later_taps);
    tcase_add_test(exact, calls_for_some_of_the_taps_and_rows_anywhere_are_exact);
    tcase_add_test(exact, many_rows_and_steps_are_exact);
    tcase_add_test(exact, many_rows_of_ordinary_parameters_are_exact);
    tcase_add_test(exact, few_rows_are_exact_with_more_weights_than_a_second_level_cache);
    tcase_add_test(exact, kernels_of_tiles_read_lines);
    tcase_add_test(exact, tiles_are_balanced);
}

OCT_CHECK_MAIN("qgemm", add)
