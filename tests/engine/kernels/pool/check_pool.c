#include "engine/kernels/pool/pool.h"

#include <string.h>

#include "octet/cpu.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#define MAX_CHANNELS 150

static bool runs_here(const struct octi_kernel *kernel)
{
    return (octi_isa_required(kernel->isa) & ~oct_cpu_detect()) == 0;
}

static uint8_t maximum(const struct octi_pool_window *window, size_t c)
{
    uint8_t most = 0;
    for (size_t r = 0; r < window->n_rows; r++) {
        for (size_t i = 0; i < window->n_columns; i++) {
            uint8_t x = window->x[r * window->row_stride + i * window->column_stride + c];
            most = most > x ? most : x;
        }
    }
    return most;
}

static uint8_t average_of(const struct octi_pool_window *window, const struct octi_pool_average *average, size_t c)
{
    int64_t sum = 0;
    for (size_t r = 0; r < window->n_rows; r++) {
        for (size_t i = 0; i < window->n_columns; i++) {
            sum += window->x[r * window->row_stride + i * window->column_stride + c] - average->x_zero_point;
        }
    }
    return (uint8_t)octi_round_clamp((float)sum * average->multiplier, average->output);
}

static void check_window(const struct octi_pool_window *window, const struct octi_pool_average *average)
{
    size_t n = window->n_channels;
    for (size_t i = 0; i < octi_qmaxpool_count(); i++) {
        const struct octi_qmaxpool *kernel = octi_qmaxpool_at(i);
        if (runs_here(&kernel->kernel)) {
            struct oct_guard y = oct_guard_create(n);
            kernel->run(window, y.data);
            for (size_t c = 0; c < n; c++) {
                ck_assert_msg(y.data[c] == maximum(window, c), "%s: channel %zu of %zu", kernel->kernel.name, c, n);
            }
            ck_assert(oct_guard_intact(&y));
            oct_guard_destroy(&y);
        }
    }
    for (size_t i = 0; i < octi_qsumpool_count(); i++) {
        const struct octi_qsumpool *kernel = octi_qsumpool_at(i);
        if (runs_here(&kernel->kernel)) {
            struct oct_guard y = oct_guard_create(n);
            kernel->run(window, average, y.data);
            for (size_t c = 0; c < n; c++) {
                ck_assert_msg(y.data[c] == average_of(window, average, c), "%s: channel %zu of %zu",
                              kernel->kernel.name, c, n);
            }
            ck_assert(oct_guard_intact(&y));
            oct_guard_destroy(&y);
        }
    }
}

START_TEST(every_kernel_pools_every_number_of_channels)
{
    struct oct_rng rng = {41};
    for (size_t channels = 1; channels <= MAX_CHANNELS; channels++) {
        size_t rows = (size_t)oct_rng_between(&rng, 1, 4);
        size_t columns = (size_t)oct_rng_between(&rng, 1, 4);
        size_t dilation = (size_t)oct_rng_between(&rng, 1, 2);
        size_t row_stride = ((columns - 1) * dilation + 1) * channels;
        struct oct_guard x = oct_guard_create(rows * row_stride);
        oct_rng_bytes(&rng, x.data, x.bytes);
        struct octi_pool_window window = {x.data, rows, columns, row_stride, dilation * channels, channels};
        int32_t zero_point = (int32_t)oct_rng_between(&rng, 0, 255);
        struct octi_pool_average average = {zero_point, 1.0f / (float)(rows * columns),
                                            octi_output_make(zero_point, 0, 255, 0)};
        check_window(&window, &average);
        oct_guard_destroy(&x);
    }
}
END_TEST

static void add(Suite *suite)
{
    tcase_add_test(oct_case(suite, "equal"), every_kernel_pools_every_number_of_channels);
}

OCT_CHECK_MAIN("pool", add)
