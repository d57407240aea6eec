#include "engine/ops/op_support.h"

#include "engine/base/checked.h"
#include "engine/base/interned.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_LIST_BYTES  128
#define SHAPE_TEXT_BYTES 128

bool octi_infer_fail(struct oct_op_infer_call *call, enum oct_status status, const char *format, ...)
{
    char message[OCT_ERROR_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    oct_error_set(call->error, status, NULL, OCT_POSITION_NONE, "%s", message);
    return false;
}

enum oct_status octi_infer_failed(const struct oct_op_infer_call *call)
{
    return call->error != NULL && call->error->status != OCT_OK ? call->error->status : OCT_ERR_INVALID;
}

/// "qx", the schema's name of an input; the last name goes for all inputs of a variadic operator.
static const char *input_name(const struct oct_op *op, size_t index)
{
    size_t n = 0;
    while (op->input_names[n] != NULL) {
        n++;
    }
    if (n == 0) {
        return "input";
    }
    return op->input_names[index < n ? index : n - 1];
}

static bool is_there(struct oct_op_infer_call *call, size_t index)
{
    if (index < call->n_inputs && call->inputs[index] != NULL) {
        return true;
    }
    return octi_infer_fail(call, OCT_ERR_INVALID, "input %zu (%s) is missing", index, input_name(call->op, index));
}

bool octi_infer_dtype(struct oct_op_infer_call *call, size_t index, const enum oct_dtype *allowed, size_t n)
{
    if (!is_there(call, index)) {
        return false;
    }
    char list[NAME_LIST_BYTES] = "";
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (call->inputs[index]->dtype == allowed[i]) {
            return true;
        }
        int written = snprintf(list + used, sizeof list - used, "%s%s", i ? " or " : "", oct_dtype_name(allowed[i]));
        if (written > 0 && (size_t)written < sizeof list - used) {
            used += (size_t)written;
        }
    }
    return octi_infer_fail(call, OCT_ERR_UNSUPPORTED, "input %zu (%s) is %s, expected %s", index,
                           input_name(call->op, index), oct_dtype_name(call->inputs[index]->dtype), list);
}

bool octi_infer_rank(struct oct_op_infer_call *call, size_t index, int32_t minimum, int32_t maximum)
{
    if (!is_there(call, index)) {
        return false;
    }
    int32_t rank = call->inputs[index]->shape.rank;
    if (rank >= minimum && rank <= maximum) {
        return true;
    }
    char text[SHAPE_TEXT_BYTES];
    oct_shape_format(&call->inputs[index]->shape, text, sizeof text);
    const char *name = input_name(call->op, index);
    if (minimum == maximum) {
        return octi_infer_fail(call, OCT_ERR_INVALID, "input %zu (%s) has shape %s, expected rank %d", index, name,
                               text, (int)minimum);
    }
    return octi_infer_fail(call, OCT_ERR_INVALID, "input %zu (%s) has shape %s, expected a rank from %d to %d", index,
                           name, text, (int)minimum, (int)maximum);
}

bool octi_infer_constant(struct oct_op_infer_call *call, size_t index)
{
    if (!is_there(call, index)) {
        return false;
    }
    if (call->constants[index] != NULL) {
        return true;
    }
    return octi_infer_fail(call, OCT_ERR_UNSUPPORTED, "input %zu (%s) is computed while running, expected a constant",
                           index, input_name(call->op, index));
}

bool octi_infer_per_tensor(struct oct_op_infer_call *call, size_t index)
{
    if (!is_there(call, index)) {
        return false;
    }
    const struct oct_tensor_desc *desc = call->inputs[index];
    if (!oct_dtype_is_quantized(desc->dtype) || desc->qparams.scheme == OCT_QSCHEME_PER_TENSOR_AFFINE) {
        return true;
    }
    return octi_infer_fail(call, OCT_ERR_UNSUPPORTED, "input %zu (%s) is quantized %s, expected per_tensor_affine",
                           index, input_name(call->op, index), oct_qscheme_name(desc->qparams.scheme));
}

bool octi_infer_qparams(
    struct oct_op_infer_call *call, double scale, int64_t zero_point, enum oct_dtype dtype, struct oct_qparams *qparams)
{
    float narrow = (float)scale;
    if (!isfinite(scale) || !isfinite(narrow) || !(narrow > 0.0f) || !isfinite(1.0f / narrow)) {
        return octi_infer_fail(
            call, OCT_ERR_INVALID,
            "output scale is %g, expected a positive number that float32 and its reciprocal can hold", scale);
    }
    if (zero_point < oct_dtype_qmin(dtype) || zero_point > oct_dtype_qmax(dtype)) {
        return octi_infer_fail(call, OCT_ERR_INVALID, "output zero point is %lld, expected %lld to %lld for %s",
                               (long long)zero_point, (long long)oct_dtype_qmin(dtype),
                               (long long)oct_dtype_qmax(dtype), oct_dtype_name(dtype));
    }
    memset(qparams, 0, sizeof *qparams);
    qparams->scheme = OCT_QSCHEME_PER_TENSOR_AFFINE;
    qparams->scale = scale;
    qparams->zero_point = zero_point;
    return true;
}

bool octi_infer_output_qparams(struct oct_op_infer_call *call,
                               size_t scale_attribute,
                               size_t zero_point_attribute,
                               enum oct_dtype dtype,
                               struct oct_qparams *qparams)
{
    return octi_infer_qparams(call, call->attributes[scale_attribute].number,
                              call->attributes[zero_point_attribute].integer, dtype, qparams);
}

bool octi_infer_dim(struct oct_op_infer_call *call, int64_t given, int32_t rank, int32_t *dim)
{
    // PyTorch lets a scalar be indexed as if it had one dimension; here it has none.
    if (given >= -(int64_t)rank && given < (int64_t)rank) {
        *dim = (int32_t)(given < 0 ? given + rank : given);
        return true;
    }
    return octi_infer_fail(call, OCT_ERR_INVALID, "dimension %lld does not exist in a tensor of rank %d",
                           (long long)given, (int)rank);
}

bool octi_infer_broadcast(struct oct_op_infer_call *call,
                          const struct oct_shape *a,
                          const struct oct_shape *b,
                          struct oct_shape *out)
{
    struct oct_shape result;
    memset(&result, 0, sizeof result);
    result.rank = a->rank > b->rank ? a->rank : b->rank;
    for (int32_t d = 0; d < result.rank; d++) {
        int32_t in_a = d - (result.rank - a->rank);
        int32_t in_b = d - (result.rank - b->rank);
        int64_t dim_a = in_a >= 0 ? a->dims[in_a] : 1;
        int64_t dim_b = in_b >= 0 ? b->dims[in_b] : 1;
        if (dim_a != dim_b && dim_a != 1 && dim_b != 1) {
            char text_a[SHAPE_TEXT_BYTES], text_b[SHAPE_TEXT_BYTES];
            oct_shape_format(a, text_a, sizeof text_a);
            oct_shape_format(b, text_b, sizeof text_b);
            return octi_infer_fail(call, OCT_ERR_INVALID, "shapes %s and %s cannot be broadcast together", text_a,
                                   text_b);
        }
        result.dims[d] = dim_a == 1 ? dim_b : dim_a;
    }
    *out = result;
    return true;
}

int64_t
octi_window_extent(int64_t extent, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation, bool ceil_mode)
{
    if (extent < 0 || kernel < 1 || stride < 1 || padding < 0 || dilation < 1) {
        return -1;
    }
    int64_t reach, room;
    if (!octi_mul_int64(kernel - 1, dilation, &reach) || !octi_mul_int64(padding, 2, &room) ||
        !octi_add_int64(room, extent, &room)) {
        return -1;
    }
    room -= 1; // both are >= 0, so neither difference can overflow
    room -= reach;
    if (ceil_mode && !octi_add_int64(room, stride - 1, &room)) {
        return -1;
    }
    if (room < 0) {
        return -1;
    }
    int64_t windows = room / stride + 1;
    // The last window of ceil mode must not start in the right padding. (windows - 1) * stride <= room: no overflow.
    if (ceil_mode && (windows - 1) * stride >= extent + padding) {
        windows--;
    }
    return windows >= 1 ? windows : -1;
}

bool octi_index_next(const struct oct_shape *shape, int64_t *index)
{
    for (int32_t d = shape->rank; d-- > 0;) {
        if (++index[d] < shape->dims[d]) {
            return true;
        }
        index[d] = 0;
    }
    return false;
}

static void *report(struct oct_op_prepare_call *call, void *block, size_t bytes)
{
    if (block == NULL) {
        oct_error_set(call->error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE,
                      "%s: %zu bytes for its plan are over the budget or out of memory",
                      call->op != NULL ? call->op->name : "operator", bytes);
    }
    return block;
}

void *oct_op_prepare_alloc(struct oct_op_prepare_call *call, size_t bytes)
{
    return report(call, octi_region_alloc(call->plan_memory, bytes), bytes);
}

void *oct_op_prepare_reserve(struct oct_op_prepare_call *call, size_t bytes)
{
    return report(call, octi_region_reserve(call->plan_memory, bytes), bytes);
}

const void *oct_op_prepare_read(struct oct_op_prepare_call *call, size_t input, size_t offset, size_t n_bytes)
{
    const char *data = call->constants[input]->data;
    return data != NULL ? data + offset : call->read(call->read_context, offset, n_bytes, call->error);
}

const void *oct_op_prepare_share(struct oct_op_prepare_call *call, const void *table, size_t bytes)
{
    return call->plan_shared != NULL ? octi_intern(call->plan_shared, table, bytes) : table;
}
