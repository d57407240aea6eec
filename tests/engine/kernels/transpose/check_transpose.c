#include "engine/kernels/transpose/transpose.h"

#include <string.h>

#include "octet/cpu.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#define GAP 3 // elements between rows of y that nobody may touch

static bool runs_here(const struct octi_transpose *kernel)
{
    return (octi_isa_required(kernel->kernel.isa) & ~oct_cpu_detect()) == 0;
}

static void check_shape(struct oct_rng *rng, size_t rows, size_t columns, size_t element, size_t gap)
{
    size_t x_stride = columns + gap;
    size_t y_stride = rows + gap;
    struct oct_guard x = oct_guard_create((rows * x_stride - gap) * element);
    oct_rng_bytes(rng, x.data, x.bytes);
    for (size_t i = 0; i < octi_transpose_count(); i++) {
        const struct octi_transpose *kernel = octi_transpose_at(i);
        if (!runs_here(kernel)) {
            continue;
        }
        struct oct_guard y = oct_guard_create((columns * y_stride - gap) * element);
        uint8_t untouched = y.data[0];
        if (element == 1) {
            kernel->bytes(rows, columns, x.data, x_stride, y.data, y_stride);
        } else {
            kernel->words(rows, columns, (const uint32_t *)(const void *)x.data, x_stride, (uint32_t *)(void *)y.data,
                          y_stride);
        }
        for (size_t c = 0; c < columns; c++) {
            for (size_t r = 0; r < rows; r++) {
                ck_assert_msg(
                    memcmp(y.data + (c * y_stride + r) * element, x.data + (r * x_stride + c) * element, element) == 0,
                    "%s: %zu x %zu of %zu bytes: wrong at (%zu, %zu)", kernel->kernel.name, rows, columns, element, r,
                    c);
            }
            for (size_t g = 0; g < gap * element && c + 1 < columns; g++) {
                ck_assert_uint_eq(y.data[(c * y_stride + rows) * element + g], untouched);
            }
        }
        ck_assert(oct_guard_intact(&y));
        oct_guard_destroy(&y);
    }
    oct_guard_destroy(&x);
}

START_TEST(every_kernel_transposes_shapes_around_its_blocks)
{
    struct oct_rng rng = {31};
    static const size_t extents[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 35};
    static const size_t n = sizeof extents / sizeof extents[0];
    for (size_t i = 0; i < n * n; i++) {
        check_shape(&rng, extents[i / n], extents[i % n], 1, GAP);
        check_shape(&rng, extents[i / n], extents[i % n], 4, GAP);
    }
}
END_TEST

START_TEST(a_few_rows_become_dense_columns)
{
    struct oct_rng rng = {32};
    for (size_t rows = 1; rows <= 5; rows++) {
        for (size_t columns = 1; columns <= 200; columns++) {
            check_shape(&rng, rows, columns, 1, 0);
        }
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *equal = oct_case(suite, "equal");
    tcase_add_test(equal, every_kernel_transposes_shapes_around_its_blocks);
    tcase_add_test(equal, a_few_rows_become_dense_columns);
}

OCT_CHECK_MAIN("transpose", add)
