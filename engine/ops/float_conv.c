// DESIGN: channels-last, window positions outer, channels inner, so that one pixel's window is a row of a matrix whose
// pieces are contiguous in the image. Pixels are gathered a block at a time into scratch that stays in L2 and
// multiplied by OpenBLAS; a 1x1 window needs no gathering. Depthwise convolution has one channel per product and is
// done in place, in a fixed order.
#include "engine/ops/float_conv.h"

#include <string.h>

#include "engine/base/checked.h"
#include "engine/kernels/sgemm/sgemm.h"
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

enum oct_status octi_float_conv_infer(struct oct_op_infer_call *call)
{
    int32_t rank = 2 + octi_conv_dims(call->attributes);
    struct oct_shape shape;
    if (!octi_infer_float_weights(call, rank) || !octi_infer_rank(call, X, rank, rank) ||
        !octi_infer_conv_shape(call, &shape)) {
        return octi_infer_failed(call);
    }
    struct oct_tensor_desc *y = &call->outputs[0];
    *y = *call->inputs[X];
    y->format = OCT_FORMAT_CONTIGUOUS;
    y->shape = shape;
    return OCT_OK;
}

// The sum for the output channel and pixel `out` of an image: (n, channel, depth, row, column). Padding counts as
// zeros.
static float window_sum(const struct octi_conv_geometry *geometry,
                        const struct oct_view *x,
                        const struct oct_view *weight,
                        const int64_t *out)
{
    int64_t first_channel = out[1] / geometry->group_out_channels * geometry->group_channels;
    struct oct_shape window = {.rank = OCTI_CONV_DIMS};
    memcpy(window.dims, geometry->kernel, sizeof geometry->kernel);
    int64_t k[OCT_MAX_RANK] = {0};
    float sum = 0.0f;
    do {
        int64_t at[OCTI_CONV_RANK] = {out[0], first_channel};
        int64_t w_at[OCTI_CONV_RANK] = {out[1], 0, k[0], k[1], k[2]};
        bool inside = octi_conv_sees(geometry, out + 2, k, at + 2);
        for (int64_t c = 0; c < geometry->group_channels; c++, at[1]++, w_at[1]++) {
            float value = inside ? octi_load_float(x, octi_view_offset(x, at)) : 0.0f;
            sum += value * octi_load_float(weight, octi_view_offset(weight, w_at));
        }
    } while (octi_index_next(&window, k));
    return sum;
}

void octi_float_conv_reference(const struct oct_op_run_call *call)
{
    struct oct_view x = octi_conv_view(&call->inputs[X]);
    struct oct_view weight = octi_conv_view(&call->inputs[WEIGHT]);
    struct oct_view y = octi_conv_view(&call->outputs[0]);
    const struct oct_view *bias = call->n_inputs > BIAS && call->inputs[BIAS].data != NULL ? &call->inputs[BIAS] : NULL;
    if (octi_shape_is_empty(&y.desc.shape)) {
        return;
    }
    struct octi_conv_geometry geometry =
        octi_conv_geometry(call->attributes, &call->inputs[X].desc, &call->inputs[WEIGHT].desc, &call->outputs[0].desc);
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        float sum = window_sum(&geometry, &x, &weight, index);
        sum = bias != NULL ? sum + octi_load_float(bias, index[1] * bias->strides[0]) : sum;
        octi_store_float(&y, octi_view_offset(&y, index), sum);
    } while (octi_index_next(&y.desc.shape, index));
}

struct conv {
    struct octi_conv_geometry geometry;
    size_t in_channels, out_channels;
    size_t depth;        // of a group's product: window * group channels
    size_t block_rows;   // that scratch holds
    const float *weight; // [O][window][C/groups]; depthwise: [window][O]
    const float *bias;   // [O] or NULL
    const float *zeros;  // [C]: padding, for depthwise
};

// The line of an image that output (depth, row) sees in line (kz, ky) of the window; NULL in the padding.
static const float *
line_seen(const struct conv *state, const float *image, int64_t depth, int64_t row, int64_t kz, int64_t ky)
{
    const struct octi_conv_geometry *geometry = &state->geometry;
    int64_t iz = octi_conv_position(geometry, OCTI_CONV_DEPTH, depth, kz);
    int64_t iy = octi_conv_position(geometry, OCTI_CONV_HEIGHT, row, ky);
    if (iz < 0 || iy < 0) {
        return NULL;
    }
    int64_t pixel = (iz * geometry->in[OCTI_CONV_HEIGHT] + iy) * geometry->in[OCTI_CONV_WIDTH];
    return image + (size_t)pixel * state->in_channels;
}

// The channels of column ix of such a line; NULL in the padding.
static const float *pixel_seen(const struct conv *state, const float *line, int64_t column, int64_t kx)
{
    int64_t ix = octi_conv_position(&state->geometry, OCTI_CONV_WIDTH, column, kx);
    return line == NULL || ix < 0 ? NULL : line + (size_t)ix * state->in_channels;
}

// What a line of the window sees of a line of the image, from `channel` on as many channels as a group has.
static void gather_line(const struct conv *state, const float *line, size_t channel, int64_t column, float *to)
{
    const struct octi_conv_geometry *geometry = &state->geometry;
    size_t channels = (size_t)geometry->group_channels;
    int64_t width = geometry->kernel[OCTI_CONV_WIDTH];
    int64_t first = column * geometry->stride[OCTI_CONV_WIDTH] - geometry->padding[OCTI_CONV_WIDTH];
    bool whole = geometry->dilation[OCTI_CONV_WIDTH] == 1 && geometry->groups == 1 && first >= 0 &&
                 first + width <= geometry->in[OCTI_CONV_WIDTH];
    if (line != NULL && whole) { // one run of floats
        memcpy(to, line + (size_t)first * channels, (size_t)width * channels * sizeof(float));
        return;
    }
    for (int64_t kx = 0; kx < width; kx++, to += channels) {
        const float *from = pixel_seen(state, line, column, kx);
        if (from == NULL) {
            memset(to, 0, channels * sizeof(float));
        } else {
            memcpy(to, from + channel, channels * sizeof(float));
        }
    }
}

// The same for the whole window of one output pixel; returns where the next one goes.
static float *gather_pixel(const struct conv *state, const float *image, size_t channel, const int64_t *out, float *to)
{
    const struct octi_conv_geometry *geometry = &state->geometry;
    size_t line_floats = (size_t)(geometry->kernel[OCTI_CONV_WIDTH] * geometry->group_channels);
    for (int64_t kz = 0; kz < geometry->kernel[OCTI_CONV_DEPTH]; kz++) {
        for (int64_t ky = 0; ky < geometry->kernel[OCTI_CONV_HEIGHT]; ky++, to += line_floats) {
            const float *line = line_seen(state, image, out[OCTI_CONV_DEPTH], out[OCTI_CONV_HEIGHT], kz, ky);
            gather_line(state, line, channel, out[OCTI_CONV_WIDTH], to);
        }
    }
    return to;
}

// One row per output pixel from `first`: the window's channels of the group that begins at `channel`.
static void gather(const struct conv *state, const float *image, size_t channel, size_t first, size_t rows, float *to)
{
    const struct octi_conv_geometry *geometry = &state->geometry;
    struct oct_shape image_shape = {.rank = OCTI_CONV_DIMS};
    memcpy(image_shape.dims, geometry->out, sizeof geometry->out);
    int64_t line = (int64_t)first / geometry->out[OCTI_CONV_WIDTH];
    int64_t out[OCT_MAX_RANK] = {
        [OCTI_CONV_DEPTH] = line / geometry->out[OCTI_CONV_HEIGHT],
        [OCTI_CONV_HEIGHT] = line % geometry->out[OCTI_CONV_HEIGHT],
        [OCTI_CONV_WIDTH] = (int64_t)first % geometry->out[OCTI_CONV_WIDTH],
    };
    for (size_t r = 0; r < rows; r++) {
        to = gather_pixel(state, image, channel, out, to);
        (void)octi_index_next(&image_shape, out);
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
    size_t rows = (size_t)(call->outputs[0].desc.shape.dims[0] * octi_conv_count(geometry->out));
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
    size_t pixels = (size_t)octi_conv_count(geometry->out);
    size_t image_floats = (size_t)octi_conv_count(geometry->in) * state->in_channels;
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

// One output pixel, all channels.
static void
depthwise_pixel(const struct conv *state, const float *image, int64_t depth, int64_t row, int64_t column, float *y)
{
    const struct octi_conv_geometry *geometry = &state->geometry;
    size_t channels = state->out_channels;
    const float *w = state->weight;
    memset(y, 0, channels * sizeof(float));
    for (int64_t kz = 0; kz < geometry->kernel[OCTI_CONV_DEPTH]; kz++) {
        for (int64_t ky = 0; ky < geometry->kernel[OCTI_CONV_HEIGHT]; ky++) {
            const float *line = line_seen(state, image, depth, row, kz, ky);
            for (int64_t kx = 0; kx < geometry->kernel[OCTI_CONV_WIDTH]; kx++, w += channels) {
                const float *from = pixel_seen(state, line, column, kx);
                const float *x = from != NULL ? from : state->zeros;
                for (size_t c = 0; c < channels; c++) {
                    y[c] += x[c] * w[c];
                }
            }
        }
    }
    octi_add_bias(y, 1, channels, state->bias);
}

// Output lines [begin, end) of all images taken together.
static void depthwise_lines(const void *context, int64_t begin, int64_t end)
{
    const struct oct_op_run_call *call = context;
    const struct conv *state = call->state;
    const struct octi_conv_geometry *geometry = &state->geometry;
    size_t image_floats = (size_t)octi_conv_count(geometry->in) * state->in_channels;
    int64_t width = geometry->out[OCTI_CONV_WIDTH];
    for (int64_t line = begin; line < end; line++) {
        int64_t row = line % geometry->out[OCTI_CONV_HEIGHT];
        int64_t plane = line / geometry->out[OCTI_CONV_HEIGHT];
        int64_t depth = plane % geometry->out[OCTI_CONV_DEPTH];
        int64_t n = plane / geometry->out[OCTI_CONV_DEPTH];
        const float *image = (const float *)call->inputs[X].data + (size_t)n * image_floats;
        float *y = (float *)call->outputs[0].data + (size_t)(line * width) * state->out_channels;
        for (int64_t column = 0; column < width; column++, y += state->out_channels) {
            depthwise_pixel(state, image, depth, row, column, y);
        }
    }
}

static void run_depthwise(const struct oct_op_run_call *call)
{
    const struct conv *state = call->state;
    const int64_t *out = state->geometry.out;
    int64_t lines = call->outputs[0].desc.shape.dims[0] * out[OCTI_CONV_DEPTH] * out[OCTI_CONV_HEIGHT];
    int64_t cost = out[OCTI_CONV_WIDTH] * (int64_t)(state->out_channels * state->depth);
    octi_parallel_for(call->executor, lines, cost, depthwise_lines, call);
}

// Weights by window position, then channel; a depthwise window's by position, then output channel.
static enum oct_status pack(struct oct_op_prepare_call *call, bool depthwise, struct conv *state)
{
    struct oct_view weight = octi_conv_view(call->constants[WEIGHT]);
    size_t group_channels = (size_t)state->geometry.group_channels;
    struct oct_shape window = {.rank = OCTI_CONV_DIMS};
    memcpy(window.dims, state->geometry.kernel, sizeof state->geometry.kernel);
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
        for (size_t c = 0; c < group_channels; c++) {
            int64_t at[OCT_MAX_RANK] = {(int64_t)o, (int64_t)c};
            size_t i = c;
            do {
                size_t to = depthwise ? i * state->out_channels + o : o * state->depth + i;
                packed[to] = octi_load_float(&weight, octi_view_offset(&weight, at));
                i += group_channels;
            } while (octi_index_next(&window, at + 2));
        }
    }
    state->weight = packed;
    state->zeros = zeros;
    return OCT_OK;
}

enum oct_status octi_float_conv_prepare(struct oct_op_prepare_call *call)
{
    const struct oct_tensor_desc *x = call->inputs[X];
    const struct oct_tensor_desc *weight = call->inputs[WEIGHT];
    int64_t depth = 1;
    bool fits = true;
    for (int32_t d = 1; d < weight->shape.rank; d++) {
        fits = fits && octi_mul_int64(depth, weight->shape.dims[d], &depth);
    }
    if (!octi_is_channels_last(x) || !octi_is_channels_last(&call->outputs[0]) || !fits ||
        depth > OCTI_SGEMM_MAX_EXTENT || x->shape.dims[1] > OCTI_SGEMM_MAX_EXTENT ||
        weight->shape.dims[0] > OCTI_SGEMM_MAX_EXTENT) {
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
        call->kernel = "conv_depthwise";
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
