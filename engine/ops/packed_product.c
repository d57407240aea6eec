#include "engine/ops/packed_product.h"

#include "engine/base/checked.h"
#include "engine/kernels/qwinograd/qwinograd.h"
#include "engine/ops/conv_offsets.h"
#include "engine/ops/quantized_weights.h"

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

// Room for what sums begin with in every zone of every group; `sets` are the zones' taps.
static enum oct_status plan_starts(struct oct_op_prepare_call *call,
                                   const struct octi_panel_geometry *geometry,
                                   size_t taps,
                                   size_t n_groups,
                                   size_t n_columns,
                                   struct octi_product_zones *zones,
                                   struct octi_tap_set *sets,
                                   struct octi_panel_starts *starts)
{
    int32_t *sums = NULL;
    int32_t *all = NULL;
    zones->positions = octi_panel_positions(geometry, n_columns);
    enum oct_status status = octi_conv_alloc_entries(call, taps, geometry->nr, &sums);
    if (status == OCT_OK) {
        status = octi_conv_alloc_entries(call, n_groups * zones->n, zones->positions, &all);
    }
    for (size_t z = 0; z < zones->n; z++) {
        sets[z] = zones->zones[z].taps;
    }
    zones->starts = all;
    *starts = (struct octi_panel_starts){.n_sets = zones->n, .sets = sets, .positions = zones->positions};
    starts->sums = (uint32_t *)sums;
    starts->starts = (uint32_t *)all;
    return status;
}

// The weight as panels ask for it.
struct reading {
    struct oct_op_prepare_call *call;
    size_t column_bytes;
    size_t first; // column of the weight that is the group's first
    bool *holds;
};

static const int8_t *fetch_columns(void *context, size_t first, size_t n)
{
    const struct reading *reading = context;
    const int8_t *weights =
        oct_op_prepare_read(reading->call, OCTI_WEIGHTED_WEIGHT, (reading->first + first) * reading->column_bytes,
                            n * reading->column_bytes);
    if (weights != NULL && reading->holds != NULL && *reading->holds) {
        const int64_t x_zero_point = reading->call->inputs[OCTI_WEIGHTED_X]->qparams.zero_point;
        *reading->holds = octi_qwinograd_holds(weights, n, reading->column_bytes, (int32_t)x_zero_point);
    }
    return weights;
}

enum oct_status octi_product_pack(struct oct_op_prepare_call *call,
                                  const struct octi_panel_geometry *geometry,
                                  const struct octi_panel_source *source,
                                  size_t n_groups,
                                  struct octi_panels *packed,
                                  struct octi_product_zones *zones,
                                  bool *holds)
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
    unsigned char *place = panels != NULL ? oct_op_prepare_reserve(call, bytes) : NULL;
    if (place == NULL) {
        return OCT_ERR_NOMEM;
    }
    int32_t x_zero_point = (int32_t)call->inputs[OCTI_WEIGHTED_X]->qparams.zero_point;
    float bias_factor = octi_weight_bias_factor(call->inputs[OCTI_WEIGHTED_X], call->inputs[OCTI_WEIGHTED_WEIGHT]);
    const bool zoned = zones != NULL && zones->n > 0;
    struct octi_tap_set sets[OCTI_MAX_ZONES];
    struct octi_panel_starts starts;
    enum oct_status status = OCT_OK;
    if (zoned) {
        status = plan_starts(call, geometry, octi_panel_taps(source), n_groups, n_columns, zones, sets, &starts);
    }
    struct reading reading = {.call = call, .column_bytes = (size_t)source->column_stride, .holds = holds};
    struct octi_panel_source group = *source;
    if (group.weights == NULL) {
        group.fetch = fetch_columns;
        group.fetch_context = &reading;
    }
    for (size_t g = 0; g < n_groups && status == OCT_OK; g++) {
        if (!octi_panels_pack(geometry, octi_quads_select(call->cpu_features), &group, columns + g * n_columns,
                              n_columns, x_zero_point, panels + g * n_panels, place + g * group_bytes,
                              zoned ? &starts : NULL, &packed[g])) {
            return call->error->status;
        }
        packed[g].bias_factor = bias_factor;
        reading.first += n_columns;
        if (group.weights != NULL) {
            group.weights += (int64_t)n_columns * source->column_stride;
        }
        if (zoned) {
            starts.starts += zones->n * zones->positions;
        }
    }
    return status;
}
