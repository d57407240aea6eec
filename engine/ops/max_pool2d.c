#include "engine/kernels/pool/pool.h"
#include "engine/ops/attributes.h"
#include "engine/ops/element.h"
#include "engine/ops/op_support.h"
#include "engine/ops/parallel.h"
#include "engine/ops/pool.h"

#include <math.h>
#include <string.h>

enum { KERNEL_SIZE, STRIDE, PADDING, DILATION, CEIL_MODE };

static struct octi_window window_of(const struct oct_attribute *attributes)
{
    struct octi_window window = {.ceil_mode = attributes[CEIL_MODE].integer != 0};
    for (int a = 0; a < 2; a++) {
        window.kernel[a] = attributes[KERNEL_SIZE].integers[a];
        window.stride[a] = attributes[attributes[STRIDE].present ? STRIDE : KERNEL_SIZE].integers[a];
        window.padding[a] = attributes[PADDING].integers[a];
        window.dilation[a] = attributes[DILATION].integers[a];
    }
    return window;
}

static enum oct_status infer(struct oct_op_infer_call *call)
{
    struct octi_window window = window_of(call->attributes);
    int64_t reach[2];
    for (int a = 0; a < 2; a++) { // both factors are below 2^31
        reach[a] = (window.kernel[a] - 1) * window.dilation[a] + 1;
    }
    if (!octi_pool_infer_image(call) || !octi_pool_infer_windows(call, &window, reach)) {
        return octi_infer_failed(call);
    }
    return OCT_OK;
}

/// A NaN wins and stays, as in PyTorch.
static inline float larger(float best, float x)
{
    return x > best || x != x ? x : best;
}

/// The windows of one output pixel.
struct patch {
    struct octi_taps rows, columns;
};

static struct patch patch_at(const struct octi_window *window, const struct oct_shape *image, int64_t oh, int64_t ow)
{
    struct patch patch;
    patch.rows = octi_taps_of(oh * window->stride[0] - window->padding[0], image->dims[2], window->kernel[0],
                              window->dilation[0]);
    patch.columns = octi_taps_of(ow * window->stride[1] - window->padding[1], image->dims[3], window->kernel[1],
                                 window->dilation[1]);
    return patch;
}

static void reference(const struct oct_op_run_call *call)
{
    struct oct_view x = octi_view_as_images(&call->inputs[0]), y = octi_view_as_images(&call->outputs[0]);
    if (octi_shape_is_empty(&y.desc.shape)) {
        return;
    }
    struct octi_window window = window_of(call->attributes);
    bool is_float = x.desc.dtype == OCT_DTYPE_FLOAT32;
    int64_t o[OCT_MAX_RANK] = {0};
    do {
        struct patch patch = patch_at(&window, &x.desc.shape, o[2], o[3]);
        float best = -INFINITY;
        int32_t best_code = is_float ? 0 : (int32_t)oct_dtype_qmin(x.desc.dtype);
        for (int64_t r = 0; r < patch.rows.count; r++) {
            for (int64_t c = 0; c < patch.columns.count; c++) {
                int64_t at[] = {
                    o[0],
                    o[1],
                    patch.rows.first + r * window.dilation[0],
                    patch.columns.first + c * window.dilation[1],
                };
                int64_t offset = octi_view_offset(&x, at);
                if (is_float) {
                    best = larger(best, octi_load_float(&x, offset));
                } else {
                    int32_t code = octi_load_code(&x, offset);
                    best_code = code > best_code ? code : best_code;
                }
            }
        }
        if (is_float) {
            octi_store_float(&y, octi_view_offset(&y, o), best);
        } else {
            octi_store_code(&y, octi_view_offset(&y, o), best_code);
        }
    } while (octi_index_next(&y.desc.shape, o));
}

static void raise_floats(float *restrict best, const float *restrict x, int64_t channels)
{
    for (int64_t c = 0; c < channels; c++) {
        best[c] = larger(best[c], x[c]);
    }
}

static void fill_floats(float *y, int64_t n, float value)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = value;
    }
}

/// One output pixel, all channels, channels-last.
static void pool_floats(
    const struct oct_view *x, const int64_t *at, const struct patch *patch, const struct octi_window *w, float *to)
{
    const int64_t channels = x->desc.shape.dims[1];
    fill_floats(to, channels, -INFINITY);
    for (int64_t r = 0; r < patch->rows.count; r++) {
        for (int64_t c = 0; c < patch->columns.count; c++) {
            int64_t row = patch->rows.first + r * w->dilation[0], column = patch->columns.first + c * w->dilation[1];
            int64_t from = at[0] * x->strides[0] + row * x->strides[2] + column * x->strides[3];
            raise_floats(to, (const float *)x->data + from, channels);
        }
    }
}

/// `n_windows` neighbours of one output row, which all see as much of the image as the first.
static void pool_codes(const struct octi_qmaxpool *kernel,
                       const struct oct_view *x,
                       const int64_t *at,
                       const struct patch *patch,
                       const struct octi_window *w,
                       int64_t n_windows,
                       uint8_t *to)
{
    size_t channels = (size_t)x->desc.shape.dims[1];
    if (patch->rows.count == 0 || patch->columns.count == 0) { // dilated windows that step over the image
        memset(to, 0, (size_t)n_windows * channels);
        return;
    }
    struct octi_pool_window line = {
        .x = (const uint8_t *)x->data + at[0] * x->strides[0] + patch->rows.first * x->strides[2] +
             patch->columns.first * x->strides[3],
        .n_rows = (size_t)patch->rows.count,
        .n_columns = (size_t)patch->columns.count,
        .row_stride = (size_t)(w->dilation[0] * x->strides[2]),
        .column_stride = (size_t)(w->dilation[1] * x->strides[3]),
        .n_channels = channels,
        .n_windows = (size_t)n_windows,
        .window_stride = (size_t)(w->stride[1] * x->strides[3]),
    };
    kernel->run(&line, to);
}

/// Output columns [begin, end) of `width` whose windows lie in the image from left to right; none when begin == end.
struct inner {
    int64_t begin, end;
};

static struct inner inner_columns(const struct octi_window *w, int64_t image_width, int64_t width)
{
    int64_t reach = (w->kernel[1] - 1) * w->dilation[1];
    int64_t room = image_width - 1 - reach + w->padding[1]; // where the last one of them may begin, from the padding on
    struct inner inner = {(w->padding[1] + w->stride[1] - 1) / w->stride[1], room < 0 ? 0 : room / w->stride[1] + 1};
    inner.end = inner.end < width ? inner.end : width;
    inner.begin = inner.begin < inner.end ? inner.begin : inner.end;
    return inner;
}

/// Output rows [begin, end) of N * OH, channels-last.
static void run_rows(const void *context, int64_t begin, int64_t end)
{
    const struct oct_op_run_call *call = context;
    const struct oct_view *x = &call->inputs[0], *y = &call->outputs[0];
    const struct octi_window window = window_of(call->attributes);
    const int64_t height = y->desc.shape.dims[2], width = y->desc.shape.dims[3];
    const struct inner inner = inner_columns(&window, x->desc.shape.dims[3], width);
    for (int64_t row = begin; row < end; row++) {
        int64_t n;
        for (int64_t ow = 0; ow < width; ow += n) {
            int64_t at[] = {row / height, 0, row % height, ow};
            int64_t to = octi_view_offset(y, at);
            struct patch patch = patch_at(&window, &x->desc.shape, at[2], ow);
            n = 1;
            if (x->desc.dtype == OCT_DTYPE_FLOAT32) {
                pool_floats(x, at, &patch, &window, (float *)y->data + to);
            } else {
                n = ow == inner.begin && inner.begin < inner.end ? inner.end - inner.begin : 1;
                pool_codes(call->state, x, at, &patch, &window, n, (uint8_t *)y->data + to);
            }
        }
    }
}

static void run(const struct oct_op_run_call *call)
{
    const struct oct_shape *out = &call->outputs[0].desc.shape;
    const int64_t *kernel = call->attributes[KERNEL_SIZE].integers;
    // A hint: how many elements an output row reads, large kernels counted as 8.
    int64_t taps = (kernel[0] < 8 ? kernel[0] : 8) * (kernel[1] < 8 ? kernel[1] : 8);
    octi_parallel_for(call->executor, out->dims[0] * out->dims[2], out->dims[3] * out->dims[1] * taps, run_rows, call);
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    if (!octi_pool_is_channels_last(call) || call->inputs[0]->dtype == OCT_DTYPE_QINT8) {
        return OCT_OK;
    }
    call->run = run;
    call->kernel = "channels_last_floats";
    if (call->inputs[0]->dtype == OCT_DTYPE_QUINT8) {
        const struct octi_qmaxpool *kernel = octi_qmaxpool_select(call->cpu_features);
        // Records are constant and live for ever; a state is only ever read.
        call->state = (void *)(uintptr_t)kernel;
        call->kernel = kernel->kernel.name;
    }
    return OCT_OK;
}

const struct oct_op octi_op_max_pool2d = {
    .name = "aten::max_pool2d",
    .covers = (const char *const[]){"aten::max_pool2d", "aten::quantized_max_pool2d", "quantized::max_pool2d", NULL},
    .doc = "Largest value of each window; padding never wins. Keeps quantization parameters. Class E0.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "float32 quint8 qint8 -> same",
    .flags = OCT_OP_CHANNELS_LAST,
    .attributes =
        (const struct oct_attribute_spec[]){
            [KERNEL_SIZE] = OCTI_ATTRIBUTE_PAIR("kernel_size", 1, "height and width of the window"),
            [STRIDE] = {.name = "stride",
                        .type = OCT_ATTRIBUTE_INTS,
                        .minimum = 1,
                        .maximum = OCTI_MAX_WINDOW,
                        .min_count = 2,
                        .max_count = 2,
                        .broadcast_count = 2,
                        .doc = "distance of windows; absent: kernel_size"},
            [PADDING] = OCTI_ATTRIBUTE_PAIR_OR("padding", 0, 0, "rows and columns around the image"),
            [DILATION] = OCTI_ATTRIBUTE_PAIR_OR("dilation", 1, 1, "distance of a window's elements"),
            [CEIL_MODE] = OCTI_ATTRIBUTE_BOOL_OR("ceil_mode", false, "allow a last window that hangs over the edge"),
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};
