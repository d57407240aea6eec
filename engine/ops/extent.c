#include "engine/ops/extent.h"

#include "engine/base/checked.h"
#include "engine/ops/op_support.h"

bool octi_extent_of(struct oct_op_infer_call *call,
                    const struct oct_shape *shape,
                    int32_t first,
                    int32_t end,
                    struct octi_extent *extent)
{
    struct octi_extent product = {1, 0};
    for (int32_t d = first; d < end; d++) {
        int64_t dim = shape->dims[d];
        if (dim < 0) {
            product.power++;
        }
        if (dim == INT64_MIN || !octi_mul_int64(product.factor, dim < 0 ? -dim : dim, &product.factor)) {
            return octi_infer_fail(call, OCT_ERR_LIMIT, "the number of elements does not fit 63 bits");
        }
    }
    *extent = product;
    return true;
}

bool octi_extent_dim(struct oct_op_infer_call *call, struct octi_extent extent, int64_t *dim)
{
    if (extent.power > 1) {
        return octi_infer_fail(call, OCT_ERR_UNSUPPORTED,
                               "a dimension would grow with the square of the batch N; N must be known here");
    }
    *dim = extent.power == 1 ? -extent.factor : extent.factor;
    return true;
}

bool octi_batch_leads(const struct oct_shape *shape)
{
    for (int32_t d = 0; d < shape->rank; d++) {
        if (shape->dims[d] < 0) {
            for (int32_t after = d + 1; after < shape->rank; after++) {
                if (shape->dims[after] < 0) {
                    return false;
                }
            }
            return true;
        }
        if (shape->dims[d] != 1) {
            return !oct_shape_has_batch(shape);
        }
    }
    return true;
}
