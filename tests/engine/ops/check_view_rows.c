/// What a view is as rows: of both memory formats, at a pitch, and what it is not.
#include "engine/ops/view_rows.h"
#include "tests/support/oct_check.h"

static struct oct_view image(enum oct_memory_format format)
{
    struct oct_tensor_desc desc = {.dtype = OCT_DTYPE_FLOAT32, .shape = {4, {2, 3, 5, 7}}, .format = format};
    return oct_view_dense(&desc, 2, NULL);
}

static bool rows_of(const struct oct_view *view, int32_t dim, struct octi_view_rows *rows)
{
    const struct octi_outer_dims outer = octi_outer_dims_of(view, dim);
    return octi_view_rows(view, dim, &outer, rows);
}

static void check_rows(const struct oct_view *view, int32_t dim, int64_t n, int64_t bytes, int64_t pitch)
{
    struct octi_view_rows rows;
    ck_assert(rows_of(view, dim, &rows));
    ck_assert_int_eq(rows.n, n);
    ck_assert_int_eq(rows.bytes, bytes);
    ck_assert_int_eq(rows.pitch, pitch);
}

START_TEST(channels_last_pixels_are_rows_of_channels)
{
    const struct oct_view view = image(OCT_FORMAT_CHANNELS_LAST);
    check_rows(&view, 1, 2 * 5 * 7, 3 * 4, 3 * 4);
}
END_TEST

START_TEST(a_dimension_in_the_middle_takes_what_lies_inside_it_along)
{
    const struct oct_view contiguous = image(OCT_FORMAT_CONTIGUOUS), last = image(OCT_FORMAT_CHANNELS_LAST);
    check_rows(&contiguous, 2, 2 * 3, 5 * 7 * 4, 5 * 7 * 4);
    check_rows(&last, 2, 2, 3 * 5 * 7 * 4, 3 * 5 * 7 * 4);
}
END_TEST

START_TEST(the_outermost_dimension_leaves_one_row)
{
    const struct oct_view view = image(OCT_FORMAT_CONTIGUOUS);
    check_rows(&view, 0, 1, 2 * 3 * 5 * 7 * 4, 0);
}
END_TEST

START_TEST(rows_may_be_a_pitch_apart)
{
    struct oct_view view = image(OCT_FORMAT_CHANNELS_LAST);
    view.strides[3] = 10;
    view.strides[2] = 10 * 7;
    view.strides[0] = 10 * 7 * 5;
    check_rows(&view, 1, 2 * 5 * 7, 3 * 4, 10 * 4);
}
END_TEST

START_TEST(dimensions_of_one_element_do_not_matter)
{
    struct oct_view view = image(OCT_FORMAT_CHANNELS_LAST);
    view.desc.shape.dims[0] = 1;
    view.strides[0] = 12345;
    check_rows(&view, 1, 5 * 7, 3 * 4, 3 * 4);
}
END_TEST

START_TEST(rows_with_gaps_are_refused)
{
    struct oct_view view = image(OCT_FORMAT_CONTIGUOUS);
    struct octi_view_rows rows;
    view.strides[2] = 8;
    view.strides[1] = 8 * 5;
    view.strides[0] = 8 * 5 * 3;
    ck_assert(!rows_of(&view, 1, &rows));
}
END_TEST

START_TEST(rows_at_two_pitches_are_refused)
{
    struct oct_view view = image(OCT_FORMAT_CHANNELS_LAST);
    struct octi_view_rows rows;
    view.strides[0] += 1;
    ck_assert(!rows_of(&view, 1, &rows));
}
END_TEST

START_TEST(dimensions_in_another_order_are_refused)
{
    const struct oct_view first = image(OCT_FORMAT_CHANNELS_LAST);
    struct oct_view second = first;
    second.strides[2] = 3;
    second.strides[3] = 3 * 5;
    const struct octi_outer_dims outer = octi_outer_dims_of(&first, 1);
    struct octi_view_rows rows;
    ck_assert(rows_of(&second, 1, &rows));
    ck_assert(!octi_view_rows(&second, 1, &outer, &rows));
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *rows = oct_case(suite, "rows");
    tcase_add_test(rows, channels_last_pixels_are_rows_of_channels);
    tcase_add_test(rows, a_dimension_in_the_middle_takes_what_lies_inside_it_along);
    tcase_add_test(rows, the_outermost_dimension_leaves_one_row);
    tcase_add_test(rows, rows_may_be_a_pitch_apart);
    tcase_add_test(rows, dimensions_of_one_element_do_not_matter);
    tcase_add_test(rows, rows_with_gaps_are_refused);
    tcase_add_test(rows, rows_at_two_pitches_are_refused);
    tcase_add_test(rows, dimensions_in_another_order_are_refused);
}

OCT_CHECK_MAIN("view_rows", add_tests)
