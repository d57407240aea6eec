// Every kernel of the family against the addresses as a product would read them.
#include "engine/kernels/gather/gather.h"

#include <stdlib.h>
#include <string.h>

#include "octet/cpu.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

// What no kernel may write.
#define UNTOUCHED 0xa5

static void check_rows(const struct octi_qgemm_call *call, size_t taps, size_t k, size_t pitch)
{
    for (size_t i = 0; i < octi_gather_count(); i++) {
        const struct octi_gather *record = octi_gather_at(i);
        if ((octi_isa_required(record->kernel.isa) & ~oct_cpu_detect()) != 0) {
            continue;
        }
        struct oct_guard to = oct_guard_create(call->m * pitch);
        memset(to.data, UNTOUCHED, to.bytes);
        record->run(call, taps, k, pitch, to.data);
        for (size_t at = 0; at < to.bytes; at++) {
            size_t in_row = at % pitch;
            uint8_t expected = in_row < taps * k ? octi_qgemm_row(call, in_row / k, at / pitch)[in_row % k] : UNTOUCHED;
            ck_assert_msg(((uint8_t *)to.data)[at] == expected, "%s: byte %zu of row %zu, taps %zu, k %zu",
                          record->kernel.name, in_row, at / pitch, taps, k);
        }
        ck_assert_msg(oct_guard_intact(&to), "%s wrote outside its output", record->kernel.name);
        oct_guard_destroy(&to);
    }
}

START_TEST(taps_lie_one_behind_the_other)
{
    struct oct_rng rng = {61};
    for (int repeat = 0; repeat < 300; repeat++) {
        size_t m = (size_t)oct_rng_between(&rng, 1, 9);
        size_t taps = (size_t)oct_rng_between(&rng, 1, 9);
        size_t k = (size_t)oct_rng_between(&rng, 1, repeat % 2 == 0 ? 40 : 200);
        size_t positions = (size_t)oct_rng_between(&rng, 1, 12);
        struct oct_guard x = oct_guard_create(positions * k);
        struct oct_guard padding = oct_guard_create(k);
        oct_rng_bytes(&rng, x.data, x.bytes);
        memset(padding.data, 77, k);
        int32_t *offsets = malloc(taps * m * sizeof *offsets);
        for (size_t i = 0; i < taps * m; i++) {
            int64_t position = oct_rng_between(&rng, -1, (int64_t)positions - 1);
            offsets[i] = position < 0 ? OCTI_QGEMM_PADDING : (int32_t)(position * (int64_t)k);
        }
        struct octi_qgemm_call call = {
            .m = m, .a = x.data, .offsets = offsets, .offset_stride = m, .padding = padding.data};
        check_rows(&call, taps, k, taps * k + (size_t)oct_rng_between(&rng, 0, 70));
        free(offsets);
        oct_guard_destroy(&padding);
        oct_guard_destroy(&x);
    }
}
END_TEST

START_TEST(a_tap_stride_replaces_the_offsets_of_later_taps)
{
    struct oct_rng rng = {62};
    for (size_t k = 1; k <= 70; k += 3) {
        enum { ROWS = 5, TAPS = 4 };
        struct oct_guard x = oct_guard_create(TAPS * (ROWS + k));
        oct_rng_bytes(&rng, x.data, x.bytes);
        static const int32_t offsets[ROWS] = {0, 3, 1, 2, 4};
        struct octi_qgemm_call call = {.m = ROWS, .a = x.data, .offsets = offsets, .tap_stride = ROWS + k};
        check_rows(&call, TAPS, k, TAPS * k);
        oct_guard_destroy(&x);
    }
}
END_TEST

START_TEST(rows_without_a_table_are_copied_to_their_pitch)
{
    struct oct_rng rng = {63};
    for (size_t k = 1; k <= 140; k += 7) {
        struct oct_guard x = oct_guard_create(6 * k);
        oct_rng_bytes(&rng, x.data, x.bytes);
        struct octi_qgemm_call call = {.m = 6, .a = x.data, .a_stride = k};
        check_rows(&call, 1, k, (k + 63) / 64 * 64);
        oct_guard_destroy(&x);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *rows = oct_case(suite, "rows");
    tcase_add_test(rows, taps_lie_one_behind_the_other);
    tcase_add_test(rows, a_tap_stride_replaces_the_offsets_of_later_taps);
    tcase_add_test(rows, rows_without_a_table_are_copied_to_their_pitch);
}

OCT_CHECK_MAIN("gather", add)
