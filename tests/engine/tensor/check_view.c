#include "octet/tensor.h"
#include "tests/support/oct_check.h"

START_TEST(channels_last_and_back_is_the_same)
{
    struct oct_tensor_desc desc = {.dtype = OCT_DTYPE_UINT8, .shape = {4, {-1, 3, 4, 5}}};
    uint8_t in[2 * 3 * 4 * 5];
    uint8_t last[sizeof in];
    uint8_t out[sizeof in];
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)i;
    }
    struct oct_view source = oct_view_dense(&desc, 2, in);
    struct oct_view back = oct_view_dense(&desc, 2, out);
    desc.format = OCT_FORMAT_CHANNELS_LAST;
    struct oct_view middle = oct_view_dense(&desc, 2, last);
    oct_view_copy(&middle, &source);
    // element (n, c, h, w) = (1, 2, 3, 4): last in both orders; (0, 1, 0, 0) is second in N, H, W, C
    ck_assert_uint_eq(last[sizeof in - 1], in[sizeof in - 1]);
    ck_assert_uint_eq(last[1], in[1 * 4 * 5]);
    ck_assert_uint_eq(last[3], in[1]);
    oct_view_copy(&back, &middle);
    ck_assert_mem_eq(in, out, sizeof in);
}
END_TEST

START_TEST(lines_and_volumes_have_a_channels_last_order_too)
{
    struct oct_tensor_desc desc = {
        .dtype = OCT_DTYPE_UINT8, .format = OCT_FORMAT_CHANNELS_LAST, .shape = {3, {2, 3, 4}}};
    struct oct_view line = oct_view_dense(&desc, 1, NULL);
    const int64_t of_line[] = {12, 1, 3};
    ck_assert_mem_eq(line.strides, of_line, sizeof of_line);
    desc.shape = (struct oct_shape){5, {-1, 3, 4, 5, 6}};
    struct oct_view volume = oct_view_dense(&desc, 2, NULL);
    const int64_t of_volume[] = {360, 1, 90, 18, 3};
    ck_assert_mem_eq(volume.strides, of_volume, sizeof of_volume);
    desc.shape = (struct oct_shape){6, {1, 2, 1, 1, 1, 3}}; // no such order: contiguous
    struct oct_view other = oct_view_dense(&desc, 1, NULL);
    ck_assert_int_eq(other.strides[1], 3);
}
END_TEST

START_TEST(a_zero_stride_broadcasts)
{
    struct oct_tensor_desc desc = {.dtype = OCT_DTYPE_INT32, .shape = {2, {2, 3}}};
    int32_t column[2] = {7, 9};
    int32_t out[6] = {0};
    struct oct_view source = oct_view_dense(&desc, 1, column);
    source.strides[0] = 1;
    source.strides[1] = 0;
    struct oct_view destination = oct_view_dense(&desc, 1, out);
    oct_view_copy(&destination, &source);
    int32_t expected[6] = {7, 7, 7, 9, 9, 9};
    ck_assert_mem_eq(out, expected, sizeof out);
}
END_TEST

START_TEST(an_empty_or_scalar_view_is_copied)
{
    struct oct_tensor_desc empty = {.dtype = OCT_DTYPE_INT32, .shape = {2, {0, 3}}};
    int32_t untouched = 5;
    struct oct_view nothing = oct_view_dense(&empty, 1, &untouched);
    oct_view_copy(&nothing, &nothing);
    ck_assert_int_eq(untouched, 5);
    struct oct_tensor_desc scalar = {.dtype = OCT_DTYPE_INT32};
    int32_t from = 8;
    int32_t to = 0;
    struct oct_view a = oct_view_dense(&scalar, 1, &from);
    struct oct_view b = oct_view_dense(&scalar, 1, &to);
    oct_view_copy(&b, &a);
    ck_assert_int_eq(to, 8);
}
END_TEST

static void add(Suite *suite)
{
    TCase *view = oct_case(suite, "view");
    tcase_add_test(view, channels_last_and_back_is_the_same);
    tcase_add_test(view, lines_and_volumes_have_a_channels_last_order_too);
    tcase_add_test(view, a_zero_stride_broadcasts);
    tcase_add_test(view, an_empty_or_scalar_view_is_copied);
}

OCT_CHECK_MAIN("engine/tensor/view", add)
