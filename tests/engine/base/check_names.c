#include "engine/base/names.h"

#include <stdio.h>

#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"

START_TEST(finds_what_was_added_and_nothing_else)
{
    static char text[5000][12];
    struct octi_names names;
    octi_names_init(&names, NULL);
    ck_assert_uint_eq(octi_names_find(&names, "absent"), OCTI_NAMES_NONE);
    for (uint32_t i = 0; i < 5000; i++) {
        (void)snprintf(text[i], sizeof text[i], "v%u", i * 7);
        ck_assert_status_ok(octi_names_add(&names, text[i], i));
    }
    for (uint32_t i = 0; i < 5000; i++) {
        ck_assert_uint_eq(octi_names_find(&names, text[i]), i);
    }
    ck_assert_uint_eq(octi_names_find(&names, "v1"), OCTI_NAMES_NONE);
    ck_assert_status(OCT_ERR_CONFLICT, octi_names_add(&names, "v7", 1));
    octi_names_deinit(&names);
}
END_TEST

START_TEST(out_of_memory_keeps_the_map)
{
    static char text[200][8];
    struct oct_chaos chaos;
    oct_chaos_init(&chaos, 1);
    struct octi_names names;
    octi_names_init(&names, &chaos.allocator);
    uint32_t added = 0;
    for (; added < 200; added++) {
        (void)snprintf(text[added], sizeof text[added], "n%u", added);
        if (octi_names_add(&names, text[added], added) != OCT_OK) {
            break;
        }
    }
    ck_assert(chaos.failed);
    for (uint32_t i = 0; i < added; i++) {
        ck_assert_uint_eq(octi_names_find(&names, text[i]), i);
    }
    octi_names_deinit(&names);
    ck_assert_uint_eq(chaos.live, 0);
}
END_TEST

static void add(Suite *suite)
{
    TCase *names = oct_case(suite, "names");
    tcase_add_test(names, finds_what_was_added_and_nothing_else);
    tcase_add_test(names, out_of_memory_keeps_the_map);
}

OCT_CHECK_MAIN("engine/base/names", add)
