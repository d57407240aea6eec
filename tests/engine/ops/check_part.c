/// Parts of tensors: every element of the part once, none beside it, whatever the pitches.
#include "engine/ops/part.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#include <string.h>

#define MAX_BYTES 8192

static void add_one(const void *context, int64_t n, unsigned char *const *data, const int64_t *strides)
{
    (void)context;
    for (int64_t i = 0; i < n; i++) {
        data[0][i * strides[0]] = (unsigned char)(data[1][i * strides[1]] + 1);
    }
}

/// A view of rows of `columns` bytes, `pitch` apart: channels-last images or a matrix.
static struct oct_view rows_of(bool images, int64_t rows, int64_t columns, int64_t pitch, void *data)
{
    struct oct_view view;
    memset(&view, 0, sizeof view);
    view.data = data;
    view.desc.dtype = OCT_DTYPE_QUINT8;
    if (images) {
        view.desc.format = OCT_FORMAT_CHANNELS_LAST;
        view.desc.shape = (struct oct_shape){4, {1, columns, 1, rows}};
        memcpy(view.strides, (const int64_t[]){rows * pitch, 1, rows * pitch, pitch}, 4 * sizeof(int64_t));
    } else {
        view.desc.shape = (struct oct_shape){2, {rows, columns}};
        memcpy(view.strides, (const int64_t[]){pitch, 1}, 2 * sizeof(int64_t));
    }
    return view;
}

START_TEST(a_part_is_done_and_nothing_else)
{
    static unsigned char from[MAX_BYTES], to[MAX_BYTES], expected[MAX_BYTES];
    struct oct_rng rng = {(uint64_t)_i + 1};
    for (int round = 0; round < 300; round++) {
        int64_t rows = oct_rng_between(&rng, 1, 30), columns = oct_rng_between(&rng, 1, 90);
        int64_t pitches[2];
        for (int v = 0; v < 2; v++) {
            pitches[v] = columns + (oct_rng_between(&rng, 0, 1) ? oct_rng_between(&rng, 0, 60) : 0);
        }
        struct oct_op_part part;
        part.row_begin = oct_rng_between(&rng, 0, rows - 1);
        part.row_end = oct_rng_between(&rng, part.row_begin + 1, rows);
        bool whole = oct_rng_between(&rng, 0, 1);
        part.column_begin = whole ? 0 : oct_rng_between(&rng, 0, columns - 1);
        part.column_end = whole ? columns : oct_rng_between(&rng, part.column_begin + 1, columns);
        oct_rng_bytes(&rng, from, sizeof from);
        oct_rng_bytes(&rng, to, sizeof to);
        memcpy(expected, to, sizeof to);
        for (int64_t r = part.row_begin; r < part.row_end; r++) {
            for (int64_t c = part.column_begin; c < part.column_end; c++) {
                expected[r * pitches[0] + c] = (unsigned char)(from[r * pitches[1] + c] + 1);
            }
        }
        struct oct_view y = rows_of(_i, rows, columns, pitches[0], to);
        struct oct_view x = rows_of(_i, rows, columns, pitches[1], from);
        const struct oct_view *views[] = {&y, &x};
        octi_part_walk(&part, views, 2, add_one, NULL);
        ck_assert_mem_eq(to, expected, sizeof to);
    }
}
END_TEST

static void note(const struct oct_op_run_call *call, const struct oct_op_part *part)
{
    int64_t *order = call->scratch;
    order[++order[0]] = (int64_t)call->n_inputs * 100 + part->row_end;
}

START_TEST(followers_get_a_finished_part_in_their_order)
{
    int64_t order[4] = {0};
    const struct oct_op_run_call first = {.n_inputs = 1, .scratch = order}, second = {.n_inputs = 2, .scratch = order};
    const struct oct_op_follower followers[] = {{note, &first}, {note, &second}};
    const struct oct_op_run_call call = {.followers = followers, .n_followers = 2};
    octi_part_done(&call, &(struct oct_op_part){0, 7, 0, 3});
    ck_assert_int_eq(order[0], 2);
    ck_assert_int_eq(order[1], 107);
    ck_assert_int_eq(order[2], 207);
}
END_TEST

static void add(Suite *suite)
{
    TCase *parts = oct_case(suite, "parts");
    tcase_add_loop_test(parts, a_part_is_done_and_nothing_else, 0, 2);
    tcase_add_test(parts, followers_get_a_finished_part_in_their_order);
}

OCT_CHECK_MAIN("engine/ops/part", add)
