#include "engine/ops/op_support.h"
#include "tests/engine/ops/quantized_case.h"

static struct weighted_case
make_linear(struct oct_rng *rng, bool relu, int32_t x_rank, const int64_t *x_dims, int64_t outputs)
{
    struct weighted_case c = {.op = relu ? &octi_op_quantized_linear_relu : &octi_op_quantized_linear};
    c.x = make_quantized_desc(OCT_DTYPE_QUINT8, x_rank, x_dims, 0.021, oct_rng_between(rng, 0, 255));
    const int64_t dims[2] = {outputs, x_dims[x_rank - 1]};
    add_weight(&c, rng, 2, dims);
    add_float(&c, (double)oct_rng_float(rng, 0.01f, 0.3f));
    add_int(&c, oct_rng_between(rng, 0, 255));
    return c;
}

START_TEST(every_level_equals_the_reference)
{
    struct oct_rng rng = {71};
    for (int repeat = 0; repeat < 150; repeat++) {
        const int64_t dims[2] = {OCT_DIM_BATCH, oct_rng_between(&rng, 1, 90)};
        struct weighted_case c = make_linear(&rng, repeat % 2 == 1, 2, dims, oct_rng_between(&rng, 1, 140));
        size_t splits;
        ck_assert_ptr_nonnull(check_levels(&c, &rng, oct_rng_between(&rng, 1, 14), &splits));
        free(c.weight_data);
    }
}
END_TEST

START_TEST(leading_dimensions_are_rows)
{
    struct oct_rng rng = {72};
    static const int64_t shapes[][4] = {{23}, {3, 23}, {OCT_DIM_BATCH, 3, 23}, {OCT_DIM_BATCH, 2, 3, 23}};
    for (int32_t rank = 1; rank <= 4; rank++) {
        struct weighted_case c = make_linear(&rng, false, rank, shapes[rank - 1], 17);
        size_t splits;
        ck_assert_ptr_nonnull(check_levels(&c, &rng, 2, &splits));
        ck_assert_int_eq(c.y.shape.dims[rank - 1], 17);
        ck_assert_int_eq(c.y.shape.rank, rank);
        free(c.weight_data);
    }
}
END_TEST

START_TEST(no_rows_are_no_work)
{
    struct oct_rng rng = {73};
    const int64_t dims[3] = {OCT_DIM_BATCH, 0, 8};
    struct weighted_case c = make_linear(&rng, false, 3, dims, 5);
    size_t splits;
    check_levels(&c, &rng, 2, &splits);
    free(c.weight_data);
}
END_TEST

START_TEST(large_work_is_split_by_rows_or_by_columns)
{
    struct oct_rng rng = {74};
    const int64_t dims[2] = {OCT_DIM_BATCH, 700};
    struct weighted_case tall = make_linear(&rng, false, 2, dims, 60);
    size_t splits;
    check_levels(&tall, &rng, 160, &splits);
    ck_assert_uint_gt(splits, 0);
    struct weighted_case wide = make_linear(&rng, false, 2, dims, 250);
    check_levels(&wide, &rng, 24, &splits);
    ck_assert_uint_gt(splits, 0);
    free(tall.weight_data);
    free(wide.weight_data);
}
END_TEST

START_TEST(signed_activations_run_on_the_reference)
{
    struct oct_rng rng = {75};
    const int64_t dims[2] = {3, 9};
    struct weighted_case c = make_linear(&rng, false, 2, dims, 4);
    size_t splits;
    int8_t signed_x[27];
    uint8_t unsigned_x[27];
    uint8_t unsigned_y[12];
    int8_t signed_y[12];
    oct_rng_bytes(&rng, unsigned_x, sizeof unsigned_x);
    ck_assert_ptr_nonnull(check_levels(&c, &rng, 1, &splits));
    run_reference(&c, 1, unsigned_x, unsigned_y);
    for (size_t i = 0; i < sizeof signed_x; i++) {
        signed_x[i] = (int8_t)(unsigned_x[i] - 128);
    }
    c.x.dtype = OCT_DTYPE_QINT8; // the same numbers, with both zero points moved
    c.x.qparams.zero_point -= 128;
    c.attributes[1].integer -= 128;
    ck_assert_ptr_null(check_levels(&c, &rng, 1, &splits));
    ck_assert_int_eq(c.y.dtype, OCT_DTYPE_QINT8);
    run_reference(&c, 1, signed_x, signed_y);
    for (size_t i = 0; i < sizeof signed_y; i++) {
        ck_assert_int_eq(signed_y[i] + 128, unsigned_y[i]);
    }
    free(c.weight_data);
}
END_TEST

// Worked by hand: (12 - 2) * 3 + (0 - 2) * -1 = 32, + bias 1.0 / (0.5 * 0.25) = 40, * 0.125 / 2 = 2.5, to even: 2, + 5.
START_TEST(a_tie_goes_to_the_even_step)
{
    int8_t weights[2] = {3, -1};
    const int64_t x_dims[2] = {1, 2};
    const int64_t w_dims[2] = {1, 2};
    struct weighted_case c = {.op = &octi_op_quantized_linear, .weight_data = weights, .has_bias = true};
    c.x = make_quantized_desc(OCT_DTYPE_QUINT8, 2, x_dims, 0.5, 2);
    c.weight = make_quantized_desc(OCT_DTYPE_QINT8, 2, w_dims, 0.25, 0);
    c.bias = make_desc(OCT_DTYPE_FLOAT32, 1, w_dims);
    c.bias_data[0] = 1.0f;
    add_float(&c, 2.0);
    add_int(&c, 5);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(infer_case(&c, &error), &error);
    uint8_t x[2] = {12, 0};
    uint8_t y = 0;
    run_reference(&c, 1, x, &y);
    ck_assert_uint_eq(y, 7);
}
END_TEST

// Each spoils one thing of a legal node; infer names it.
static void expect_refusal(struct weighted_case *c, enum oct_status status, const char *text)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(status, infer_case(c, &error));
    ck_assert_error_says(&error, text);
}

START_TEST(what_is_not_legal_is_refused_by_name)
{
    struct oct_rng rng = {76};
    const int64_t dims[2] = {OCT_DIM_BATCH, 8};
    struct weighted_case good = make_linear(&rng, false, 2, dims, 6);
    good.has_bias = true;
    good.weight.qparams = (struct oct_qparams){.scheme = OCT_QSCHEME_PER_TENSOR_AFFINE, .scale = 0.01};
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(infer_case(&good, &error), &error);

    struct weighted_case c = good;
    c.x.dtype = OCT_DTYPE_FLOAT32;
    expect_refusal(&c, OCT_ERR_UNSUPPORTED, "float32");
    c = good;
    c.weight.dtype = OCT_DTYPE_QUINT8;
    expect_refusal(&c, OCT_ERR_UNSUPPORTED, "qint8");
    c = good;
    c.x.shape.dims[1] = 9;
    expect_refusal(&c, OCT_ERR_INVALID, "last dimension");
    c = good;
    c.x.shape.dims[1] = OCT_DIM_BATCH;
    expect_refusal(&c, OCT_ERR_INVALID, "last dimension");
    c = good;
    c.weight.shape.rank = 1;
    expect_refusal(&c, OCT_ERR_INVALID, "rank 2");
    c = good;
    c.bias.shape.dims[0] = 7;
    expect_refusal(&c, OCT_ERR_INVALID, "bias has 7");
    c = good;
    c.attributes[0].number = 0.0;
    expect_refusal(&c, OCT_ERR_INVALID, "scale");
    c = good;
    c.attributes[1].integer = 256;
    expect_refusal(&c, OCT_ERR_INVALID, "zero point");
    c = good;
    c.weight.qparams.scale = 1e-44;
    expect_refusal(&c, OCT_ERR_INVALID, "multiplier");
    c = good;
    c.weight.qparams.scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE;
    c.weight.qparams.axis = 1;
    expect_refusal(&c, OCT_ERR_UNSUPPORTED, "dimension 1");
    c = good;
    c.weight.qparams.scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE;
    c.weight.qparams.channels = 5;
    expect_refusal(&c, OCT_ERR_INVALID, "5 scales");
    c = good;
    c.weight.shape.dims[1] = 0;
    c.x.shape.dims[1] = 0;
    expect_refusal(&c, OCT_ERR_INVALID, "empty");
    c = good;
    c.weight.shape.dims[1] = 65794;
    c.x.shape.dims[1] = 65794;
    expect_refusal(&c, OCT_ERR_LIMIT, "32-bit");
    c = good;
    c.weight.qparams.zero_point = 127;
    c.weight.shape.dims[1] = 40000;
    c.x.shape.dims[1] = 40000;
    expect_refusal(&c, OCT_ERR_LIMIT, "32-bit");
    free(good.weight_data);
}
END_TEST

START_TEST(refused_memory_is_reported_wherever_it_is_asked_for)
{
    struct oct_rng rng = {77};
    const int64_t dims[2] = {OCT_DIM_BATCH, 8};
    struct weighted_case c = make_linear(&rng, false, 2, dims, 6);
    check_prepare_out_of_memory(&c);
    free(c.weight_data);
}
END_TEST

static void add(Suite *suite)
{
    TCase *equal = oct_case(suite, "equal");
    tcase_add_test(equal, every_level_equals_the_reference);
    tcase_add_test(equal, leading_dimensions_are_rows);
    tcase_add_test(equal, no_rows_are_no_work);
    tcase_add_test(equal, large_work_is_split_by_rows_or_by_columns);
    tcase_add_test(equal, signed_activations_run_on_the_reference);
    tcase_add_test(equal, a_tie_goes_to_the_even_step);
    TCase *refused = oct_case(suite, "refused");
    tcase_add_test(refused, what_is_not_legal_is_refused_by_name);
    tcase_add_test(oct_case(suite, "memory"), refused_memory_is_reported_wherever_it_is_asked_for);
}

OCT_CHECK_MAIN("quantized::linear", add)
