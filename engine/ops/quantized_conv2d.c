// DESIGN: a convolution is a matrix product whose rows are addressed through a table: for every output pixel and window
// position, where the input's channels begin. No image is rearranged. Positions outside the image stand for a row of
// the plan that holds the input's zero point. 1x1 windows need no table; depthwise convolution has kernels of its own.
// A first layer has too few channels for that: 3 of them would be a quad with a hole in it, and an address each time.
// It reads a padded copy of the image instead, in which a row of the window is one run of bytes.
#include <string.h>

#include "engine/base/checked.h"
#include "engine/kernels/qdwconv/qdwconv.h"
#include "engine/ops/conv_geometry.h"
#include "engine/ops/element.h"
#include "engine/ops/merged_groups.h"
#include "engine/ops/op_support.h"
#include "engine/ops/packed_product.h"
#include "engine/ops/padded_image.h"
#include "engine/ops/product_run.h"
#include "engine/ops/quantized_weights.h"

/// Above this many channels the holes of a pixel-wise product are small, and a copy of the image costs more than it
/// saves.
#define MAX_ROW_TAP_CHANNELS 4
/// What kernels may read behind the last byte they use.
#define READABLE_PAST_END 64

enum {
    OUTPUT_SCALE = OCTI_CONV_N_ATTRIBUTES,
    OUTPUT_ZERO_POINT,
};

static enum oct_status infer(struct oct_op_infer_call *call)
{
    struct oct_qparams qparams;
    struct oct_shape shape;
    if (!octi_infer_quantized_activations(call) || !octi_infer_rank(call, OCTI_WEIGHTED_X, 4, 4) ||
        !octi_infer_output_qparams(call, OUTPUT_SCALE, OUTPUT_ZERO_POINT, call->inputs[OCTI_WEIGHTED_X]->dtype,
                                   &qparams) ||
        !octi_infer_quantized_weights(call, 4, &qparams) || !octi_infer_conv_shape(call, &shape)) {
        return octi_infer_failed(call);
    }
    struct oct_tensor_desc *y = &call->outputs[0];
    *y = *call->inputs[OCTI_WEIGHTED_X];
    y->format = OCT_FORMAT_CONTIGUOUS;
    y->shape = shape;
    y->qparams = qparams;
    return OCT_OK;
}

// The sum for output channel `o` at output pixel (row, column) of image `n`.
static int32_t window_sum(const struct octi_conv_geometry *geometry,
                          const struct oct_view *x,
                          const struct oct_view *weight,
                          int64_t n,
                          int64_t o,
                          int64_t row,
                          int64_t column)
{
    int32_t x_zero = (int32_t)x->desc.qparams.zero_point;
    int32_t w_zero = octi_weight_zero_point(&weight->desc, o);
    int64_t first_channel = o / geometry->group_out_channels * geometry->group_channels;
    int32_t sum = 0;
    for (int64_t ky = 0; ky < geometry->kernel[0]; ky++) {
        int64_t iy = octi_conv_position(geometry, 0, row, ky);
        for (int64_t kx = 0; kx < geometry->kernel[1]; kx++) {
            int64_t ix = octi_conv_position(geometry, 1, column, kx);
            if (iy < 0 || ix < 0) {
                continue; // padding holds the zero point
            }
            for (int64_t c = 0; c < geometry->group_channels; c++) {
                const int64_t at[4] = {n, first_channel + c, iy, ix};
                const int64_t w_at[4] = {o, c, ky, kx};
                int32_t q = octi_load_code(x, octi_view_offset(x, at));
                sum += (q - x_zero) * (octi_load_code(weight, octi_view_offset(weight, w_at)) - w_zero);
            }
        }
    }
    return sum;
}

static void reference_conv(const struct oct_op_run_call *call, bool relu)
{
    const struct oct_view *x = &call->inputs[OCTI_WEIGHTED_X];
    const struct oct_view *weight = &call->inputs[OCTI_WEIGHTED_WEIGHT];
    const struct oct_view *y = &call->outputs[0];
    const struct oct_view *bias = octi_bias_view(call->n_inputs, call->inputs);
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    struct octi_conv_geometry geometry = octi_conv_geometry(call->attributes, &x->desc, &weight->desc, &y->desc);
    struct octi_output output = octi_output_of(&y->desc, relu);
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        int64_t o = index[1];
        struct octi_panel_column terms = octi_weight_column(&x->desc, &weight->desc, bias, &y->desc.qparams, o);
        int32_t sum = window_sum(&geometry, x, weight, index[0], o, index[2], index[3]);
        float t = fmaf(terms.bias, octi_weight_bias_factor(&x->desc, &weight->desc), (float)sum) * terms.multiplier;
        octi_store_code(y, octi_view_offset(y, index), octi_round_clamp(t, output));
    } while (octi_index_next(&y->desc.shape, index));
}

static void reference(const struct oct_op_run_call *call)
{
    reference_conv(call, false);
}

static void reference_relu(const struct oct_op_run_call *call)
{
    reference_conv(call, true);
}

struct conv {
    octi_qgemm_fn kernel;
    struct octi_panels *weights; // [groups]
    size_t groups;
    size_t group_channels; // that each group reads; 0 when one call sees all channels
    size_t in_channels, out_channels;
    int64_t pixels;         // of an output image
    size_t image_bytes;     // of an input image
    const int32_t *offsets; // [window][pixels], [pixels] into a padded image; NULL: input pixels are the rows
    const uint8_t *padding;
    size_t line, x_stride; // of output pixels and of the input between them
    bool row_taps;         // `padded` is what the windows are read from
    struct octi_padded_image padded;
    struct octi_output output;
};

// One image at a time: its copy is read while it is in the cache.
static void run_row_taps(const struct oct_op_run_call *call, const struct conv *state, struct octi_product *product)
{
    const uint8_t *x = call->inputs[OCTI_WEIGHTED_X].data;
    int64_t images = call->outputs[0].desc.shape.dims[0];
    product->rows = state->pixels;
    product->call.a = call->scratch;
    product->call.offsets = state->offsets;
    product->call.tap_stride = state->padded.line_bytes;
    for (int64_t n = 0; n < images; n++) {
        octi_padded_image_fill(&state->padded, x + (size_t)n * state->image_bytes, call->scratch);
        octi_product_run(product, call->executor);
        product->call.c += (size_t)state->pixels * state->out_channels;
    }
}

static void run(const struct oct_op_run_call *call)
{
    const struct conv *state = call->state;
    const struct oct_view *y = &call->outputs[0];
    struct octi_product product = {.run = state->kernel, .weights = state->weights, .groups = state->groups};
    product.group_channels = state->group_channels;
    product.rows = y->desc.shape.dims[0] * state->pixels;
    product.call.a = call->inputs[OCTI_WEIGHTED_X].data;
    product.call.c = y->data;
    product.call.c_stride = state->out_channels;
    product.call.output = state->output;
    if (state->row_taps) {
        run_row_taps(call, state, &product);
        return;
    }
    if (state->offsets != NULL) {
        product.image_rows = state->pixels;
        product.image_bytes = state->image_bytes;
        product.call.offsets = state->offsets;
        product.call.offset_stride = (size_t)state->pixels;
        product.call.padding = state->padding;
        product.call.line = state->line;
        product.call.x_stride = state->x_stride;
    } else {
        product.call.a_stride = state->in_channels;
    }
    octi_product_run(&product, call->executor);
}

// One table for all images and groups: byte offsets from the beginning of an image.
static enum oct_status
make_offsets(struct oct_op_prepare_call *call, const struct octi_conv_geometry *geometry, struct conv *state)
{
    size_t window = (size_t)(geometry->kernel[0] * geometry->kernel[1]);
    size_t entries;
    size_t bytes;
    if (!octi_mul_size(window, (size_t)state->pixels, &entries) || !octi_mul_size(entries, sizeof(int32_t), &bytes)) {
        return oct_error_set(call->error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "the window table overflows size_t");
    }
    int32_t *offsets = oct_op_prepare_alloc(call, bytes);
    uint8_t *padding = offsets != NULL ? oct_op_prepare_alloc(call, state->in_channels) : NULL;
    if (padding == NULL) {
        return OCT_ERR_NOMEM;
    }
    memset(padding, (int)call->inputs[OCTI_WEIGHTED_X]->qparams.zero_point, state->in_channels);
    int32_t *next = offsets;
    for (size_t tap = 0; tap < window; tap++) {
        int64_t ky = (int64_t)tap / geometry->kernel[1];
        int64_t kx = (int64_t)tap % geometry->kernel[1];
        for (int64_t pixel = 0; pixel < state->pixels; pixel++) {
            int64_t iy = octi_conv_position(geometry, 0, pixel / geometry->out[1], ky);
            int64_t ix = octi_conv_position(geometry, 1, pixel % geometry->out[1], kx);
            *next++ = iy < 0 || ix < 0 ? OCTI_QGEMM_PADDING
                                       : (int32_t)((iy * geometry->in[1] + ix) * (int64_t)state->in_channels);
        }
    }
    state->offsets = offsets;
    state->padding = padding;
    return OCT_OK;
}

// Where a window of the padded image begins, for each output pixel.
static enum oct_status
make_window_offsets(struct oct_op_prepare_call *call, const struct octi_conv_geometry *geometry, struct conv *state)
{
    size_t bytes;
    if (!octi_mul_size((size_t)state->pixels, sizeof(int32_t), &bytes)) {
        return oct_error_set(call->error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "the window table overflows size_t");
    }
    int32_t *offsets = oct_op_prepare_alloc(call, bytes);
    if (offsets == NULL) {
        return OCT_ERR_NOMEM;
    }
    for (int64_t pixel = 0; pixel < state->pixels; pixel++) {
        int64_t y = pixel / geometry->out[1] * geometry->stride[0];
        int64_t x = pixel % geometry->out[1] * geometry->stride[1];
        offsets[pixel] = (int32_t)(y * (int64_t)state->padded.line_bytes + x * (int64_t)state->in_channels);
    }
    state->offsets = offsets;
    return OCT_OK;
}

// Chosen by the geometry alone. A padding as wide as the window would let the copy grow beyond input and window.
static bool has_row_taps(const struct octi_conv_geometry *geometry)
{
    return geometry->groups == 1 && geometry->group_channels <= MAX_ROW_TAP_CHANNELS && geometry->kernel[1] > 1 &&
           geometry->dilation[0] == 1 && geometry->dilation[1] == 1 && geometry->padding[0] < geometry->kernel[0] &&
           geometry->padding[1] < geometry->kernel[1];
}

static enum oct_status pack(struct oct_op_prepare_call *call,
                            const struct octi_conv_geometry *geometry,
                            const struct octi_panel_geometry *layout,
                            const struct octi_qdwconv *depthwise,
                            struct conv *state)
{
    const struct oct_view *weight = call->constants[OCTI_WEIGHTED_WEIGHT];
    size_t bytes;
    if (!octi_mul_size(state->groups, sizeof *state->weights, &bytes)) {
        return OCT_ERR_LIMIT;
    }
    state->weights = oct_op_prepare_alloc(call, bytes);
    if (state->weights == NULL) {
        return OCT_ERR_NOMEM;
    }
    struct octi_panel_source source = {
        .weights = weight->data,
        .column_stride = weight->strides[0],
        .channel_stride = weight->strides[1],
        .y_stride = weight->strides[2],
        .x_stride = weight->strides[3],
        .window_height = (size_t)geometry->kernel[0],
        .window_width = (size_t)geometry->kernel[1],
        .channels = (size_t)geometry->group_channels,
        .row_taps = state->row_taps,
    };
    int64_t merged = depthwise == NULL ? octi_merged_groups(geometry, layout) : 1;
    if (depthwise != NULL) {
        source = octi_qdwconv_source(depthwise, source);
    } else if (merged > 1) {
        enum oct_status status = octi_merge_groups(call, geometry, merged, &source);
        if (status != OCT_OK) {
            return status;
        }
        state->groups /= (size_t)merged;
        state->group_channels *= (size_t)merged;
    }
    return octi_product_pack(call, layout, &source, state->groups, state->weights);
}

static enum oct_status prepare_conv(struct oct_op_prepare_call *call, bool relu)
{
    const struct oct_tensor_desc *x = call->inputs[OCTI_WEIGHTED_X];
    struct octi_conv_geometry geometry =
        octi_conv_geometry(call->attributes, x, call->inputs[OCTI_WEIGHTED_WEIGHT], &call->outputs[0]);
    int64_t image_bytes;
    if (x->dtype != OCT_DTYPE_QUINT8 || !octi_is_channels_last(x) || !octi_is_channels_last(&call->outputs[0]) ||
        !octi_mul_int64(geometry.in[0], x->shape.dims[1], &image_bytes) ||
        !octi_mul_int64(image_bytes, geometry.in[1], &image_bytes) || image_bytes > INT32_MAX) {
        return OCT_OK; // the reference reads anything
    }
    struct conv *state = oct_op_prepare_alloc(call, sizeof *state);
    if (state == NULL) {
        return OCT_ERR_NOMEM;
    }
    state->in_channels = (size_t)x->shape.dims[1];
    state->out_channels = (size_t)call->outputs[0].shape.dims[1];
    state->pixels = geometry.out[0] * geometry.out[1];
    state->line = (size_t)geometry.out[1];
    state->x_stride = (size_t)geometry.stride[1];
    state->image_bytes = (size_t)image_bytes;
    state->output = octi_output_of(&call->outputs[0], relu);
    size_t copy_bytes = 0;
    state->row_taps = has_row_taps(&geometry) &&
                      octi_padded_image_plan(&geometry, state->in_channels, (uint8_t)x->qparams.zero_point,
                                             &state->padded, &copy_bytes) &&
                      copy_bytes <= INT32_MAX;
    const struct octi_qdwconv *depthwise = NULL;
    const struct octi_panel_geometry *layout;
    if (geometry.group_channels == 1 && geometry.group_out_channels == 1 && geometry.groups > 1) {
        const struct octi_qdwconv_window window = {geometry.kernel[0], geometry.kernel[1], geometry.stride[1],
                                                   geometry.dilation[1]};
        depthwise = octi_qdwconv_select_window(call->cpu_features, &window);
        state->kernel = depthwise->run;
        state->groups = 1; // a panel holds many channels
        layout = &depthwise->geometry;
        call->kernel = depthwise->kernel.name;
    } else {
        const struct octi_qgemm *kernel = octi_qgemm_select(call->cpu_features);
        state->kernel = kernel->run;
        state->groups = (size_t)geometry.groups;
        state->group_channels = (size_t)geometry.group_channels;
        layout = &kernel->geometry;
        call->kernel = kernel->kernel.name;
    }
    enum oct_status status = pack(call, &geometry, layout, depthwise, state);
    if (status == OCT_OK && state->row_taps) {
        call->scratch_bytes = copy_bytes + READABLE_PAST_END;
        status = make_window_offsets(call, &geometry, state);
    } else if (status == OCT_OK && (depthwise != NULL || !octi_conv_is_pointwise(&geometry))) {
        status = make_offsets(call, &geometry, state);
    }
    if (status != OCT_OK) {
        return status;
    }
    call->state = state;
    call->run = run;
    call->constants_packed = true;
    return OCT_OK;
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    return prepare_conv(call, false);
}

static enum oct_status prepare_relu(struct oct_op_prepare_call *call)
{
    return prepare_conv(call, true);
}

static const struct oct_attribute_spec attributes[] = {
    OCTI_CONV_ATTRIBUTES,
    [OUTPUT_SCALE] = OCTI_ATTRIBUTE_SCALE("output_scale"),
    [OUTPUT_ZERO_POINT] = OCTI_ATTRIBUTE_ZERO_POINT("output_zero_point"),
    OCTI_ATTRIBUTES_END,
};

const struct oct_op octi_op_quantized_conv2d = {
    .name = "quantized::conv2d",
    .covers = (const char *const[]){"quantized::conv2d", "quantized::conv2d.new", NULL},
    .doc = "2-D convolution plus bias, requantized; FBGEMM's formula without 16-bit saturation. Class E0.",
    .input_names = (const char *const[]){"qx", "weight", "bias", NULL},
    .min_inputs = 2,
    .max_inputs = 3,
    .n_outputs = 1,
    .dtypes = "quint8 qint8 (weight qint8, bias float32) -> same",
    .flags = OCT_OP_CHANNELS_LAST,
    .attributes = attributes,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};

const struct oct_op octi_op_quantized_conv2d_relu = {
    .name = "quantized::conv2d_relu",
    .covers = (const char *const[]){"quantized::conv2d_relu", "quantized::conv2d_relu.new", NULL},
    .doc = "quantized::conv2d, nothing below the output's zero point. Class E0.",
    .input_names = (const char *const[]){"qx", "weight", "bias", NULL},
    .min_inputs = 2,
    .max_inputs = 3,
    .n_outputs = 1,
    .dtypes = "quint8 qint8 (weight qint8, bias float32) -> same",
    .flags = OCT_OP_CHANNELS_LAST,
    .attributes = attributes,
    .infer = infer,
    .reference = reference_relu,
    .prepare = prepare_relu,
};
