/// Every length around the sizes that are copied in pieces, with gaps on both sides.
#include "engine/ops/copy_rows.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST 200
#define ROWS    5
#define MAX_GAP 9

START_TEST(rows_of_every_length_arrive_and_the_gaps_between_stay)
{
    static uint8_t expected[ROWS * (LONGEST + MAX_GAP)];
    struct oct_rng rng = {11};
    for (size_t i = 0; i < LONGEST * ROWS; i++) {
        const size_t bytes = i / ROWS + 1, n = i % ROWS + 1;
        const size_t to_pitch = bytes + (size_t)oct_rng_between(&rng, 0, MAX_GAP);
        const size_t from_pitch = bytes + (size_t)oct_rng_between(&rng, 0, MAX_GAP);
        const size_t to_bytes = (n - 1) * to_pitch + bytes, from_bytes = (n - 1) * from_pitch + bytes;
        struct oct_guard to = oct_guard_create(to_bytes);
        uint8_t *from = malloc(from_bytes); // no byte more, for sanitizers to see
        ck_assert_ptr_nonnull(from);
        oct_rng_bytes(&rng, from, from_bytes);
        memcpy(expected, to.data, to_bytes);
        for (size_t b = 0; b < n * bytes; b++) {
            expected[b / bytes * to_pitch + b % bytes] = from[b / bytes * from_pitch + b % bytes];
        }
        octi_copy_rows(n, bytes, to.data, (int64_t)to_pitch, from, (int64_t)from_pitch);
        ck_assert_msg(memcmp(to.data, expected, to_bytes) == 0, "%zu rows of %zu bytes", n, bytes);
        ck_assert_msg(oct_guard_intact(&to), "%zu rows of %zu bytes", n, bytes);
        oct_guard_destroy(&to);
        free(from);
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *rows = oct_case(suite, "rows");
    tcase_add_test(rows, rows_of_every_length_arrive_and_the_gaps_between_stay);
}

OCT_CHECK_MAIN("copy_rows", add_tests)
