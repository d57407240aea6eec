#include "server/log/log.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "octet/proto/json.h"
#include "tests/support/oct_check.h"

struct captured {
    char text[8192];
    size_t length;
};

/// What one oct_log_write puts into the descriptor.
static struct captured capture(enum oct_log_level threshold,
                               enum oct_log_format format,
                               const char *event,
                               const struct oct_log_field *fields,
                               size_t n)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    struct oct_log log = {ends[1], threshold, format};
    oct_log_write(&log, OCT_LOG_INFO, event, fields, n);
    close(ends[1]);
    struct captured out = {.length = 0};
    ssize_t n_read = read(ends[0], out.text, sizeof(out.text) - 1);
    out.length = n_read > 0 ? (size_t)n_read : 0;
    ck_assert_int_eq(read(ends[0], out.text + out.length, 1), 0); // one read got it all
    close(ends[0]);
    out.text[out.length] = 0;
    return out;
}

static struct oct_json_document *parse_line(const struct captured *line)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_json_document *document = NULL;
    ck_assert_uint_gt(line->length, 1);
    ck_assert_int_eq(line->text[line->length - 1], '\n');
    ck_assert_ptr_null(memchr(line->text, '\n', line->length - 1));
    ck_assert_ok(oct_json_parse(line->text, line->length, sizeof(line->text), &document, &error), &error);
    return document;
}

static void assert_string(const struct oct_json_document *document, const char *key, const char *expected)
{
    const char *text = NULL;
    ck_assert_msg(oct_json_is_string(oct_json_get(oct_json_root(document), key), &text, NULL), "no string %s", key);
    ck_assert_str_eq(text, expected);
}

START_TEST(a_line_is_one_json_object_with_its_fields)
{
    struct oct_log_field fields[] = {
        OCT_LOG_TEXT_FIELD("model", "fashion"),
        OCT_LOG_INT_FIELD("rows", -7),
        OCT_LOG_REAL_FIELD("seconds", 0.25),
        OCT_LOG_TEXT_FIELD("reason", NULL),
    };
    struct captured line = capture(OCT_LOG_INFO, OCT_LOG_JSON, "loaded", fields, 4);
    struct oct_json_document *document = parse_line(&line);
    assert_string(document, "level", "info");
    assert_string(document, "event", "loaded");
    assert_string(document, "model", "fashion");
    int64_t rows = 0;
    double seconds = 0;
    ck_assert(oct_json_is_integer(oct_json_get(oct_json_root(document), "rows"), &rows));
    ck_assert_int_eq(rows, -7);
    ck_assert(oct_json_is_number(oct_json_get(oct_json_root(document), "seconds"), &seconds));
    ck_assert_double_eq(seconds, 0.25);
    const char *time_text = NULL;
    size_t time_length = 0;
    ck_assert(oct_json_is_string(oct_json_get(oct_json_root(document), "ts"), &time_text, &time_length));
    ck_assert_uint_eq(time_length, strlen("2026-11-22T03:04:05.678901Z"));
    ck_assert_int_eq(time_text[10], 'T');
    ck_assert_int_eq(oct_json_type(oct_json_get(oct_json_root(document), "reason")), OCT_JSON_NULL);
    oct_json_destroy(document);
}
END_TEST

START_TEST(hostile_text_cannot_leave_its_string)
{
    struct oct_log_field fields[] = {
        OCT_LOG_TEXT_FIELD("name", "a\"b\\c\nd\x01\x7F\xFF\xC3\xA9\xED\xA0\x80\xF4\x90\x80\x80")};
    struct captured line = capture(OCT_LOG_DEBUG, OCT_LOG_JSON, "x\"y", fields, 1);
    struct oct_json_document *document = parse_line(&line);
    assert_string(document, "event", "x\"y");
    // One U+FFFD per byte that is not part of a legal sequence: 0xFF, a surrogate's three bytes, four past U+10FFFF.
    assert_string(document, "name",
                  "a\"b\\c\nd\x01\x7F\xEF\xBF\xBD\xC3\xA9"
                  "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                  "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    oct_json_destroy(document);
}
END_TEST

START_TEST(a_text_of_any_length_gives_a_legal_line)
{
    static char text[5000];
    // Every length around the limit, with a character that takes several bytes, so that each way to be cut is met.
    for (size_t length = 3900; length < 4200; ++length) {
        memset(text, 'a', length);
        text[length] = 0;
        memcpy(text + length - 3, "\xE2\x82\xAC", 3);
        struct oct_log_field fields[] = {OCT_LOG_TEXT_FIELD("text", text), OCT_LOG_INT_FIELD("after", 1)};
        struct captured line = capture(OCT_LOG_INFO, OCT_LOG_JSON, "long", fields, 2);
        ck_assert_uint_le(line.length, 4096);
        struct oct_json_document *document = parse_line(&line);
        bool cut = false, has_after = oct_json_get(oct_json_root(document), "after") != NULL;
        oct_json_is_bool(oct_json_get(oct_json_root(document), "truncated"), &cut);
        ck_assert(cut == !has_after);
        oct_json_destroy(document);
    }
}
END_TEST

START_TEST(a_line_below_the_threshold_is_not_written)
{
    ck_assert_uint_eq(capture(OCT_LOG_WARNING, OCT_LOG_JSON, "quiet", NULL, 0).length, 0);
    ck_assert_uint_eq(capture(OCT_LOG_OFF, OCT_LOG_JSON, "quiet", NULL, 0).length, 0);
    ck_assert_uint_gt(capture(OCT_LOG_INFO, OCT_LOG_JSON, "heard", NULL, 0).length, 0);
    oct_log_write(NULL, OCT_LOG_ERROR, "nowhere", NULL, 0);
}
END_TEST

START_TEST(text_format_is_one_readable_line)
{
    struct oct_log_field fields[] = {OCT_LOG_TEXT_FIELD("address", "127.0.0.1:8080"),
                                     OCT_LOG_TEXT_FIELD("reason", "two\nlines"), OCT_LOG_REAL_FIELD("share", 0.5)};
    struct captured line = capture(OCT_LOG_INFO, OCT_LOG_TEXT, "listening", fields, 3);
    ck_assert_ptr_nonnull(
        strstr(line.text, "Z info listening address=127.0.0.1:8080 reason=\"two\\u000alines\" share=0.5\n"));
}
END_TEST

START_TEST(numbers_that_json_cannot_show_are_null)
{
    struct oct_log_field fields[] = {OCT_LOG_REAL_FIELD("ratio", (double)INFINITY)};
    struct captured line = capture(OCT_LOG_INFO, OCT_LOG_JSON, "odd", fields, 1);
    ck_assert_ptr_nonnull(strstr(line.text, "\"ratio\":null"));
}
END_TEST

START_TEST(levels_are_read_by_name)
{
    enum oct_log_level level = OCT_LOG_OFF;
    ck_assert_status_ok(oct_log_level_parse("debug", &level));
    ck_assert_int_eq(level, OCT_LOG_DEBUG);
    ck_assert_status_ok(oct_log_level_parse("off", &level));
    ck_assert_int_eq(level, OCT_LOG_OFF);
    ck_assert_status(OCT_ERR_INVALID, oct_log_level_parse("INFO", &level));
    ck_assert_status(OCT_ERR_INVALID, oct_log_level_parse("", &level));
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *lines = oct_case(suite, "lines");
    tcase_add_test(lines, a_line_is_one_json_object_with_its_fields);
    tcase_add_test(lines, hostile_text_cannot_leave_its_string);
    tcase_add_test(lines, a_text_of_any_length_gives_a_legal_line);
    tcase_add_test(lines, a_line_below_the_threshold_is_not_written);
    tcase_add_test(lines, text_format_is_one_readable_line);
    tcase_add_test(lines, numbers_that_json_cannot_show_are_null);
    tcase_add_test(lines, levels_are_read_by_name);
}

OCT_CHECK_MAIN("server/log/log", add_tests)
