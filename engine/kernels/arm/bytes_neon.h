/// Bytes in NEON registers: partial vectors, and bytes as numbers.
#ifndef OCTET_ENGINE_KERNELS_ARM_BYTES_NEON_H
#define OCTET_ENGINE_KERNELS_ARM_BYTES_NEON_H

#include <arm_neon.h>
#include <stddef.h>
#include <string.h>

/// The first min(n, 16) bytes at `x`, zeros after them; nothing beyond is read.
static inline __attribute__((always_inline)) uint8x16_t octi_load_bytes_neon(const uint8_t *x, size_t n)
{
    if (n >= 16) {
        return vld1q_u8(x);
    }
    uint8_t buffer[16] = {0};
    memcpy(buffer, x, n);
    return vld1q_u8(buffer);
}

/// The first min(n, 8) bytes.
static inline __attribute__((always_inline)) void octi_store_half_neon(uint8_t *y, uint8x8_t bytes, size_t n)
{
    if (n >= 8) {
        vst1_u8(y, bytes);
        return;
    }
    if ((n & 4) != 0) {
        const uint32_t four = vget_lane_u32(vreinterpret_u32_u8(bytes), 0);
        memcpy(y, &four, sizeof four);
        bytes = vext_u8(bytes, bytes, 4);
        y += 4;
    }
    if ((n & 2) != 0) {
        const uint16_t two = vget_lane_u16(vreinterpret_u16_u8(bytes), 0);
        memcpy(y, &two, sizeof two);
        bytes = vext_u8(bytes, bytes, 2);
        y += 2;
    }
    if ((n & 1) != 0) {
        *y = vget_lane_u8(bytes, 0);
    }
}

/// The first min(n, 16) bytes, without a call, which would cost the caller its vectors.
static inline __attribute__((always_inline)) void octi_store_bytes_neon(uint8_t *y, uint8x16_t bytes, size_t n)
{
    if (n >= 16) {
        vst1q_u8(y, bytes);
        return;
    }
    octi_store_half_neon(y, vget_low_u8(bytes), n);
    if (n > 8) {
        octi_store_half_neon(y + 8, vget_high_u8(bytes), n - 8);
    }
}

/// 16 bytes less a zero point, exact in 16 bits.
static inline __attribute__((always_inline)) int16x8x2_t octi_centre_neon(uint8x16_t bytes, int16x8_t zero_point)
{
    int16x8x2_t centred;
    centred.val[0] = vsubq_s16(vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes))), zero_point);
    centred.val[1] = vsubq_s16(vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(bytes))), zero_point);
    return centred;
}

#endif
