// The self-test passes on this machine at every level, and fails for a kernel that is wrong in one byte of its output.
#include "engine/kernels/self_test.h"

#include "octet/cpu.h"
#include "octet/kernels.h"
#include "tests/support/oct_check.h"
#if defined(__x86_64__)
#include "engine/kernels/x86/tiles.h"
#endif

#include <stdio.h>
#include <string.h>

START_TEST(this_machine_passes_at_every_level_it_has)
{
    for (int isa = 0; isa < OCTI_ISA_COUNT; isa++) {
        const uint64_t mask = octi_isa_required((enum octi_isa)isa);
        struct oct_error error = OCT_ERROR_INIT;
        if ((mask & ~oct_cpu_detect()) == 0) {
            ck_assert_ok(oct_kernels_self_test(mask, &error), &error);
        } else {
            printf("skipped: kernels of level %s, which this machine has not\n", octi_isa_name((enum octi_isa)isa));
        }
    }
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_kernels_self_test(oct_cpu_detect(), &error), &error);
}
END_TEST

#if defined(__x86_64__)
START_TEST(no_tiles_are_left_loaded)
{
    if ((oct_cpu_detect() & OCT_CPU_BIT(AMXINT8)) == 0) {
        printf("skipped: tiles, which this machine has not\n");
        return;
    }
    const struct octi_tile_config none = {0};
    struct octi_tile_config current;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_kernels_self_test(oct_cpu_detect(), &error), &error);
    octi_tiles_current(&current);
    ck_assert_mem_eq(&current, &none, sizeof none);
}
END_TEST
#endif

START_TEST(features_this_machine_lacks_are_refused)
{
    uint64_t every = ((uint64_t)1 << OCT_CPU_FEATURE_COUNT) - 1;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_uint_ne(every & ~oct_cpu_detect(), 0); // no machine is both x86 and ARM
    ck_assert_status(OCT_ERR_INVALID, oct_kernels_self_test(every, &error));
}
END_TEST

// Forgeries: the right answer with the last byte changed by one.

static void
forged_gemm(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel)
{
    octi_qgemm_at(0)->run(call, weights, panel);
    call->c[(call->m - 1) * call->c_stride + panel->first + panel->n - 1] ^= 1;
}

static void
forged_dwconv(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel)
{
    octi_qdwconv_at(0)->run(call, weights, panel);
    call->c[(call->m - 1) * call->c_stride + panel->first + panel->n - 1] ^= 1;
}

static void forged_gather(const struct octi_qgemm_call *call, size_t taps, size_t k, size_t pitch, uint8_t *to)
{
    octi_gather_at(0)->run(call, taps, k, pitch, to);
    to[(call->m - 1) * pitch + taps * k - 1] ^= 1;
}

static void
forged_groupconv(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel)
{
    octi_qgroupconv_at(0)->run(call, weights, panel);
    call->c[(call->m - 1) * call->c_stride + panel->first + panel->n - 1] ^= 1;
}

static void
forged_finish(const struct octi_qwinograd_call *call, const struct octi_panels *weights, const struct octi_panel *panel)
{
    octi_qwinograd_at(0)->finish(call, weights, panel);
    const struct octi_qwinograd_target *last = &call->targets[call->n - 1];
    const size_t pixel = (last->height - 1u) * call->c_line + (last->width - 1u) * call->c_stride;
    last->c[pixel + panel->first + panel->n - 1] ^= 1;
}

static void
forged_firstconv(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel)
{
    octi_qfirstconv_at(0)->run(call, weights, panel);
    call->c[(call->m - 1) * call->c_stride + panel->first + panel->n - 1] ^= 1;
}

static void forged_lut(size_t n, const uint8_t *x, uint8_t *y, const uint8_t *table)
{
    octi_lut_at(0)->run(n, x, y, table);
    y[n - 1] ^= 1;
}

static void forged_add(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qadd_params *params)
{
    octi_qadd_at(0)->run(n, a, b, y, params);
    y[n - 1] ^= 1;
}

static void forged_mul(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qmul_params *params)
{
    octi_qmul_at(0)->run(n, a, b, y, params);
    y[n - 1] ^= 1;
}

static void forged_quantize(size_t n, const float *x, uint8_t *y, const struct octi_quantizer *quantizer)
{
    octi_quantize_at(0)->run(n, x, y, quantizer);
    y[n - 1] ^= 1;
}

static void forged_dequantize(size_t n, const uint8_t *x, float *y, float scale, int32_t zero_point)
{
    octi_dequantize_at(0)->run(n, x, y, scale, zero_point);
    y[n - 1] += 1.0f;
}

static void
forged_bytes(size_t n_rows, size_t n_columns, const uint8_t *x, size_t x_stride, uint8_t *y, size_t y_stride)
{
    octi_transpose_at(0)->bytes(n_rows, n_columns, x, x_stride, y, y_stride);
    y[(n_columns - 1) * y_stride + n_rows - 1] ^= 1;
}

static void forged_max(const struct octi_pool_window *window, uint8_t *y)
{
    octi_qmaxpool_at(0)->run(window, y);
    y[window->n_channels - 1] ^= 1;
}

static void forged_sum(const struct octi_pool_window *window, const struct octi_pool_average *average, uint8_t *y)
{
    octi_qsumpool_at(0)->run(window, average, y);
    y[window->n_channels - 1] ^= 1;
}

START_TEST(a_wrong_kernel_is_found_in_every_family)
{
    struct octi_qgemm gemm = *octi_qgemm_at(0);
    ck_assert(octi_qgemm_self_test(&gemm));
    gemm.run = forged_gemm;
    ck_assert(!octi_qgemm_self_test(&gemm));
    struct octi_qdwconv dwconv = *octi_qdwconv_at(0);
    dwconv.run = forged_dwconv;
    ck_assert(!octi_qdwconv_self_test(&dwconv));
    struct octi_gather gather = {octi_gather_at(0)->kernel, forged_gather};
    ck_assert(!octi_gather_self_test(&gather));
    struct octi_qgroupconv groupconv = *octi_qgroupconv_at(0);
    groupconv.run = forged_groupconv;
    ck_assert(!octi_qgroupconv_self_test(&groupconv));
    struct octi_qwinograd winograd = *octi_qwinograd_at(0);
    ck_assert(octi_qwinograd_self_test(&winograd));
    winograd.finish = forged_finish;
    ck_assert(!octi_qwinograd_self_test(&winograd));
    struct octi_qfirstconv firstconv = *octi_qfirstconv_at(0);
    firstconv.run = forged_firstconv;
    ck_assert(!octi_qfirstconv_self_test(&firstconv));
    struct octi_lut lut = {octi_lut_at(0)->kernel, forged_lut};
    ck_assert(!octi_lut_self_test(&lut));
    struct octi_qadd add = {octi_qadd_at(0)->kernel, forged_add};
    ck_assert(!octi_qadd_self_test(&add));
    struct octi_qmul mul = {octi_qmul_at(0)->kernel, forged_mul};
    ck_assert(!octi_qmul_self_test(&mul));
    struct octi_quantize quantize = {octi_quantize_at(0)->kernel, forged_quantize};
    ck_assert(!octi_quantize_self_test(&quantize));
    struct octi_dequantize dequantize = {octi_dequantize_at(0)->kernel, forged_dequantize};
    ck_assert(!octi_dequantize_self_test(&dequantize));
    struct octi_transpose transpose = *octi_transpose_at(0);
    transpose.bytes = forged_bytes;
    ck_assert(!octi_transpose_self_test(&transpose));
    struct octi_qmaxpool max = {octi_qmaxpool_at(0)->kernel, forged_max};
    ck_assert(!octi_qmaxpool_self_test(&max));
    struct octi_qsumpool sum = {octi_qsumpool_at(0)->kernel, forged_sum};
    ck_assert(!octi_qsumpool_self_test(&sum));
}
END_TEST

static void add(Suite *suite)
{
    TCase *self_test = oct_case(suite, "self-test");
    tcase_add_test(self_test, this_machine_passes_at_every_level_it_has);
#if defined(__x86_64__)
    tcase_add_test(self_test, no_tiles_are_left_loaded);
#endif
    tcase_add_test(self_test, features_this_machine_lacks_are_refused);
    tcase_add_test(self_test, a_wrong_kernel_is_found_in_every_family);
}

OCT_CHECK_MAIN("kernel self-test", add)
