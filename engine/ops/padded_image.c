#include "engine/ops/padded_image.h"

#include <string.h>

#include "engine/base/checked.h"

/// A vector.
#define GAP_BYTES 16

// Positions that the windows see along dimension d: from the padding in front to the end of the last window. They fit:
// this is no more than input, padding and window, which infer has added up.
static size_t seen(const struct octi_conv_geometry *geometry, int d)
{
    return (size_t)((geometry->out[d] - 1) * geometry->stride[d] + octi_conv_extent(geometry, d));
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool octi_padded_image_plan(const struct octi_conv_geometry *geometry,
                            size_t channels,
                            uint8_t zero_point,
                            struct octi_padded_image *image,
                            size_t *bytes)
{
    size_t width = seen(geometry, OCTI_CONV_WIDTH);
    *image = (struct octi_padded_image){.zero_point = zero_point};
    image->planes = seen(geometry, OCTI_CONV_DEPTH);
    image->lines = seen(geometry, OCTI_CONV_HEIGHT);
    image->front = (size_t)geometry->padding[OCTI_CONV_DEPTH];
    image->copied_planes = smaller((size_t)geometry->in[OCTI_CONV_DEPTH], image->planes - image->front);
    image->top = (size_t)geometry->padding[OCTI_CONV_HEIGHT];
    image->copied_lines = smaller((size_t)geometry->in[OCTI_CONV_HEIGHT], image->lines - image->top);
    size_t left = (size_t)geometry->padding[OCTI_CONV_WIDTH];
    image->left = left * channels;
    image->copied_bytes = smaller((size_t)geometry->in[OCTI_CONV_WIDTH], width - left) * channels;
    image->image_line_bytes = (size_t)geometry->in[OCTI_CONV_WIDTH] * channels;
    image->image_plane_bytes = (size_t)geometry->in[OCTI_CONV_HEIGHT] * image->image_line_bytes;
    return octi_mul_size(width, channels, &image->line_bytes) &&
           octi_mul_size(image->line_bytes, image->lines, bytes) && octi_mul_size(*bytes, image->planes, bytes);
}

// Fills the gap in front of a line that is about to be written: most gaps are a few bytes, and a store that spills over
// into the line costs less than finding out how many.
static inline void fill_gap(uint8_t *gap, uint8_t zero_point, size_t bytes, size_t line_bytes)
{
    if (bytes <= GAP_BYTES && bytes + line_bytes >= GAP_BYTES) {
        memset(gap, zero_point, GAP_BYTES);
    } else {
        memset(gap, zero_point, bytes);
    }
}

static void fill_plane(const struct octi_padded_image *image, const uint8_t *x, uint8_t *copy)
{
    size_t right = image->line_bytes - image->left - image->copied_bytes;
    size_t bottom = image->lines - image->top - image->copied_lines;
    memset(copy, image->zero_point, image->top * image->line_bytes);
    copy += image->top * image->line_bytes;
    // What is right of a line and left of the next is one gap.
    size_t gap = image->left;
    for (size_t y = 0; y < image->copied_lines; y++) {
        fill_gap(copy, image->zero_point, gap, image->copied_bytes);
        memcpy(copy + gap, x + y * image->image_line_bytes, image->copied_bytes);
        copy += gap + image->copied_bytes;
        gap = right + image->left;
    }
    memset(copy, image->zero_point, right + bottom * image->line_bytes);
}

void octi_padded_image_fill(const struct octi_padded_image *image, const uint8_t *x, uint8_t *copy)
{
    size_t plane_bytes = image->lines * image->line_bytes;
    size_t back = image->planes - image->front - image->copied_planes;
    memset(copy, image->zero_point, image->front * plane_bytes);
    copy += image->front * plane_bytes;
    for (size_t z = 0; z < image->copied_planes; z++, copy += plane_bytes) {
        fill_plane(image, x + z * image->image_plane_bytes, copy);
    }
    memset(copy, image->zero_point, back * plane_bytes);
}
