/// 16 channels of a pixel in NEON: their sums, in natural order, and what becomes of them.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_FINISH_NEON_H
#define OCTET_ENGINE_KERNELS_QDWCONV_FINISH_NEON_H

#include "engine/kernels/arm/bytes_neon.h"
#include "engine/kernels/arm/requant_neon.h"
#include "engine/kernels/qdwconv/qdwconv.h"

struct octi_channels_neon {
    int32x4_t v0, v1, v2, v3;
};

static inline __attribute__((always_inline)) struct octi_channels_neon octi_zero_channels_neon(void)
{
    const int32x4_t zero = vdupq_n_s32(0);
    return (struct octi_channels_neon){zero, zero, zero, zero};
}

/// 16 numbers.
static inline __attribute__((always_inline)) struct octi_channels_neon octi_load_channels_neon(const int32_t *numbers)
{
    return (struct octi_channels_neon){vld1q_s32(numbers), vld1q_s32(numbers + 4), vld1q_s32(numbers + 8),
                                       vld1q_s32(numbers + 12)};
}

/// Takes zw * (sum of the activations) off; `header` is the panel's.
static inline __attribute__((always_inline)) struct octi_channels_neon
octi_weight_zero_channels_neon(struct octi_channels_neon sum, struct octi_channels_neon x_sum, const int32_t *header)
{
    const struct octi_channels_neon zero_point = octi_load_channels_neon(header + 48);
    sum.v0 = vmlsq_s32(sum.v0, x_sum.v0, zero_point.v0);
    sum.v1 = vmlsq_s32(sum.v1, x_sum.v1, zero_point.v1);
    sum.v2 = vmlsq_s32(sum.v2, x_sum.v2, zero_point.v2);
    sum.v3 = vmlsq_s32(sum.v3, x_sum.v3, zero_point.v3);
    return sum;
}

/// The panel's channels of row `m`.
static inline __attribute__((always_inline)) void octi_store_channels_neon(const struct octi_qgemm_call *call,
                                                                           const struct octi_panel *panel,
                                                                           size_t m,
                                                                           struct octi_channels_neon sum,
                                                                           const struct octi_requant_neon *requant)
{
    const float *bias = (const float *)panel->bytes + 16;
    const float *multiplier = bias + 16;
    const int32x4_t a = octi_requant_panel_neon(sum.v0, bias, multiplier, requant);
    const int32x4_t b = octi_requant_panel_neon(sum.v1, bias + 4, multiplier + 4, requant);
    const int32x4_t c = octi_requant_panel_neon(sum.v2, bias + 8, multiplier + 8, requant);
    const int32x4_t d = octi_requant_panel_neon(sum.v3, bias + 12, multiplier + 12, requant);
    octi_store_bytes_neon(call->c + m * call->c_stride + panel->first, octi_pack_neon(a, b, c, d, requant), panel->n);
}

/// A kernel over the caller's pixel(call, weights, panel, m, requant, sums).
#define OCTI_PIXEL_KERNEL_NEON(kernel)                                                                                 \
    void kernel(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel) \
    {                                                                                                                  \
        const struct octi_requant_neon requant = octi_requant_product_neon(call->output, weights->bias_factor);        \
        for (size_t m = 0; m < call->m; m++) {                                                                         \
            if (weights->weight_zero_points) {                                                                         \
                pixel(call, weights, panel, m, &requant, true);                                                        \
            } else {                                                                                                   \
                pixel(call, weights, panel, m, &requant, false);                                                       \
            }                                                                                                          \
        }                                                                                                              \
    }

#endif
