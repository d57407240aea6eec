/// A random product case for the kernels that read packed panels: weights, per-column terms, and their packing for a
/// geometry.
#ifndef OCTET_TESTS_ENGINE_KERNELS_PACKED_CASE_H
#define OCTET_TESTS_ENGINE_KERNELS_PACKED_CASE_H

#include <stdlib.h>
#include <string.h>

#include "engine/kernels/panel/panel.h"
#include "engine/kernels/qgemm/qgemm.h"
#include "engine/quant/affine.h"
#include "octet/alloc.h"
#include "tests/support/rng.h"

struct packed_case {
    size_t n, taps, k; ///< weights[n][taps][k]
    bool depthwise;    ///< then taps == 1 and k is the window
    int32_t x_zero_point;
    struct octi_output output;
    float bias_factor; ///< CASE_BIAS_FACTOR, or 1 as of weights quantized per channel, whose biases kernels just add
    int8_t *weights;
    struct octi_panel_column *columns;
    struct octi_tap_set seen; ///< taps that `starts` are for; none: all
    struct octi_panels packed;
    struct octi_panel *panels;
    void *bytes;
    size_t n_bytes;
    uint32_t *starts; ///< with `seen`
};

/// No power of two, so that one rounding and two give different sums.
#define CASE_BIAS_FACTOR 1.3f

static const int32_t extreme_zero_points[] = {0, 1, 127, 128, 255};

/// What random numbers seldom are: multipliers that give ties, that overflow the conversion, that vanish.
static inline float pick_multiplier(struct oct_rng *rng)
{
    static const float special[] = {0.5f, 0.25f, 1.5f, 1.0f, 1e-30f, 3e8f};
    int64_t i = oct_rng_between(rng, 0, 11);
    return i < 6 ? special[i] : oct_rng_float(rng, 0.0001f, 0.02f);
}

static inline struct packed_case make_case(struct oct_rng *rng, size_t n, size_t taps, size_t k, bool depthwise)
{
    struct packed_case c = {.n = n, .taps = taps, .k = k, .depthwise = depthwise};
    c.bias_factor = oct_rng_between(rng, 0, 1) == 0 ? CASE_BIAS_FACTOR : 1.0f;
    c.x_zero_point = extreme_zero_points[oct_rng_between(rng, 0, 4)];
    c.output =
        octi_output_make(extreme_zero_points[oct_rng_between(rng, 0, 4)], 0, 255, oct_rng_between(rng, 0, 1) == 1);
    c.weights = malloc(n * taps * k);
    c.columns = malloc(n * sizeof *c.columns);
    oct_rng_bytes(rng, c.weights, n * taps * k);
    if (oct_rng_between(rng, 0, 7) == 0) {
        memset(c.weights, oct_rng_between(rng, 0, 1) == 0 ? -128 : 127, n * taps * k);
    }
    bool per_channel = oct_rng_between(rng, 0, 1) == 0;
    bool asymmetric = oct_rng_between(rng, 0, 3) == 0;
    static const int32_t weight_zero_points[] = {-128, -1, 1, 127};
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && !per_channel) {
            c.columns[i] = c.columns[0];
            continue;
        }
        c.columns[i].bias = oct_rng_between(rng, 0, 2) == 0 ? 0.0f : oct_rng_float(rng, -3000.0f, 3000.0f);
        c.columns[i].multiplier = pick_multiplier(rng);
        c.columns[i].zero_point = asymmetric ? weight_zero_points[oct_rng_between(rng, 0, 3)] : 0;
    }
    return c;
}

/// The case's weights as a source; a depthwise window is one row of k.
static inline struct octi_panel_source case_source(const struct packed_case *c)
{
    struct octi_panel_source source = {.weights = c->weights, .column_stride = (int64_t)(c->taps * c->k)};
    source.window_height = 1;
    source.window_width = c->depthwise ? c->k : c->taps;
    source.channels = c->depthwise ? 1 : c->k;
    source.x_stride = c->depthwise ? 1 : (int64_t)c->k;
    source.channel_stride = 1;
    source.depthwise = c->depthwise;
    return source;
}

static inline void
pack_source(struct packed_case *c, const struct octi_panel_geometry *geometry, const struct octi_panel_source *source)
{
    size_t bytes = 0;
    if (!octi_panel_bytes(geometry, c->n, octi_panel_taps(source), octi_panel_depth(source), &bytes)) {
        abort();
    }
    c->panels = calloc(octi_panel_count(geometry, c->n), sizeof *c->panels);
    c->n_bytes = bytes;
    c->bytes = oct_allocator_default()->allocate(NULL, bytes, OCT_ALIGN);
    memset(c->bytes, 0xa5, bytes); // all of it is written
    struct octi_panel_starts starts = {.n_sets = 1, .sets = &c->seen};
    if (c->seen.taps != NULL) {
        starts.positions = octi_panel_positions(geometry, c->n);
        starts.sums = malloc(octi_panel_taps(source) * geometry->nr * sizeof *starts.sums);
        starts.starts = c->starts = malloc(starts.positions * sizeof *starts.starts);
    }
    octi_panels_pack(geometry, octi_quads_at(0), source, c->columns, c->n, c->x_zero_point, c->panels, c->bytes,
                     c->seen.taps != NULL ? &starts : NULL, &c->packed);
    free(starts.sums);
    c->packed.bias_factor = c->bias_factor;
}

static inline void pack_case(struct packed_case *c, const struct octi_panel_geometry *geometry)
{
    struct octi_panel_source source = case_source(c);
    pack_source(c, geometry, &source);
}

static inline void unpack_case(struct packed_case *c)
{
    oct_allocator_default()->release(NULL, c->bytes, c->n_bytes);
    free(c->panels);
    free(c->starts);
    c->starts = NULL;
    c->bytes = NULL;
    c->panels = NULL;
}

static inline void free_case(struct packed_case *c)
{
    free(c->weights);
    free(c->columns);
}

/// The formula's end for column j and the exact sum.
static inline uint8_t finish_case(const struct packed_case *c, size_t j, int64_t sum)
{
    float t = fmaf(c->columns[j].bias, c->bias_factor, (float)(int32_t)sum) * c->columns[j].multiplier;
    return (uint8_t)octi_round_clamp(t, c->output);
}

/// The sum of column j of row m of a call, by a family's formula.
typedef int64_t (*exact_sum_fn)(const struct packed_case *c, const struct octi_qgemm_call *call, size_t m, size_t j);

/// What a call has to write, whichever kernel runs it, [m][n]; free() it.
static inline uint8_t *expect_case(const struct packed_case *c, const struct octi_qgemm_call *call, exact_sum_fn exact)
{
    uint8_t *expected = malloc(call->m * c->n);
    for (size_t m = 0; m < call->m; m++) {
        for (size_t j = 0; j < c->n; j++) {
            expected[m * c->n + j] = finish_case(c, j, exact(c, call, m, j));
        }
    }
    return expected;
}

#endif
