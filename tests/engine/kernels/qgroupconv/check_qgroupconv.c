// Every kernel of the family against the formula itself, computed in 64 bits from the weights as they were given.
#include "engine/kernels/qgroupconv/qgroupconv.h"

#include "octet/cpu.h"
#include "tests/engine/kernels/packed_case.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"
#include "tests/support/sweep.h"

#define GAP 3 // bytes between pixels that nobody may touch

static int64_t exact_sum(const struct packed_case *c, const struct octi_qgemm_call *call, size_t m, size_t j)
{
    int64_t sum = 0;
    const size_t taps = call->taps != NULL ? call->n_taps : c->taps;
    for (size_t t = 0; t < taps; t++) {
        const uint8_t *x = octi_qgemm_row(call, t, m) + j / c->k * c->k;
        const int8_t *w = c->weights + (j * c->taps + (call->taps != NULL ? (size_t)call->taps[t] : t)) * c->k;
        for (size_t i = 0; i < c->k; i++) {
            sum += (int64_t)(x[i] - c->x_zero_point) * (w[i] - c->columns[j].zero_point);
        }
    }
    return sum;
}

static void check_kernel(const struct octi_qgroupconv *kernel,
                         struct packed_case *c,
                         struct octi_qgemm_call call,
                         const uint8_t *expected)
{
    size_t stride = c->n + GAP;
    size_t rows = call.m;
    for (size_t m = 0; call.c_rows != NULL && m < call.m; m++) {
        rows = (size_t)call.c_rows[m] >= rows ? (size_t)call.c_rows[m] + 1 : rows;
    }
    struct oct_guard y = oct_guard_create(rows * stride - GAP);
    uint8_t untouched = y.data[0];
    call.c = y.data;
    call.c_stride = stride;
    call.output = c->output;
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
                          "%s: pixel %zu of %zu, output %zu of %zu, groups of %zu, %zu taps: got %u, expected %u",
                          kernel->kernel.name, m, call.m, j, c->n, c->k, c->taps, y.data[row * stride + j], want);
        }
    }
    ck_assert_msg(oct_guard_intact(&y), "%s wrote outside its output", kernel->kernel.name);
    oct_guard_destroy(&y);
}

static void check_kernels(struct packed_case *c, const struct octi_qgemm_call *call)
{
    uint8_t *expected = expect_case(c, call, exact_sum);
    for (size_t i = 0; i < octi_qgroupconv_count(); i++) {
        const struct octi_qgroupconv *kernel = octi_qgroupconv_at(i);
        if ((octi_isa_required(kernel->kernel.isa) & ~oct_cpu_detect()) == 0 &&
            (kernel->channels == 0 || kernel->channels == c->k)) {
            check_kernel(kernel, c, *call, expected);
        }
    }
    free(expected);
}

// Some of the taps, ascending; none included.
static struct octi_tap_set pick_taps(struct oct_rng *rng, size_t taps, int32_t *picked)
{
    struct octi_tap_set set = {.taps = picked};
    for (size_t t = 0; t < taps; t++) {
        if (oct_rng_between(rng, 0, 2) > 0) {
            picked[set.n++] = (int32_t)t;
        }
    }
    return set;
}

// Pixels read anywhere in an image of few positions, or in the padding. `zoned`: for some of the taps, to other rows.
static void check_case(struct oct_rng *rng, size_t m, size_t groups, size_t channels, size_t taps, bool zoned)
{
    struct packed_case c = make_case(rng, groups * channels, taps, channels, false);
    size_t positions = (size_t)oct_rng_between(rng, 1, 12);
    struct oct_guard x = oct_guard_create(positions * c.n);
    struct oct_guard padding = oct_guard_create(c.n);
    oct_rng_bytes(rng, x.data, x.bytes);
    memset(padding.data, c.x_zero_point, c.n);
    size_t stride = m + (size_t)oct_rng_between(rng, 0, 3);
    int32_t *offsets = malloc(taps * stride * sizeof *offsets);
    for (size_t i = 0; i < taps * stride; i++) {
        int64_t position = oct_rng_between(rng, -1, (int64_t)positions - 1);
        offsets[i] = position < 0 ? OCTI_QGEMM_PADDING : (int32_t)(position * (int64_t)c.n);
    }
    struct octi_qgemm_call call = {
        .m = m, .a = x.data, .offsets = offsets, .offset_stride = stride, .padding = padding.data};
    int32_t *picked = malloc(taps * sizeof *picked), *rows = malloc(m * sizeof *rows);
    if (zoned) {
        for (size_t i = 0; i < m; i++) {
            rows[i] = (int32_t)(2 * (i ^ 1)); // with gaps between them, not ascending
        }
        call.c_rows = rows;
    }
    check_kernels(&c, &call);
    if (zoned) {
        c.seen = pick_taps(rng, taps, picked);
        call.taps = c.seen.taps;
        call.n_taps = c.seen.n;
        check_kernels(&c, &call);
    }
    free(rows);
    free(picked);
    free(offsets);
    oct_guard_destroy(&padding);
    oct_guard_destroy(&x);
    free_case(&c);
}

static const size_t GROUP_CHANNELS[] = {4, 8, 16};
#define N_GROUP_CHANNELS ((int)(sizeof GROUP_CHANNELS / sizeof GROUP_CHANNELS[0]))

START_TEST(every_kernel_is_exact_for_every_number_of_groups)
{
    struct oct_rng rng = {(uint64_t)_i + 21};
    struct oct_sweep sweep = oct_sweep_begin();
    for (size_t groups = 1; groups * GROUP_CHANNELS[_i] <= 210; groups++) {
        for (int repeat = 0; repeat < 4; repeat++) {
            if (oct_sweep_takes(&sweep)) {
                check_case(&rng, 1 + groups % 7, groups, GROUP_CHANNELS[_i], 9, false);
            }
        }
    }
    oct_sweep_end(&sweep);
}
END_TEST

START_TEST(every_kernel_is_exact_for_every_number_of_pixels_and_taps)
{
    struct oct_rng rng = {(uint64_t)_i + 31};
    struct oct_sweep sweep = oct_sweep_begin();
    for (size_t m = 1; m <= 20; m++) {
        for (size_t taps = 1; taps <= 28; taps += taps < 10 ? 1 : 6) {
            if (oct_sweep_takes(&sweep)) {
                check_case(&rng, m, 64 / GROUP_CHANNELS[_i] + m % 3, GROUP_CHANNELS[_i], taps, false);
            }
        }
    }
    oct_sweep_end(&sweep);
}
END_TEST

START_TEST(calls_for_some_of_the_taps_and_rows_anywhere_are_exact)
{
    struct oct_rng rng = {(uint64_t)_i + 51};
    struct oct_sweep sweep = oct_sweep_begin();
    for (size_t m = 1; m <= 20; m++) {
        for (size_t taps = 1; taps <= 28; taps += taps < 10 ? 1 : 6) {
            if (oct_sweep_takes(&sweep)) {
                check_case(&rng, m, 96 / GROUP_CHANNELS[_i] + m % 5, GROUP_CHANNELS[_i], taps, true);
            }
        }
    }
    oct_sweep_end(&sweep);
}
END_TEST

START_TEST(the_reference_takes_groups_of_any_size)
{
    struct oct_rng rng = {41};
    for (size_t channels = 1; channels <= 21; channels++) {
        check_case(&rng, 5, 3, channels, 4, channels % 2 == 0);
    }
}
END_TEST

START_TEST(groups_get_the_kernel_for_their_channels_or_none)
{
    uint64_t every = ((uint64_t)1 << OCT_CPU_FEATURE_COUNT) - 1;
    for (size_t i = 0; i < octi_qgroupconv_count(); i++) {
        const struct octi_qgroupconv *kernel = octi_qgroupconv_at(i);
        int64_t channels = kernel->channels;
        if (channels == 0) {
            continue;
        }
        ck_assert_ptr_eq(octi_qgroupconv_select_groups(every, 32, channels, channels), kernel);
        ck_assert_ptr_null(octi_qgroupconv_select_groups(every, 32, channels, channels / 2));
        ck_assert_ptr_null(octi_qgroupconv_select_groups(every, 32, channels / 2 * 3, channels / 2 * 3));
        ck_assert_ptr_null(octi_qgroupconv_select_groups(0, 32, channels, channels));
        ck_assert_ptr_null(octi_qgroupconv_select_groups(every, 1, channels, channels));
    }
    ck_assert_ptr_null(octi_qgroupconv_select_groups(every, 32, 1, 1));
}
END_TEST

#if defined(__x86_64__)
START_TEST(panels_that_would_be_nearly_empty_are_left_to_merging)
{
    uint64_t vnni = octi_isa_required(OCTI_ISA_avx512vnni);
    ck_assert_ptr_null(octi_qgroupconv_select_groups(vnni, 3, 4, 4)); // 12 columns
    ck_assert_ptr_nonnull(octi_qgroupconv_select_groups(vnni, 4, 4, 4));
    ck_assert_ptr_null(octi_qgroupconv_select_groups(vnni, 3, 8, 8)); // 24
    ck_assert_ptr_nonnull(octi_qgroupconv_select_groups(vnni, 4, 8, 8));
    ck_assert_ptr_null(octi_qgroupconv_select_groups(vnni, 5, 16, 16)); // 64 and 16
    ck_assert_ptr_nonnull(octi_qgroupconv_select_groups(vnni, 8, 16, 16));
}
END_TEST
#endif

static void add(Suite *suite)
{
    TCase *exact_case = oct_case(suite, "exact");
    tcase_add_loop_test(exact_case, every_kernel_is_exact_for_every_number_of_groups, 0, N_GROUP_CHANNELS);
    tcase_add_loop_test(exact_case, every_kernel_is_exact_for_every_number_of_pixels_and_taps, 0, N_GROUP_CHANNELS);
    tcase_add_loop_test(exact_case, calls_for_some_of_the_taps_and_rows_anywhere_are_exact, 0, N_GROUP_CHANNELS);
    tcase_add_test(exact_case, the_reference_takes_groups_of_any_size);
    TCase *selection = oct_case(suite, "selection");
    tcase_add_test(selection, groups_get_the_kernel_for_their_channels_or_none);
#if defined(__x86_64__)
    tcase_add_test(selection, panels_that_would_be_nearly_empty_are_left_to_merging);
#endif
}

OCT_CHECK_MAIN("qgroupconv", add)
