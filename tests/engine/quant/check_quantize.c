#include "octet/tensor.h"

#include <math.h>
#include <string.h>

#include "tests/support/oct_check.h"

static struct oct_qparams per_tensor(double scale, int64_t zero_point)
{
    return (struct oct_qparams){.scheme = OCT_QSCHEME_PER_TENSOR_AFFINE, .scale = scale, .zero_point = zero_point};
}

START_TEST(floats_are_rounded_half_to_even_and_clamped)
{
    static const float x[] = {0,      0.25f, 0.75f,  1.25f,    -0.25f,    -5, -5.5f,
                              122.5f, 1e30f, -1e30f, INFINITY, -INFINITY, NAN};
    static const uint8_t expected[] = {10, 10, 12, 12, 10, 0, 0, 255, 255, 0, 255, 0, 0};
    struct oct_qparams qparams = per_tensor(0.5, 10);
    uint8_t q[sizeof expected];
    oct_quantize_array(&qparams, OCT_DTYPE_QUINT8, x, sizeof expected, q);
    ck_assert_mem_eq(q, expected, sizeof expected);
}
END_TEST

START_TEST(signed_types_have_their_own_bounds)
{
    static const float x[] = {-1000, -1, 0, 1, 1000};
    static const int8_t expected[] = {-128, -12, -10, -8, 127};
    static const int32_t expected_wide[] = {-2010, -12, -10, -8, 1990};
    struct oct_qparams qparams = per_tensor(0.5, -10);
    int8_t q[5];
    int32_t wide[5];
    oct_quantize_array(&qparams, OCT_DTYPE_QINT8, x, 5, q);
    ck_assert_mem_eq(q, expected, sizeof expected);
    oct_quantize_array(&qparams, OCT_DTYPE_QINT32, x, 5, wide);
    ck_assert_mem_eq(wide, expected_wide, sizeof expected_wide);
    static const float far_out[] = {1e20f, -1e20f};
    oct_quantize_array(&qparams, OCT_DTYPE_QINT32, far_out, 2, wide);
    ck_assert_int_eq(wide[0], INT32_MAX);
    ck_assert_int_eq(wide[1], INT32_MIN);
}
END_TEST

START_TEST(the_zero_point_is_added_before_rounding)
{
    static const float x[] = {0.5f, 1.5f, -0.5f, 2.5f};
    static const uint8_t expected[] = {2, 2, 0, 4};
    static const int32_t expected_wide[] = {2, 2, 0, 4};
    struct oct_qparams qparams = per_tensor(1.0, 1);
    uint8_t q[4];
    int32_t wide[4];
    oct_quantize_array(&qparams, OCT_DTYPE_QUINT8, x, 4, q);
    ck_assert_mem_eq(q, expected, sizeof expected);
    oct_quantize_array(&qparams, OCT_DTYPE_QINT32, x, 4, wide);
    ck_assert_mem_eq(wide, expected_wide, sizeof expected_wide);
}
END_TEST

START_TEST(qint32_rounds_the_product_and_the_sum_to_float32)
{
    // What torch 2.13 gives. The first product, 8389317.5, becomes 8389318 before 1 is added; a fused one would give
    // 8389318.5 and so 8389318. Behind 2^24 the 1 is lost, where a sum in double would keep it.
    static const float x[] = {838931.75f, 40000000.0f, 1073741760.0f};
    static const int32_t expected[] = {8389319, 400000000, INT32_MAX};
    struct oct_qparams qparams = per_tensor(0.1, 1);
    int32_t wide[3];
    oct_quantize_array(&qparams, OCT_DTYPE_QINT32, x, 3, wide);
    ck_assert_mem_eq(wide, expected, sizeof expected);
}
END_TEST

START_TEST(the_scale_is_narrowed_before_its_reciprocal)
{
    // 1/f32(0.1) is 10 exactly in float32, though 1/0.1f in double is below: PyTorch multiplies by the former.
    static const float x[] = {0.05f, 0.15f, 0.25f, 12.75f};
    static const uint8_t expected[] = {0, 2, 2, 128};
    struct oct_qparams qparams = per_tensor(0.1, 0);
    uint8_t q[4];
    oct_quantize_array(&qparams, OCT_DTYPE_QUINT8, x, 4, q);
    ck_assert_mem_eq(q, expected, sizeof expected);
}
END_TEST

static void add(Suite *suite)
{
    TCase *arrays = oct_case(suite, "arrays");
    tcase_add_test(arrays, floats_are_rounded_half_to_even_and_clamped);
    tcase_add_test(arrays, signed_types_have_their_own_bounds);
    tcase_add_test(arrays, the_zero_point_is_added_before_rounding);
    tcase_add_test(arrays, qint32_rounds_the_product_and_the_sum_to_float32);
    tcase_add_test(arrays, the_scale_is_narrowed_before_its_reciprocal);
}

OCT_CHECK_MAIN("engine/quant/quantize", add)
