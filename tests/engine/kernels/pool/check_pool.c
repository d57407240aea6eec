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

// Byte w * n_channels + c of the answers.
static uint8_t maximum(const struct octi_pool_window *line, size_t w, size_t c)
{
    uint8_t most = 0;
    for (size_t r = 0; r < line->n_rows; r++) {
        for (size_t i = 0; i < line->n_columns; i++) {
            uint8_t x = line->x[w * line->window_stride + r * line->row_stride + i * line->column_stride + c];
            most = most > x ? most : x;
        }
    }
    return most;
}

static uint8_t
average_of(const struct octi_pool_window *line, const struct octi_pool_average *average, size_t w, size_t c)
{
    int64_t sum = 0;
    for (size_t r = 0; r < line->n_rows; r++) {
        for (size_t i = 0; i < line->n_columns; i++) {
            sum += line->x[w * line->window_stride + r * line->row_stride + i * line->column_stride + c] -
                   average->x_zero_point;
        }
    }
    return (uint8_t)octi_round_clamp((float)sum * average->multiplier, average->output);
}

static void check_line(const struct octi_pool_window *line, const struct octi_pool_average *average)
{
    const size_t channels = line->n_channels, n = line->n_windows * channels;
    for (size_t i = 0; i < octi_qmaxpool_count(); i++) {
        const struct octi_qmaxpool *kernel = octi_qmaxpool_at(i);
        if (runs_here(&kernel->kernel)) {
            struct oct_guard y = oct_guard_create(n);
            kernel->run(line, y.data);
            for (size_t e = 0; e < n; e++) {
                ck_assert_msg(y.data[e] == maximum(line, e / channels, e % channels),
                              "%s: window %zu, channel %zu of %zu", kernel->kernel.name, e / channels, e % channels,
                              channels);
            }
            ck_assert(oct_guard_intact(&y));
            oct_guard_destroy(&y);
        }
    }
    for (size_t i = 0; i < octi_qsumpool_count(); i++) {
        const struct octi_qsumpool *kernel = octi_qsumpool_at(i);
        if (runs_here(&kernel->kernel)) {
            struct oct_guard y = oct_guard_create(n);
            kernel->run(line, average, y.data);
            for (size_t e = 0; e < n; e++) {
                ck_assert_msg(y.data[e] == average_of(line, average, e / channels, e % channels),
                              "%s: window %zu, channel %zu of %zu", kernel->kernel.name, e / channels, e % channels,
                              channels);
            }
            ck_assert(oct_guard_intact(&y));
            oct_guard_destroy(&y);
        }
    }
}

struct shape {
    size_t rows, columns, stride, dilation, windows, channels;
};

static void check_shape(struct oct_rng *rng, struct shape shape)
{
    size_t width = (shape.windows - 1) * shape.stride + (shape.columns - 1) * shape.dilation + 1;
    struct oct_guard x = oct_guard_create(shape.rows * width * shape.channels);
    oct_rng_bytes(rng, x.data, x.bytes);
    struct octi_pool_window line = {
        .x = x.data,
        .n_rows = shape.rows,
        .n_columns = shape.columns,
        .row_stride = width * shape.channels,
        .column_stride = shape.dilation * shape.channels,
        .n_channels = shape.channels,
        .n_windows = shape.windows,
        .window_stride = shape.stride * shape.channels,
    };
    int32_t zero_point = (int32_t)oct_rng_between(rng, 0, 255);
    struct octi_pool_average average = {zero_point, 1.0f / (float)(shape.rows * shape.columns),
                                        octi_output_make(zero_point, 0, 255, 0)};
    check_line(&line, &average);
    oct_guard_destroy(&x);
}

START_TEST(every_kernel_pools_every_number_of_channels)
{
    struct oct_rng rng = {41};
    for (size_t channels = 1; channels <= MAX_CHANNELS; channels++) {
        struct shape shape = {.channels = channels};
        shape.rows = (size_t)oct_rng_between(&rng, 1, 4);
        shape.columns = (size_t)oct_rng_between(&rng, 1, 4);
        shape.stride = (size_t)oct_rng_between(&rng, 1, 4);
        shape.dilation = (size_t)oct_rng_between(&rng, 1, 2);
        shape.windows = (size_t)oct_rng_between(&rng, 1, 6);
        check_shape(&rng, shape);
    }
}
END_TEST

START_TEST(windows_that_share_columns_pool_like_any)
{
    static const size_t CHANNELS[] = {16, 32, 64, 75, 128, 333, 640};
    struct oct_rng rng = {42};
    for (size_t i = 0; i < sizeof CHANNELS / sizeof CHANNELS[0]; i++) {
        for (size_t side = 2; side <= 3; side++) {
            for (size_t stride = 1; stride <= 3; stride++) {
                for (size_t windows = 1; windows <= 5; windows++) {
                    check_shape(&rng, (struct shape){side, side, stride, 1, windows, CHANNELS[i]});
                }
            }
        }
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *equal = oct_case(suite, "equal");
    tcase_add_test(equal, every_kernel_pools_every_number_of_channels);
    tcase_add_test(equal, windows_that_share_columns_pool_like_any);
}

OCT_CHECK_MAIN("pool", add)
