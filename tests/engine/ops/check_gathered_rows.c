#include "engine/ops/gathered_rows.h"

#include <stdlib.h>

#include "tests/support/oct_check.h"

START_TEST(rows_begin_at_cache_lines)
{
    struct octi_gathered_rows rows;
    size_t bytes;
    ck_assert(octi_gathered_rows_plan(0, 7, 21, 12544, &rows, &bytes));
    ck_assert_uint_eq(rows.pitch, 192);
    ck_assert_uint_eq(bytes, rows.capacity * rows.pitch);
    ck_assert(octi_gathered_rows_plan(0, 1, 64, 1, &rows, &bytes));
    ck_assert_uint_eq(rows.pitch, 64);
}
END_TEST

START_TEST(few_rows_need_a_small_buffer_and_long_ones_still_fill_tiles)
{
    struct octi_gathered_rows rows;
    size_t bytes;
    ck_assert(octi_gathered_rows_plan(0, 1, 100, 1, &rows, &bytes));
    ck_assert_uint_lt(bytes, 4096);
    ck_assert(octi_gathered_rows_plan(0, 9, 4096, INT64_MAX, &rows, &bytes));
    ck_assert_uint_ge(rows.capacity, 128);
}
END_TEST

START_TEST(a_run_of_few_rows_is_shared_out_among_as_many_parts_as_one_of_some)
{
    struct octi_gathered_rows rows;
    size_t bytes;
    ck_assert(octi_gathered_rows_plan(0, 1, 100, 16, &rows, &bytes));
    const size_t parts = rows.parts;
    for (int64_t n = 1; n < 16; n++) {
        ck_assert(octi_gathered_rows_plan(0, 1, 100, n, &rows, &bytes));
        ck_assert_uint_ge(rows.parts, 8);
        ck_assert_uint_le(rows.parts, parts);
    }
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    struct octi_gathered_rows rows;
    size_t bytes;
    ck_assert(!octi_gathered_rows_plan(0, SIZE_MAX / 2, 3, 1, &rows, &bytes));
    ck_assert(!octi_gathered_rows_plan(0, 1, SIZE_MAX / 2, INT64_MAX, &rows, &bytes));
}
END_TEST

START_TEST(parts_share_no_row_and_each_has_one)
{
    static const int64_t totals[] = {1, 2, 3, 4, 7, 49, 1000, 12544};
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
        struct octi_gathered_rows rows;
        size_t bytes;
        ck_assert(octi_gathered_rows_plan(0, 9, 70, totals[i], &rows, &bytes));
        uint8_t *buffer = malloc(bytes);
        for (int64_t parts = 1; parts <= (int64_t)rows.parts && parts <= 40; parts++) {
            int64_t n = totals[i] > parts ? totals[i] : parts;
            int64_t each = n / parts, longer = n % parts, begin = 0;
            uint8_t *next = buffer;
            for (int64_t part = 0; part < parts; part++) {
                int64_t end = begin + each + (part < longer ? 1 : 0);
                struct octi_gathered_slice slice = octi_gathered_rows_slice(&rows, buffer, begin, end, n);
                ck_assert_int_ge(slice.rows, 1);
                ck_assert_ptr_eq(slice.to, next);
                next = slice.to + (size_t)slice.rows * rows.pitch;
                begin = end;
            }
            ck_assert_uint_le((size_t)(next - buffer), bytes);
        }
        free(buffer);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *plan = oct_case(suite, "buffer");
    tcase_add_test(plan, rows_begin_at_cache_lines);
    tcase_add_test(plan, few_rows_need_a_small_buffer_and_long_ones_still_fill_tiles);
    tcase_add_test(plan, a_run_of_few_rows_is_shared_out_among_as_many_parts_as_one_of_some);
    tcase_add_test(plan, sizes_that_overflow_are_refused);
    tcase_add_test(plan, parts_share_no_row_and_each_has_one);
}

OCT_CHECK_MAIN("gathered rows", add)
