#include "proto/octet/hex.h"

#include "tests/support/oct_check.h"

START_TEST(bytes_become_lower_case_digits)
{
    char text[7];
    octi_hex_write((const uint8_t *)"\x00\xAB\xff", 3, text);
    ck_assert_str_eq(text, "00abff");
}
END_TEST

START_TEST(hexadecimal_text_is_read_strictly)
{
    uint8_t bytes[2];
    ck_assert(octi_hex_read("00fF", 4, bytes, 2));
    ck_assert_uint_eq(bytes[1], 0xFF);
    ck_assert(!octi_hex_read("00f", 3, bytes, 2));
    ck_assert(!octi_hex_read("00ff0", 5, bytes, 2));
    ck_assert(!octi_hex_read("00fg", 4, bytes, 2));
    ck_assert(!octi_hex_read("0x0f", 4, bytes, 2));
}
END_TEST

static void add(Suite *suite)
{
    TCase *digits = oct_case(suite, "digits");
    tcase_add_test(digits, bytes_become_lower_case_digits);
    tcase_add_test(digits, hexadecimal_text_is_read_strictly);
}

OCT_CHECK_MAIN("proto/octet/hex", add)
