#include "engine/ops/op_support.h"
#include "tests/engine/ops/float_case.h"

static struct weighted_case make_linear(struct oct_rng *rng, int32_t rank, const int64_t *dims, int64_t outputs)
{
    struct weighted_case c = {.op = &octi_op_linear};
    c.x = make_desc(OCT_DTYPE_FLOAT32, rank, dims);
    const int64_t weight[2] = {outputs, dims[rank - 1]};
    add_float_weight(&c, rng, 2, weight);
    return c;
}

START_TEST(a_run_is_within_rounding_of_the_reference)
{
    struct oct_rng rng = {91};
    for (int repeat = 0; repeat < 60; repeat++) {
        const int64_t dims[3] = {OCT_DIM_BATCH, oct_rng_between(&rng, 1, 3), oct_rng_between(&rng, 1, 200)};
        int32_t rank = repeat % 2 == 0 ? 3 : 2;
        struct weighted_case c = make_linear(&rng, rank, rank == 3 ? dims : dims + 1, oct_rng_between(&rng, 1, 100));
        size_t splits;
        check_float(&c, &rng, oct_rng_between(&rng, 1, 9), &splits);
        free(c.weight_data);
    }
}
END_TEST

START_TEST(what_is_not_legal_is_refused_by_name)
{
    struct oct_rng rng = {92};
    const int64_t dims[2] = {OCT_DIM_BATCH, 8};
    struct weighted_case good = make_linear(&rng, 2, dims, 6);
    good.has_bias = true;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(infer_case(&good, &error), &error);
    struct weighted_case c = good;
    c.x.shape.dims[1] = 9;
    ck_assert_status(OCT_ERR_INVALID, infer_case(&c, &error));
    ck_assert_error_says(&error, "last dimension");
    oct_error_clear(&error);
    c = good;
    c.x.dtype = OCT_DTYPE_QUINT8;
    ck_assert_status(OCT_ERR_UNSUPPORTED, infer_case(&c, &error));
    ck_assert_error_says(&error, "quint8");
    oct_error_clear(&error);
    c = good;
    c.bias.shape.dims[0] = 5;
    ck_assert_status(OCT_ERR_INVALID, infer_case(&c, &error));
    ck_assert_error_says(&error, "bias has 5");
    free(good.weight_data);
}
END_TEST

START_TEST(refused_memory_is_reported_wherever_it_is_asked_for)
{
    struct oct_rng rng = {93};
    const int64_t dims[2] = {OCT_DIM_BATCH, 8};
    struct weighted_case c = make_linear(&rng, 2, dims, 6);
    c.has_bias = true;
    check_prepare_out_of_memory(&c);
    free(c.weight_data);
}
END_TEST

static void add(Suite *suite)
{
    tcase_add_test(oct_case(suite, "equal"), a_run_is_within_rounding_of_the_reference);
    tcase_add_test(oct_case(suite, "refused"), what_is_not_legal_is_refused_by_name);
    tcase_add_test(oct_case(suite, "memory"), refused_memory_is_reported_wherever_it_is_asked_for);
}

OCT_CHECK_MAIN("aten::linear", add)
