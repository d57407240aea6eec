// Every kernel of the element-wise families against the formula in affine.h, for every length up to two vectors and
// more.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/kernels/elementwise/dequantize.h"
#include "engine/kernels/elementwise/lut.h"
#include "engine/kernels/elementwise/qadd.h"
#include "engine/kernels/elementwise/qmul.h"
#include "engine/kernels/elementwise/quantize.h"
#include "octet/cpu.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#define MAX_N 200

static bool runs_here(const struct octi_kernel *kernel)
{
    return (octi_isa_required(kernel->isa) & ~oct_cpu_detect()) == 0;
}

static void check_bytes(const struct octi_kernel *kernel, const struct oct_guard *got, const void *expected, size_t n)
{
    ck_assert_msg(memcmp(got->data, expected, n) == 0, "%s: wrong bytes at n = %zu", kernel->name, n);
    ck_assert_msg(oct_guard_intact(got), "%s wrote outside its output at n = %zu", kernel->name, n);
}

static struct octi_output random_output(struct oct_rng *rng)
{
    static const int64_t zero_points[] = {0, 1, 127, 128, 255};
    return octi_output_make(zero_points[oct_rng_between(rng, 0, 4)], 0, 255, oct_rng_between(rng, 0, 1) == 1);
}

static struct octi_quantizer random_quantizer(struct oct_rng *rng, bool ties)
{
    static const int64_t zero_points[] = {0, 1, 127, 128, 255};
    int64_t zero_point = zero_points[oct_rng_between(rng, 0, 4)];
    double scale = ties ? 1.0 : (double)oct_rng_float(rng, 0.1f, 10.0f);
    return oct_rng_between(rng, 0, 1) ? octi_quantizer_make(scale, zero_point, 0, 255, 0)
                                      : octi_quantizer_make(scale, zero_point - 128, -128, 127, 128);
}

START_TEST(every_lut_kernel_looks_up_every_byte)
{
    struct oct_rng rng = {21};
    for (size_t n = 1; n <= MAX_N; n++) {
        uint8_t table[256];
        uint8_t expected[MAX_N];
        oct_rng_bytes(&rng, table, sizeof table);
        struct oct_guard x = oct_guard_create(n);
        oct_rng_bytes(&rng, x.data, n);
        for (size_t i = 0; i < n; i++) {
            x.data[i] = (uint8_t)(n == MAX_N - 1 ? i : x.data[i]);
            expected[i] = table[x.data[i]];
        }
        for (size_t i = 0; i < octi_lut_count(); i++) {
            const struct octi_lut *lut = octi_lut_at(i);
            if (runs_here(&lut->kernel)) {
                struct oct_guard y = oct_guard_create(n);
                lut->run(n, x.data, y.data, table);
                check_bytes(&lut->kernel, &y, expected, n);
                memcpy(y.data, x.data, n);
                lut->run(n, y.data, y.data, table); // in place
                check_bytes(&lut->kernel, &y, expected, n);
                oct_guard_destroy(&y);
            }
        }
        oct_guard_destroy(&x);
    }
}
END_TEST

START_TEST(the_whole_table_is_reached)
{
    uint8_t x[256];
    uint8_t y[256];
    uint8_t table[256];
    struct oct_rng rng = {22};
    oct_rng_bytes(&rng, table, sizeof table);
    for (size_t i = 0; i < 256; i++) {
        x[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < octi_lut_count(); i++) {
        if (runs_here(&octi_lut_at(i)->kernel)) {
            memset(y, 0, sizeof y);
            octi_lut_at(i)->run(256, x, y, table);
            ck_assert_msg(memcmp(y, table, 256) == 0, "%s", octi_lut_at(i)->kernel.name);
        }
    }
}
END_TEST

START_TEST(every_qadd_kernel_equals_the_formula)
{
    struct oct_rng rng = {23};
    for (size_t n = 1; n <= MAX_N; n++) {
        struct octi_qadd_params p = {.a_scale = oct_rng_float(&rng, 0.001f, 0.2f), .b_scale = 0.5f};
        p.a_zero_point = (int32_t)oct_rng_between(&rng, 0, 255);
        p.b_zero_point = (int32_t)oct_rng_between(&rng, 0, 255);
        p.inverse_scale = n % 3 == 0 ? 1.0f : oct_rng_float(&rng, 0.5f, 40.0f);
        p.a_scale = n % 3 == 0 ? 0.5f : p.a_scale;                                       // every other sum is a tie
        p.inverse_scale = n % 7 == 0 ? (n % 2 == 0 ? 3e9f : INFINITY) : p.inverse_scale; // beyond any integer
        p.output = random_output(&rng);
        struct oct_guard a = oct_guard_create(n);
        struct oct_guard b = oct_guard_create(n);
        oct_rng_bytes(&rng, a.data, n);
        oct_rng_bytes(&rng, b.data, n);
        uint8_t expected[MAX_N];
        for (size_t i = 0; i < n; i++) {
            float real_a = p.a_scale * (float)(a.data[i] - p.a_zero_point);
            float real_b = p.b_scale * (float)(b.data[i] - p.b_zero_point);
            expected[i] = (uint8_t)octi_round_clamp((real_a + real_b) * p.inverse_scale, p.output);
        }
        for (size_t i = 0; i < octi_qadd_count(); i++) {
            const struct octi_qadd *add = octi_qadd_at(i);
            if (runs_here(&add->kernel)) {
                struct oct_guard y = oct_guard_create(n);
                add->run(n, a.data, b.data, y.data, &p);
                check_bytes(&add->kernel, &y, expected, n);
                memcpy(y.data, a.data, n);
                add->run(n, y.data, b.data, y.data, &p); // in place
                check_bytes(&add->kernel, &y, expected, n);
                oct_guard_destroy(&y);
            }
        }
        oct_guard_destroy(&a);
        oct_guard_destroy(&b);
    }
}
END_TEST

START_TEST(every_qmul_kernel_equals_the_formula)
{
    struct oct_rng rng = {24};
    for (size_t n = 1; n <= MAX_N; n++) {
        struct octi_qmul_params p = {.a_zero_point = n % 2 == 0 ? 0 : 255, .output = random_output(&rng)};
        p.b_zero_point = (int32_t)oct_rng_between(&rng, 0, 255);
        p.multiplier = n % 3 == 0 ? 0.5f : oct_rng_float(&rng, 0.0001f, 0.1f);
        p.multiplier = n % 7 == 0 ? (n % 2 == 0 ? 3e9f : INFINITY) : p.multiplier; // beyond any integer
        struct oct_guard a = oct_guard_create(n);
        struct oct_guard b = oct_guard_create(n);
        oct_rng_bytes(&rng, a.data, n);
        oct_rng_bytes(&rng, b.data, n);
        uint8_t expected[MAX_N];
        for (size_t i = 0; i < n; i++) {
            int32_t product = (a.data[i] - p.a_zero_point) * (b.data[i] - p.b_zero_point);
            expected[i] = (uint8_t)octi_round_clamp((float)product * p.multiplier, p.output);
        }
        for (size_t i = 0; i < octi_qmul_count(); i++) {
            const struct octi_qmul *mul = octi_qmul_at(i);
            if (runs_here(&mul->kernel)) {
                struct oct_guard y = oct_guard_create(n);
                mul->run(n, a.data, b.data, y.data, &p);
                check_bytes(&mul->kernel, &y, expected, n);
                oct_guard_destroy(&y);
            }
        }
        oct_guard_destroy(&a);
        oct_guard_destroy(&b);
    }
}
END_TEST

// What a client may send: ties, the ends of the range, and what is no number.
static float hostile_float(struct oct_rng *rng)
{
    static const float special[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-40f, -0.0f, 0.5f, 1.5f, -2.5f};
    int64_t i = oct_rng_between(rng, 0, 29);
    return i < 10 ? special[i] : oct_rng_float(rng, -300.0f, 300.0f);
}

START_TEST(every_quantize_kernel_equals_the_formula)
{
    struct oct_rng rng = {25};
    for (size_t n = 1; n <= MAX_N; n++) {
        struct octi_quantizer quantizer = random_quantizer(&rng, n % 2 == 0);
        struct oct_guard x = oct_guard_create(n * sizeof(float));
        float *numbers = (float *)(void *)x.data;
        uint8_t expected[MAX_N];
        for (size_t i = 0; i < n; i++) {
            numbers[i] = hostile_float(&rng);
            expected[i] = (uint8_t)octi_quantize_tensor(numbers[i], &quantizer);
        }
        for (size_t i = 0; i < octi_quantize_count(); i++) {
            const struct octi_quantize *quantize = octi_quantize_at(i);
            if (runs_here(&quantize->kernel)) {
                struct oct_guard y = oct_guard_create(n);
                quantize->run(n, numbers, y.data, &quantizer);
                check_bytes(&quantize->kernel, &y, expected, n);
                oct_guard_destroy(&y);
            }
        }
        oct_guard_destroy(&x);
    }
}
END_TEST

START_TEST(quantizing_into_the_transpose_equals_quantizing_then_transposing)
{
    struct oct_rng rng = {26};
    static const struct {
        size_t rows, columns;
    } shapes[] = {{1, 300}, {3, 1}, {3, 257}, {17, 40}, {33, 300}, {64, 513}};
    struct octi_quantizer quantizer = octi_quantizer_make(1.0, 100, 0, 255, 0);
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        size_t rows = shapes[s].rows;
        size_t columns = shapes[s].columns;
        struct oct_guard x = oct_guard_create(rows * columns * sizeof(float));
        float *numbers = (float *)(void *)x.data;
        uint8_t *expected = malloc(rows * columns);
        for (size_t i = 0; i < rows * columns; i++) {
            numbers[i] = hostile_float(&rng);
            expected[i % columns * rows + i / columns] = (uint8_t)octi_quantize_tensor(numbers[i], &quantizer);
        }
        for (size_t i = 0; i < octi_quantize_count(); i++) {
            const struct octi_quantize *quantize = octi_quantize_at(i);
            if (runs_here(&quantize->kernel)) {
                struct oct_guard y = oct_guard_create(rows * columns);
                const struct octi_transpose *transpose = octi_transpose_select(octi_isa_required(quantize->kernel.isa));
                // Columns in two parts.
                const size_t first = columns / 3;
                octi_quantize_transposed(quantize, transpose, rows, first, numbers, columns, y.data, &quantizer);
                octi_quantize_transposed(quantize, transpose, rows, columns - first, numbers + first, columns,
                                         y.data + first * rows, &quantizer);
                check_bytes(&quantize->kernel, &y, expected, rows * columns);
                oct_guard_destroy(&y);
            }
        }
        free(expected);
        oct_guard_destroy(&x);
    }
}
END_TEST

START_TEST(dequantizing_into_the_transpose_equals_dequantizing_then_transposing)
{
    struct oct_rng rng = {28};
    static const struct {
        size_t rows, columns;
    } shapes[] = {{300, 1}, {1, 3}, {257, 3}, {40, 17}, {300, 33}, {513, 64}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        size_t rows = shapes[s].rows;
        size_t columns = shapes[s].columns;
        struct oct_guard x = oct_guard_create(rows * columns);
        oct_rng_bytes(&rng, x.data, rows * columns);
        float *expected = malloc(rows * columns * sizeof(float));
        for (size_t i = 0; i < rows * columns; i++) {
            expected[i % columns * rows + i / columns] = octi_dequantize(x.data[i], 0.37f, 77);
        }
        for (size_t i = 0; i < octi_dequantize_count(); i++) {
            const struct octi_dequantize *dequantize = octi_dequantize_at(i);
            if (runs_here(&dequantize->kernel)) {
                struct oct_guard y = oct_guard_create(rows * columns * sizeof(float));
                const struct octi_transpose *transpose =
                    octi_transpose_select(octi_isa_required(dequantize->kernel.isa));
                // Rows in two parts.
                const size_t first = rows / 3;
                float *reals = (float *)(void *)y.data;
                octi_dequantize_transposed(dequantize, transpose, first, columns, x.data, reals, rows, 0.37f, 77);
                octi_dequantize_transposed(dequantize, transpose, rows - first, columns, x.data + first * columns,
                                           reals + first, rows, 0.37f, 77);
                check_bytes(&dequantize->kernel, &y, expected, rows * columns * sizeof(float));
                oct_guard_destroy(&y);
            }
        }
        free(expected);
        oct_guard_destroy(&x);
    }
}
END_TEST

START_TEST(every_dequantize_kernel_equals_the_formula)
{
    struct oct_rng rng = {27};
    for (size_t n = 1; n <= MAX_N; n++) {
        float scale = oct_rng_float(&rng, 0.0001f, 2.0f);
        int32_t zero_point = (int32_t)oct_rng_between(&rng, 0, 255);
        struct oct_guard x = oct_guard_create(n);
        oct_rng_bytes(&rng, x.data, n);
        float expected[MAX_N];
        for (size_t i = 0; i < n; i++) {
            expected[i] = octi_dequantize(x.data[i], scale, zero_point);
        }
        for (size_t i = 0; i < octi_dequantize_count(); i++) {
            const struct octi_dequantize *dequantize = octi_dequantize_at(i);
            if (runs_here(&dequantize->kernel)) {
                struct oct_guard y = oct_guard_create(n * sizeof(float));
                dequantize->run(n, x.data, (float *)(void *)y.data, scale, zero_point);
                check_bytes(&dequantize->kernel, &y, expected, n * sizeof(float));
                oct_guard_destroy(&y);
            }
        }
        oct_guard_destroy(&x);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *equal = oct_case(suite, "equal");
    tcase_add_test(equal, every_lut_kernel_looks_up_every_byte);
    tcase_add_test(equal, the_whole_table_is_reached);
    tcase_add_test(equal, every_qadd_kernel_equals_the_formula);
    tcase_add_test(equal, every_qmul_kernel_equals_the_formula);
    tcase_add_test(equal, every_quantize_kernel_equals_the_formula);
    tcase_add_test(equal, quantizing_into_the_transpose_equals_quantizing_then_transposing);
    tcase_add_test(equal, dequantizing_into_the_transpose_equals_dequantizing_then_transposing);
    tcase_add_test(equal, every_dequantize_kernel_equals_the_formula);
}

OCT_CHECK_MAIN("element-wise kernels", add)
