#include "octet/proto/json.h"

#include <string.h>

#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"

static void write_sample(struct oct_json_writer *writer)
{
    oct_json_object_begin(writer);
    oct_json_key(writer, "a");
    oct_json_array_begin(writer);
    oct_json_integer(writer, -1);
    oct_json_unsigned(writer, UINT64_MAX);
    oct_json_bool(writer, true);
    oct_json_null(writer);
    oct_json_array_end(writer);
    oct_json_key(writer, "empty");
    oct_json_object_begin(writer);
    oct_json_object_end(writer);
    oct_json_key(writer, "f");
    oct_json_float(writer, 0.1f);
    oct_json_key(writer, "d");
    oct_json_double(writer, 2.0);
    oct_json_key(writer, "s");
    oct_json_string(writer, NULL);
    oct_json_object_end(writer);
}

static void assert_written(int indent, const char *expected)
{
    struct oct_buffer buffer;
    struct oct_json_writer writer;
    oct_buffer_init(&buffer, NULL, 4096);
    oct_json_writer_init(&writer, &buffer, indent);
    write_sample(&writer);
    ck_assert_status_ok(oct_json_writer_finish(&writer));
    ck_assert_uint_eq(buffer.length, strlen(expected));
    ck_assert_mem_eq(buffer.data, expected, buffer.length);
    oct_buffer_deinit(&buffer);
}

START_TEST(one_line_or_indented)
{
    assert_written(0, "{\"a\":[-1,18446744073709551615,true,null],\"empty\":{},\"f\":0.1,\"d\":2.0,\"s\":null}");
    assert_written(2, "{\n  \"a\": [\n    -1,\n    18446744073709551615,\n    true,\n    null\n  ],\n  \"empty\": {},\n"
                      "  \"f\": 0.1,\n  \"d\": 2.0,\n  \"s\": null\n}");
}
END_TEST

START_TEST(strings_are_escaped_and_always_utf8)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"\"\\\b\f\n\r\t\x01\x1f\x7f/", "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\""},
        {"\xC3\xA9\xF0\x9F\x98\x80", "\"\xC3\xA9\xF0\x9F\x98\x80\""},
        {"a\xff\x62\xc3", "\"a\xEF\xBF\xBD\x62\xEF\xBF\xBD\""},
        {"\xed\xa0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct oct_buffer buffer;
        struct oct_json_writer writer;
        oct_buffer_init(&buffer, NULL, 4096);
        oct_json_writer_init(&writer, &buffer, 0);
        oct_json_string(&writer, cases[i].text);
        ck_assert_status_ok(oct_json_writer_finish(&writer));
        ck_assert_uint_eq(buffer.length, strlen(cases[i].expected));
        ck_assert_mem_eq(buffer.data, cases[i].expected, buffer.length);
        struct oct_json_document *document;
        ck_assert_status_ok(oct_json_parse((const char *)buffer.data, buffer.length, 4096, &document, NULL));
        oct_json_destroy(document);
        oct_buffer_deinit(&buffer);
    }
}
END_TEST

START_TEST(the_first_failure_sticks)
{
    for (size_t max = 0; max < 70; max += 7) {
        struct oct_buffer buffer;
        struct oct_json_writer writer;
        oct_buffer_init(&buffer, NULL, max);
        oct_json_writer_init(&writer, &buffer, 0);
        write_sample(&writer);
        ck_assert_status(OCT_ERR_LIMIT, oct_json_writer_finish(&writer));
        oct_buffer_deinit(&buffer);
    }
    struct oct_chaos chaos;
    struct oct_buffer buffer;
    struct oct_json_writer writer;
    oct_chaos_init(&chaos, 0);
    oct_buffer_init(&buffer, &chaos.allocator, 4096);
    oct_json_writer_init(&writer, &buffer, 0);
    write_sample(&writer);
    ck_assert_status(OCT_ERR_NOMEM, oct_json_writer_finish(&writer));
    oct_buffer_deinit(&buffer);
    ck_assert_uint_eq(chaos.live, 0);
}
END_TEST

static void add(Suite *suite)
{
    TCase *writing = oct_case(suite, "writing");
    tcase_add_test(writing, one_line_or_indented);
    tcase_add_test(writing, strings_are_escaped_and_always_utf8);
    tcase_add_test(writing, the_first_failure_sticks);
}

OCT_CHECK_MAIN("proto/json/writer", add)
