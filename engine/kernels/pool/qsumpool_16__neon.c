#include "engine/kernels/arm/bytes_neon.h"
#include "engine/kernels/arm/requant_neon.h"
#include "engine/kernels/pool/pool.h"

static inline __attribute__((always_inline)) int32x4_t
average_four(uint32x4_t sum, int32x4_t zero_points, float32x4_t multiplier, const struct octi_requant_neon *requant)
{
    const float32x4_t centred = vcvtq_f32_s32(vsubq_s32(vreinterpretq_s32_u32(sum), zero_points));
    return octi_round_neon(vmulq_f32(centred, multiplier), requant);
}

static void one(const struct octi_pool_window *window, const struct octi_pool_average *average, uint8_t *y)
{
    const struct octi_requant_neon requant = octi_requant_neon(average->output);
    const float32x4_t multiplier = vdupq_n_f32(average->multiplier);
    const int32_t n = (int32_t)(window->n_rows * window->n_columns);
    const int32x4_t zero_points = vdupq_n_s32(n * average->x_zero_point);
    for (size_t c = 0; c < window->n_channels; c += 16) {
        const size_t left = window->n_channels - c;
        uint32x4_t s0 = vdupq_n_u32(0);
        uint32x4_t s1 = s0;
        uint32x4_t s2 = s0;
        uint32x4_t s3 = s0;
        for (size_t r = 0; r < window->n_rows; r++) {
            const uint8_t *x = window->x + r * window->row_stride + c;
            for (size_t i = 0; i < window->n_columns; i++) {
                const uint8x16_t bytes = octi_load_bytes_neon(x + i * window->column_stride, left);
                const uint16x8_t low = vmovl_u8(vget_low_u8(bytes));
                const uint16x8_t high = vmovl_u8(vget_high_u8(bytes));
                s0 = vaddw_u16(s0, vget_low_u16(low));
                s1 = vaddw_u16(s1, vget_high_u16(low));
                s2 = vaddw_u16(s2, vget_low_u16(high));
                s3 = vaddw_u16(s3, vget_high_u16(high));
            }
        }
        const uint8x16_t bytes = octi_pack_neon(average_four(s0, zero_points, multiplier, &requant),
                                                average_four(s1, zero_points, multiplier, &requant),
                                                average_four(s2, zero_points, multiplier, &requant),
                                                average_four(s3, zero_points, multiplier, &requant), &requant);
        octi_store_bytes_neon(y + c, bytes, left);
    }
}

void octi_qsumpool_16__neon(const struct octi_pool_window *window, const struct octi_pool_average *average, uint8_t *y)
{
    const struct octi_pool_window line = octi_pool_widened(window);
    for (size_t w = 0; w < line.n_windows; w++) {
        const struct octi_pool_window at = octi_pool_window_at(&line, w);
        one(&at, average, y + w * line.n_channels);
    }
}
