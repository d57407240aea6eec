/// The walker against plain loops over logical positions, with random shapes, orders of dimensions and broadcasts.
#include "engine/ops/op_support.h"
#include "engine/ops/walk.h"
#include "octet/cpu.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#include <string.h>

#define MAX_ELEMENTS 4096
#define TRIES        500

/// A view over `data` whose dimensions lie in a random order of memory.
static struct oct_view random_view(struct oct_rng *rng, enum oct_dtype dtype, const struct oct_shape *shape, void *data)
{
    struct oct_view view;
    memset(&view, 0, sizeof view);
    view.desc.dtype = dtype;
    view.desc.shape = *shape;
    view.data = data;
    bool placed[OCT_MAX_RANK] = {false};
    int64_t stride = 1;
    for (int32_t n = 0; n < shape->rank; n++) {
        int32_t d;
        do {
            d = (int32_t)oct_rng_between(rng, 0, shape->rank - 1);
        } while (placed[d]);
        placed[d] = true;
        view.strides[d] = stride;
        stride *= shape->dims[d];
    }
    return view;
}

static struct oct_shape random_shape(struct oct_rng *rng)
{
    struct oct_shape shape;
    int64_t n;
    do {
        n = 1;
        shape = (struct oct_shape){.rank = (int32_t)oct_rng_between(rng, 0, 6)};
        for (int32_t d = 0; d < shape.rank; d++) {
            shape.dims[d] = oct_rng_between(rng, 1, oct_rng_between(rng, 1, 3) == 1 ? 40 : 4);
            n *= shape.dims[d];
        }
    } while (n > MAX_ELEMENTS);
    return shape;
}

static void run_backwards(void *context, size_t count, oct_task_fn task, void *argument)
{
    (void)context;
    for (size_t i = count; i-- > 0;) {
        task(argument, i, count);
    }
}

START_TEST(copies_between_any_orders_of_memory)
{
    static const enum oct_dtype dtypes[] = {OCT_DTYPE_UINT8, OCT_DTYPE_FLOAT32, OCT_DTYPE_INT64};
    static uint8_t from[MAX_ELEMENTS * 8], to[MAX_ELEMENTS * 8], expected[MAX_ELEMENTS * 8];
    const struct oct_executor executor = {NULL, 3, run_backwards};
    struct oct_rng rng = {7};
    for (int try = 0; try < TRIES; try++) {
        struct oct_shape shape = random_shape(&rng);
        enum oct_dtype dtype = dtypes[oct_rng_between(&rng, 0, 2)];
        oct_rng_bytes(&rng, from, sizeof from);
        memset(to, 0, sizeof to);
        memset(expected, 0, sizeof expected);
        struct oct_view x = random_view(&rng, dtype, &shape, from), y = random_view(&rng, dtype, &shape, to);
        struct oct_view other = y;
        other.data = expected;
        octi_walk_copy(&y, &x, try % 3 ? octi_transpose_select(oct_cpu_detect()) : NULL, try % 2 ? &executor : NULL);
        oct_view_copy(&other, &x);
        ck_assert_msg(memcmp(to, expected, sizeof to) == 0, "try %d", try);
    }
}
END_TEST

static void add_row(const void *context, int64_t n, unsigned char *const *data, const int64_t *strides)
{
    (void)context;
    for (int64_t i = 0; i < n; i++) {
        data[0][i * strides[0]] = (unsigned char)(data[1][i * strides[1]] + data[2][i * strides[2]]);
    }
}

START_TEST(broadcast_operands_are_repeated)
{
    static uint8_t left[MAX_ELEMENTS], right[MAX_ELEMENTS], sum[MAX_ELEMENTS];
    struct oct_rng rng = {8};
    for (int try = 0; try < TRIES; try++) {
        struct oct_shape shape = random_shape(&rng), narrow = {.rank = 0};
        int32_t dropped = (int32_t)oct_rng_between(&rng, 0, shape.rank);
        for (int32_t d = dropped; d < shape.rank; d++) {
            narrow.dims[narrow.rank++] = oct_rng_between(&rng, 1, 3) == 1 ? 1 : shape.dims[d];
        }
        oct_rng_bytes(&rng, left, sizeof left);
        oct_rng_bytes(&rng, right, sizeof right);
        struct oct_view a = random_view(&rng, OCT_DTYPE_UINT8, &shape, left);
        struct oct_view narrow_b = random_view(&rng, OCT_DTYPE_UINT8, &narrow, right);
        struct oct_view b = octi_view_broadcast(&narrow_b, &shape);
        struct oct_view y = random_view(&rng, OCT_DTYPE_UINT8, &shape, sum);
        const struct oct_view *views[] = {&y, &a, &b};
        octi_walk(views, 3, add_row, NULL, NULL);
        int64_t index[OCT_MAX_RANK] = {0};
        do {
            int64_t at_b = 0;
            for (int32_t d = 0; d < narrow.rank; d++) {
                at_b += (narrow.dims[d] == 1 ? 0 : index[d + dropped]) * narrow_b.strides[d];
            }
            uint8_t expected = (uint8_t)(left[octi_view_offset(&a, index)] + right[at_b]);
            ck_assert_msg(sum[octi_view_offset(&y, index)] == expected, "try %d", try);
        } while (octi_index_next(&shape, index));
    }
}
END_TEST

START_TEST(empty_tensors_are_left_alone)
{
    uint8_t byte = 42;
    const struct oct_shape shape = {2, {3, 0}};
    struct oct_rng rng = {9};
    struct oct_view x = random_view(&rng, OCT_DTYPE_UINT8, &shape, &byte);
    octi_walk_copy(&x, &x, NULL, NULL);
    ck_assert_uint_eq(byte, 42);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *walk = oct_case(suite, "walk");
    tcase_add_test(walk, copies_between_any_orders_of_memory);
    tcase_add_test(walk, broadcast_operands_are_repeated);
    tcase_add_test(walk, empty_tensors_are_left_alone);
}

OCT_CHECK_MAIN("walk", add_tests)
