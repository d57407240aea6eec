#include "server/cli/bench/case_graph.h"

#include <stdio.h>
#include <stdlib.h>

#include "octet/plan.h"

#define IN_SCALE       0.02
#define IN_ZERO_POINT  117
#define OUT_SCALE      0.05
#define OUT_ZERO_POINT 121
#define WEIGHT_SCALE   0.004

/// A graph on its way; the first failure sticks, so calls in between need no check.
struct builder {
    const struct oct_bench_case *shape;
    struct oct_graph *graph;
    enum oct_status status;
    struct oct_error *error;
};

static struct oct_attribute_given of_int(const char *name, int64_t value)
{
    return (struct oct_attribute_given){name, {.present = true, .type = OCT_ATTRIBUTE_INT, .integer = value}};
}

static struct oct_attribute_given of_float(const char *name, double value)
{
    return (struct oct_attribute_given){name, {.present = true, .type = OCT_ATTRIBUTE_FLOAT, .number = value}};
}

static struct oct_attribute_given of_ints(const char *name, const int64_t *values, size_t count)
{
    return (struct oct_attribute_given){
        name, {.present = true, .type = OCT_ATTRIBUTE_INTS, .integers = values, .count = count}};
}

static struct oct_attribute_given of_text(const char *name, const char *text)
{
    return (struct oct_attribute_given){name, {.present = true, .type = OCT_ATTRIBUTE_STRING, .string = text}};
}

const char *oct_bench_case_operator(const struct oct_bench_case *shape)
{
    const struct oct_bench_op_info *info = oct_bench_op_info(shape->op);
    return shape->relu ? info->with_relu : info->operator_name;
}

int64_t oct_bench_case_rows(const struct oct_bench_case *shape)
{
    return shape->rows > 0 ? shape->rows : shape->batch; // a linear layer's are its batch, as a server merges them
}

static oct_value_id add_input(struct builder *builder, const char *name, const struct oct_shape *dims, bool quantized)
{
    struct oct_tensor_desc desc = {.dtype = quantized ? OCT_DTYPE_QUINT8 : OCT_DTYPE_FLOAT32, .shape = *dims};
    oct_value_id value = OCT_VALUE_NONE;
    if (quantized) {
        desc.qparams = (struct oct_qparams){
            .scheme = OCT_QSCHEME_PER_TENSOR_AFFINE, .scale = IN_SCALE, .zero_point = IN_ZERO_POINT};
    }
    if (builder->status == OCT_OK) {
        builder->status = oct_graph_add_input(builder->graph, name, &desc, &value, builder->error);
    }
    return value;
}

static oct_value_id add_node(struct builder *builder,
                             const char *name,
                             const char *op,
                             const oct_value_id *inputs,
                             size_t n_inputs,
                             const struct oct_attribute_given *attributes,
                             size_t n_attributes)
{
    oct_value_id output = OCT_VALUE_NONE;
    if (builder->status == OCT_OK) {
        builder->status = oct_graph_add_node(builder->graph, name, op, inputs, n_inputs, attributes, n_attributes,
                                             &name, 1, &output, builder->error);
    }
    return output;
}

static void add_output(struct builder *builder, oct_value_id value)
{
    if (builder->status == OCT_OK) {
        builder->status = oct_graph_add_output(builder->graph, "y", value, builder->error);
    }
}

/// (N, H, W, C) of the case's image, with one dimension fewer or more where its image has.
static struct oct_shape image_shape(const struct oct_bench_case *shape)
{
    struct oct_shape dims = {.rank = (int32_t)shape->n_dimensions + 2, .dims = {OCT_DIM_BATCH}};
    for (size_t d = 0; d < shape->n_dimensions; ++d) {
        dims.dims[d + 1] = shape->in[d];
    }
    dims.dims[shape->n_dimensions + 1] = shape->channels;
    return dims;
}

/// (N, H, W, C) to PyTorch's (N, C, H, W).
static oct_value_id add_channels_first(struct builder *builder, oct_value_id x)
{
    int64_t rank = (int64_t)builder->shape->n_dimensions + 2;
    int64_t dims[OCT_MAX_RANK] = {0, rank - 1};
    for (int64_t d = 2; d < rank; ++d) {
        dims[d] = d - 1;
    }
    const struct oct_attribute_given order = of_ints("dims", dims, (size_t)rank);
    return add_node(builder, "channels_first", "aten::permute", &x, 1, &order, 1);
}

static oct_value_id add_channels_last(struct builder *builder, oct_value_id y)
{
    int64_t rank = (int64_t)builder->shape->n_dimensions + 2;
    int64_t dims[OCT_MAX_RANK] = {0};
    for (int64_t d = 1; d < rank - 1; ++d) {
        dims[d] = d + 1;
    }
    dims[rank - 1] = 1;
    const struct oct_attribute_given order = of_ints("dims", dims, (size_t)rank);
    return add_node(builder, "channels_last", "aten::permute", &y, 1, &order, 1);
}

/// Numbers of a linear congruential generator: the same weights on every machine.
static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/// Elements of `dims`, or -1 past OCT_BENCH_MAX_WEIGHTS.
static int64_t weight_count(const struct oct_shape *dims)
{
    int64_t count = 1;
    for (int32_t d = 0; d < dims->rank; ++d) {
        if (dims->dims[d] > OCT_BENCH_MAX_WEIGHTS / count) {
            return -1;
        }
        count *= dims->dims[d];
    }
    return count;
}

static enum oct_status fill_weights(struct builder *builder,
                                    const struct oct_shape *dims,
                                    int8_t *weights,
                                    double *scales,
                                    int64_t *zero_points,
                                    float *biases,
                                    oct_value_id *values)
{
    uint64_t random = 7;
    size_t channels = (size_t)dims->dims[0], count = (size_t)weight_count(dims);
    for (size_t i = 0; i < count; ++i) {
        weights[i] = (int8_t)(next_random(&random) % 255 - 127);
    }
    for (size_t c = 0; c < channels; ++c) {
        scales[c] = WEIGHT_SCALE * (1.0 + (double)(next_random(&random) % 256) / 256.0);
        zero_points[c] = 0;
        biases[c] = (float)(next_random(&random) % 256) / 128.0f - 1.0f;
    }
    const struct oct_tensor_desc weight = {.dtype = OCT_DTYPE_QINT8,
                                           .shape = *dims,
                                           .qparams = {.scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE,
                                                       .axis = 0,
                                                       .channels = channels,
                                                       .scales = scales,
                                                       .zero_points = zero_points}};
    const struct oct_tensor_desc bias = {.dtype = OCT_DTYPE_FLOAT32, .shape = {.rank = 1, .dims = {dims->dims[0]}}};
    enum oct_status status =
        oct_graph_add_constant(builder->graph, "weight", &weight, weights, count, &values[0], builder->error);
    return status != OCT_OK ? status
                            : oct_graph_add_constant(builder->graph, "bias", &bias, biases, channels * sizeof(*biases),
                                                     &values[1], builder->error);
}

/// @param values  [2] weight and bias
static void add_weights(struct builder *builder, const struct oct_shape *dims, oct_value_id *values)
{
    if (builder->status != OCT_OK) {
        return;
    }
    int64_t count = weight_count(dims);
    if (count < 0) {
        builder->status = oct_error_set(builder->error, OCT_ERR_LIMIT, builder->shape->name, OCT_POSITION_NONE,
                                        "more than %lld weights", (long long)OCT_BENCH_MAX_WEIGHTS);
        return;
    }
    size_t channels = (size_t)dims->dims[0];
    int8_t *weights = malloc((size_t)count);
    double *scales = malloc(channels * sizeof(*scales));
    int64_t *zero_points = malloc(channels * sizeof(*zero_points));
    float *biases = malloc(channels * sizeof(*biases));
    if (weights == NULL || scales == NULL || zero_points == NULL || biases == NULL) {
        builder->status =
            oct_error_set(builder->error, OCT_ERR_NOMEM, builder->shape->name, OCT_POSITION_NONE, "out of memory");
    } else {
        builder->status = fill_weights(builder, dims, weights, scales, zero_points, biases, values);
    }
    free(weights);
    free(scales);
    free(zero_points);
    free(biases);
}

static void build_conv(struct builder *builder)
{
    const struct oct_bench_case *shape = builder->shape;
    size_t n = shape->n_dimensions;
    struct oct_shape dims = image_shape(shape);
    struct oct_shape window = {.rank = (int32_t)n + 2, .dims = {shape->out_channels, shape->channels / shape->groups}};
    for (size_t d = 0; d < n; ++d) {
        window.dims[d + 2] = shape->kernel[d];
    }
    oct_value_id inputs[3] = {add_channels_first(builder, add_input(builder, "x", &dims, true)), OCT_VALUE_NONE,
                              OCT_VALUE_NONE};
    add_weights(builder, &window, &inputs[1]);
    const struct oct_attribute_given attributes[] = {
        of_ints("stride", shape->stride, n),     of_ints("padding", shape->padding, n),
        of_ints("dilation", shape->dilation, n), of_int("groups", shape->groups),
        of_float("output_scale", OUT_SCALE),     of_int("output_zero_point", OUT_ZERO_POINT)};
    oct_value_id y = add_node(builder, "conv", oct_bench_case_operator(shape), inputs, 3, attributes,
                              sizeof(attributes) / sizeof(attributes[0]));
    add_output(builder, add_channels_last(builder, y));
}

static void build_linear(struct builder *builder)
{
    const struct oct_bench_case *shape = builder->shape;
    const struct oct_shape rows = {.rank = 2, .dims = {OCT_DIM_BATCH, shape->in_features}};
    const struct oct_shape weight = {.rank = 2, .dims = {shape->out_features, shape->in_features}};
    oct_value_id inputs[3] = {add_input(builder, "x", &rows, true), OCT_VALUE_NONE, OCT_VALUE_NONE};
    add_weights(builder, &weight, &inputs[1]);
    const struct oct_attribute_given attributes[] = {of_float("Y_scale_i", OUT_SCALE),
                                                     of_int("Y_zero_point_i", OUT_ZERO_POINT)};
    add_output(builder, add_node(builder, "linear", oct_bench_case_operator(shape), inputs, 3, attributes, 2));
}

static void build_pool(struct builder *builder)
{
    const struct oct_bench_case *shape = builder->shape;
    static const int64_t one_pixel[] = {1, 1};
    const struct oct_attribute_given window[] = {of_ints("kernel_size", shape->kernel, shape->n_dimensions),
                                                 of_ints("stride", shape->stride, shape->n_dimensions),
                                                 of_ints("padding", shape->padding, shape->n_dimensions)};
    const struct oct_attribute_given whole[] = {of_ints("output_size", one_pixel, 2)};
    bool is_global = oct_bench_op_info(shape->op)->form == OCT_BENCH_FORM_GLOBAL_POOL;
    struct oct_shape dims = image_shape(shape);
    oct_value_id x = add_channels_first(builder, add_input(builder, "x", &dims, true));
    oct_value_id y =
        add_node(builder, "pool", oct_bench_case_operator(shape), &x, 1, is_global ? whole : window, is_global ? 1 : 3);
    add_output(builder, add_channels_last(builder, y));
}

/// From PyTorch's order of memory to channels-last.
static void build_transpose(struct builder *builder)
{
    const struct oct_bench_case *shape = builder->shape;
    struct oct_shape dims = {.rank = (int32_t)shape->n_dimensions + 2, .dims = {OCT_DIM_BATCH, shape->channels}};
    for (size_t d = 0; d < shape->n_dimensions; ++d) {
        dims.dims[d + 2] = shape->in[d];
    }
    add_output(builder, add_channels_last(builder, add_input(builder, "x", &dims, true)));
}

static size_t element_inputs(const struct oct_bench_case *shape)
{
    if (shape->op == OCT_BENCH_ADD || shape->op == OCT_BENCH_MUL) {
        return 2;
    }
    return shape->op == OCT_BENCH_CONCAT ? (size_t)shape->inputs : 1;
}

static void build_elements(struct builder *builder)
{
    const struct oct_bench_case *shape = builder->shape;
    const struct oct_shape flat = {.rank = 2, .dims = {OCT_DIM_BATCH, shape->elements}};
    const struct oct_shape dims = shape->elements > 0 ? flat : image_shape(shape);
    oct_value_id inputs[OCT_BENCH_MAX_INPUTS];
    size_t n_inputs = element_inputs(shape), n_attributes = 0;
    for (size_t i = 0; i < n_inputs; ++i) {
        char name[24];
        snprintf(name, sizeof(name), "x%zu", i);
        inputs[i] = add_input(builder, name, &dims, shape->op != OCT_BENCH_QUANTIZE);
    }
    struct oct_attribute_given attributes[3];
    bool joins = shape->op == OCT_BENCH_CONCAT || shape->op == OCT_BENCH_REQUANTIZE;
    if (joins) {
        attributes[n_attributes++] = of_int("dim", dims.rank - 1);
    }
    if (shape->op == OCT_BENCH_LUT) {
        attributes[n_attributes++] = of_float("output_scale", OUT_SCALE);
        attributes[n_attributes++] = of_int("output_zero_point", OUT_ZERO_POINT);
    } else if (shape->op != OCT_BENCH_DEQUANTIZE) {
        bool keeps =
            shape->op == OCT_BENCH_CONCAT; // tensors that are joined share their parameters, as observers see to
        attributes[n_attributes++] = of_float("scale", keeps ? IN_SCALE : OUT_SCALE);
        attributes[n_attributes++] = of_int("zero_point", keeps ? IN_ZERO_POINT : OUT_ZERO_POINT);
    }
    if (shape->op == OCT_BENCH_QUANTIZE) {
        attributes[n_attributes++] = of_text("dtype", "quint8");
    }
    add_output(builder, add_node(builder, "elements", oct_bench_case_operator(shape), inputs, n_inputs, attributes,
                                 n_attributes));
}

static void build(struct builder *builder)
{
    switch (oct_bench_op_info(builder->shape->op)->form) {
    case OCT_BENCH_FORM_CONV:
        build_conv(builder);
        break;
    case OCT_BENCH_FORM_LINEAR:
        build_linear(builder);
        break;
    case OCT_BENCH_FORM_POOL:
    case OCT_BENCH_FORM_GLOBAL_POOL:
        build_pool(builder);
        break;
    case OCT_BENCH_FORM_IMAGE:
        build_transpose(builder);
        break;
    case OCT_BENCH_FORM_ELEMENTS:
        build_elements(builder);
        break;
    }
    if (builder->status == OCT_OK) {
        builder->status = oct_graph_finish(builder->graph, builder->error);
    }
}

enum oct_status oct_bench_case_graph(const struct oct_bench_case *shape,
                                     const struct oct_op_registry *registry,
                                     struct oct_graph **graph,
                                     struct oct_error *error)
{
    struct builder builder = {.shape = shape, .error = error};
    builder.status = oct_graph_create(NULL, registry, &builder.graph, error);
    if (builder.status == OCT_OK) {
        build(&builder);
    }
    if (builder.status != OCT_OK) {
        oct_graph_destroy(builder.graph);
        return builder.status;
    }
    *graph = builder.graph;
    return OCT_OK;
}
