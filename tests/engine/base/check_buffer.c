#include "octet/buffer.h"

#include <string.h>

#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"

START_TEST(grows_and_keeps_its_content)
{
    struct oct_buffer buffer;
    oct_buffer_init(&buffer, NULL, 1 << 20);
    for (int i = 0; i < 10000; i++) {
        ck_assert_status_ok(oct_buffer_append(&buffer, &i, sizeof i));
    }
    for (int i = 0; i < 10000; i++) {
        int value;
        memcpy(&value, buffer.data + (size_t)i * sizeof value, sizeof value);
        ck_assert_int_eq(value, i);
    }
    oct_buffer_deinit(&buffer);
    ck_assert_ptr_null(buffer.data);
    ck_assert_status_ok(oct_buffer_append(&buffer, "again", 5));
    oct_buffer_deinit(&buffer);
}
END_TEST

START_TEST(its_maximum_is_exact_and_a_refusal_changes_nothing)
{
    struct oct_buffer buffer;
    oct_buffer_init(&buffer, NULL, 10);
    ck_assert_status_ok(oct_buffer_append(&buffer, "0123456789", 10));
    ck_assert_status(OCT_ERR_LIMIT, oct_buffer_append(&buffer, "x", 1));
    ck_assert_status(OCT_ERR_LIMIT, oct_buffer_reserve(&buffer, SIZE_MAX));
    ck_assert_uint_eq(buffer.length, 10);
    ck_assert_int_eq(memcmp(buffer.data, "0123456789", 10), 0);
    ck_assert_status_ok(oct_buffer_append(&buffer, NULL, 0));
    oct_buffer_deinit(&buffer);
}
END_TEST

START_TEST(out_of_memory_keeps_the_content)
{
    struct oct_chaos chaos;
    oct_chaos_init(&chaos, 1);
    struct oct_buffer buffer;
    oct_buffer_init(&buffer, &chaos.allocator, 1 << 20);
    ck_assert_status_ok(oct_buffer_append(&buffer, "abc", 3));
    ck_assert_status(OCT_ERR_NOMEM, oct_buffer_reserve(&buffer, 5000));
    ck_assert_uint_eq(buffer.length, 3);
    ck_assert_int_eq(memcmp(buffer.data, "abc", 3), 0);
    oct_buffer_deinit(&buffer);
    ck_assert_uint_eq(chaos.live, 0);
}
END_TEST

START_TEST(prints_short_and_long_text)
{
    struct oct_buffer buffer;
    oct_buffer_init(&buffer, NULL, 1 << 20);
    ck_assert_status_ok(oct_buffer_printf(&buffer, "%d-%s;", 12, "x"));
    ck_assert_status_ok(oct_buffer_printf(&buffer, "%0*d", 5000, 7));
    ck_assert_uint_eq(buffer.length, 5 + 5000);
    ck_assert_int_eq(memcmp(buffer.data, "12-x;0000", 9), 0);
    ck_assert_int_eq(buffer.data[5004], '7');
    oct_buffer_deinit(&buffer);
}
END_TEST

static void add(Suite *suite)
{
    TCase *buffer = oct_case(suite, "buffer");
    tcase_add_test(buffer, grows_and_keeps_its_content);
    tcase_add_test(buffer, its_maximum_is_exact_and_a_refusal_changes_nothing);
    tcase_add_test(buffer, out_of_memory_keeps_the_content);
    tcase_add_test(buffer, prints_short_and_long_text);
}

OCT_CHECK_MAIN("engine/base/buffer", add)
