#include "engine/graph/desc.h"

#include "octet/graph.h"

#include <math.h>
#include <string.h>

static enum oct_status check_shape(const struct oct_shape *shape, struct oct_error *error)
{
    if (shape->rank < 0 || shape->rank > OCT_MAX_RANK) {
        return oct_error_set(error, OCT_ERR_INVALID, "shape", OCT_POSITION_NONE, "rank %d: expected 0..%d",
                             (int)shape->rank, OCT_MAX_RANK);
    }
    int64_t elements = 1;
    for (int32_t d = 0; d < shape->rank; d++) {
        int64_t dim = shape->dims[d];
        if (dim == 0) {
            return oct_error_set(error, OCT_ERR_INVALID, "shape", OCT_POSITION_NONE,
                                 "dimension %d is 0: expected at least 1", (int)d);
        }
        // -INT64_MIN does not exist: compared without negating.
        bool fits = dim > 0 ? dim <= OCT_GRAPH_MAX_ELEMENTS : dim >= -OCT_GRAPH_MAX_ELEMENTS;
        if (!fits || __builtin_mul_overflow(elements, dim > 0 ? dim : -dim, &elements) ||
            elements > OCT_GRAPH_MAX_ELEMENTS) {
            return oct_error_set(error, OCT_ERR_LIMIT, "shape", OCT_POSITION_NONE, "more than %lld elements",
                                 (long long)OCT_GRAPH_MAX_ELEMENTS);
        }
    }
    return OCT_OK;
}

static enum oct_status check_pair(enum oct_dtype dtype, double scale, int64_t zero_point, struct oct_error *error)
{
    float narrow = (float)scale;
    if (!isfinite(scale) || !isfinite(narrow) || narrow <= 0.0f || !isfinite(1.0f / narrow)) {
        return oct_error_set(error, OCT_ERR_INVALID, "scale", OCT_POSITION_NONE,
                             "%g: expected a positive number that float32 and its reciprocal hold", scale);
    }
    if (zero_point < oct_dtype_qmin(dtype) || zero_point > oct_dtype_qmax(dtype)) {
        return oct_error_set(error, OCT_ERR_INVALID, "zero_point", OCT_POSITION_NONE,
                             "%lld: expected %lld..%lld for %s", (long long)zero_point,
                             (long long)oct_dtype_qmin(dtype), (long long)oct_dtype_qmax(dtype), oct_dtype_name(dtype));
    }
    return OCT_OK;
}

static enum oct_status check_qparams(const struct oct_tensor_desc *desc, struct oct_error *error)
{
    const struct oct_qparams *qparams = &desc->qparams;
    bool quantized = oct_dtype_is_quantized(desc->dtype);
    if (quantized != (qparams->scheme != OCT_QSCHEME_NONE)) {
        return oct_error_set(error, OCT_ERR_INVALID, "qparams", OCT_POSITION_NONE,
                             quantized ? "dtype %s needs a scale and a zero point" : "dtype %s has no scale",
                             oct_dtype_name(desc->dtype));
    }
    if (qparams->scheme == OCT_QSCHEME_NONE) {
        return OCT_OK;
    }
    if (qparams->scheme == OCT_QSCHEME_PER_TENSOR_AFFINE) {
        return check_pair(desc->dtype, qparams->scale, qparams->zero_point, error);
    }
    if (qparams->scheme != OCT_QSCHEME_PER_CHANNEL_AFFINE) {
        return oct_error_set(error, OCT_ERR_INVALID, "qparams", OCT_POSITION_NONE, "unknown scheme");
    }
    if (qparams->axis < 0 || qparams->axis >= desc->shape.rank) {
        return oct_error_set(error, OCT_ERR_INVALID, "axis", OCT_POSITION_NONE, "%d: expected 0..%d",
                             (int)qparams->axis, (int)desc->shape.rank - 1);
    }
    int64_t channels = desc->shape.dims[qparams->axis];
    if (channels < 0 || (uint64_t)channels != qparams->channels || !qparams->scales || !qparams->zero_points) {
        return oct_error_set(error, OCT_ERR_INVALID, "scales", OCT_POSITION_NONE,
                             "%zu pairs for dimension %d: expected one per index", qparams->channels,
                             (int)qparams->axis);
    }
    for (size_t c = 0; c < qparams->channels; c++) {
        enum oct_status status = check_pair(desc->dtype, qparams->scales[c], qparams->zero_points[c], error);
        if (status != OCT_OK) {
            oct_error_prefix(error, "channel %zu", c);
            return status;
        }
    }
    return OCT_OK;
}

enum oct_status octi_desc_check(const struct oct_tensor_desc *desc, struct oct_error *error)
{
    if ((unsigned)desc->dtype >= (unsigned)OCT_DTYPE_COUNT) {
        return oct_error_set(error, OCT_ERR_INVALID, "dtype", OCT_POSITION_NONE, "unknown dtype");
    }
    if (desc->format != OCT_FORMAT_CONTIGUOUS) {
        return oct_error_set(error, OCT_ERR_INVALID, "format", OCT_POSITION_NONE,
                             "graphs hold contiguous tensors: the plan chooses formats");
    }
    enum oct_status status = check_shape(&desc->shape, error);
    return status == OCT_OK ? check_qparams(desc, error) : status;
}

enum oct_status
octi_desc_copy(struct octi_region *region, const struct oct_tensor_desc *source, struct oct_tensor_desc *copy)
{
    *copy = *source;
    if (source->qparams.scheme != OCT_QSCHEME_PER_CHANNEL_AFFINE) {
        // Nobody shall find pointers where there are no channels.
        copy->qparams.channels = 0;
        copy->qparams.scales = NULL;
        copy->qparams.zero_points = NULL;
        return OCT_OK;
    }
    size_t channels = source->qparams.channels;
    double *scales = octi_region_alloc_small(region, channels * sizeof *scales);
    int64_t *zero_points = octi_region_alloc_small(region, channels * sizeof *zero_points);
    if (!scales || !zero_points) {
        return OCT_ERR_NOMEM;
    }
    memcpy(scales, source->qparams.scales, channels * sizeof *scales);
    memcpy(zero_points, source->qparams.zero_points, channels * sizeof *zero_points);
    copy->qparams.scales = scales;
    copy->qparams.zero_points = zero_points;
    return OCT_OK;
}

bool octi_desc_equal(const struct oct_tensor_desc *a, const struct oct_tensor_desc *b)
{
    return a->dtype == b->dtype && oct_shape_equal(&a->shape, &b->shape) && oct_qparams_equal(&a->qparams, &b->qparams);
}

bool octi_desc_is_row_major(const struct oct_tensor_desc *desc)
{
    return desc->format == OCT_FORMAT_CONTIGUOUS || !oct_format_matters(&desc->shape);
}
