// DESIGN: channels-last, window positions outer, channels inner, so that one pixel's window is a row of a matrix whose
// pieces are contiguous in the image. Pixels are gathered a block at a time into scratch that stays in L2 and
// multiplied by OpenBLAS; a 1x1 window needs no gathering. Depthwise convolution has one channel per product and is
// done in place, in a fixed order.
#include <string.h>

#include "engine/base/checked.h"
#include "engine/kernels/sgemm/sgemm.h"
#include "engine/ops/conv_geometry.h"
#include "engine/ops/element.h"
#include "engine/ops/float_weights.h"
#include "engine/ops/op_support.h"
#include "engine/ops/parallel.h"

enum { X, WEIGHT, BIAS };

// Gathered rows are as many as fill this, within the two bounds: half of a small L2, and enough rows for a product.
#define BLOCK_FLOATS   65536
#define MIN_BLOCK_ROWS 8
#define MAX_BLOCK_ROWS 256
// Rows of one product: far inside what OpenBLAS' int can count.
#define MAX_CALL_ROWS 65536

static enum oct_status infer(struct oct_op_infer_call *call)
{
    struct oct_shape shape;
    if (!octi_infer_float_weights(call, 4) || !octi_infer_rank(call, X, 4, 4) || !octi_infer_conv_shape(call, &shape)) {
        return octi_infer_failed(call);
    }
    struct oct_tensor_desc *y = &call->outputs[0];
    *y = *call->inputs[X];
    y->format = OCT_FORMAT_CONTIGUOUS;
    y->shape = shape;
    return OCT_OK;
}

// The sum for output channel `o` at output pixel (row, column) of image `n`; padding counts as zeros.
static float window_sum(const struct octi_conv_geometry *geometry,
                        const struct oct_view *x,
                        const struct oct_view *weight,
                        const int64_t *out)
{
    int64_t first_channel = out[1] / geometry->group_out_channels * geometry->group_channels;
    float sum = 0.0f;
    for (int64_t ky = 0; ky < geometry->kernel[OCTI_CONV_HEIGHT]; ky++) {
        int64_t iy = octi_conv_position(geometry, OCTI_CONV_HEIGHT, out[2], ky);
        for (int64_t kx = 0; kx < geometry->kernel[OCTI_CONV_WIDTH]; kx++) {
            int64_t ix = octi_conv_position(geometry, OCTI_CONV_WIDTH, out[3], kx);
            for (int64_t c = 0; c < geometry->group_channels; c++) {
                const int64_t at[4] = {out[0], first_channel + c, iy, ix};
                const int64_t w_at[4] = {out[1], c, ky, kx};
                float value = iy < 0 || ix < 0 ? 0.0f : octi_load_float(x, octi_view_offset(x, at));
                sum += value * octi_load_float(weight, octi_view_offset(weight, w_at));
            }
        }
    }
    return sum;
}

static void reference(const struct oct_op_run_call *call)
{
    const struct oct_view *x = &call->inputs[X];
    const struct oct_view *weight = &call->inputs[WEIGHT];
    const struct oct_view *bias = call->n_inputs > BIAS && call->inputs[BIAS].data != NULL ? &call->inputs[BIAS] : NULL;
    const struct oct_view *y = &call->outputs[0];
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    struct octi_conv_geometry geometry = octi_conv_geometry(call->attributes, &x->desc, &weight->desc, &y->desc);
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        float sum = window_sum(&geometry, x, weight, index);
        sum = bias != NULL ? sum + octi_load_float(bias, index[1] * bias->strides[0]) : sum;
        octi_store_float(y, octi_view_offset(y, index), sum);
    } while (octi_index_next(&y->desc.shape, index));
}

struct conv {
    struct octi_conv_geometry geometry;
    size_t in_channels, out_channels;
    size_t depth;        // of a group's product: window * group channels
    size_t block_rows;   // that scratch holds
    const float *weight; // [O][kh][kw][C/groups]; depthwise: [kh][kw][O]
    const float *bias;   // [O] or NULL
    const float *zeros;  // [C]: padding, for depthwise
};

static const float *pixel(const struct conv *state, const float *image, int64_t iy, int64_t ix)
{
    return image + (size_t)(iy * state->geometry.in[OCTI_CONV_WIDTH] + ix) * state->in_channels;
}

// One row per output pixel from `first`: the window's channels of the group that begins at `channel`.
static void gather(const struct conv *state, const float *image, size_t channel, size_t first, size_t rows, float *to)
{
    const struct octi_conv_geometry *geometry = &state->geometry;
    size_t channels = (size_t)geometry->group_channels;
    for (size_t r = 0; r < rows; r++) {
        int64_t row = (int64_t)(first + r) / geometry->out[OCTI_CONV_WIDTH];
        int64_t column = (int64_t)(first + r) % geometry->out[OCTI_CONV_WIDTH];
        for (int64_t ky = 0; ky < geometry->kernel[OCTI_CONV_HEIGHT]; ky++) {
            int64_t iy = octi_conv_position(geometry, OCTI_CONV_HEIGHT, row, ky);
            for (int64_t kx = 0; kx < geometry->kernel[OCTI_CONV_WIDTH]; kx++) {
                int64_t ix = octi_conv_position(geometry, OCTI_CONV_WIDTH, column, kx);
                if (iy < 0 || ix < 0) {
                    memset(to, 0, channels * sizeof(float));
                } else {
                    memcpy(to, pixel(state, image, iy, ix) + channel, channels * sizeof(float));
                }
                to += channels;
            }
        }
    }
}

// One group's output channels for `rows` rows of a matrix of its windows.
static void
multiply_group(const struct conv *state, size_t group, size_t rows, const float *matrix, size_t matrix_stride, float *y)
{
    size_t n = (size_t)state->geometry.group_out_channels;
    octi_sgemm(rows, n, state->depth, matrix, matrix_stride, state->weight + group * n * state->depth, state->depth,
               y + group * n, state->out_channels);
}

static void run_pointwise(const struct oct_op_run_call *call)
{
    const struct conv *state = call->state;
    const struct octi_conv_geometry *geometry = &state->geometry;
    const float *x = call->inputs[X].data;
    float *y = call->outputs[0].data;
    size_t rows = (size_t)(call->outputs[0].desc.shape.dims[0] * geometry->out[OCTI_CONV_HEIGHT] *
                           geometry->out[OCTI_CONV_WIDTH]);
    for (size_t first = 0; first < rows; first += MAX_CALL_ROWS) {
        size_t m = rows - first < MAX_CALL_ROWS ? rows - first : MAX_CALL_ROWS;
        for (size_t g = 0; g < (size_t)geometry->groups; g++) {
            const float *matrix = x + first * state->in_channels + g * (size_t)geometry->group_channels;
            multiply_group(state, g, m, matrix, state->in_channels, y + first * state->out_channels);
        }
    }
    octi_add_bias(y, rows, state->out_channels, state->bias);
}

static void run_gathered(const struct oct_op_run_call *call)
{
    const struct conv *state = call->state;
    const struct octi_conv_geometry *geometry = &state->geometry;
    size_t pixels = (size_t)(geometry->out[OCTI_CONV_HEIGHT] * geometry->out[OCTI_CONV_WIDTH]);
    size_t image_floats = (size_t)(geometry->in[OCTI_CONV_HEIGHT] * geometry->in[OCTI_CONV_WIDTH]) * state->in_channels;
    const float *image = call->inputs[X].data;
    float *y = call->outputs[0].data;
    for (int64_t n = 0; n < call->outputs[0].desc.shape.dims[0]; n++) {
        for (size_t first = 0; first < pixels; first += state->block_rows) {
            size_t rows = pixels - first < state->block_rows ? pixels - first : state->block_rows;
            for (size_t g = 0; g < (size_t)geometry->groups; g++) {
                gather(state, image, g * (size_t)geometry->group_channels, first, rows, call->scratch);
                multiply_group(state, g, rows, call->scratch, state->depth, y);
            }
            octi_add_bias(y, rows, state->out_channels, state->bias);
            y += rows * state->out_channels;
        }
        image += image_floats;
    }
}

// Output rows [begin, end) of all images taken together.
static void depthwise_rows(const void *context, int64_t begin, int64_t end)
{
    const struct oct_op_run_call *call = context;
    const struct conv *state = call->state;
    const struct octi_conv_geometry *geometry = &state->geometry;
    size_t channels = state->out_channels;
    size_t image_floats = (size_t)(geometry->in[OCTI_CONV_HEIGHT] * geometry->in[OCTI_CONV_WIDTH]) * channels;
    for (int64_t line = begin; line < end; line++) {
        const float *image =
            (const float *)call->inputs[X].data + (size_t)(line / geometry->out[OCTI_CONV_HEIGHT]) * image_floats;
        float *y = (float *)call->outputs[0].data + (size_t)(line * geometry->out[OCTI_CONV_WIDTH]) * channels;
        for (int64_t column = 0; column < geometry->out[OCTI_CONV_WIDTH]; column++, y += channels) {
            memset(y, 0, channels * sizeof(float));
            const float *w = state->weight;
            for (int64_t ky = 0; ky < geometry->kernel[OCTI_CONV_HEIGHT]; ky++) {
                int64_t iy = octi_conv_position(geometry, OCTI_CONV_HEIGHT, line % geometry->out[OCTI_CONV_HEIGHT], ky);
                for (int64_t kx = 0; kx < geometry->kernel[OCTI_CONV_WIDTH]; kx++, w += channels) {
                    int64_t ix = octi_conv_position(geometry, OCTI_CONV_WIDTH, column, kx);
                    const float *x = iy < 0 || ix < 0 ? state->zeros : pixel(state, image, iy, ix);
                    for (size_t c = 0; c < channels; c++) {
                        y[c] += x[c] * w[c];
                    }
                }
            }
            octi_add_bias(y, 1, channels, state->bias);
        }
    }
}

static void run_depthwise(const struct oct_op_run_call *call)
{
    const struct conv *state = call->state;
    const struct octi_conv_geometry *geometry = &state->geometry;
    int64_t lines = call->outputs[0].desc.shape.dims[0] * geometry->out[OCTI_CONV_HEIGHT];
    int64_t cost = geometry->out[OCTI_CONV_WIDTH] * (int64_t)(state->out_channels * state->depth);
    octi_parallel_for(call->executor, lines, cost, depthwise_rows, call);
}

// Weights by window position, then channel; a depthwise window's by position, then output channel.
static enum oct_status pack(struct oct_op_prepare_call *call, bool depthwise, struct conv *state)
{
    const struct oct_view *weight = call->constants[WEIGHT];
    const struct octi_conv_geometry *geometry = &state->geometry;
    size_t bytes;
    float *packed = NULL;
    if (octi_mul_size(state->out_channels, state->depth, &bytes) && octi_mul_size(bytes, sizeof(float), &bytes)) {
        packed = oct_op_prepare_alloc(call, bytes);
    }
    float *zeros = packed != NULL ? oct_op_prepare_alloc(call, state->in_channels * sizeof(float)) : NULL;
    if (zeros == NULL) {
        return OCT_ERR_NOMEM;
    }
    for (size_t o = 0; o < state->out_channels; o++) {
        for (size_t i = 0; i < state->depth; i++) {
            size_t position = i / (size_t)geometry->group_channels;
            const int64_t at[4] = {(int64_t)o, (int64_t)i % geometry->group_channels,
                                   (int64_t)position / geometry->kernel[OCTI_CONV_WIDTH],
                                   (int64_t)position % geometry->kernel[OCTI_CONV_WIDTH]};
            size_t to = depthwise ? i * state->out_channels + o : o * state->depth + i;
            packed[to] = octi_load_float(weight, octi_view_offset(weight, at));
        }
    }
    state->weight = packed;
    state->zeros = zeros;
    return OCT_OK;
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    const struct oct_tensor_desc *x = call->inputs[X];
    const struct oct_tensor_desc *weight = call->inputs[WEIGHT];
    int64_t depth;
    if (!octi_is_channels_last(x) || !octi_is_channels_last(&call->outputs[0]) ||
        !octi_mul_int64(weight->shape.dims[1], weight->shape.dims[2], &depth) ||
        !octi_mul_int64(depth, weight->shape.dims[3], &depth) || depth > OCTI_SGEMM_MAX_EXTENT ||
        x->shape.dims[1] > OCTI_SGEMM_MAX_EXTENT || weight->shape.dims[0] > OCTI_SGEMM_MAX_EXTENT) {
        return OCT_OK; // the reference reads anything
    }
    struct conv *state = oct_op_prepare_alloc(call, sizeof *state);
    if (state == NULL) {
        return OCT_ERR_NOMEM;
    }
    state->geometry = octi_conv_geometry(call->attributes, x, weight, &call->outputs[0]);
    state->in_channels = (size_t)x->shape.dims[1];
    state->out_channels = (size_t)weight->shape.dims[0];
    state->depth = (size_t)depth;
    bool depthwise = state->geometry.group_channels == 1 && state->geometry.group_out_channels == 1;
    enum oct_status status = pack(call, depthwise, state);
    status = status == OCT_OK ? octi_float_bias(call, &state->bias) : status;
    if (status != OCT_OK) {
        return status;
    }
    call->state = state;
    if (depthwise) {
        call->run = run_depthwise;
        call->kernel = "conv2d_depthwise";
        return OCT_OK;
    }
    octi_sgemm_prepare();
    call->kernel = octi_sgemm_name();
    call->class_f = octi_sgemm_is_class_f();
    if (octi_conv_is_pointwise(&state->geometry)) {
        call->run = run_pointwise;
        return OCT_OK;
    }
    size_t rows = BLOCK_FLOATS / state->depth;
    state->block_rows = rows < MIN_BLOCK_ROWS ? MIN_BLOCK_ROWS : rows > MAX_BLOCK_ROWS ? MAX_BLOCK_ROWS : rows;
    call->run = run_gathered;
    call->scratch_bytes = state->block_rows * state->depth * sizeof(float);
    return OCT_OK;
}

const struct oct_op octi_op_conv2d = {
    .name = "aten::conv2d",
    .covers = (const char *const[]){"aten::conv2d", NULL},
    .doc = "2-D convolution plus bias, in float32. Class F when OpenBLAS multiplies.",
    .input_names = (const char *const[]){"input", "weight", "bias", NULL},
    .min_inputs = 2,
    .max_inputs = 3,
    .n_outputs = 1,
    .dtypes = "float32 -> float32",
    .flags = OCT_OP_CHANNELS_LAST,
    .attributes = (const struct oct_attribute_spec[]){OCTI_CONV_ATTRIBUTES(2, "height, width"), OCTI_ATTRIBUTES_END},
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};
