/// One inline function per product instruction, and a load that stays where it is written.
///
/// gcc 12 schedules before it allocates registers: in a tile of 24 accumulators written with intrinsics it moves the
/// loads of all weights to the front and keeps accumulators on the stack. Volatile inline assembly keeps the order.
#ifndef OCTET_ENGINE_KERNELS_ARM_DOT_H
#define OCTET_ENGINE_KERNELS_ARM_DOT_H

#include <arm_neon.h>

/// 16 weights (any alignment).
static inline __attribute__((always_inline)) int8x16_t octi_load_weights_neon(const int8_t *w)
{
#if defined(__clang__)
    return vld1q_s8(w);
#else
    int8x16_t loaded;
    __asm__ volatile("ldr %q0, %1" : "=w"(loaded) : "m"(*(const char(*)[16])w));
    return loaded;
#endif
}

#if defined(__ARM_FEATURE_DOTPROD)
/// sum[i] += dot of 4 signed bytes of w and quad `lane` (a constant 0..3) of x (sdot).
static inline __attribute__((always_inline)) int32x4_t
octi_dot_s8s8_lane_neon(int32x4_t sum, int8x16_t w, int8x16_t x, const int lane)
{
#if defined(__clang__)
#define OCTI_DOT_LANE(n) sum = vdotq_laneq_s32(sum, w, x, n)
#else
#define OCTI_DOT_LANE(n) __asm__ volatile("sdot %0.4s, %1.16b, %2.4b[" #n "]" : "+w"(sum) : "w"(w), "w"(x))
#endif
    switch (lane) {
    case 0:
        OCTI_DOT_LANE(0);
        break;
    case 1:
        OCTI_DOT_LANE(1);
        break;
    case 2:
        OCTI_DOT_LANE(2);
        break;
    default:
        OCTI_DOT_LANE(3);
        break;
    }
#undef OCTI_DOT_LANE
    return sum;
}
#endif

#if defined(__ARM_FEATURE_MATMUL_INT8)
/// sum (2 x 2) += x (2 rows of 8 unsigned bytes) times w (2 columns of 8 signed bytes) (usmmla).
static inline __attribute__((always_inline)) int32x4_t octi_multiply_u8s8_neon(int32x4_t sum, uint8x16_t x, int8x16_t w)
{
#if defined(__clang__)
    return vusmmlaq_s32(sum, x, w);
#else
    __asm__ volatile("usmmla %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(x), "w"(w));
    return sum;
#endif
}
#endif

#endif
