#include <pthread.h>
#include <string.h>

#include "server/http/body.h"
#include "server/http/limits.h"
#include "tests/support/oct_check.h"

START_TEST(the_budget_holds_for_all_bodies_together)
{
    struct oct_body_pool *pool;
    ck_assert_status_ok(oct_body_pool_create(10000, NULL, &pool));
    struct oct_body a = {0};
    struct oct_body b = {0};
    ck_assert_status_ok(oct_body_reserve(pool, &a, 6000));
    ck_assert_status(OCT_ERR_UNAVAILABLE, oct_body_reserve(pool, &b, 4001));
    ck_assert_ptr_null(b.data);
    ck_assert_status_ok(oct_body_reserve(pool, &b, 4000));
    ck_assert_uint_eq(oct_body_pool_inflight(pool), 10000);
    ck_assert_status(OCT_ERR_UNAVAILABLE, oct_body_reserve(pool, &b, SIZE_MAX));
    oct_body_release(pool, &a);
    ck_assert_uint_eq(oct_body_pool_inflight(pool), 4000);
    ck_assert_status_ok(oct_body_reserve(pool, &b, 10000));
    oct_body_release(pool, &b);
    oct_body_release(pool, &b);
    ck_assert_uint_eq(oct_body_pool_inflight(pool), 0);
    oct_body_pool_destroy(pool);
}
END_TEST

START_TEST(a_body_of_unknown_length_grows_to_its_limit)
{
    struct oct_body_pool *pool;
    ck_assert_status_ok(oct_body_pool_create(SIZE_MAX, NULL, &pool));
    struct oct_body body = {0};
    char piece[1000];
    for (int i = 0; i < 300; i++) {
        memset(piece, i, sizeof piece);
        ck_assert_status_ok(oct_body_append(pool, &body, piece, sizeof piece, 300500));
        ck_assert_uint_eq((uintptr_t)body.data % OCT_ALIGN, 0);
    }
    ck_assert_uint_le(body.capacity, 300500);
    ck_assert_status(OCT_ERR_LIMIT, oct_body_append(pool, &body, piece, 501, 300500));
    ck_assert_status_ok(oct_body_append(pool, &body, piece, 500, 300500));
    ck_assert_uint_eq(body.length, 300500);
    for (int i = 0; i < 300; i++) {
        ck_assert_uint_eq(body.data[i * 1000], i & 0xFF);
        ck_assert_uint_eq(body.data[i * 1000 + 999], i & 0xFF);
    }
    oct_body_release(pool, &body);
    oct_body_pool_destroy(pool);
}
END_TEST

START_TEST(blocks_are_used_again_until_trimmed)
{
    struct oct_body_pool *pool;
    ck_assert_status_ok(oct_body_pool_create(SIZE_MAX, NULL, &pool));
    struct oct_body body = {0};
    ck_assert_status_ok(oct_body_reserve(pool, &body, 602112));
    const uint8_t *block = body.data;
    oct_body_release(pool, &body);
    ck_assert_status_ok(oct_body_reserve(pool, &body, 600000));
    ck_assert_ptr_eq(body.data, block);
    oct_body_release(pool, &body);
    oct_body_pool_trim(pool);
    ck_assert_status_ok(oct_body_reserve(pool, &body, OCT_HTTP_POOL_MAX_BLOCK + 1)); // not kept, and not mixed up
    memset(body.data, 1, OCT_HTTP_POOL_MAX_BLOCK + 1);
    oct_body_release(pool, &body);
    oct_body_pool_destroy(pool);
}
END_TEST

static void *churn(void *arg)
{
    struct oct_body_pool *pool = arg;
    for (size_t i = 1; i < 2000; i++) {
        struct oct_body body = {0};
        size_t n = i * 7919 % 50000 + 1;
        if (oct_body_reserve(pool, &body, n) == OCT_OK) {
            memset(body.data, (int)i, n);
        }
        oct_body_release(pool, &body);
    }
    return NULL;
}

START_TEST(threads_share_the_pool)
{
    struct oct_body_pool *pool;
    ck_assert_status_ok(oct_body_pool_create(100000, NULL, &pool));
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, pool), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_uint_eq(oct_body_pool_inflight(pool), 0);
    oct_body_pool_destroy(pool);
}
END_TEST

static void add(Suite *suite)
{
    TCase *body = oct_case(suite, "body");
    tcase_add_test(body, the_budget_holds_for_all_bodies_together);
    tcase_add_test(body, a_body_of_unknown_length_grows_to_its_limit);
    tcase_add_test(body, blocks_are_used_again_until_trimmed);
    tcase_add_test(body, threads_share_the_pool);
}

OCT_CHECK_MAIN("server/http/body", add)
