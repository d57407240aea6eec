#include "proto/json/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

static struct octi_number number_of(const char *text)
{
    struct octi_number number;
    const uint8_t *begin = (const uint8_t *)text;
    ck_assert_msg(octi_number_scan(begin, begin + strlen(text), &number), "no number: %s", text);
    ck_assert_msg(number.end == begin + strlen(text), "not read to its end: %s", text);
    return number;
}

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_float(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/// libc's conversions are the oracle: they are correctly rounded.
static void compare(const char *text)
{
    struct octi_number number = number_of(text);
    float want_float = strtof(text, NULL), got_float = octi_number_float(&number);
    double want_double = strtod(text, NULL), got_double = octi_number_double(&number);
    ck_assert_msg(same_float(got_float, want_float), "%s: float %a, expected %a", text, (double)got_float,
                  (double)want_float);
    ck_assert_msg(same_double(got_double, want_double), "%s: double %a, expected %a", text, got_double, want_double);
    const uint8_t *fault = NULL, *begin = (const uint8_t *)text;
    ck_assert_ptr_eq(octi_number_skip(begin, begin + strlen(text), &fault), begin + strlen(text));
}

START_TEST(hard_cases_are_correctly_rounded)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "-0.0",
        "0e5",
        "0.000e-999999999999",
        "1",
        "16777217",
        "16777219",
        "9007199254740993",
        "0.1",
        "0.2",
        "0.3",
        "123456789012345678901234567890",
        "1e22",
        "1e23",
        "1e38",
        "3.4028235e38",
        "3.4028235677973366e38",
        "3.40282357e38",
        "3.5e38",
        "1e39",
        "1e308",
        "1.7976931348623157e308",
        "1e309",
        "1.17549435e-38",
        "1.1754942e-38",
        "1e-45",
        "7e-46",
        "7.006492321624085e-46",
        "1.4e-45",
        "1e-46",
        "4.9e-324",
        "2e-324",
        "1e-999999999999999999999",
        "1e999999999999999999999",
        "2.2250738585072011e-308",
        "0.00000000000000000000000000000000000000000000000000000000000001e62",
        "1.00000005960464477539062500000000000000000000000000000000000000000001",
        "1.000000059604644775390625",
        "1.0000000596046447753906249999999999999999999999999",
        "17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720709633028641"
        "66928879109465555478519404026306574886715058206819089020007083836762738548458177115317644757302700698555713669"
        "59622842914819860834936475292719074168444365510704342711559699508093042880",
        "8.5899345920000000000000000000001e9",
        "8589934592.5",
        "99999999999999999999",
        "18446744073709551616",
        "0.10000000149011612",
        "2.999999892949745e-08",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        compare(texts[i]);
    }
}
END_TEST

START_TEST(random_texts_give_what_libc_gives)
{
    struct oct_rng rng = {7};
    char text[128];
    for (int i = 0; i < 300000; i++) {
        uint64_t bits = oct_rng_next(&rng);
        uint32_t low = (uint32_t)bits;
        float value;
        double wide;
        memcpy(&value, &low, sizeof value);
        memcpy(&wide, &bits, sizeof wide);
        value = isfinite(value) ? value : 1.0f;
        wide = isfinite(wide) ? wide : 1.0;
        switch (bits >> 61) {
        case 0: // what Python sends for a float32
            snprintf(text, sizeof text, "%.17g", (double)value);
            break;
        case 1:
            snprintf(text, sizeof text, "%.9g", (double)value);
            break;
        case 2: // the middle between two floats, exactly or nearly
            snprintf(text, sizeof text, "%.*g", 17 + (int)(bits >> 40 & 31),
                     ((double)value + (double)nextafterf(value, 0)) / 2);
            break;
        case 3:
            snprintf(text, sizeof text, "%.17g", wide);
            break;
        case 4:
            snprintf(text, sizeof text, "%llu.%llue%d", (unsigned long long)(bits >> 3 & 0xFFFFF),
                     (unsigned long long)(bits >> 5), (int)(bits >> 33 & 127) - 64);
            break;
        case 5:
            snprintf(text, sizeof text, "%llu%llu%llue-%d", (unsigned long long)(bits | 1),
                     (unsigned long long)(bits >> 7), (unsigned long long)bits, (int)(bits >> 20 & 127));
            break;
        case 6:
            snprintf(text, sizeof text, "-0.000%llu", (unsigned long long)(bits >> 20 & 0xFFFFFFFFFF));
            break;
        default:
            snprintf(text, sizeof text, "%lld", (long long)(int64_t)bits);
            break;
        }
        compare(text);
    }
}
END_TEST

START_TEST(a_number_of_a_million_digits_is_converted)
{
    size_t n = 1000000;
    char *text = malloc(n + 16);
    ck_assert_ptr_nonnull(text);
    memset(text, '9', n);
    memcpy(text, "0.", 2);
    text[n] = '\0';
    struct octi_number number = number_of(text);
    ck_assert(same_double(octi_number_double(&number), 1.0));
    ck_assert(same_float(octi_number_float(&number), 1.0f));
    memset(text + 2, '0', n - 2);
    memcpy(text + n - 1, "25e999998", 10);
    number = number_of(text);
    ck_assert(same_double(octi_number_double(&number), 2.5));
    int64_t integer;
    ck_assert_int_eq(octi_number_int64(&number, &integer), OCTI_NUMBER_NOT_AN_INTEGER);
    // One beyond the middle between 1 and the next double, in the last of many digits.
    strcpy(text, "1.00000000000000011102230246251565404236316680908203125");
    size_t length = strlen(text);
    memset(text + length, '0', 5000);
    text[length + 5000] = '\0';
    number = number_of(text);
    ck_assert(same_double(octi_number_double(&number), 1.0));
    text[length + 4999] = '1';
    ck_assert(same_double(octi_number_double(&number), 1.0 + DBL_EPSILON));
    free(text);
}
END_TEST

static const struct {
    const char *text;
    enum octi_number_fault fault;
    int64_t value;
} integers[] = {
    {"0", OCTI_NUMBER_OK, 0},
    {"-0.0", OCTI_NUMBER_OK, 0},
    {"1.0", OCTI_NUMBER_OK, 1},
    {"10e-1", OCTI_NUMBER_OK, 1},
    {"1.5e1", OCTI_NUMBER_OK, 15},
    {"-12e2", OCTI_NUMBER_OK, -1200},
    {"9223372036854775807", OCTI_NUMBER_OK, INT64_MAX},
    {"-9223372036854775808", OCTI_NUMBER_OK, INT64_MIN},
    {"9223372036854775808", OCTI_NUMBER_RANGE, 0},
    {"-9223372036854775809", OCTI_NUMBER_RANGE, 0},
    {"18446744073709551616", OCTI_NUMBER_RANGE, 0},
    {"100000000000000000000", OCTI_NUMBER_RANGE, 0},
    {"1e30", OCTI_NUMBER_RANGE, 0},
    {"1e999999999999999999", OCTI_NUMBER_RANGE, 0},
    {"1.00000000000000000000000000", OCTI_NUMBER_OK, 1},
    {"1.00000000000000000000000001", OCTI_NUMBER_NOT_AN_INTEGER, 0},
    {"0.5", OCTI_NUMBER_NOT_AN_INTEGER, 0},
    {"1e-1", OCTI_NUMBER_NOT_AN_INTEGER, 0},
    {"1e-999999999999999999", OCTI_NUMBER_NOT_AN_INTEGER, 0},
    {"0e999999999999999999", OCTI_NUMBER_OK, 0},
};

START_TEST(integers_are_exact_in_any_spelling)
{
    struct octi_number number = number_of(integers[_i].text);
    int64_t value = 0;
    ck_assert_int_eq(octi_number_int64(&number, &value), integers[_i].fault);
    ck_assert_int_eq(value, integers[_i].value);
}
END_TEST

START_TEST(what_is_no_number_is_not_scanned)
{
    static const char *const texts[] = {"", "-", "a", ".5", "+1", "1.", "1.e1", "1e", "1e+", "NaN"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const uint8_t *begin = (const uint8_t *)texts[i], *fault = NULL;
        struct octi_number number;
        ck_assert_msg(!octi_number_scan(begin, begin + strlen(texts[i]), &number), "%s", texts[i]);
        ck_assert_ptr_null(octi_number_skip(begin, begin + strlen(texts[i]), &fault));
        ck_assert_ptr_nonnull(fault);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *values = oct_case(suite, "values");
    tcase_add_test(values, hard_cases_are_correctly_rounded);
    tcase_add_test(values, random_texts_give_what_libc_gives);
    tcase_add_test(values, a_number_of_a_million_digits_is_converted);
    tcase_add_loop_test(values, integers_are_exact_in_any_spelling, 0, (int)(sizeof integers / sizeof integers[0]));
    tcase_add_test(values, what_is_no_number_is_not_scanned);
}

OCT_CHECK_MAIN("proto/json/number", add)
