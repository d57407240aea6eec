/// A copy of one channels-last image or volume of bytes with its padding around it, made once per run: every window of
/// a convolution then is a rectangle or box of pixels, without dilation each of its rows contiguous. For images of few
/// channels, where pixel-by-pixel addressing costs much, and for kernels that read lines of pixels.
/// Threads: [any].
#ifndef OCTET_ENGINE_OPS_PADDED_IMAGE_H
#define OCTET_ENGINE_OPS_PADDED_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/ops/conv_geometry.h"

/// Sizes in bytes unless they are lines. Only what some window sees is copied.
struct octi_padded_image {
    size_t planes;            ///< of the copy
    size_t lines, line_bytes; ///< of a plane of the copy
    size_t front, copied_planes;
    size_t top, copied_lines;
    size_t left, copied_bytes;
    size_t image_plane_bytes, image_line_bytes;
    uint8_t zero_point;
};

/// @param geometry  the padding is smaller than the window in every direction
/// @param[out] bytes  of the copy
/// @return false when a size overflows
bool octi_padded_image_plan(const struct octi_conv_geometry *geometry,
                            size_t channels,
                            uint8_t zero_point,
                            struct octi_padded_image *image,
                            size_t *bytes);

/// Writes all of `copy`.
void octi_padded_image_fill(const struct octi_padded_image *image, const uint8_t *x, uint8_t *copy);

#endif
