#include "engine/ops/average.h"

#include "engine/kernels/pool/pool.h"
#include "engine/ops/op_support.h"
#include "engine/ops/parallel.h"
#include "engine/ops/pool.h"

/// Channels that are summed at a time: the sums stay in the first-level cache.
#define BLOCK 64

void octi_average_reference(const struct oct_op_run_call *call,
                            octi_rectangle_fn rectangle_of,
                            enum octi_average_base base)
{
    struct oct_view x = octi_view_as_images(&call->inputs[0]), y = octi_view_as_images(&call->outputs[0]);
    if (octi_shape_is_empty(&y.desc.shape)) {
        return;
    }
    bool is_float = x.desc.dtype == OCT_DTYPE_FLOAT32;
    struct octi_output output = octi_average_output(&y.desc, base);
    int64_t o[OCT_MAX_RANK] = {0};
    do {
        struct octi_rectangle r = rectangle_of(call->attributes, &x.desc.shape, &y.desc.shape, o[2], o[3]);
        double real_sum = 0.0;
        int64_t code_sum = 0;
        int64_t at[] = {o[0], o[1], 0, 0};
        for (at[2] = r.top; at[2] < r.bottom; at[2]++) {
            for (at[3] = r.left; at[3] < r.right; at[3]++) {
                int64_t offset = octi_view_offset(&x, at);
                if (is_float) {
                    real_sum += (double)octi_load_float(&x, offset);
                } else {
                    code_sum += octi_load_code(&x, offset);
                }
            }
        }
        int64_t to = octi_view_offset(&y, o);
        if (is_float) {
            octi_store_float(&y, to, (float)(real_sum / (double)r.divisor));
        } else {
            int64_t n = (r.bottom - r.top) * (r.right - r.left);
            float reciprocal = octi_average_reciprocal(r.divisor);
            octi_store_code(&y, to, octi_average_code(code_sum, n, reciprocal, output));
        }
    } while (octi_index_next(&y.desc.shape, o));
}

static void
average_floats(const struct oct_view *x, int64_t base, int64_t channels, const struct octi_rectangle *r, float *to)
{
    double sums[BLOCK] = {0.0};
    for (int64_t row = r->top; row < r->bottom; row++) {
        for (int64_t column = r->left; column < r->right; column++) {
            const float *pixel = (const float *)x->data + base + row * x->strides[2] + column * x->strides[3];
            for (int64_t c = 0; c < channels; c++) {
                sums[c] += (double)pixel[c];
            }
        }
    }
    for (int64_t c = 0; c < channels; c++) {
        to[c] = (float)(sums[c] / (double)r->divisor);
    }
}

static void average_codes(const struct oct_op_run_call *call,
                          int64_t image,
                          const struct octi_rectangle *r,
                          int64_t n_rectangles,
                          int64_t step,
                          struct octi_output output,
                          uint8_t *to)
{
    const struct octi_qsumpool *kernel = call->state;
    const struct oct_view *x = &call->inputs[0];
    struct octi_pool_window line = {
        .x = (const uint8_t *)x->data + image * x->strides[0] + r->top * x->strides[2] + r->left * x->strides[3],
        .n_rows = (size_t)(r->bottom - r->top),
        .n_columns = (size_t)(r->right - r->left),
        .row_stride = (size_t)x->strides[2],
        .column_stride = (size_t)x->strides[3],
        .n_channels = (size_t)x->desc.shape.dims[1],
        .n_windows = (size_t)n_rectangles,
        .window_stride = (size_t)(step * x->strides[3]),
    };
    struct octi_pool_average average = {
        .x_zero_point = output.zero_point,
        .multiplier = octi_average_reciprocal(r->divisor),
        .output = output,
    };
    kernel->run(&line, &average, to);
}

void octi_average_channels(const struct oct_op_run_call *call,
                           int64_t image,
                           const struct octi_rectangle *rectangle,
                           enum octi_average_base base,
                           void *to)
{
    const struct oct_view *x = &call->inputs[0];
    if (x->desc.dtype != OCT_DTYPE_FLOAT32) {
        average_codes(call, image, rectangle, 1, 0, octi_average_output(&call->outputs[0].desc, base), to);
        return;
    }
    const int64_t channels = x->desc.shape.dims[1];
    for (int64_t c = 0; c < channels; c += BLOCK) {
        int64_t n = channels - c < BLOCK ? channels - c : BLOCK;
        average_floats(x, image * x->strides[0] + c, n, rectangle, (float *)to + c);
    }
}

struct averaging {
    const struct oct_op_run_call *call;
    octi_rectangle_fn rectangle_of;
    enum octi_average_base base;
};

/// Is `b`, `nth` after `a`, as large as `a` and `nth` steps further to the right?
static bool continues(const struct octi_rectangle *a, const struct octi_rectangle *b, int64_t nth, int64_t step)
{
    return b->right - b->left == a->right - a->left && b->divisor == a->divisor && b->left - a->left == nth * step;
}

/// The rectangle of output pixel (row of N * OH, column).
static struct octi_rectangle rectangle_at(const struct averaging *averaging, int64_t row, int64_t column)
{
    const struct oct_op_run_call *call = averaging->call;
    const struct oct_shape *in = &call->inputs[0].desc.shape, *out = &call->outputs[0].desc.shape;
    return averaging->rectangle_of(call->attributes, in, out, row % out->dims[2], column);
}

/// How many output columns from `first` on have rectangles as large as its own, each as far behind the one before.
/// Every row of the output answers alike.
static int64_t equal_columns(const struct averaging *averaging, int64_t row, int64_t first, int64_t *step)
{
    const int64_t width = averaging->call->outputs[0].desc.shape.dims[3];
    const struct octi_rectangle from = rectangle_at(averaging, row, first);
    int64_t n = 1;
    *step = 0;
    for (; first + n < width; n++) {
        const struct octi_rectangle next = rectangle_at(averaging, row, first + n);
        *step = n == 1 ? next.left - from.left : *step;
        if (!continues(&from, &next, n, *step)) {
            break;
        }
    }
    return n;
}

/// Output rows [begin, end) of N * OH of a quantized tensor.
static void run_code_rows(const void *context, int64_t begin, int64_t end)
{
    const struct averaging *averaging = context;
    const struct oct_view *y = &averaging->call->outputs[0];
    const struct octi_output output = octi_average_output(&y->desc, averaging->base);
    const int64_t height = y->desc.shape.dims[2], width = y->desc.shape.dims[3];
    int64_t n, step;
    for (int64_t ow = 0; ow < width; ow += n) {
        n = equal_columns(averaging, begin, ow, &step);
        for (int64_t row = begin; row < end; row++) {
            const int64_t at[] = {row / height, 0, row % height, ow};
            const struct octi_rectangle r = rectangle_at(averaging, row, ow);
            average_codes(averaging->call, at[0], &r, n, step, output, (uint8_t *)y->data + octi_view_offset(y, at));
        }
    }
}

/// Output rows [begin, end) of N * OH of a float tensor.
static void run_float_rows(const void *context, int64_t begin, int64_t end)
{
    const struct averaging *averaging = context;
    const struct oct_view *y = &averaging->call->outputs[0];
    const int64_t height = y->desc.shape.dims[2], width = y->desc.shape.dims[3];
    for (int64_t row = begin; row < end; row++) {
        for (int64_t ow = 0; ow < width; ow++) {
            const int64_t at[] = {row / height, 0, row % height, ow};
            const struct octi_rectangle r = rectangle_at(averaging, row, ow);
            octi_average_channels(averaging->call, at[0], &r, averaging->base,
                                  (float *)y->data + octi_view_offset(y, at));
        }
    }
}

void octi_average_run(const struct oct_op_run_call *call, octi_rectangle_fn rectangle_of, enum octi_average_base base)
{
    struct averaging averaging = {call, rectangle_of, base};
    const struct oct_shape *in = &call->inputs[0].desc.shape, *out = &call->outputs[0].desc.shape;
    int64_t image_cost = in->dims[1] * in->dims[2] * in->dims[3];
    bool is_float = call->inputs[0].desc.dtype == OCT_DTYPE_FLOAT32;
    octi_parallel_for(call->executor, out->dims[0] * out->dims[2], image_cost / out->dims[2],
                      is_float ? run_float_rows : run_code_rows, &averaging);
}

void octi_average_choose(struct oct_op_prepare_call *call, oct_op_run_fn run)
{
    const struct oct_tensor_desc *in = call->inputs[0];
    if (in->shape.rank != 4 || in->format != OCT_FORMAT_CHANNELS_LAST || octi_shape_is_empty(&in->shape)) {
        return;
    }
    if (in->dtype == OCT_DTYPE_FLOAT32) {
        call->run = run;
        call->kernel = "channels_last_floats";
    } else if (in->dtype == OCT_DTYPE_QUINT8 && in->shape.dims[2] <= OCTI_POOL_MAX_ELEMENTS / in->shape.dims[3]) {
        const struct octi_qsumpool *kernel = octi_qsumpool_select(call->cpu_features);
        // Records are constant and live for ever; a state is only ever read.
        call->state = (void *)(uintptr_t)kernel;
        call->run = run;
        call->kernel = kernel->kernel.name;
    }
}

enum oct_status octi_average_prepare(struct oct_op_prepare_call *call, oct_op_run_fn run)
{
    if (octi_pool_is_channels_last(call)) {
        octi_average_choose(call, run);
    }
    return OCT_OK;
}
