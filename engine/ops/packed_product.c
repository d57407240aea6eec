#include "engine/ops/packed_product.h"

#include "engine/base/checked.h"
#include "engine/ops/parallel.h"
#include "engine/ops/quantized_weights.h"

/// Multiplications that take about as long as touching one element: the unit octi_parallel_for() weighs items in.
#define MACS_PER_ELEMENT 64
/// Fewer rows than this per part: the parts share out columns instead, so that each still fills its tiles.
#define MIN_PART_ROWS 24

static struct octi_panel_column *make_columns(struct oct_op_prepare_call *call)
{
    const struct oct_tensor_desc *weight = call->inputs[OCTI_WEIGHTED_WEIGHT];
    const struct oct_view *bias = call->n_inputs > OCTI_WEIGHTED_BIAS ? call->constants[OCTI_WEIGHTED_BIAS] : NULL;
    size_t n = (size_t)weight->shape.dims[0];
    size_t bytes;
    if (!octi_mul_size(n, sizeof(struct octi_panel_column), &bytes)) {
        return NULL;
    }
    struct octi_panel_column *columns = oct_op_prepare_alloc(call, bytes);
    for (size_t i = 0; columns != NULL && i < n; i++) {
        columns[i] =
            octi_weight_column(call->inputs[OCTI_WEIGHTED_X], weight, bias, &call->outputs[0].qparams, (int64_t)i);
    }
    return columns;
}

enum oct_status octi_product_pack(struct oct_op_prepare_call *call,
                                  const struct octi_panel_geometry *geometry,
                                  const struct octi_panel_source *source,
                                  size_t n_groups,
                                  struct octi_panels *packed)
{
    size_t n_columns = (size_t)call->inputs[OCTI_WEIGHTED_WEIGHT]->shape.dims[0] / n_groups;
    size_t n_panels = octi_panel_count(geometry, n_columns);
    size_t group_bytes;
    size_t bytes;
    size_t table_bytes;
    if (!octi_panel_bytes(geometry, n_columns, octi_panel_taps(source), octi_panel_depth(source), &group_bytes) ||
        !octi_mul_size(group_bytes, n_groups, &bytes) || !octi_mul_size(n_panels, n_groups, &table_bytes) ||
        !octi_mul_size(table_bytes, sizeof(struct octi_panel), &table_bytes)) {
        return oct_error_set(call->error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "packed weights overflow size_t");
    }
    struct octi_panel_column *columns = make_columns(call);
    struct octi_panel *panels = columns != NULL ? oct_op_prepare_alloc(call, table_bytes) : NULL;
    unsigned char *place = panels != NULL ? oct_op_prepare_alloc(call, bytes) : NULL;
    if (place == NULL) {
        return OCT_ERR_NOMEM;
    }
    int32_t x_zero_point = (int32_t)call->inputs[OCTI_WEIGHTED_X]->qparams.zero_point;
    float bias_factor = octi_weight_bias_factor(call->inputs[OCTI_WEIGHTED_X], call->inputs[OCTI_WEIGHTED_WEIGHT]);
    struct octi_panel_source group = *source;
    for (size_t g = 0; g < n_groups; g++) {
        octi_panels_pack(geometry, &group, columns + g * n_columns, n_columns, x_zero_point, panels + g * n_panels,
                         place + g * group_bytes, &packed[g]);
        packed[g].bias_factor = bias_factor;
        group.weights += (int64_t)n_columns * source->column_stride;
    }
    return OCT_OK;
}

// Rows [begin, end), which lie in one image, by panels [first, last) of all groups taken together.
static void multiply(const struct octi_product *product, int64_t begin, int64_t end, size_t first, size_t last)
{
    int64_t image = product->image_rows > 0 ? begin / product->image_rows : 0;
    int64_t inside = begin - image * product->image_rows; // within the image
    size_t per_group = product->weights->n_panels;
    for (size_t i = first; i < last; i++) {
        size_t g = i / per_group;
        const struct octi_panels *weights = &product->weights[g];
        struct octi_qgemm_call call = product->call;
        call.m = (size_t)(end - begin);
        call.line_first = call.line > 0 ? (size_t)inside % call.line : 0;
        call.a += (size_t)image * product->image_bytes + g * product->group_channels;
        if (call.offsets != NULL) {
            call.offsets += inside;
        } else {
            call.a += (size_t)inside * call.a_stride;
        }
        call.c += (size_t)begin * call.c_stride + g * weights->n_columns;
        product->run(&call, weights, &weights->panels[i % per_group]);
    }
}

static void multiply_images(const struct octi_product *product, int64_t begin, int64_t end, size_t first, size_t last)
{
    while (begin < end) {
        int64_t stop = end;
        if (product->image_rows > 0) {
            int64_t image_end = (begin / product->image_rows + 1) * product->image_rows;
            stop = image_end < end ? image_end : end;
        }
        multiply(product, begin, stop, first, last);
        begin = stop;
    }
}

static void do_rows(const void *context, int64_t begin, int64_t end)
{
    const struct octi_product *product = context;
    multiply_images(product, begin, end, 0, product->groups * product->weights->n_panels);
}

static void do_panels(const void *context, int64_t begin, int64_t end)
{
    const struct octi_product *product = context;
    multiply_images(product, 0, product->rows, (size_t)begin, (size_t)end);
}

void octi_product_run(const struct octi_product *product, const struct oct_executor *executor)
{
    const struct octi_panels *weights = product->weights;
    int64_t depth = (int64_t)(weights->taps * weights->k);
    int64_t n_panels = (int64_t)(product->groups * weights->n_panels);
    int64_t columns = (int64_t)(product->groups * weights->n_columns);
    if (executor != NULL && n_panels > 1 && product->rows < MIN_PART_ROWS * (int64_t)executor->width) {
        int64_t panel_cost = product->rows * (columns / n_panels + 1) * depth / MACS_PER_ELEMENT;
        octi_parallel_for(executor, n_panels, panel_cost, do_panels, product);
        return;
    }
    octi_parallel_for(executor, product->rows, columns * depth / MACS_PER_ELEMENT, do_rows, product);
}
