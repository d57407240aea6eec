// Four taps at a time, as the kernel of twice its width: unpacked twice, four taps of 32 channels are four vectors of
// (t0 t1 t2 t3) quads, in the channel order that the packing instructions undo.
#include "engine/kernels/qdwconv/pixels_avxvnni.h"

// Zeros beyond the last tap, so that sums of activations stay right too.
OCTI_INLINE __m256i load_tap(const struct octi_qgemm_call *call,
                             size_t taps,
                             size_t t,
                             const struct octi_pixels_256 *at,
                             size_t first,
                             const int lanes)
{
    return t < taps ? octi_load_tap_256(call, t, at, 0, first, lanes) : _mm256_setzero_si256();
}

OCTI_INLINE struct octi_quads_256 interleave(__m256i a, __m256i b, __m256i c, __m256i d)
{
    const __m256i ab_lo = _mm256_unpacklo_epi8(a, b);
    const __m256i ab_hi = _mm256_unpackhi_epi8(a, b);
    const __m256i cd_lo = _mm256_unpacklo_epi8(c, d);
    const __m256i cd_hi = _mm256_unpackhi_epi8(c, d);
    struct octi_quads_256 quads;
    quads.v0 = _mm256_unpacklo_epi16(ab_lo, cd_lo);
    quads.v1 = _mm256_unpackhi_epi16(ab_lo, cd_lo);
    quads.v2 = _mm256_unpacklo_epi16(ab_hi, cd_hi);
    quads.v3 = _mm256_unpackhi_epi16(ab_hi, cd_hi);
    return quads;
}

OCTI_INLINE struct octi_quads_256
dot(struct octi_quads_256 sum, struct octi_quads_256 x, const void *w, const int lanes)
{
    sum.v0 = octi_dot_u8s8_256(sum.v0, x.v0, octi_load_positions_256(w, 0, lanes));
    sum.v1 = octi_dot_u8s8_256(sum.v1, x.v1, octi_load_positions_256(w, 1, lanes));
    sum.v2 = octi_dot_u8s8_256(sum.v2, x.v2, octi_load_positions_256(w, 2, lanes));
    sum.v3 = octi_dot_u8s8_256(sum.v3, x.v3, octi_load_positions_256(w, 3, lanes));
    return sum;
}

// The 2 / lanes pixels of `at`.
OCTI_INLINE void pixels(const struct octi_qgemm_call *call,
                        size_t taps,
                        const struct octi_panel *panel,
                        const struct octi_pixels_256 *at,
                        const struct octi_requant_256 *requant,
                        const int lanes,
                        const bool sums)
{
    const char *w = (const char *)panel->bytes + octi_panel_header_bytes((size_t)(16 * lanes));
    struct octi_quads_256 sum = octi_start_quads_256(panel->bytes, lanes);
    struct octi_quads_256 x_sum = octi_zero_quads_256();
    for (size_t t = 0; t < taps; t += 4) {
        const __m256i a = load_tap(call, taps, t, at, panel->first, lanes);
        const __m256i b = load_tap(call, taps, t + 1, at, panel->first, lanes);
        const __m256i c = load_tap(call, taps, t + 2, at, panel->first, lanes);
        const __m256i d = load_tap(call, taps, t + 3, at, panel->first, lanes);
        const struct octi_quads_256 x = interleave(a, b, c, d);
        sum = dot(sum, x, w, lanes);
        w += 64 * lanes;
        if (sums) {
            x_sum = octi_sum_quads_256(x_sum, x);
        }
    }
    if (sums) {
        sum = octi_weight_zero_quads_256(sum, x_sum, panel->bytes, lanes);
    }
    octi_store_pixels_256(call, panel, at, 0, octi_finish_quads_256(sum, panel->bytes, requant, lanes), lanes);
}

// Works on copies: what it stores could, for all the compiler knows, be the call itself.
#define PANEL(name, lanes, sums)                                                                                       \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *given, const struct octi_panels *weights, \
                                               const struct octi_panel *given_panel)                                   \
    {                                                                                                                  \
        const struct octi_qgemm_call call = *given;                                                                    \
        const struct octi_panel panel = *given_panel;                                                                  \
        const size_t taps = weights->k;                                                                                \
        const struct octi_requant_256 requant = octi_requant_product_256(call.output, weights->bias_factor);           \
        for (size_t m = 0; m < call.m; m += 2 / (lanes)) {                                                             \
            const struct octi_pixels_256 at = {m, m + 1 < call.m ? m + 1 : m};                                         \
            pixels(&call, taps, &panel, &at, &requant, lanes, sums);                                                   \
        }                                                                                                              \
    }

PANEL(run_32, 2, false)
PANEL(run_16, 1, false)
PANEL(run_32_asymmetric, 2, true)
PANEL(run_16_asymmetric, 1, true)

void octi_qdwconv_1x32k4__avxvnni(const struct octi_qgemm_call *call,
                                  const struct octi_panels *weights,
                                  const struct octi_panel *panel)
{
    bool asymmetric = weights->weight_zero_points;
    if (panel->width == 32) {
        (asymmetric ? run_32_asymmetric : run_32)(call, weights, panel);
    } else {
        (asymmetric ? run_16_asymmetric : run_16)(call, weights, panel);
    }
}
