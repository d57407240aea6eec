#include <stdio.h>

#include "engine/base/checked.h"
#include "octet/tensor.h"

bool oct_shape_equal(const struct oct_shape *a, const struct oct_shape *b)
{
    if (a->rank != b->rank) {
        return false;
    }
    for (int32_t d = 0; d < a->rank; d++) {
        if (a->dims[d] != b->dims[d]) {
            return false;
        }
    }
    return true;
}

bool oct_shape_has_batch(const struct oct_shape *shape)
{
    for (int32_t d = 0; d < shape->rank; d++) {
        if (shape->dims[d] < 0) {
            return true;
        }
    }
    return false;
}

bool oct_shape_is_batched(const struct oct_shape *shape)
{
    if (shape->rank == 0 || shape->dims[0] != OCT_DIM_BATCH) {
        return false;
    }
    for (int32_t d = 1; d < shape->rank; d++) {
        if (shape->dims[d] < 0) {
            return false;
        }
    }
    return true;
}

struct oct_shape oct_shape_at(const struct oct_shape *shape, int64_t rows)
{
    struct oct_shape resolved = {.rank = shape->rank};
    for (int32_t d = 0; d < shape->rank; d++) {
        resolved.dims[d] = oct_dim_at(shape->dims[d], rows);
    }
    return resolved;
}

enum oct_status oct_shape_elements(const struct oct_shape *shape, int64_t rows, int64_t *elements)
{
    int64_t product = 1;
    bool overflow = false;
    bool empty = false;
    for (int32_t d = 0; d < shape->rank; d++) {
        int64_t dim = shape->dims[d];
        // A negative dimension is that many times the batch; INT64_MIN has no positive counterpart.
        if (dim < 0 && (dim == INT64_MIN || !octi_mul_int64(-dim, rows, &dim))) {
            overflow = true;
            continue;
        }
        empty = empty || dim == 0;
        overflow = overflow || !octi_mul_int64(product, dim, &product);
    }
    if (empty) {
        *elements = 0;
        return OCT_OK;
    }
    if (overflow) {
        return OCT_ERR_LIMIT;
    }
    *elements = product;
    return OCT_OK;
}

void oct_shape_format(const struct oct_shape *shape, char *out, size_t out_bytes)
{
    size_t used = 0;
    int written = snprintf(out, out_bytes, "[");
    for (int32_t d = 0; written >= 0 && d <= shape->rank; d++) {
        used += (size_t)written;
        if (used >= out_bytes) {
            return;
        }
        char *rest = out + used;
        size_t room = out_bytes - used;
        const char *comma = d > 0 ? ", " : "";
        if (d == shape->rank) {
            written = snprintf(rest, room, "]");
        } else if (shape->dims[d] == OCT_DIM_BATCH) {
            written = snprintf(rest, room, "%sN", comma);
        } else if (shape->dims[d] < 0) {
            written = snprintf(rest, room, "%s%lld*N", comma, -(long long)shape->dims[d]);
        } else {
            written = snprintf(rest, room, "%s%lld", comma, (long long)shape->dims[d]);
        }
    }
}
