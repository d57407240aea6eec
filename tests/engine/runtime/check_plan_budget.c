#include "engine/runtime/plan_budget.h"

#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"

#include <string.h>

START_TEST(a_refusal_is_explained_with_both_figures)
{
    struct octi_plan_budget budget;
    octi_plan_budget_init(&budget, NULL, 1000);
    const struct oct_allocator *allocator = &budget.allocator;
    void *block = allocator->allocate(allocator->context, 600, OCT_ALIGN);
    ck_assert_ptr_nonnull(block);
    ck_assert_ptr_null(allocator->allocate(allocator->context, 500, OCT_ALIGN));
    ck_assert_ptr_null(allocator->allocate(allocator->context, SIZE_MAX, OCT_ALIGN));
    struct oct_error error = OCT_ERROR_INIT;
    oct_error_set(&error, OCT_ERR_NOMEM, "node 'x'", OCT_POSITION_NONE, "out of memory");
    ck_assert_status(OCT_ERR_LIMIT, octi_plan_budget_explain(&budget, OCT_ERR_NOMEM, &error));
    ck_assert_str_eq(error.where, "node 'x'");
    ck_assert_error_says(&error, "at least 1100 bytes, its budget is 1000");
    ck_assert_status(OCT_ERR_LIMIT, octi_plan_budget_explain(&budget, OCT_ERR_NOMEM, NULL));
    allocator->release(allocator->context, block, 600);
    ck_assert_uint_eq(budget.budget.live_bytes, 0);
}
END_TEST

START_TEST(real_exhaustion_stays_what_it_is)
{
    struct oct_chaos chaos;
    oct_chaos_init(&chaos, 0);
    struct octi_plan_budget budget;
    octi_plan_budget_init(&budget, &chaos.allocator, 1000);
    ck_assert_ptr_null(budget.allocator.allocate(budget.allocator.context, 10, OCT_ALIGN));
    ck_assert_status(OCT_ERR_NOMEM, octi_plan_budget_explain(&budget, OCT_ERR_NOMEM, NULL));
    ck_assert_status(OCT_ERR_INVALID, octi_plan_budget_explain(&budget, OCT_ERR_INVALID, NULL));
}
END_TEST

static void add(Suite *suite)
{
    TCase *budget = oct_case(suite, "plan_budget");
    tcase_add_test(budget, a_refusal_is_explained_with_both_figures);
    tcase_add_test(budget, real_exhaustion_stays_what_it_is);
}

OCT_CHECK_MAIN("engine/runtime/plan_budget", add)
