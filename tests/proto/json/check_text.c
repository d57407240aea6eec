#include "proto/json/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

static const struct {
    float value;
    const char *text;
} floats[] = {
    {0.0f, "0.0"},
    {-0.0f, "-0.0"},
    {1.0f, "1.0"},
    {-1.5f, "-1.5"},
    {0.1f, "0.1"},
    {100.0f, "100.0"},
    {16777216.0f, "16777216.0"},
    {123456.78f, "123456.78"},
    {1e-4f, "0.0001"},
    {1e-5f, "0.00001"},
    {1e-6f, "1e-6"},
    {1.17549435e-38f, "1.1754944e-38"},
    {FLT_MAX, "3.4028235e+38"},
    {1e-45f, "1e-45"},
    {9.5367432e-7f, "9.536743e-7"},
    {1e15f, "1000000000000000.0"},
    {1e16f, "1e+16"},
    {8589934592.0f, "8589935000.0"},
    {0.3f, "0.3"},
    {1.0f / 3, "0.33333334"},
};

START_TEST(floats_have_their_shortest_text)
{
    char text[OCTI_TEXT_BYTES + 1];
    size_t length = octi_text_float(floats[_i].value, text);
    text[length] = '\0';
    ck_assert_str_eq(text, floats[_i].text);
}
END_TEST

/// Digits that %.{p}e needs to read back.
static int fewest_digits(float value)
{
    char text[48];
    for (int digits = 1; digits < 9; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, (double)value);
        if (strtof(text, NULL) == value) {
            return digits;
        }
    }
    return 9;
}

static int count_digits(const char *text)
{
    int n = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text == '0') {
            zeros += n > 0;
        } else if (*text != '.' && *text != '-') {
            n += zeros + 1;
            zeros = 0;
        }
    }
    return n;
}

START_TEST(any_float_reads_back_and_no_shorter_text_does)
{
    struct oct_rng rng = {3};
    for (int i = 0; i < 300000; i++) {
        uint32_t bits = (uint32_t)oct_rng_next(&rng);
        if (i < 2000) {
            bits = (uint32_t)(i / 8) << 23 | (((uint32_t)(i % 8) - 4) & 0x7FFFFF); // around each power of two
        }
        float value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value) || value == 0) {
            continue;
        }
        char text[OCTI_TEXT_BYTES + 1];
        size_t length = octi_text_float(value, text);
        ck_assert_uint_le(length, OCTI_TEXT_BYTES);
        text[length] = '\0';
        ck_assert_msg(strtof(text, NULL) == value, "%s is not %a", text, (double)value);
        ck_assert_msg(count_digits(text) <= fewest_digits(value), "%s is longer than %.9g", text, (double)value);
        ck_assert_msg(strpbrk(text, ".e") != NULL, "%s reads as an integer", text);
    }
}
END_TEST

START_TEST(doubles_read_back)
{
    struct oct_rng rng = {4};
    static const double values[] = {0.0,    -0.0,    1.0,         0.1,  1e300,
                                    5e-324, DBL_MAX, 123456789.0, 1e17, 0.30000000000000004};
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = oct_rng_next(&rng);
        double value;
        memcpy(&value, &bits, sizeof value);
        value = i < 10 ? values[i] : value;
        if (!isfinite(value)) {
            continue;
        }
        char text[OCTI_TEXT_BYTES + 1];
        size_t length = octi_text_double(value, text);
        ck_assert_uint_le(length, OCTI_TEXT_BYTES);
        text[length] = '\0';
        double back = strtod(text, NULL);
        ck_assert_mem_eq(&back, &value, sizeof value);
        ck_assert_msg(strpbrk(text, ".e") != NULL, "%s reads as an integer", text);
    }
    char text[OCTI_TEXT_BYTES + 1];
    text[octi_text_double(0.1, text)] = '\0';
    ck_assert_str_eq(text, "0.1");
}
END_TEST

START_TEST(integers_are_printed_to_their_bounds)
{
    char text[OCTI_TEXT_BYTES + 1];
    text[octi_text_int64(INT64_MIN, text)] = '\0';
    ck_assert_str_eq(text, "-9223372036854775808");
    text[octi_text_int64(0, text)] = '\0';
    ck_assert_str_eq(text, "0");
    text[octi_text_uint64(UINT64_MAX, text)] = '\0';
    ck_assert_str_eq(text, "18446744073709551615");
}
END_TEST

static void add(Suite *suite)
{
    TCase *texts = oct_case(suite, "texts");
    tcase_add_loop_test(texts, floats_have_their_shortest_text, 0, (int)(sizeof floats / sizeof floats[0]));
    tcase_add_test(texts, any_float_reads_back_and_no_shorter_text_does);
    tcase_add_test(texts, doubles_read_back);
    tcase_add_test(texts, integers_are_printed_to_their_bounds);
}

OCT_CHECK_MAIN("proto/json/text", add)
