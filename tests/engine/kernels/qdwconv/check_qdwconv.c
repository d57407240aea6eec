// Every kernel of the family against the formula itself, computed in 64 bits from the weights as they were given.
#include "engine/kernels/qdwconv/qdwconv.h"

#include "octet/cpu.h"
#include "tests/engine/kernels/packed_case.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"
#include "tests/support/sweep.h"

#define GAP 3 // bytes between pixels that nobody may touch

static int64_t exact_sum(const struct packed_case *c, const struct octi_qgemm_call *call, size_t m, size_t j)
{
    int64_t sum = 0;
    for (size_t t = 0; t < c->k; t++) {
        int32_t x = octi_qdwconv_tap(call, t, m)[j];
        sum += (int64_t)(x - c->x_zero_point) * (c->weights[j * c->k + t] - c->columns[j].zero_point);
    }
    return sum;
}

// Window of a case: one line for kernels of any window.
struct window {
    size_t height, width;
};

static void check_kernel(const struct octi_qdwconv *kernel,
                         struct packed_case *c,
                         struct octi_qgemm_call call,
                         struct window window,
                         const uint8_t *expected)
{
    size_t stride = c->n + GAP;
    struct oct_guard y = oct_guard_create(call.m * stride - GAP);
    uint8_t untouched = y.data[0];
    call.c = y.data;
    call.c_stride = stride;
    call.output = c->output;
    struct octi_panel_source source = case_source(c);
    source.window_height = window.height;
    source.window_width = window.width;
    source.y_stride = (int64_t)window.width;
    source = octi_qdwconv_source(kernel, source);
    pack_source(c, &kernel->geometry, &source);
    for (size_t i = 0; i < c->packed.n_panels; i++) {
        kernel->run(&call, &c->packed, &c->panels[i]);
    }
    unpack_case(c);
    for (size_t m = 0; m < call.m; m++) {
        for (size_t j = 0; j < stride && m * stride + j < y.bytes; j++) {
            uint8_t want = j < c->n ? expected[m * c->n + j] : untouched;
            ck_assert_msg(y.data[m * stride + j] == want,
                          "%s: pixel %zu of %zu, channel %zu of %zu, window %zu: got %u, expected %u",
                          kernel->kernel.name, m, call.m, j, c->n, c->k, y.data[m * stride + j], want);
        }
    }
    ck_assert_msg(oct_guard_intact(&y), "%s wrote outside its output", kernel->kernel.name);
    oct_guard_destroy(&y);
}

// Every kernel that computes this window; those that work along lines only if the call has lines.
static void check_kernels(struct packed_case *c, const struct octi_qgemm_call *call, struct window window)
{
    uint8_t *expected = expect_case(c, call, exact_sum);
    for (size_t i = 0; i < octi_qdwconv_count(); i++) {
        const struct octi_qdwconv *kernel = octi_qdwconv_at(i);
        if ((octi_isa_required(kernel->kernel.isa) & ~oct_cpu_detect()) == 0 &&
            (kernel->width == 0 || (call->line > 0 && kernel->width == window.width)) &&
            (kernel->height == 0 || kernel->height == window.height)) {
            check_kernel(kernel, c, *call, window, expected);
        }
    }
    free(expected);
}

static void check_case(struct oct_rng *rng, size_t m, size_t channels, size_t window)
{
    struct packed_case c = make_case(rng, channels, 1, window, true);
    size_t positions = (size_t)oct_rng_between(rng, 1, 12);
    struct oct_guard x = oct_guard_create(positions * channels);
    struct oct_guard padding = oct_guard_create(channels);
    oct_rng_bytes(rng, x.data, x.bytes);
    memset(padding.data, c.x_zero_point, channels);
    int32_t *offsets = malloc(window * m * sizeof *offsets);
    for (size_t i = 0; i < window * m; i++) {
        int64_t position = oct_rng_between(rng, -1, (int64_t)positions - 1);
        offsets[i] = position < 0 ? OCTI_QGEMM_PADDING : (int32_t)(position * (int64_t)channels);
    }
    struct octi_qgemm_call call = {
        .m = m, .a = x.data, .offsets = offsets, .offset_stride = m, .padding = padding.data};
    check_kernels(&c, &call, (struct window){1, window});
    free(offsets);
    oct_guard_destroy(&padding);
    oct_guard_destroy(&x);
    free_case(&c);
}

// A window over planes of an image with padding around them, for m output pixels from anywhere.
static void
check_case_lines(struct oct_rng *rng, struct packed_case *c, size_t m, struct window window, size_t x_stride)
{
    const size_t channels = c->n;
    const size_t taps = window.height * window.width;
    int64_t height = oct_rng_between(rng, 1, (int64_t)window.height + 3);
    int64_t width = oct_rng_between(rng, 1, m < 20 ? 20 : (int64_t)(m * x_stride));
    int64_t above = oct_rng_between(rng, 0, (int64_t)window.height);
    int64_t left = oct_rng_between(rng, 0, (int64_t)window.width);
    int64_t y_stride = oct_rng_between(rng, 1, 3);
    size_t lines = (size_t)oct_rng_between(rng, 1, 12); // of the output of a plane
    struct oct_guard x = oct_guard_create((size_t)(2 * height * width) * channels);
    struct oct_guard padding = oct_guard_create((size_t)width * channels);
    oct_rng_bytes(rng, x.data, x.bytes);
    memset(padding.data, c->x_zero_point, padding.bytes);
    struct octi_qgemm_call call = {
        .m = m, .a = x.data, .a_stride = channels, .offset_stride = m + 2, .padding = padding.data};
    call.x_stride = x_stride;
    call.line = (size_t)oct_rng_between(rng, 1, (int64_t)m + 1);
    call.line_first = (size_t)oct_rng_between(rng, 0, (int64_t)call.line - 1);
    int32_t *offsets = malloc(taps * call.offset_stride * sizeof *offsets);
    for (size_t t = 0; t < taps; t++) {
        for (size_t i = 0; i < m; i++) {
            size_t pixel = call.line_first + i;
            size_t line = pixel / call.line;
            int64_t iy = (int64_t)(line % lines) * y_stride + (int64_t)(t / window.width) - above;
            int64_t ix = (int64_t)(pixel % call.line * x_stride + t % window.width) - left;
            int64_t plane = (int64_t)(line / lines % 2);
            bool inside = iy >= 0 && iy < height && ix >= 0 && ix < width;
            offsets[t * call.offset_stride + i] =
                inside ? (int32_t)(((plane * height + iy) * width + ix) * (int64_t)channels) : OCTI_QGEMM_PADDING;
        }
    }
    call.offsets = offsets;
    check_kernels(c, &call, window);
    free(offsets);
    oct_guard_destroy(&padding);
    oct_guard_destroy(&x);
}

static void check_lines(struct oct_rng *rng, size_t m, size_t channels, struct window window, size_t x_stride)
{
    struct packed_case c = make_case(rng, channels, 1, window.height * window.width, true);
    if (oct_rng_between(rng, 0, 2) == 0) {
        int64_t floor = oct_rng_between(rng, 0, 255);
        c.output = octi_output_make(c.output.zero_point, floor, oct_rng_between(rng, floor, 255), 0);
    }
    check_case_lines(rng, &c, m, window, x_stride);
    free_case(&c);
}

START_TEST(every_kernel_is_exact_for_every_number_of_channels)
{
    struct oct_rng rng = {11};
    for (size_t channels = 1; channels <= 140; channels++) {
        check_case(&rng, 1 + channels % 7, channels, 9);
    }
}
END_TEST

START_TEST(every_kernel_is_exact_for_every_window)
{
    struct oct_rng rng = {12};
    static const size_t channels[] = {3, 16, 24, 32, 64, 96};
    for (size_t window = 1; window <= 26; window++) {
        for (size_t i = 0; i < 6; i++) {
            check_case(&rng, 1 + (window + i) % 9, channels[i], window);
        }
    }
}
END_TEST

START_TEST(kernels_along_lines_are_exact)
{
    struct oct_rng rng = {13};
    struct oct_sweep sweep = oct_sweep_begin();
    for (size_t i = 0; i < octi_qdwconv_count(); i++) {
        const struct octi_qdwconv *kernel = octi_qdwconv_at(i);
        for (size_t channels = 1; kernel->width != 0 && channels <= 140; channels += channels < 70 ? 1 : 9) {
            for (size_t k = 0; k < 2; k++) {
                struct window window = {kernel->height, kernel->width};
                if (window.height == 0) {
                    window.height = (size_t)oct_rng_between(&rng, 1, 17);
                }
                if (oct_sweep_takes(&sweep)) {
                    check_lines(&rng, (size_t)oct_rng_between(&rng, 1, 40), channels, window, 1 + k % 2);
                }
            }
        }
    }
    if (sweep.cases > 0) { // not every family of processors has such kernels
        oct_sweep_end(&sweep);
    }
}
END_TEST

START_TEST(outputs_are_exact_however_they_end)
{
    struct oct_rng rng = {15};
    static const struct octi_output ends[] = {
        // plain, after a ReLU, without zero point, bounds above and below
        {-3.0f, 252.0f, 3}, {0.0f, 252.0f, 3}, {0.0f, 255.0f, 0}, {0.0f, 100.0f, 3}, {2.0f, 252.0f, 3},
    };
    static const float factors[] = {1.0f, CASE_BIAS_FACTOR};
    static const size_t channels[] = {64, 50, 32, 20, 16, 5};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0] * 2 * 6 * 2; i++) {
        struct packed_case c = make_case(&rng, channels[i / 2 % 6], 1, 9, true);
        for (size_t j = 0; j < c.n; j++) {
            c.columns[j].zero_point = 0; // or kernels for all parameters are what is checked
            c.columns[j].multiplier = oct_rng_float(&rng, 0.0001f, 0.02f);
        }
        c.bias_factor = factors[i / 12 % 2];
        c.output = ends[i / 24];
        check_case_lines(&rng, &c, (size_t)oct_rng_between(&rng, 20, 60), (struct window){3, 3}, 1 + i % 2);
        ck_assert(octi_panels_convertible(&c.packed) && !c.packed.weight_zero_points);
        free_case(&c);
    }
}
END_TEST

START_TEST(long_lines_and_high_windows_are_exact)
{
    struct oct_rng rng = {14};
    static const struct window windows[] = {{5, 5}, {7, 7}, {9, 3}, {15, 5}, {32, 7}, {33, 3}, {29, 5}};
    static const size_t channels[] = {64, 32, 16, 80};
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        for (size_t k = 0; k < 8; k++) {
            check_lines(&rng, (size_t)oct_rng_between(&rng, 100, 200), channels[k / 2], windows[i], 1 + k % 2);
        }
    }
}
END_TEST

#if defined(__x86_64__)
START_TEST(kernels_along_lines_get_their_windows_only)
{
    uint64_t vnni = octi_isa_required(OCTI_ISA_avx512vnni);
    struct octi_qdwconv_window window = {3, 3, 1, 1};
    ck_assert_ptr_eq(octi_qdwconv_select_window(0, &window), octi_qdwconv_select(0));
    uint64_t avx2 = octi_isa_required(OCTI_ISA_avx2);
    ck_assert_ptr_eq(octi_qdwconv_select_window(avx2, &window), octi_qdwconv_select(avx2));
    static const struct octi_qdwconv_window windows[] = {{3, 3, 1, 1}, {3, 3, 2, 1},  {9, 3, 1, 1}, {5, 5, 1, 1},
                                                         {5, 5, 2, 1}, {15, 5, 1, 1}, {7, 7, 1, 1}};
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        const struct octi_qdwconv *kernel = octi_qdwconv_select_window(vnni, &windows[i]);
        ck_assert_int_eq(kernel->width, windows[i].width);
        ck_assert(kernel->height == 0 || kernel->height == windows[i].height);
    }
    static const struct octi_qdwconv_window others[] = {{3, 3, 3, 1}, {3, 3, 1, 2}, {3, 2, 1, 1}, {5, 4, 1, 1}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_ptr_eq(octi_qdwconv_select_window(vnni, &others[i]), octi_qdwconv_select(vnni));
    }
}
END_TEST
#endif

static void add(Suite *suite)
{
    TCase *exact_case = oct_case(suite, "exact");
    tcase_add_test(exact_case, every_kernel_is_exact_for_every_number_of_channels);
    tcase_add_test(exact_case, every_kernel_is_exact_for_every_window);
    tcase_add_test(exact_case, kernels_along_lines_are_exact);
    tcase_add_test(exact_case, outputs_are_exact_however_they_end);
    tcase_add_test(exact_case, long_lines_and_high_windows_are_exact);
#if defined(__x86_64__)
    tcase_add_test(oct_case(suite, "selection"), kernels_along_lines_get_their_windows_only);
#endif
}

OCT_CHECK_MAIN("qdwconv", add)
