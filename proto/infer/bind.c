/// DESIGN. Binding yields dense bytes per input of the plan. Binary tensors of the declared type are not copied: they
/// stay views of the body (the batcher copies rows into the arena anyway). Text, and float32 for a quantized input, are
/// converted into memory of the request. Numbers in the shorthand, which names no datatype, are of the input's own
/// type.
#include "proto/infer/request.h"
#include "proto/json/number.h"
#include "proto/json/path.h"

#include <math.h>
#include <string.h>

#define CHUNK 256 // floats on the stack between scanning and quantizing

/// For which type text is read, when it is stored as `dtype`.
static enum octi_number_type number_type_of(enum oct_dtype dtype)
{
    static const enum octi_number_type types[OCT_DTYPE_COUNT] = {
        [OCT_DTYPE_FLOAT32] = OCTI_NUMBER_FLOAT32, [OCT_DTYPE_FLOAT64] = OCTI_NUMBER_FLOAT64,
        [OCT_DTYPE_UINT8] = OCTI_NUMBER_UINT8,     [OCT_DTYPE_INT8] = OCTI_NUMBER_INT8,
        [OCT_DTYPE_INT32] = OCTI_NUMBER_INT32,     [OCT_DTYPE_INT64] = OCTI_NUMBER_INT64,
        [OCT_DTYPE_BOOL] = OCTI_NUMBER_BOOL,       [OCT_DTYPE_QUINT8] = OCTI_NUMBER_UINT8,
        [OCT_DTYPE_QINT8] = OCTI_NUMBER_INT8,      [OCT_DTYPE_QINT32] = OCTI_NUMBER_INT32,
    };
    _Static_assert(OCT_DTYPE_COUNT == 10, "a new dtype needs a type its text is read as");
    return types[dtype];
}

static enum oct_status report_fault(struct oct_error *error,
                                    const struct oct_infer_input *input,
                                    const struct octi_number_cursor *cursor,
                                    enum octi_number_fault fault,
                                    enum oct_datatype datatype)
{
    size_t position = input->position + (size_t)(cursor->at - input->data), length = 0;
    while (length < 24 && cursor->at + length < cursor->end && strchr(",] \t\r\n", cursor->at[length]) == NULL) {
        length++;
    }
    const char *what = fault == OCTI_NUMBER_NOT_AN_INTEGER ? "is not an integer"
                       : fault == OCTI_NUMBER_RANGE        ? "is out of range"
                       : fault == OCTI_NUMBER_NOT_FINITE   ? "is not finite"
                                                           : "is not a number";
    return oct_error_set(error, OCT_ERR_INVALID, "data", (int64_t)position, "%.*s %s (datatype %s)", (int)length,
                         (const char *)cursor->at, what, oct_datatype_name(datatype));
}

/// Text of FP32 into quantized memory.
static enum oct_status
quantize_text(const struct oct_infer_input *input, const struct oct_port *port, uint8_t *out, struct oct_error *error)
{
    struct octi_number_cursor cursor = {input->data, input->data + input->n_bytes};
    size_t element_bytes = oct_dtype_bytes(port->desc.dtype);
    for (size_t done = 0; done < input->n_elements;) {
        float chunk[CHUNK];
        size_t n = input->n_elements - done < CHUNK ? input->n_elements - done : CHUNK;
        enum octi_number_fault fault = octi_numbers_read(&cursor, OCTI_NUMBER_FLOAT32_FINITE, n, chunk);
        if (fault != OCTI_NUMBER_OK) {
            return report_fault(error, input, &cursor, fault, OCT_DATATYPE_FP32);
        }
        oct_quantize_array(&port->desc.qparams, port->desc.dtype, chunk, n, out + done * element_bytes);
        done += n;
    }
    return OCT_OK;
}

/// Binary FP32 into quantized memory. The body's bytes need not be aligned.
static enum oct_status
quantize_binary(const struct oct_infer_input *input, const struct oct_port *port, uint8_t *out, struct oct_error *error)
{
    size_t element_bytes = oct_dtype_bytes(port->desc.dtype);
    for (size_t done = 0; done < input->n_elements;) {
        float chunk[CHUNK];
        size_t n = input->n_elements - done < CHUNK ? input->n_elements - done : CHUNK;
        memcpy(chunk, input->data + done * sizeof chunk[0], n * sizeof chunk[0]);
        for (size_t i = 0; i < n; i++) {
            if (!isfinite(chunk[i])) {
                return oct_error_set(error, OCT_ERR_INVALID, "data",
                                     (int64_t)(input->position + (done + i) * sizeof chunk[0]),
                                     "element %zu is not finite and cannot be quantized", done + i);
            }
        }
        oct_quantize_array(&port->desc.qparams, port->desc.dtype, chunk, n, out + done * element_bytes);
        done += n;
    }
    return OCT_OK;
}

static enum oct_status check_booleans(const struct oct_infer_input *input, struct oct_error *error)
{
    for (size_t i = 0; i < input->n_bytes; i++) {
        if (input->data[i] > 1) {
            return oct_error_set(error, OCT_ERR_INVALID, "data", (int64_t)(input->position + i),
                                 "element %zu is %u; a BOOL is 0 or 1", i, input->data[i]);
        }
    }
    return OCT_OK;
}

/// The input's bytes in the declared dtype.
static enum oct_status bind_data(struct oct_infer_request *request,
                                 const struct oct_infer_input *input,
                                 const struct oct_port *port,
                                 size_t index,
                                 struct oct_error *error)
{
    enum oct_dtype dtype = port->desc.dtype;
    enum oct_datatype own = oct_datatype_of(dtype);
    bool quantizes = input->has_datatype && input->datatype != own; // the datatypes have been checked
    size_t n_bytes;
    if (__builtin_mul_overflow(input->n_elements, oct_dtype_bytes(dtype), &n_bytes)) {
        return oct_error_set(error, OCT_ERR_LIMIT, "shape", OCT_POSITION_NONE, "more bytes than memory can hold");
    }
    request->bound_bytes[index] = n_bytes;
    if (input->binary && !quantizes) {
        request->bound[index] = input->data;
        return own == OCT_DATATYPE_BOOL ? check_booleans(input, error) : OCT_OK;
    }
    uint8_t *out = octi_request_alloc(request, n_bytes, error);
    if (out == NULL) {
        return OCT_ERR_NOMEM;
    }
    request->bound[index] = out;
    if (quantizes) {
        return input->binary ? quantize_binary(input, port, out, error) : quantize_text(input, port, out, error);
    }
    struct octi_number_cursor cursor = {input->data, input->data + input->n_bytes};
    enum octi_number_fault fault = octi_numbers_read(&cursor, number_type_of(dtype), input->n_elements, out);
    return fault == OCTI_NUMBER_OK ? OCT_OK : report_fault(error, input, &cursor, fault, own);
}

// ------------------------------------------------------------------------------------------------------ the checks

static enum oct_status
check_datatype(const struct oct_infer_input *input, const struct oct_port *port, struct oct_error *error)
{
    enum oct_datatype own = oct_datatype_of(port->desc.dtype);
    bool is_quantized = oct_dtype_is_quantized(port->desc.dtype);
    if (!input->has_datatype || input->datatype == own || (is_quantized && input->datatype == OCT_DATATYPE_FP32)) {
        return OCT_OK;
    }
    return oct_error_set(error, OCT_ERR_INVALID, "datatype", OCT_POSITION_NONE, "got %s, expected %s%s",
                         oct_datatype_name(input->datatype), oct_datatype_name(own),
                         is_quantized ? " (the stored integers), or FP32, which is quantized here" : "");
}

/// Holds the shape against the port's, and the rows against those of the inputs before.
static enum oct_status check_shape(struct oct_infer_request *request,
                                   const struct oct_infer_input *input,
                                   const struct oct_port *port,
                                   struct oct_error *error)
{
    const struct oct_shape *expected = &port->desc.shape;
    bool fits = input->shape.rank == expected->rank;
    for (int i = port->batched ? 1 : 0; fits && i < expected->rank; i++) {
        fits = input->shape.dims[i] == expected->dims[i];
    }
    if (!fits) {
        char got[128], wanted[128];
        oct_shape_format(&input->shape, got, sizeof got);
        oct_shape_format(expected, wanted, sizeof wanted);
        return oct_error_set(error, OCT_ERR_INVALID, "shape", OCT_POSITION_NONE, "got %s, expected %s%s", got, wanted,
                             port->batched ? " (N is the number of rows)" : "");
    }
    if (!port->batched) {
        return OCT_OK;
    }
    int64_t rows = input->shape.dims[0];
    if (rows == 0) {
        return oct_error_set(error, OCT_ERR_INVALID, "shape", OCT_POSITION_NONE, "no rows; at least one is needed");
    }
    if (rows > INT32_MAX) {
        return oct_error_set(error, OCT_ERR_LIMIT, "shape", OCT_POSITION_NONE, "%lld rows, at most %d are taken",
                             (long long)rows, INT32_MAX);
    }
    if (request->rows != 0 && request->rows != rows) {
        return oct_error_set(error, OCT_ERR_INVALID, "shape", OCT_POSITION_NONE,
                             "%lld rows, the inputs before have %lld", (long long)rows, (long long)request->rows);
    }
    request->rows = rows;
    return OCT_OK;
}

static bool find_input(const struct oct_plan *plan, const char *name, size_t *index)
{
    for (size_t i = 0; i < oct_plan_input_count(plan); i++) {
        if (strcmp(oct_plan_input(plan, i)->name, name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static enum oct_status
bind_named(struct oct_infer_request *request, const struct oct_plan *plan, struct oct_error *error)
{
    for (size_t i = 0; i < request->n_inputs; i++) {
        const struct oct_infer_input *input = &request->inputs[i];
        size_t index;
        if (!find_input(plan, input->name, &index)) {
            char names[256];
            octi_port_names(plan, false, names, sizeof names);
            return oct_error_set(error, OCT_ERR_INVALID, "inputs", OCT_POSITION_NONE,
                                 "the model has no input '%s'; it has %s", input->name, names);
        }
        if (request->bound[index] != NULL) {
            return oct_error_set(error, OCT_ERR_INVALID, "inputs", OCT_POSITION_NONE, "input '%s' stands twice",
                                 input->name);
        }
        const struct oct_port *port = oct_plan_input(plan, index);
        enum oct_status status = check_datatype(input, port, error);
        if (status == OCT_OK) {
            status = check_shape(request, input, port, error);
        }
        if (status == OCT_OK) {
            status = bind_data(request, input, port, index, error);
        }
        if (status != OCT_OK) {
            octi_path_prefix(error, "inputs.%s", port->name);
            return status;
        }
    }
    for (size_t i = 0; i < oct_plan_input_count(plan); i++) {
        if (request->bound[i] == NULL) {
            return oct_error_set(error, OCT_ERR_INVALID, "inputs", OCT_POSITION_NONE, "input '%s' is missing",
                                 oct_plan_input(plan, i)->name);
        }
    }
    return OCT_OK;
}

/// The whole body is the one input; its size gives the rows.
static enum oct_status bind_raw(struct oct_infer_request *request, const struct oct_plan *plan, struct oct_error *error)
{
    struct oct_infer_input *input = &request->inputs[0];
    if (oct_plan_input_count(plan) != 1) {
        return oct_error_set(error, OCT_ERR_INVALID, "inputs", OCT_POSITION_NONE,
                             "a raw body fits a model of one input, this one has %zu", oct_plan_input_count(plan));
    }
    const struct oct_port *port = oct_plan_input(plan, 0);
    size_t row_bytes;
    enum oct_status status = oct_tensor_bytes(&port->desc, 1, &row_bytes);
    if (status != OCT_OK) {
        return oct_error_set(error, status, port->name, OCT_POSITION_NONE, "more bytes than memory can hold");
    }
    size_t rows = row_bytes > 0 ? input->n_bytes / row_bytes : 0;
    if (rows == 0 || rows * row_bytes != input->n_bytes || (!port->batched && rows != 1)) {
        return oct_error_set(error, OCT_ERR_INVALID, port->name, OCT_POSITION_NONE,
                             "unexpected size for input, got %zu bytes, expected %s%zu bytes of %s", input->n_bytes,
                             port->batched ? "one or more rows of " : "", row_bytes,
                             oct_datatype_name(oct_datatype_of(port->desc.dtype)));
    }
    if (rows > INT32_MAX) {
        return oct_error_set(error, OCT_ERR_LIMIT, port->name, OCT_POSITION_NONE, "%zu rows, at most %d are taken",
                             rows, INT32_MAX);
    }
    input->name = port->name;
    input->has_shape = true;
    input->shape = oct_shape_at(&port->desc.shape, (int64_t)rows);
    input->n_elements = input->n_bytes / oct_dtype_bytes(port->desc.dtype);
    request->rows = (int64_t)rows;
    return bind_data(request, input, port, 0, error);
}

static enum oct_status
check_outputs(const struct oct_infer_request *request, const struct oct_plan *plan, struct oct_error *error)
{
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < request->n_outputs && status == OCT_OK; i++) {
        size_t index;
        status = octi_output_find(plan, request->outputs[i].name, &index, error);
    }
    return status;
}

static enum oct_status
check_rows(struct oct_infer_request *request, const struct oct_plan *plan, struct oct_error *error)
{
    if (request->rows == 0) {
        request->rows = 1; // no input has a batch
    }
    const char *reason = NULL;
    if (request->rows > oct_plan_max_rows(plan) && !oct_plan_rows_independent(plan, &reason)) {
        return oct_error_set(error, OCT_ERR_LIMIT, "inputs", OCT_POSITION_NONE,
                             "%lld rows, at most %lld at once, and this model's batch cannot be cut: %s",
                             (long long)request->rows, (long long)oct_plan_max_rows(plan), reason);
    }
    return OCT_OK;
}

enum oct_status
oct_infer_request_bind(struct oct_infer_request *request, const struct oct_plan *plan, struct oct_error *error)
{
    size_t n = oct_plan_input_count(plan);
    enum oct_status status = check_outputs(request, plan, error);
    if (status != OCT_OK) {
        return status;
    }
    request->rows = 0;
    request->bound = octi_request_alloc(request, n * sizeof *request->bound, error);
    request->bound_bytes = octi_request_alloc(request, n * sizeof *request->bound_bytes, error);
    if (request->bound == NULL || request->bound_bytes == NULL) {
        return OCT_ERR_NOMEM;
    }
    memset(request->bound, 0, n * sizeof *request->bound);
    status = request->raw_body ? bind_raw(request, plan, error) : bind_named(request, plan, error);
    return status == OCT_OK ? check_rows(request, plan, error) : status;
}
