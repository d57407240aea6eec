#include "engine/graph/desc.h"

#include "tests/engine/graph/graph_kit.h"

START_TEST(legal_descriptors_pass)
{
    struct oct_tensor_desc scalar = {.dtype = OCT_DTYPE_INT64};
    ck_assert_status_ok(octi_desc_check(&scalar, NULL));
    struct oct_tensor_desc image = kit_quantized(OCT_DTYPE_QINT32, KIT_SHAPE(KIT_N, 3, 4, 4), 1e-3, -2147483648LL);
    ck_assert_status_ok(octi_desc_check(&image, NULL));
    struct oct_tensor_desc many = kit_float(KIT_SHAPE(-3, (OCT_GRAPH_MAX_ELEMENTS - 1) / 3));
    ck_assert_status_ok(octi_desc_check(&many, NULL));
    many.shape.dims[1]++;
    ck_assert_status(OCT_ERR_LIMIT, octi_desc_check(&many, NULL)); // 3N counts as 3 for one row
}
END_TEST

START_TEST(one_channel_or_one_pixel_is_row_major_in_both_formats)
{
    struct oct_tensor_desc desc = kit_float(KIT_SHAPE(KIT_N, 3, 4, 4));
    ck_assert(octi_desc_is_row_major(&desc));
    desc.format = OCT_FORMAT_CHANNELS_LAST;
    ck_assert(!octi_desc_is_row_major(&desc));
    desc.shape = KIT_SHAPE(KIT_N, 1, 4, 4);
    ck_assert(octi_desc_is_row_major(&desc));
    desc.shape = KIT_SHAPE(KIT_N, 3, 1, 1);
    ck_assert(octi_desc_is_row_major(&desc));
    desc.shape = KIT_SHAPE(KIT_N, 3, 1, 2);
    ck_assert(!octi_desc_is_row_major(&desc));
    desc.shape = KIT_SHAPE(KIT_N, 3, 2);
    ck_assert(!octi_desc_is_row_major(&desc));
    desc.shape = KIT_SHAPE(KIT_N, 3, 1, 1, 2);
    ck_assert(!octi_desc_is_row_major(&desc));
    desc.shape = KIT_SHAPE(KIT_N, 3); // no rank that has a channels-last order
    ck_assert(octi_desc_is_row_major(&desc));
}
END_TEST

START_TEST(equality_looks_at_everything_but_the_format)
{
    struct oct_tensor_desc a = kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 3), 0.1, 4), b = a;
    b.format = OCT_FORMAT_CHANNELS_LAST;
    ck_assert(octi_desc_equal(&a, &b));
    b.qparams.zero_point = 5;
    ck_assert(!octi_desc_equal(&a, &b));
    b = a;
    b.shape.dims[0] = 1;
    ck_assert(!octi_desc_equal(&a, &b));
    b = a;
    b.dtype = OCT_DTYPE_QINT8;
    ck_assert(!octi_desc_equal(&a, &b));
}
END_TEST

static void add(Suite *suite)
{
    TCase *desc = oct_case(suite, "desc");
    tcase_add_test(desc, legal_descriptors_pass);
    tcase_add_test(desc, one_channel_or_one_pixel_is_row_major_in_both_formats);
    tcase_add_test(desc, equality_looks_at_everything_but_the_format);
}

OCT_CHECK_MAIN("engine/graph/desc", add)
