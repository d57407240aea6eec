#include "engine/base/checked.h"
#include "engine/ops/attributes.h"
#include "engine/ops/average.h"
#include "engine/ops/op_support.h"
#include "engine/ops/pool.h"

enum { OUTPUT_SIZE };

static enum oct_status infer(struct oct_op_infer_call *call)
{
    if (!octi_pool_infer_image(call)) {
        return octi_infer_failed(call);
    }
    const int64_t *size = call->attributes[OUTPUT_SIZE].integers;
    const struct oct_shape *in = &call->inputs[0]->shape;
    for (int a = 0; a < 2; a++) {
        int64_t product;
        if (!octi_mul_int64(size[a] + 1, in->dims[in->rank - 2 + a] + 1, &product)) {
            octi_infer_fail(call, OCT_ERR_LIMIT, "output_size times the image's extent does not fit 63 bits");
            return octi_infer_failed(call);
        }
    }
    octi_pool_set_extents(&call->outputs[0].shape, size[0], size[1]);
    return OCT_OK;
}

static struct octi_rectangle rectangle_of(const struct oct_attribute *attributes,
                                          const struct oct_shape *in,
                                          const struct oct_shape *out,
                                          int64_t oh,
                                          int64_t ow)
{
    (void)attributes;
    const int64_t o[] = {oh, ow};
    int64_t begin[2], end[2];
    for (int a = 0; a < 2; a++) { // floor(o * I / O) and ceil((o + 1) * I / O); `infer` has bounded the products
        int64_t extent = in->dims[2 + a], n = out->dims[2 + a];
        begin[a] = o[a] * extent / n;
        end[a] = ((o[a] + 1) * extent + n - 1) / n;
    }
    return (struct octi_rectangle){begin[0], end[0], begin[1], end[1], (end[0] - begin[0]) * (end[1] - begin[1])};
}

static void reference(const struct oct_op_run_call *call)
{
    octi_average_reference(call, rectangle_of, OCTI_AVERAGE_FROM_QMIN);
}

static void run(const struct oct_op_run_call *call)
{
    octi_average_run(call, rectangle_of, OCTI_AVERAGE_FROM_QMIN);
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    return octi_average_prepare(call, run);
}

const struct oct_op octi_op_adaptive_avg_pool2d = {
    .name = "aten::adaptive_avg_pool2d",
    .covers = (const char *const[]){"aten::adaptive_avg_pool2d", NULL},
    .doc = "Averages of output_size near-equal rectangles, rounded on the stored integers; keeps quantization "
           "parameters. Class E1 (ties in PyTorch's channels-last kernel), F on floats.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "float32 quint8 qint8 -> same",
    .flags = OCT_OP_CHANNELS_LAST | OCT_OP_PITCHED,
    .attributes =
        (const struct oct_attribute_spec[]){
            [OUTPUT_SIZE] = OCTI_ATTRIBUTE_PAIR("output_size", 1, "height and width of the output"),
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};
