// Convolutions that are filtered, through the operator: whole images of any size, alone and in parts, with and without
// kept filters, and what is left to the direct product.
#include "engine/ops/winograd_conv.h"

#include "engine/kernels/qwinograd/qwinograd.h"
#include "engine/ops/op_support.h"
#include "tests/engine/ops/spatial_case.h"
#include "tests/support/sweep.h"

static struct spatial_shape
make_shape(int64_t channels, int64_t outputs, int64_t height, int64_t width, int64_t padding)
{
    return (struct spatial_shape){.dims = 2,
                                  .channels = channels,
                                  .outputs = outputs,
                                  .groups = 1,
                                  .in = {height, width},
                                  .kernel = {3, 3},
                                  .stride = {1, 1},
                                  .padding = {padding, padding},
                                  .dilation = {1, 1}};
}

// Symmetric, and small enough that no sum leaves the range.
static struct weighted_case make_filtered(struct oct_rng *rng, const struct spatial_shape *s)
{
    struct weighted_case c = make_spatial(rng, oct_rng_between(rng, 0, 1) == 1, s);
    const size_t n = (size_t)(s->outputs * s->channels / s->groups * s->kernel[0] * s->kernel[1]);
    int8_t *weights = c.weight_data;
    c.weight.qparams.zero_point = 0;
    memset(c.zero_points, 0, sizeof c.zero_points);
    for (size_t i = 0; i < n && s->channels > 100; i++) {
        weights[i] = (int8_t)(weights[i] / 2);
    }
    return c;
}

static bool is_filtered(const char *kernel)
{
    return strstr(kernel, "qwinograd") != NULL;
}

// Has the highest level here a kernel for this?
static bool filters_here(void)
{
    uint64_t masks[OCTI_ISA_COUNT];
    const uint64_t best = masks[levels_here(masks) - 1];
    return octi_qwinograd_select(best)->kernel.isa != OCTI_ISA_scalar && (best & OCT_CPU_BIT(AMXINT8)) == 0;
}

static const char *check_filtered(struct oct_rng *rng, const struct spatial_shape *s, int64_t rows)
{
    struct weighted_case c = make_filtered(rng, s);
    size_t splits;
    const char *kernel = check_levels(&c, rng, rows, &splits);
    free(c.weight_data);
    return kernel;
}

START_TEST(images_of_any_size_equal_the_reference)
{
    struct oct_rng rng = {61};
    for (int repeat = 0; repeat < oct_sweep_draws(24); repeat++) {
        const int64_t height = oct_rng_between(&rng, 3, 22), width = oct_rng_between(&rng, 3, 22);
        struct spatial_shape s = make_shape(oct_rng_between(&rng, 32, 44), oct_rng_between(&rng, 50, 64), height, width,
                                            oct_rng_between(&rng, 0, 3));
        s.padding[1] = oct_rng_between(&rng, 0, 3);
        ck_assert_ptr_nonnull(check_filtered(&rng, &s, oct_rng_between(&rng, 1, 3)));
    }
}
END_TEST

START_TEST(dilated_windows_see_images_within_the_image)
{
    struct oct_rng rng = {68};
    struct spatial_shape s = make_shape(64, 64, 24, 24, 2);
    s.dilation[0] = s.dilation[1] = 2;
    ck_assert_int_eq(is_filtered(check_filtered(&rng, &s, 2)), filters_here());
    for (int repeat = 0; repeat < oct_sweep_draws(16); repeat++) {
        s = make_shape(oct_rng_between(&rng, 32, 44), 64, oct_rng_between(&rng, 8, 26), oct_rng_between(&rng, 8, 26),
                       0);
        for (int d = 0; d < 2; d++) {
            s.dilation[d] = oct_rng_between(&rng, 1, 3);
            s.padding[d] = oct_rng_between(&rng, 0, 2 * s.dilation[d]);
        }
        ck_assert_ptr_nonnull(check_filtered(&rng, &s, oct_rng_between(&rng, 1, 2)));
    }
}
END_TEST

START_TEST(lines_are_taken_in_blocks_and_pieces)
{
    struct oct_rng rng = {62};
    struct spatial_shape s = make_shape(32, 64, 40, 40, 1); // 100 tiles
    const char *kernel = check_filtered(&rng, &s, 1);
    ck_assert_int_eq(is_filtered(kernel), filters_here());
    s = make_shape(32, 64, 4, 300, 1); // a line of 75
    ck_assert_int_eq(is_filtered(check_filtered(&rng, &s, 2)), filters_here());
}
END_TEST

START_TEST(parts_take_panels_where_lines_come_out_uneven)
{
    struct oct_rng rng = {63};
    struct spatial_shape s = make_shape(32, 192, 16, 16, 1); // 4 lines and 3 panels for 3
    ck_assert_int_eq(is_filtered(check_filtered(&rng, &s, 1)), filters_here());
    s = make_shape(32, 128, 12, 12, 1); // 3 lines and 2 panels
    ck_assert_int_eq(is_filtered(check_filtered(&rng, &s, 1)), filters_here());
}
END_TEST

START_TEST(filters_too_many_to_be_kept_are_made_again)
{
    struct oct_rng rng = {64};
    struct spatial_shape s = make_shape(100, 192, 16, 16, 1);
    ck_assert_int_eq(is_filtered(check_filtered(&rng, &s, 1)), filters_here());
    ck_assert_ptr_nonnull(check_filtered(&rng, &s, 2));
}
END_TEST

START_TEST(what_cannot_be_exact_or_faster_is_multiplied)
{
    struct oct_rng rng = {65};
    struct spatial_shape s = make_shape(64, 64, 16, 16, 1);
    struct spatial_shape other = s;
    other.stride[0] = 2;
    ck_assert(!is_filtered(check_filtered(&rng, &other, 1)));
    other = s;
    other.dilation[0] = 8;
    other.padding[0] = 8;
    ck_assert(!is_filtered(check_filtered(&rng, &other, 1))); // every image within has two lines
    other = s;
    other.groups = 2;
    ck_assert(!is_filtered(check_filtered(&rng, &other, 1)));
    other = make_shape(16, 64, 16, 16, 1); // too few channels
    ck_assert(!is_filtered(check_filtered(&rng, &other, 1)));
    other = make_shape(64, 80, 16, 16, 1); // a narrow panel
    ck_assert(!is_filtered(check_filtered(&rng, &other, 1)));
    other = make_shape(256, 256, 7, 7, 1); // too few tiles for so many filters
    ck_assert(!is_filtered(check_filtered(&rng, &other, 1)));
    other = make_shape(64, 64, 17, 17, 1); // tiles that are mostly empty
    ck_assert(!is_filtered(check_filtered(&rng, &other, 1)));
    other = make_shape(64, 64, 4, 4, 2000000000); // a window whose tiles cannot be counted
    other.dilation[0] = other.dilation[1] = 2000000000;
    ck_assert(!is_filtered(check_filtered(&rng, &other, 1)));
}
END_TEST

static const char *check_weights(struct oct_rng *rng, struct weighted_case *c)
{
    size_t splits;
    const char *kernel = check_levels(c, rng, 1, &splits);
    free(c->weight_data);
    return kernel;
}

START_TEST(weights_decide_too)
{
    struct oct_rng rng = {66};
    const struct spatial_shape s = make_shape(128, 64, 16, 16, 1);
    struct weighted_case c = make_filtered(&rng, &s);
    c.weight.qparams = (struct oct_qparams){.scheme = OCT_QSCHEME_PER_TENSOR_AFFINE, .scale = 0.01, .zero_point = 1};
    ck_assert(!is_filtered(check_weights(&rng, &c))); // a zero point
    c = make_filtered(&rng, &s);
    memset(c.weight_data, 127, (size_t)128 * 9); // a column whose sums leave the range
    c.x.qparams.zero_point = 0;
    ck_assert(!is_filtered(check_weights(&rng, &c)));
    c = make_filtered(&rng, &s);
    ck_assert_int_eq(is_filtered(check_weights(&rng, &c)), filters_here());
}
END_TEST

START_TEST(a_larger_batch_may_be_filtered_where_one_image_is_not)
{
    struct oct_rng rng = {67};
    const struct spatial_shape s = make_shape(128, 192, 7, 7, 1);
    ck_assert(!is_filtered(check_filtered(&rng, &s, 8))); // named for one image
}
END_TEST

static void add(Suite *suite)
{
    TCase *exact_case = oct_case(suite, "exact");
    tcase_add_test(exact_case, images_of_any_size_equal_the_reference);
    tcase_add_test(exact_case, dilated_windows_see_images_within_the_image);
    tcase_add_test(exact_case, lines_are_taken_in_blocks_and_pieces);
    tcase_add_test(exact_case, parts_take_panels_where_lines_come_out_uneven);
    tcase_add_test(exact_case, filters_too_many_to_be_kept_are_made_again);
    tcase_add_test(exact_case, a_larger_batch_may_be_filtered_where_one_image_is_not);
    TCase *choice = oct_case(suite, "choice");
    tcase_add_test(choice, what_cannot_be_exact_or_faster_is_multiplied);
    tcase_add_test(choice, weights_decide_too);
}

OCT_CHECK_MAIN("winograd_conv", add)
