#include "engine/ops/attributes.h"
#include "engine/ops/average.h"
#include "engine/ops/op_support.h"
#include "engine/ops/pool.h"

enum { KERNEL_SIZE, STRIDE, PADDING, CEIL_MODE, COUNT_INCLUDE_PAD, DIVISOR_OVERRIDE };

static struct octi_window window_of(const struct oct_attribute *attributes)
{
    struct octi_window window = {.dilation = {1, 1}, .ceil_mode = attributes[CEIL_MODE].integer != 0};
    for (int a = 0; a < 2; a++) {
        window.kernel[a] = attributes[KERNEL_SIZE].integers[a];
        window.stride[a] = attributes[attributes[STRIDE].present ? STRIDE : KERNEL_SIZE].integers[a];
        window.padding[a] = attributes[PADDING].integers[a];
    }
    return window;
}

static enum oct_status infer(struct oct_op_infer_call *call)
{
    struct octi_window window = window_of(call->attributes);
    if (call->attributes[DIVISOR_OVERRIDE].present && call->attributes[DIVISOR_OVERRIDE].integer == 0) {
        octi_infer_fail(call, OCT_ERR_INVALID, "divisor_override is 0, expected another number");
        return octi_infer_failed(call);
    }
    if (!octi_pool_infer_image(call) || !octi_pool_infer_windows(call, &window, window.kernel)) {
        return octi_infer_failed(call);
    }
    return OCT_OK;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static struct octi_rectangle rectangle_of(const struct oct_attribute *attributes,
                                          const struct oct_shape *in,
                                          const struct oct_shape *out,
                                          int64_t oh,
                                          int64_t ow)
{
    (void)out;
    const struct octi_window window = window_of(attributes);
    int64_t o[] = {oh, ow}, begin[2], end[2], padded = 1, valid = 1;
    for (int a = 0; a < 2; a++) {
        int64_t extent = in->dims[2 + a];
        int64_t start = o[a] * window.stride[a] - window.padding[a];
        int64_t stop = least(start + window.kernel[a], extent + window.padding[a]);
        padded *= stop - start;
        begin[a] = start > 0 ? start : 0;
        end[a] = least(stop, extent);
        valid *= end[a] - begin[a];
    }
    int64_t divisor = attributes[COUNT_INCLUDE_PAD].integer != 0 ? padded : valid;
    if (attributes[DIVISOR_OVERRIDE].present) {
        divisor = attributes[DIVISOR_OVERRIDE].integer;
    }
    return (struct octi_rectangle){begin[0], end[0], begin[1], end[1], divisor};
}

static void reference(const struct oct_op_run_call *call)
{
    octi_average_reference(call, rectangle_of, OCTI_AVERAGE_FROM_ZERO_POINT);
}

static void run(const struct oct_op_run_call *call)
{
    octi_average_run(call, rectangle_of, OCTI_AVERAGE_FROM_ZERO_POINT);
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    return octi_average_prepare(call, run);
}

const struct oct_op octi_op_avg_pool2d = {
    .name = "aten::avg_pool2d",
    .covers = (const char *const[]){"aten::avg_pool2d", NULL},
    .doc = "Average of each window, by PyTorch's channels-last formula; keeps quantization parameters. Class E0, F on "
           "floats.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "float32 quint8 qint8 -> same",
    .flags = OCT_OP_CHANNELS_LAST | OCT_OP_PITCHED,
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
            [PADDING] = OCTI_ATTRIBUTE_PAIR_OR("padding", 0, 0, "rows and columns of zeros around the image"),
            [CEIL_MODE] = OCTI_ATTRIBUTE_BOOL_OR("ceil_mode", false, "allow a last window that hangs over the edge"),
            [COUNT_INCLUDE_PAD] = OCTI_ATTRIBUTE_BOOL_OR("count_include_pad", true, "count the padding in the divisor"),
            [DIVISOR_OVERRIDE] = {.name = "divisor_override",
                                  .type = OCT_ATTRIBUTE_INT,
                                  .minimum = -2147483648.0,
                                  .maximum = 2147483647.0,
                                  .doc = "divide by this instead of the window's size"},
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};
