/// Window arithmetic, positions, broadcasting, taps and ranges: what operator records share.
#include "engine/ops/extent.h"
#include "engine/ops/op_support.h"
#include "engine/ops/parallel.h"
#include "engine/ops/pool.h"
#include "tests/support/oct_check.h"

#include <string.h>

/// Counts windows one by one, as the definition says.
static int64_t
count_windows(int64_t extent, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation, bool ceil)
{
    int64_t reach = dilation * (kernel - 1) + 1, n = 0;
    for (int64_t start = -padding;; start += stride) {
        bool fits = start + reach <= extent + padding;
        bool hangs_over = ceil && start + reach - stride < extent + padding && start < extent;
        if (!fits && !hangs_over) {
            return n > 0 ? n : -1;
        }
        // In ceil mode a window that starts in the right padding is dropped, even one that fits.
        if (ceil && start >= extent) {
            return n > 0 ? n : -1;
        }
        n++;
    }
}

START_TEST(window_extent_is_the_number_of_windows)
{
    int checked = 0;
    for (int64_t extent = 1; extent <= 9; extent++) {
        for (int64_t kernel = 1; kernel <= 4; kernel++) {
            for (int64_t stride = 1; stride <= 4; stride++) {
                for (int64_t padding = 0; padding <= kernel / 2; padding++) {
                    for (int64_t dilation = 1; dilation <= 3; dilation++) {
                        for (int ceil = 0; ceil < 2; ceil++) {
                            int64_t got = octi_window_extent(extent, kernel, stride, padding, dilation, ceil != 0);
                            int64_t expected = count_windows(extent, kernel, stride, padding, dilation, ceil != 0);
                            ck_assert_msg(
                                got == expected,
                                "extent %d kernel %d stride %d padding %d dilation %d ceil %d: %d, expected %d",
                                (int)extent, (int)kernel, (int)stride, (int)padding, (int)dilation, ceil, (int)got,
                                (int)expected);
                            checked++;
                        }
                    }
                }
            }
        }
    }
    ck_assert_int_gt(checked, 1000);
}
END_TEST

START_TEST(window_extent_refuses_what_overflows)
{
    const int64_t big = INT64_MAX;
    ck_assert_int_eq(octi_window_extent(big, 1, 1, 0, 1, false), big);
    ck_assert_int_eq(octi_window_extent(big, 1, 1, 1, 1, false), -1);
    ck_assert_int_eq(octi_window_extent(5, big, 1, 0, big, false), -1);
    ck_assert_int_eq(octi_window_extent(5, 3, 1, big, 1, false), -1);
    ck_assert_int_eq(octi_window_extent(big, 1, big, 0, 1, true), -1);
    ck_assert_int_eq(octi_window_extent(-1, 1, 1, 0, 1, false), -1);
    ck_assert_int_eq(octi_window_extent(5, 0, 1, 0, 1, false), -1);
    ck_assert_int_eq(octi_window_extent(5, 1, 0, 0, 1, false), -1);
    ck_assert_int_eq(octi_window_extent(5, 1, 1, 0, 0, false), -1);
}
END_TEST

START_TEST(taps_are_the_positions_inside_the_image)
{
    for (int64_t extent = 1; extent <= 6; extent++) {
        for (int64_t kernel = 1; kernel <= 5; kernel++) {
            for (int64_t dilation = 1; dilation <= 4; dilation++) {
                for (int64_t start = -6; start <= 6; start++) {
                    struct octi_taps taps = octi_taps_of(start, extent, kernel, dilation);
                    int64_t n = 0, first = -1;
                    for (int64_t j = 0; j < kernel; j++) {
                        int64_t at = start + j * dilation;
                        if (at >= 0 && at < extent) {
                            first = n == 0 ? at : first;
                            n++;
                        }
                    }
                    ck_assert_int_eq(taps.count, n);
                    ck_assert(n == 0 || taps.first == first);
                }
            }
        }
    }
    // A window of two thousand million taps is counted, not walked.
    struct octi_taps taps = octi_taps_of(-1073741823, 3, INT32_MAX, 1);
    ck_assert(taps.first == 0 && taps.count == 3);
}
END_TEST

START_TEST(index_visits_every_position_in_row_major_order)
{
    const struct oct_shape shape = {3, {2, 1, 3}};
    int64_t index[OCT_MAX_RANK] = {0};
    int64_t expected = 0;
    do {
        ck_assert_int_eq(index[0] * 3 + index[2], expected);
        ck_assert_int_eq(index[1], 0);
        expected++;
    } while (octi_index_next(&shape, index));
    ck_assert_int_eq(expected, 6);
    const struct oct_shape scalar = {.rank = 0};
    ck_assert(!octi_index_next(&scalar, index)); // one position
}
END_TEST

START_TEST(batch_leads_where_rows_lie_together)
{
    const struct oct_shape leading[] = {
        {0, {0}}, {2, {3, 4}}, {2, {-1, 4}}, {3, {1, -2, 4}}, {1, {-1}}, {2, {1, 1}},
    };
    const struct oct_shape not_leading[] = {{2, {3, -1}}, {2, {-1, -1}}, {3, {1, 2, -1}}, {3, {-1, 4, -2}}};
    for (size_t i = 0; i < sizeof leading / sizeof leading[0]; i++) {
        ck_assert_msg(octi_batch_leads(&leading[i]), "%zu", i);
    }
    for (size_t i = 0; i < sizeof not_leading / sizeof not_leading[0]; i++) {
        ck_assert_msg(!octi_batch_leads(&not_leading[i]), "%zu", i);
    }
}
END_TEST

#define MAX_ITEMS 5000

struct tally {
    int seen[MAX_ITEMS];
    int calls;
};

static void count_range(const void *context, int64_t begin, int64_t end)
{
    struct tally *tally = *(struct tally *const *)context;
    tally->calls++;
    for (int64_t i = begin; i < end; i++) {
        tally->seen[i]++;
    }
}

static void run_in_turn(void *context, size_t count, oct_task_fn task, void *argument)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        task(argument, i, count);
    }
}

START_TEST(parallel_ranges_cover_every_item_once)
{
    static const int64_t counts[] = {1, 2, 3, 7, 64, 1000, 4999};
    for (size_t width = 1; width <= 5; width++) {
        const struct oct_executor executor = {NULL, width, run_in_turn};
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            struct tally *tally = calloc(1, sizeof *tally);
            ck_assert_ptr_nonnull(tally);
            octi_parallel_for(&executor, counts[c], 1 << 20, count_range, &tally);
            for (int64_t i = 0; i < MAX_ITEMS; i++) {
                ck_assert_int_eq(tally->seen[i], i < counts[c] ? 1 : 0);
            }
            int expected = (int64_t)width < counts[c] ? (int)width : (int)counts[c];
            ck_assert_int_eq(tally->calls, expected);
            free(tally);
        }
    }
}
END_TEST

START_TEST(little_work_is_done_in_one_piece)
{
    const struct oct_executor executor = {NULL, 4, run_in_turn};
    struct tally *tally = calloc(1, sizeof *tally);
    ck_assert_ptr_nonnull(tally);
    octi_parallel_for(&executor, 100, 10, count_range, &tally);
    ck_assert_int_eq(tally->calls, 1);
    octi_parallel_for(NULL, 100, INT64_MAX, count_range, &tally);
    ck_assert_int_eq(tally->calls, 2);
    octi_parallel_for(&executor, 0, 10, count_range, &tally);
    ck_assert_int_eq(tally->calls, 2); // nothing to do
    free(tally);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *shapes = oct_case(suite, "shapes");
    tcase_add_test(shapes, window_extent_is_the_number_of_windows);
    tcase_add_test(shapes, window_extent_refuses_what_overflows);
    tcase_add_test(shapes, taps_are_the_positions_inside_the_image);
    tcase_add_test(shapes, index_visits_every_position_in_row_major_order);
    tcase_add_test(shapes, batch_leads_where_rows_lie_together);
    TCase *ranges = oct_case(suite, "ranges");
    tcase_add_test(ranges, parallel_ranges_cover_every_item_once);
    tcase_add_test(ranges, little_work_is_done_in_one_piece);
}

OCT_CHECK_MAIN("operator support", add_tests)
