/// Windows of three dimensions with random extents, and where their elements lie in an image.
#ifndef OCTET_TESTS_ENGINE_OPS_WINDOW_CASE_H
#define OCTET_TESTS_ENGINE_OPS_WINDOW_CASE_H

#include "engine/kernels/qgemm/qgemm.h"
#include "engine/ops/conv_geometry.h"
#include "tests/support/rng.h"

#define WINDOW_CHANNELS 7 // of a pixel

static inline struct octi_conv_geometry random_window(struct oct_rng *rng)
{
    struct octi_conv_geometry geometry = {.groups = 1};
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        geometry.kernel[d] = oct_rng_between(rng, 1, 3);
        geometry.dilation[d] = oct_rng_between(rng, 1, 3);
        geometry.padding[d] = oct_rng_between(rng, 0, 4);
        geometry.stride[d] = oct_rng_between(rng, 1, 2);
        geometry.in[d] = octi_conv_extent(&geometry, d) + oct_rng_between(rng, 0, 4);
        geometry.out[d] =
            (geometry.in[d] + 2 * geometry.padding[d] - octi_conv_extent(&geometry, d)) / geometry.stride[d] + 1;
    }
    return geometry;
}

/// Where element `tap` of the window lies for an output pixel, or OCTI_QGEMM_PADDING.
static inline int32_t window_offset(const struct octi_conv_geometry *geometry, int64_t pixel, int64_t tap)
{
    int64_t out[OCTI_CONV_DIMS], k[OCTI_CONV_DIMS], at[OCTI_CONV_DIMS], position = 0;
    for (int d = OCTI_CONV_DIMS; d-- > 0;) {
        out[d] = pixel % geometry->out[d];
        pixel /= geometry->out[d];
        k[d] = tap % geometry->kernel[d];
        tap /= geometry->kernel[d];
    }
    if (!octi_conv_sees(geometry, out, k, at)) {
        return OCTI_QGEMM_PADDING;
    }
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        position = position * geometry->in[d] + at[d];
    }
    return (int32_t)(position * WINDOW_CHANNELS);
}

#endif
