#include "server/config/value.h"

#include <string.h>

#include "tests/support/oct_check.h"

static const struct oct_config_option number_option = {
    .name = "a.b", .kind = OCT_CONFIG_KIND_NUMBER, .minimum = 2, .maximum = 9, .unit = "ms"};
static const struct oct_config_option bytes_option = {
    .name = "a.b", .kind = OCT_CONFIG_KIND_BYTES, .minimum = 0, .maximum = UINT64_MAX - 1, .unit = "bytes"};
static const struct oct_config_option choice_option = {
    .name = "a.b", .kind = OCT_CONFIG_KIND_CHOICE, .unit = "json|text"};
static const struct oct_config_option text_option = {.name = "a.b", .kind = OCT_CONFIG_KIND_TEXT, .unit = ""};

START_TEST(bytes_take_binary_units)
{
    static const struct {
        const char *text;
        uint64_t value;
    } cases[] = {{"0", 0}, {"17", 17}, {"3KiB", 3072}, {"64MiB", (uint64_t)64 << 20}, {"2GiB", (uint64_t)2 << 30}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        uint64_t number = 99;
        ck_assert_status_ok(oct_config_parse_number(&bytes_option, cases[i].text, &number, "t", NULL));
        ck_assert_uint_eq(number, cases[i].value);
    }
}
END_TEST

START_TEST(what_is_no_number_is_refused_with_what_was_given)
{
    static const char *const texts[] = {"",     " 1",  "1 ",  "-1",  "+1",   "1.5",
                                        "0x10", "1e3", "KiB", "1KB", "1kib", "tcp://10.0.0.1:80"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        struct oct_error error = OCT_ERROR_INIT;
        uint64_t number = 7;
        ck_assert_status(OCT_ERR_INVALID,
                         oct_config_parse_number(&bytes_option, texts[i], &number, "OCTET_A_B", &error));
        ck_assert_uint_eq(number, 7);
        ck_assert_str_eq(error.where, "OCTET_A_B");
        ck_assert_error_says(&error, texts[i]);
    }
    uint64_t number = 7;
    ck_assert_status(OCT_ERR_INVALID, oct_config_parse_number(&number_option, "1KiB", &number, "t", NULL));
}
END_TEST

START_TEST(numbers_past_64_bits_are_past_every_maximum)
{
    static const char *const texts[] = {"18446744073709551616", "99999999999999999999999", "17179869184GiB"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        uint64_t number = 0, field = 5;
        ck_assert_status_ok(oct_config_parse_number(&bytes_option, texts[i], &number, "t", NULL));
        ck_assert_status(OCT_ERR_INVALID, oct_config_set_number(&bytes_option, &field, number, "t", NULL));
        ck_assert_uint_eq(field, 5);
    }
}
END_TEST

START_TEST(bounds_are_inclusive_and_named)
{
    uint64_t field = 5;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status_ok(oct_config_set_number(&number_option, &field, 2, "t", &error));
    ck_assert_status_ok(oct_config_set_number(&number_option, &field, 9, "t", &error));
    ck_assert_status(OCT_ERR_INVALID, oct_config_set_number(&number_option, &field, 1, "t", NULL));
    ck_assert_status(OCT_ERR_INVALID, oct_config_set_number(&number_option, &field, 10, "t", &error));
    ck_assert_uint_eq(field, 9);
    ck_assert_error_says(&error, "expected 2 to 9 ms");
}
END_TEST

START_TEST(a_choice_is_one_of_its_words_and_nothing_else)
{
    char field[OCT_CONFIG_TEXT_BYTES] = "json";
    ck_assert_status_ok(oct_config_set_text(&choice_option, field, "text", "t", NULL));
    static const char *const texts[] = {"", "tex", "texts", "json|text", "|", "JSON"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_status(OCT_ERR_INVALID, oct_config_set_text(&choice_option, field, texts[i], "t", &error));
        ck_assert_error_says(&error, "json|text");
        ck_assert_str_eq(field, "text");
    }
}
END_TEST

START_TEST(text_is_bounded_and_has_no_control_characters)
{
    char field[OCT_CONFIG_TEXT_BYTES] = "kept";
    char longest[OCT_CONFIG_TEXT_BYTES + 1];
    memset(longest, 'x', sizeof(longest));
    longest[OCT_CONFIG_TEXT_BYTES] = 0;
    ck_assert_status(OCT_ERR_INVALID, oct_config_set_text(&text_option, field, longest, "t", NULL));
    ck_assert_status(OCT_ERR_INVALID, oct_config_set_text(&text_option, field, "a\nb", "t", NULL));
    ck_assert_str_eq(field, "kept");
    longest[OCT_CONFIG_TEXT_BYTES - 1] = 0;
    ck_assert_status_ok(oct_config_set_text(&text_option, field, longest, "t", NULL));
    ck_assert_str_eq(field, longest);
}
END_TEST

START_TEST(flags_are_true_false_1_or_0)
{
    bool field = false;
    ck_assert_status_ok(oct_config_set_flag(&text_option, &field, "true", "t", NULL));
    ck_assert(field);
    ck_assert_status_ok(oct_config_set_flag(&text_option, &field, "0", "t", NULL));
    ck_assert(!field);
    ck_assert_status(OCT_ERR_INVALID, oct_config_set_flag(&text_option, &field, "yes", "t", NULL));
    ck_assert_status(OCT_ERR_INVALID, oct_config_set_flag(&text_option, &field, "", "t", NULL));
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *values = oct_case(suite, "values");
    tcase_add_test(values, bytes_take_binary_units);
    tcase_add_test(values, what_is_no_number_is_refused_with_what_was_given);
    tcase_add_test(values, numbers_past_64_bits_are_past_every_maximum);
    tcase_add_test(values, bounds_are_inclusive_and_named);
    tcase_add_test(values, a_choice_is_one_of_its_words_and_nothing_else);
    tcase_add_test(values, text_is_bounded_and_has_no_control_characters);
    tcase_add_test(values, flags_are_true_false_1_or_0);
}

OCT_CHECK_MAIN("server/config/value", add_tests)
