#include "proto/json/scan.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/oct_check.h"

static struct octi_json_scanner scanner_of(const char *text, struct oct_error *error)
{
    struct octi_json_scanner scanner;
    octi_json_scan_init(&scanner, text, strlen(text), 100, error);
    return scanner;
}

START_TEST(escapes_are_decoded_and_found_again)
{
    struct octi_json_scanner scanner = scanner_of("\"a\\u00e9\\ud83d\\ude00\\n\\\\z\"", NULL);
    struct octi_json_text text;
    char out[32];
    ck_assert(octi_json_scan_text(&scanner, &text));
    ck_assert_uint_eq(text.n_bytes, 1 + 2 + 4 + 1 + 1 + 1);
    ck_assert_uint_eq(text.position, 101);
    octi_json_unescape(&text, out);
    ck_assert_mem_eq(out, "a\xC3\xA9\xF0\x9F\x98\x80\n\\z", 10);
    ck_assert_uint_eq(octi_json_raw_offset(&text, 0), 0);
    ck_assert_uint_eq(octi_json_raw_offset(&text, 1), 1);
    ck_assert_uint_eq(octi_json_raw_offset(&text, 3), 7);
    ck_assert_uint_eq(octi_json_raw_offset(&text, 7), 19);
    ck_assert_uint_eq(octi_json_raw_offset(&text, 9), 23);
    ck_assert(octi_json_text_is(&text, "a\xC3\xA9\xF0\x9F\x98\x80\n\\z"));
    ck_assert(!octi_json_text_is(&text, "a\xC3\xA9\xF0\x9F\x98\x80\n\\y"));
}
END_TEST

START_TEST(strings_of_every_length_and_alignment_end_at_their_quote)
{
    // The eight-byte steps of plain text must see a special byte at each place.
    char text[64];
    static const char specials[] = {'"', '\\', '\x1f', '\x80'};
    for (size_t length = 0; length < 40; length++) {
        for (size_t s = 0; s < sizeof specials; s++) {
            size_t n = 0;
            text[n++] = '"';
            memset(text + n, 'a' + (int)(length % 26), length);
            n += length;
            text[n++] = specials[s];
            memcpy(text + n, "nnnnnnnnnn\"", 12);
            struct octi_json_scanner scanner = scanner_of(text, NULL);
            struct octi_json_text string;
            bool read = octi_json_scan_text(&scanner, &string);
            ck_assert(read == (s < 2));
            if (s == 0) {
                ck_assert_uint_eq(string.n_bytes, length);
            } else if (s == 1) {
                ck_assert_uint_eq(string.n_bytes, length + 10);
            } else {
                ck_assert_uint_eq(octi_json_position(&scanner), 100 + 1 + length);
            }
        }
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *strings = oct_case(suite, "strings");
    tcase_add_test(strings, escapes_are_decoded_and_found_again);
    tcase_add_test(strings, strings_of_every_length_and_alignment_end_at_their_quote);
}

OCT_CHECK_MAIN("proto/json/scan_text", add)
