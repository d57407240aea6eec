#include "engine/ops/conv_offsets.h"

#include <string.h>

#include "engine/base/checked.h"
#include "engine/kernels/qgemm/qgemm.h"

// An output line, as one element of the window sees it.
struct line {
    int64_t index;  // of an image
    int64_t end;    // the pixel behind it
    bool inside;    // the image
    int64_t offset; // of the pixel that a window without padding would see from the line's first, in pixels
};

static struct line make_line(const struct octi_conv_geometry *geometry, int64_t index, int64_t kz, int64_t ky)
{
    const int64_t height = geometry->out[OCTI_CONV_HEIGHT];
    const int64_t iz = octi_conv_position(geometry, OCTI_CONV_DEPTH, index / height, kz);
    const int64_t iy = octi_conv_position(geometry, OCTI_CONV_HEIGHT, index % height, ky);
    return (struct line){
        .index = index,
        .end = (index + 1) * geometry->out[OCTI_CONV_WIDTH],
        .inside = iz >= 0 && iy >= 0,
        .offset = (iz * geometry->in[OCTI_CONV_HEIGHT] + iy) * geometry->in[OCTI_CONV_WIDTH],
    };
}

void octi_conv_write_offsets(const struct octi_conv_geometry *geometry,
                             size_t channels,
                             size_t tap,
                             const int32_t *rows,
                             size_t n,
                             int32_t *offsets)
{
    const int64_t width = geometry->out[OCTI_CONV_WIDTH];
    const int64_t kx = (int64_t)tap % geometry->kernel[OCTI_CONV_WIDTH];
    const int64_t window_line = (int64_t)tap / geometry->kernel[OCTI_CONV_WIDTH];
    const int64_t ky = window_line % geometry->kernel[OCTI_CONV_HEIGHT];
    const int64_t kz = window_line / geometry->kernel[OCTI_CONV_HEIGHT];
    struct line line = make_line(geometry, 0, kz, ky);
    for (size_t i = 0; i < n; i++) {
        const int64_t pixel = rows != NULL ? rows[i] : (int64_t)i;
        while (pixel >= line.end) {
            line = make_line(geometry, line.index + 1, kz, ky);
        }
        const int64_t ix = octi_conv_position(geometry, OCTI_CONV_WIDTH, pixel - (line.end - width), kx);
        offsets[i] = line.inside && ix >= 0 ? (int32_t)((line.offset + ix) * (int64_t)channels) : OCTI_QGEMM_PADDING;
    }
}

enum oct_status octi_conv_alloc_entries(struct oct_op_prepare_call *call, size_t n, size_t each, int32_t **entries)
{
    size_t count;
    size_t bytes;
    if (!octi_mul_size(n, each, &count) || !octi_mul_size(count, sizeof **entries, &bytes)) {
        return oct_error_set(call->error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "the window table overflows size_t");
    }
    *entries = oct_op_prepare_reserve(call, bytes);
    return *entries != NULL ? OCT_OK : OCT_ERR_NOMEM;
}

enum oct_status octi_conv_offsets_plan(struct oct_op_prepare_call *call,
                                       const struct octi_conv_geometry *geometry,
                                       size_t channels,
                                       struct octi_conv_offsets *table)
{
    const size_t window = (size_t)octi_conv_count(geometry->kernel), pixels = (size_t)octi_conv_count(geometry->out);
    int32_t *offsets = NULL;
    enum oct_status status = octi_conv_alloc_entries(call, window, pixels, &offsets);
    if (status != OCT_OK) {
        return status;
    }
    for (size_t tap = 0; tap < window; tap++) {
        octi_conv_write_offsets(geometry, channels, tap, NULL, pixels, offsets + tap * pixels);
    }
    table->offsets = oct_op_prepare_share(call, offsets, window * pixels * sizeof *offsets);
    table->offset_stride = pixels;
    return OCT_OK;
}

enum oct_status octi_conv_line_offsets_plan(struct oct_op_prepare_call *call,
                                            const struct octi_conv_geometry *geometry,
                                            size_t channels,
                                            const struct octi_padded_image *image,
                                            struct octi_conv_offsets *table)
{
    const size_t height = (size_t)geometry->kernel[OCTI_CONV_HEIGHT];
    const size_t planes = (size_t)geometry->kernel[OCTI_CONV_DEPTH];
    const size_t taps = planes > 1 ? planes * height : 1;
    const int64_t width = geometry->out[OCTI_CONV_WIDTH], pixels = geometry->out[OCTI_CONV_HEIGHT] * width;
    int32_t *offsets = NULL;
    enum oct_status status = octi_conv_alloc_entries(call, taps, (size_t)pixels, &offsets);
    if (status != OCT_OK) {
        return status;
    }
    int32_t *next = offsets;
    for (size_t tap = 0; tap < taps; tap++) {
        size_t line = tap / height * image->lines + tap % height;
        for (int64_t pixel = 0; pixel < pixels; pixel++) {
            int64_t y = pixel / width * geometry->stride[OCTI_CONV_HEIGHT] + (int64_t)line;
            int64_t x = pixel % width * geometry->stride[OCTI_CONV_WIDTH];
            *next++ = (int32_t)(y * (int64_t)image->line_bytes + x * (int64_t)channels);
        }
    }
    table->offsets = oct_op_prepare_share(call, offsets, taps * (size_t)pixels * sizeof *offsets);
    table->offset_stride = planes > 1 ? (size_t)pixels : 0;
    table->tap_stride = planes > 1 ? 0 : image->line_bytes;
    return OCT_OK;
}

const uint8_t *octi_conv_padding(struct oct_op_prepare_call *call, size_t bytes, int64_t zero_point)
{
    uint8_t *padding = oct_op_prepare_alloc(call, bytes);
    if (padding == NULL) {
        return NULL;
    }
    memset(padding, (int)zero_point, bytes);
    return oct_op_prepare_share(call, padding, bytes);
}
