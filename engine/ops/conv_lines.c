#include "engine/ops/conv_lines.h"

#include "engine/base/checked.h"

#define CACHE_LINE 64
/// Rows of a tile, and how many of them an output line must fill: with fewer, gathering the rows costs less than the
/// tiles' idle rows.
#define TILE_ROWS     16
#define MIN_TILE_ROWS 10

bool octi_conv_lines_suit(const struct octi_conv_geometry *geometry,
                          const struct octi_panel_geometry *layout,
                          size_t in_channels,
                          size_t group_channels)
{
    int64_t width = geometry->out[OCTI_CONV_WIDTH];
    int64_t tiles = (width + TILE_ROWS - 1) / TILE_ROWS;
    return layout->gathered && in_channels % CACHE_LINE == 0 && group_channels % CACHE_LINE == 0 &&
           width / tiles >= MIN_TILE_ROWS && !octi_conv_is_pointwise(geometry);
}

enum oct_status octi_conv_lines_plan(struct oct_op_prepare_call *call,
                                     const struct octi_conv_geometry *geometry,
                                     size_t in_channels,
                                     size_t line_bytes,
                                     size_t plane_lines,
                                     struct octi_conv_lines *lines)
{
    size_t bytes;
    if (!octi_mul_size((size_t)octi_conv_count(geometry->kernel), sizeof *lines->tap_offsets, &bytes)) {
        return oct_error_set(call->error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "the window table overflows size_t");
    }
    int32_t *offset = oct_op_prepare_alloc(call, bytes);
    if (offset == NULL) {
        return OCT_ERR_NOMEM;
    }
    lines->tap_offsets = offset;
    lines->pixel_stride = (size_t)geometry->stride[OCTI_CONV_WIDTH] * in_channels;
    lines->line_stride = (size_t)geometry->stride[OCTI_CONV_HEIGHT] * line_bytes;
    lines->plane_stride = (size_t)geometry->stride[OCTI_CONV_DEPTH] * plane_lines * line_bytes;
    for (int64_t z = 0; z < geometry->kernel[OCTI_CONV_DEPTH]; z++) {
        for (int64_t y = 0; y < geometry->kernel[OCTI_CONV_HEIGHT]; y++) {
            int64_t line = z * geometry->dilation[OCTI_CONV_DEPTH] * (int64_t)plane_lines +
                           y * geometry->dilation[OCTI_CONV_HEIGHT];
            for (int64_t x = 0; x < geometry->kernel[OCTI_CONV_WIDTH]; x++) {
                int64_t pixel = x * geometry->dilation[OCTI_CONV_WIDTH];
                *offset++ = (int32_t)(line * (int64_t)line_bytes + pixel * (int64_t)in_channels);
            }
        }
    }
    return OCT_OK;
}
