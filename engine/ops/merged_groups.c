#include "engine/ops/merged_groups.h"

#include <string.h>

#include "engine/base/checked.h"
#include "engine/ops/quantized_weights.h"

/// Above this many channels a group fills its quads by itself, and the spread weight would be large for nothing.
#define MAX_CHANNELS 16
/// Channels and outputs that fill the tiles of a kernel, whose steps are as deep.
#define TILE_CHANNELS 64

int64_t octi_merged_groups(const struct octi_conv_geometry *geometry, const struct octi_panel_geometry *layout)
{
    if (layout->kr == 1 || (!layout->gathered && geometry->group_channels > MAX_CHANNELS)) {
        return 1; // a kernel of single products would do all those that stand for nothing
    }
    int64_t merged = layout->nr_min / geometry->group_out_channels;
    if (layout->gathered) {
        int64_t widest = geometry->group_channels > geometry->group_out_channels ? geometry->group_channels
                                                                                 : geometry->group_out_channels;
        merged = TILE_CHANNELS / widest;
    }
    while (merged > 1 && geometry->groups % merged != 0) {
        merged--;
    }
    return merged > 1 ? merged : 1;
}

enum oct_status octi_merge_groups(struct oct_op_prepare_call *call,
                                  const struct octi_conv_geometry *geometry,
                                  int64_t merged,
                                  struct octi_panel_source *source)
{
    const struct oct_tensor_desc *weight = &call->constants[OCTI_WEIGHTED_WEIGHT]->desc;
    const struct octi_panel_source from = *source;
    int64_t outputs = geometry->groups * geometry->group_out_channels;
    int64_t channels = merged * geometry->group_channels;
    int64_t width = (int64_t)from.window_width;
    int64_t window = (int64_t)from.window_height * width;
    int64_t bytes;
    if (!octi_mul_int64(window, channels, &bytes) || !octi_mul_int64(bytes, outputs, &bytes)) {
        return oct_error_set(call->error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "merged weights overflow int64");
    }
    int8_t *spread = oct_op_prepare_alloc(call, (size_t)bytes);
    if (spread == NULL) {
        return OCT_ERR_NOMEM;
    }
    const int8_t *weights = oct_op_prepare_read(call, OCTI_WEIGHTED_WEIGHT, 0, (size_t)(outputs * from.column_stride));
    if (weights == NULL) {
        return call->error->status;
    }
    source->weights = spread;
    source->column_stride = window * channels;
    source->channel_stride = 1;
    source->x_stride = channels;
    source->y_stride = width * channels;
    source->channels = (size_t)channels;
    for (int64_t o = 0; o < outputs; o++) {
        memset(spread, octi_weight_zero_point(weight, o), (size_t)(window * channels));
        int64_t first = o / geometry->group_out_channels % merged * geometry->group_channels;
        for (int64_t position = 0; position < window; position++, spread += channels) {
            const int8_t *given =
                weights + o * from.column_stride + position / width * from.y_stride + position % width * from.x_stride;
            for (int64_t c = 0; c < geometry->group_channels; c++) {
                spread[first + c] = given[c * from.channel_stride];
            }
        }
    }
    return OCT_OK;
}
