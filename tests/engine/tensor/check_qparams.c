#include "octet/tensor.h"
#include "tests/support/oct_check.h"

START_TEST(equality_looks_at_scheme_axis_and_every_number)
{
    struct oct_qparams none = {.scheme = OCT_QSCHEME_NONE};
    struct oct_qparams a = {.scheme = OCT_QSCHEME_PER_TENSOR_AFFINE, .scale = 0.1, .zero_point = 3};
    struct oct_qparams b = a;
    ck_assert(oct_qparams_equal(&a, &b));
    ck_assert(oct_qparams_equal(&none, &none));
    ck_assert(!oct_qparams_equal(&a, &none));
    b.scale = 0.1 + 1e-17 * 2;
    ck_assert_int_eq(oct_qparams_equal(&a, &b), a.scale == b.scale);
    b.scale = 0.2;
    ck_assert(!oct_qparams_equal(&a, &b));
    b = a;
    b.zero_point = 4;
    ck_assert(!oct_qparams_equal(&a, &b));
}
END_TEST

START_TEST(per_channel_arrays_are_compared_by_content)
{
    double scales[] = {0.1, 0.2};
    double same_scales[] = {0.1, 0.2};
    int64_t zero_points[] = {0, 1};
    int64_t other_zero_points[] = {0, 2};
    struct oct_qparams a = {.scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE,
                            .axis = 0,
                            .channels = 2,
                            .scales = scales,
                            .zero_points = zero_points};
    struct oct_qparams b = a;
    b.scales = same_scales;
    ck_assert(oct_qparams_equal(&a, &b));
    b.zero_points = other_zero_points;
    ck_assert(!oct_qparams_equal(&a, &b));
    b = a;
    b.axis = 1;
    ck_assert(!oct_qparams_equal(&a, &b));
}
END_TEST

START_TEST(schemes_have_torchs_names)
{
    ck_assert_str_eq(oct_qscheme_name(OCT_QSCHEME_NONE), "none");
    ck_assert_str_eq(oct_qscheme_name(OCT_QSCHEME_PER_TENSOR_AFFINE), "per_tensor_affine");
    ck_assert_str_eq(oct_qscheme_name(OCT_QSCHEME_PER_CHANNEL_AFFINE), "per_channel_affine");
}
END_TEST

static void add(Suite *suite)
{
    TCase *qparams = oct_case(suite, "qparams");
    tcase_add_test(qparams, equality_looks_at_scheme_axis_and_every_number);
    tcase_add_test(qparams, per_channel_arrays_are_compared_by_content);
    tcase_add_test(qparams, schemes_have_torchs_names);
}

OCT_CHECK_MAIN("engine/tensor/qparams", add)
