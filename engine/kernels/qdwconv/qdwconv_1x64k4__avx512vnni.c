// DESIGN: four taps at a time. Two levels of unpacking (bytes, then words) turn four taps of 64 channels into four
// vectors of (t0 t1 t2 t3) quads, each channel's own dot product; the channel order this leaves is exactly the one the
// packing instructions of the epilogue undo.
#include "engine/kernels/qdwconv/pixels_avx512.h"

// Zeros beyond the last tap, so that sums of activations stay right too.
OCTI_INLINE __m512i load_tap(const struct octi_qgemm_call *call,
                             size_t taps,
                             size_t t,
                             const struct octi_pixels_512 *at,
                             size_t first,
                             const int lanes)
{
    return t < taps ? octi_load_tap_512(call, t, at, 0, first, lanes) : _mm512_setzero_si512();
}

// The 4 / lanes pixels of `at`.
OCTI_INLINE void pixels(const struct octi_qgemm_call *call,
                        size_t taps,
                        const struct octi_panel *panel,
                        const struct octi_pixels_512 *at,
                        const struct octi_requant_512 *requant,
                        const int lanes,
                        const bool special)
{
    const char *w = (const char *)panel->bytes + octi_panel_header_bytes((size_t)(16 * lanes));
    struct octi_quads_512 sum = octi_start_quads_512(panel->bytes, lanes);
    struct octi_quads_512 x_sum = octi_zero_quads_512();
    for (size_t t = 0; t < taps; t += 4) {
        const __m512i a = load_tap(call, taps, t, at, panel->first, lanes);
        const __m512i b = load_tap(call, taps, t + 1, at, panel->first, lanes);
        const __m512i c = load_tap(call, taps, t + 2, at, panel->first, lanes);
        const __m512i d = load_tap(call, taps, t + 3, at, panel->first, lanes);
        const struct octi_quads_512 x = octi_interleave_512(a, b, c, d);
        sum = octi_dot_quads_512(sum, x, w, lanes);
        w += 64 * lanes;
        if (special) {
            x_sum = octi_sum_quads_512(x_sum, x);
        }
    }
    if (special) {
        sum = octi_weight_zero_quads_512(sum, x_sum, panel->bytes, lanes);
    }
    octi_store_pixels_512(call, panel, at, 0, octi_finish_quads_512(sum, panel->bytes, requant, lanes, !special),
                          lanes);
}

// Works on copies: what it stores could, for all the compiler knows, be the call itself.
#define PANEL(name, lanes, special)                                                                                    \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *given, const struct octi_panels *weights, \
                                               const struct octi_panel *given_panel)                                   \
    {                                                                                                                  \
        const struct octi_qgemm_call call = *given;                                                                    \
        const struct octi_panel panel = *given_panel;                                                                  \
        const size_t taps = weights->k;                                                                                \
        const struct octi_requant_512 requant = octi_requant_product_512(call.output, weights->bias_factor);           \
        for (size_t m = 0; m < call.m; m += 4 / (lanes)) {                                                             \
            const struct octi_pixels_512 at = {m, octi_pixel_at_512(&call, m + 1), octi_pixel_at_512(&call, m + 2),    \
                                               octi_pixel_at_512(&call, m + 3)};                                       \
            pixels(&call, taps, &panel, &at, &requant, lanes, special);                                                \
        }                                                                                                              \
    }

PANEL(run_64, 4, false)
PANEL(run_32, 2, false)
PANEL(run_16, 1, false)
PANEL(run_64_special, 4, true)
PANEL(run_32_special, 2, true)
PANEL(run_16_special, 1, true)

void octi_qdwconv_1x64k4__avx512vnni(const struct octi_qgemm_call *call,
                                     const struct octi_panels *weights,
                                     const struct octi_panel *panel)
{
    const bool special = octi_is_special_512(weights);
    if (panel->width == 64) {
        (special ? run_64_special : run_64)(call, weights, panel);
    } else if (panel->width == 32) {
        (special ? run_32_special : run_32)(call, weights, panel);
    } else {
        (special ? run_16_special : run_16)(call, weights, panel);
    }
}
