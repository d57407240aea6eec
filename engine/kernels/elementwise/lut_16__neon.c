// The whole table in 16 registers: four look-ups of 64 bytes, of which all but one leave a byte as it is.
#include <arm_neon.h>

#include "engine/kernels/elementwise/lut.h"

static inline __attribute__((always_inline)) uint8x16x4_t load_part(const uint8_t *table)
{
    uint8x16x4_t part;
    part.val[0] = vld1q_u8(table);
    part.val[1] = vld1q_u8(table + 16);
    part.val[2] = vld1q_u8(table + 32);
    part.val[3] = vld1q_u8(table + 48);
    return part;
}

void octi_lut_16__neon(size_t n, const uint8_t *x, uint8_t *y, const uint8_t *table)
{
    const uint8x16x4_t t0 = load_part(table);
    const uint8x16x4_t t1 = load_part(table + 64);
    const uint8x16x4_t t2 = load_part(table + 128);
    const uint8x16x4_t t3 = load_part(table + 192);
    const uint8x16_t part = vdupq_n_u8(64);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        uint8x16_t index = vld1q_u8(x + i);
        uint8x16_t bytes = vqtbl4q_u8(t0, index); // beyond 63: zero
        index = vsubq_u8(index, part);
        bytes = vqtbx4q_u8(bytes, t1, index); // beyond 63: as it was
        index = vsubq_u8(index, part);
        bytes = vqtbx4q_u8(bytes, t2, index);
        index = vsubq_u8(index, part);
        bytes = vqtbx4q_u8(bytes, t3, index);
        vst1q_u8(y + i, bytes);
    }
    for (; i < n; i++) {
        y[i] = table[x[i]];
    }
}
