// Every kernel of the family against where the contract puts each weight.
#include "engine/kernels/quads/quads.h"

#include <string.h>

#include "octet/cpu.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#define UNTOUCHED 0x5a // what no kernel may write
#define COLUMNS   OCTI_QUADS_COLUMNS

struct quads_case {
    size_t n, taps, stride, first, step, sums_step;
    struct oct_guard weights[COLUMNS]; // that end where the last weight does
    bool exists[COLUMNS];
};

// The last weight of the last tap is the last that may be read.
static struct quads_case make_case(struct oct_rng *rng, size_t n, size_t taps, size_t stride)
{
    struct quads_case c = {.n = n, .taps = taps, .stride = stride};
    c.first = (size_t)oct_rng_between(rng, 0, 9);
    c.step = (size_t)64 * (size_t)oct_rng_between(rng, 1, 3);
    c.sums_step = oct_rng_between(rng, 0, 1) == 0 ? 0 : COLUMNS * (size_t)oct_rng_between(rng, 1, 2);
    for (size_t p = 0; p < COLUMNS; p++) {
        c.exists[p] = oct_rng_between(rng, 0, 5) > 0;
        c.weights[p] = oct_guard_create(c.first + (4 * n - 1) * stride + taps);
        oct_rng_bytes(rng, c.weights[p].data, c.weights[p].bytes);
    }
    return c;
}

static int8_t weight_of(const struct quads_case *c, size_t p, size_t tap, size_t k)
{
    return c->exists[p] ? ((const int8_t *)c->weights[p].data)[c->first + k * c->stride + tap] : 0;
}

static void check_kernel(const struct octi_quads *record, const struct quads_case *c)
{
    const int8_t *columns[COLUMNS];
    for (size_t p = 0; p < COLUMNS; p++) {
        columns[p] = c->exists[p] ? (const int8_t *)c->weights[p].data : NULL;
    }
    const size_t tap_step = c->n * c->step, past_end = c->step - (size_t)4 * COLUMNS;
    struct oct_guard to = oct_guard_create(c->taps * tap_step - past_end);
    struct oct_guard sums = oct_guard_create(((c->taps - 1) * c->sums_step + COLUMNS) * sizeof(uint32_t));
    memset(to.data, UNTOUCHED, to.bytes);
    memset(sums.data, 0xff, sums.bytes); // added to, modulo 2^32
    struct octi_quads_call call = {
        .columns = columns, .first = c->first, .n = c->n, .taps = c->taps, .stride = c->stride};
    call.to = (int8_t *)to.data;
    call.step = c->step;
    call.tap_step = tap_step;
    call.sums = (uint32_t *)(void *)sums.data;
    call.sums_step = c->sums_step;
    record->run(&call);
    for (size_t at = 0; at < to.bytes; at++) {
        const size_t row = at / c->step, in_row = at % c->step;
        const int8_t expected = in_row < (size_t)4 * COLUMNS
                                    ? weight_of(c, in_row / 4, row / c->n, 4 * (row % c->n) + in_row % 4)
                                    : UNTOUCHED;
        ck_assert_msg(((const int8_t *)to.data)[at] == expected,
                      "%s: byte %zu of quad %zu, n %zu, taps %zu, stride %zu", record->kernel.name, in_row, row, c->n,
                      c->taps, c->stride);
    }
    const size_t n_sums = c->sums_step == 0 ? 1 : c->taps; // of a column
    for (size_t tap = 0; tap < n_sums; tap++) {
        for (size_t p = 0; p < COLUMNS; p++) {
            uint32_t expected = UINT32_MAX;
            for (size_t t = 0; t < c->taps; t++) {
                for (size_t k = 0; (c->sums_step == 0 || t == tap) && k < 4 * c->n; k++) {
                    const int32_t weight = weight_of(c, p, t, k);
                    expected += (uint32_t)weight;
                }
            }
            ck_assert_msg(((const uint32_t *)(const void *)sums.data)[tap * c->sums_step + p] == expected,
                          "%s: sum of column %zu of tap %zu", record->kernel.name, p, tap);
        }
    }
    ck_assert_msg(oct_guard_intact(&to) && oct_guard_intact(&sums), "%s wrote outside its output", record->kernel.name);
    oct_guard_destroy(&sums);
    oct_guard_destroy(&to);
}

static void check_kernels(struct oct_rng *rng, size_t n, size_t taps, size_t stride)
{
    struct quads_case c = make_case(rng, n, taps, stride);
    for (size_t i = 0; i < octi_quads_count(); i++) {
        const struct octi_quads *record = octi_quads_at(i);
        if ((octi_isa_required(record->kernel.isa) & ~oct_cpu_detect()) == 0) {
            check_kernel(record, &c);
        }
    }
    for (size_t p = 0; p < COLUMNS; p++) {
        oct_guard_destroy(&c.weights[p]);
    }
}

START_TEST(quads_of_neighbours_lie_side_by_side)
{
    struct oct_rng rng = {81};
    for (size_t n = 1; n <= OCTI_QUADS_MAX; n++) {
        check_kernels(&rng, n, 1, 1);
    }
}
END_TEST

START_TEST(taps_of_a_window_are_taken_apart)
{
    struct oct_rng rng = {82};
    for (size_t taps = 1; taps <= 27; taps++) {
        check_kernels(&rng, OCTI_QUADS_MAX, taps, taps);
        check_kernels(&rng, (size_t)oct_rng_between(&rng, 1, OCTI_QUADS_MAX), taps, taps);
    }
}
END_TEST

START_TEST(some_taps_of_a_window_are_packed_alone)
{
    struct oct_rng rng = {83};
    for (int round = 0; round < 80; round++) {
        const size_t stride = (size_t)oct_rng_between(&rng, 1, 30);
        const size_t taps = (size_t)oct_rng_between(&rng, 1, (int64_t)stride);
        check_kernels(&rng, (size_t)oct_rng_between(&rng, 1, OCTI_QUADS_MAX), taps, stride);
    }
}
END_TEST

START_TEST(sums_hold_the_smallest_and_the_largest_weights)
{
    static const int8_t extremes[] = {-128, 127};
    struct oct_rng rng = {84};
    for (int e = 0; e < 2; e++) {
        for (size_t taps = 1; taps <= 9; taps += 8) {
            struct quads_case c = make_case(&rng, OCTI_QUADS_MAX, taps, taps);
            for (size_t p = 0; p < COLUMNS; p++) {
                memset(c.weights[p].data, extremes[e], c.weights[p].bytes);
            }
            for (size_t i = 0; i < octi_quads_count(); i++) {
                if ((octi_isa_required(octi_quads_at(i)->kernel.isa) & ~oct_cpu_detect()) == 0) {
                    check_kernel(octi_quads_at(i), &c);
                }
            }
            for (size_t p = 0; p < COLUMNS; p++) {
                oct_guard_destroy(&c.weights[p]);
            }
        }
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *quads = oct_case(suite, "quads");
    tcase_add_test(quads, quads_of_neighbours_lie_side_by_side);
    tcase_add_test(quads, taps_of_a_window_are_taken_apart);
    tcase_add_test(quads, some_taps_of_a_window_are_packed_alone);
    tcase_add_test(quads, sums_hold_the_smallest_and_the_largest_weights);
}

OCT_CHECK_MAIN("quads", add)
