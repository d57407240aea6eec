// Every kernel of the family against the formula itself, computed in 64 bits from the weights as they were given.
#include "engine/kernels/qfirstconv/qfirstconv.h"

#include "octet/cpu.h"
#include "tests/engine/kernels/packed_case.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"
#include "tests/support/sweep.h"

#define GAP 3 // bytes between pixels that nobody may touch

static int64_t exact_sum(const struct packed_case *c, const struct octi_qgemm_call *call, size_t m, size_t j)
{
    int64_t sum = 0;
    for (size_t t = 0; t < c->taps; t++) {
        const uint8_t *x = call->a + call->offsets[m] + t * call->tap_stride;
        const int8_t *w = c->weights + (j * c->taps + t) * c->k;
        for (size_t i = 0; i < c->k; i++) {
            sum += (int64_t)(x[i] - c->x_zero_point) * (w[i] - c->columns[j].zero_point);
        }
    }
    return sum;
}

static void check_kernel(const struct octi_qfirstconv *kernel,
                         struct packed_case *c,
                         struct octi_qgemm_call call,
                         const uint8_t *expected)
{
    size_t stride = c->n + GAP;
    struct oct_guard y = oct_guard_create(call.m * stride - GAP);
    uint8_t untouched = y.data[0];
    call.c = y.data;
    call.c_stride = stride;
    call.output = c->output;
    pack_case(c, &kernel->geometry);
    for (size_t i = 0; i < c->packed.n_panels; i++) {
        kernel->run(&call, &c->packed, &c->panels[i]);
    }
    unpack_case(c);
    for (size_t m = 0; m < call.m; m++) {
        for (size_t j = 0; j < stride && m * stride + j < y.bytes; j++) {
            uint8_t want = j < c->n ? expected[m * c->n + j] : untouched;
            ck_assert_msg(
                y.data[m * stride + j] == want,
                "%s: pixel %zu of %zu, line of %zu from %zu, output %zu of %zu, %zu rows of %zu bytes: got %u, "
                "expected %u",
                kernel->kernel.name, m, call.m, call.line, call.line_first, j, c->n, c->taps, c->k,
                y.data[m * stride + j], want);
        }
    }
    ck_assert_msg(oct_guard_intact(&y), "%s wrote outside its output", kernel->kernel.name);
    oct_guard_destroy(&y);
}

// `m` pixels of lines of `line`, of windows in a dense image.
static void
check_case(struct oct_rng *rng, size_t m, size_t line, size_t columns, size_t taps, size_t k, size_t x_stride)
{
    struct packed_case c = make_case(rng, columns, taps, k, false);
    size_t line_first = (size_t)oct_rng_between(rng, 0, (int64_t)line - 1),
           y_stride = (size_t)oct_rng_between(rng, 1, 2);
    size_t line_bytes = (line - 1) * x_stride + k, last = (line_first + m - 1) / line;
    struct oct_guard x = oct_guard_create((last * y_stride + taps) * line_bytes);
    oct_rng_bytes(rng, x.data, x.bytes);
    int32_t *offsets = malloc(m * sizeof *offsets);
    for (size_t i = 0; i < m; i++) {
        size_t pixel = line_first + i;
        offsets[i] = (int32_t)(pixel / line * y_stride * line_bytes + pixel % line * x_stride);
    }
    struct octi_qgemm_call call = {.m = m, .a = x.data, .offsets = offsets, .tap_stride = line_bytes};
    call.line = line;
    call.line_first = line_first;
    call.x_stride = x_stride;
    const struct octi_qfirstconv_window window = {(int64_t)taps, (int64_t)k, (int64_t)x_stride};
    uint8_t *expected = expect_case(&c, &call, exact_sum);
    for (size_t i = 0; i < octi_qfirstconv_count(); i++) {
        const struct octi_qfirstconv *kernel = octi_qfirstconv_at(i);
        bool takes = i == 0 || (octi_qfirstconv_takes(&window) &&
                                (kernel->taps == 0 || (kernel->taps == taps && kernel->k == k)));
        if (takes && (octi_isa_required(kernel->kernel.isa) & ~oct_cpu_detect()) == 0) {
            check_kernel(kernel, &c, call, expected);
        }
    }
    free(expected);
    free(offsets);
    oct_guard_destroy(&x);
    free_case(&c);
}

START_TEST(every_kernel_is_exact_for_every_window)
{
    struct oct_rng rng = {51};
    struct oct_sweep sweep = oct_sweep_begin();
    for (size_t taps = 1; taps <= 33; taps += taps < 8 ? 1 : 8) {
        for (size_t k = 1; k <= 25; k++) {
            size_t x_stride = (size_t)oct_rng_between(&rng, 1, 9);
            if (oct_sweep_takes(&sweep)) {
                check_case(&rng, 1 + (taps * 7 + k) % 29, 1 + k % 13, 1 + (taps * 5 + k * 3) % 90, taps, k, x_stride);
            }
        }
    }
    oct_sweep_end(&sweep);
}
END_TEST

START_TEST(every_kernel_is_exact_for_every_number_of_pixels_and_every_line)
{
    struct oct_rng rng = {52};
    struct oct_sweep sweep = oct_sweep_begin();
    for (size_t m = 1; m <= 40; m += m < 12 ? 1 : 3) {
        for (size_t line = 1; line <= 30; line += line < 9 ? 1 : 3) {
            if (oct_sweep_takes(&sweep)) {
                check_case(&rng, m, line, 1 + (m + 3 * line) % 70, 3, 9, (m + line) % 3 * 3);
                check_case(&rng, m, line, 1 + (3 * m + line) % 130, 7, 21, 6);
            }
        }
    }
    oct_sweep_end(&sweep);
}
END_TEST

START_TEST(every_kernel_is_exact_for_every_number_of_outputs)
{
    struct oct_rng rng = {53};
    for (size_t columns = 1; columns <= 150; columns += 1 + columns % 4) {
        check_case(&rng, 19, 11, columns, 3, 9, 6);
        check_case(&rng, 19, 11, columns, 5, 5, 1);
    }
}
END_TEST

START_TEST(a_window_gets_a_kernel_where_tails_save_products)
{
    uint64_t every = ((uint64_t)1 << OCT_CPU_FEATURE_COUNT) - 1;
    const struct octi_qfirstconv_window imagenet = {7, 21, 6}, of_whole_quads = {3, 12, 8}, of_little_gain = {3, 3, 1};
    const struct octi_qfirstconv_window of_one_row = {1, 9, 3}, of_far_pixels = {3, 9, 12}, of_many_rows = {33, 9, 3};
    ck_assert_ptr_null(octi_qfirstconv_select_window(0, &imagenet));
    ck_assert_ptr_null(octi_qfirstconv_select_window(every, &of_whole_quads));
    ck_assert_ptr_null(octi_qfirstconv_select_window(every, &of_little_gain));
    ck_assert_ptr_null(octi_qfirstconv_select_window(every, &of_one_row));
    ck_assert_ptr_null(octi_qfirstconv_select_window(every, &of_far_pixels));
    ck_assert_ptr_null(octi_qfirstconv_select_window(every, &of_many_rows));
#if defined(__x86_64__)
    const struct octi_qfirstconv_window mobile = {3, 9, 6};
    uint64_t vbmi = octi_isa_required(OCTI_ISA_avx512vbmi), vnni = octi_isa_required(OCTI_ISA_avx512vnni);
    ck_assert_ptr_null(octi_qfirstconv_select_window(vnni, &imagenet));
    ck_assert_str_eq(octi_qfirstconv_select_window(vbmi, &imagenet)->kernel.name, "qfirstconv_6x64k4__avx512vbmi");
    ck_assert_str_eq(octi_qfirstconv_select_window(vbmi, &mobile)->kernel.name, "qfirstconv_3x9x32k4__avx512vbmi");
#endif
}
END_TEST

static void add(Suite *suite)
{
    TCase *exact_case = oct_case(suite, "exact");
    tcase_add_test(exact_case, every_kernel_is_exact_for_every_window);
    tcase_add_test(exact_case, every_kernel_is_exact_for_every_number_of_pixels_and_every_line);
    tcase_add_test(exact_case, every_kernel_is_exact_for_every_number_of_outputs);
    TCase *selection = oct_case(suite, "selection");
    tcase_add_test(selection, a_window_gets_a_kernel_where_tails_save_products);
}

OCT_CHECK_MAIN("qfirstconv", add)
