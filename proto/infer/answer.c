/// DESIGN. Tensor data is written past the JSON writer, a chunk of elements at a time, straight into the buffer:
/// reserve the longest text a chunk can have, then print. Binary tensors follow the JSON in the order in which it names
/// them.
#include "proto/infer/request.h"
#include "proto/json/text.h"
#include "proto/json/writer.h"

#include <math.h>
#include <string.h>

#define CHUNK 128 // elements per reservation

struct answer_writer {
    const struct oct_infer_request *request;
    const struct oct_plan *plan;
    const struct oct_infer_answer *answer;
    struct oct_json_writer json;
    struct oct_error *error;
};

/// One output as the answer shows it.
struct shown_output {
    const struct oct_port *port;
    const uint8_t *data;
    struct oct_shape shape;
    size_t n_bytes;
    bool binary;
};

static size_t count_shown(const struct answer_writer *writer)
{
    return writer->request->n_outputs > 0 ? writer->request->n_outputs : oct_plan_output_count(writer->plan);
}

static enum oct_status find_shown(const struct answer_writer *writer, size_t i, struct shown_output *shown)
{
    const struct oct_infer_request *request = writer->request;
    size_t index = i;
    int binary = -1;
    if (request->n_outputs > 0) {
        enum oct_status status = octi_output_find(writer->plan, request->outputs[i].name, &index, writer->error);
        if (status != OCT_OK) {
            return status;
        }
        binary = request->outputs[i].binary;
    }
    shown->port = oct_plan_output(writer->plan, index);
    shown->data = writer->answer->outputs[index];
    shown->shape = oct_shape_at(&shown->port->desc.shape, writer->answer->rows);
    shown->binary = binary >= 0 ? binary != 0 : request->binary_data_output;
    enum oct_status status = oct_tensor_bytes(&shown->port->desc, writer->answer->rows, &shown->n_bytes);
    return status == OCT_OK ? OCT_OK
                            : oct_error_set(writer->error, status, shown->port->name, OCT_POSITION_NONE,
                                            "more bytes than memory can hold");
}

/// Prints the element at `at`, which need not be aligned. 0: JSON cannot show it.
static size_t print_element(enum oct_dtype dtype, const uint8_t *at, char *out)
{
    switch (dtype) {
    case OCT_DTYPE_FLOAT32: {
        float value;
        memcpy(&value, at, sizeof value);
        return isfinite(value) ? octi_text_float(value, out) : 0;
    }
    case OCT_DTYPE_FLOAT64: {
        double value;
        memcpy(&value, at, sizeof value);
        return isfinite(value) ? octi_text_double(value, out) : 0;
    }
    case OCT_DTYPE_UINT8:
    case OCT_DTYPE_QUINT8:
        return octi_text_uint64(*at, out);
    case OCT_DTYPE_INT8:
    case OCT_DTYPE_QINT8:
        return octi_text_int64((int8_t)*at, out);
    case OCT_DTYPE_INT32:
    case OCT_DTYPE_QINT32: {
        int32_t value;
        memcpy(&value, at, sizeof value);
        return octi_text_int64(value, out);
    }
    case OCT_DTYPE_INT64: {
        int64_t value;
        memcpy(&value, at, sizeof value);
        return octi_text_int64(value, out);
    }
    case OCT_DTYPE_BOOL:
        memcpy(out, *at != 0 ? "true" : "false", 5);
        return *at != 0 ? 4 : 5;
    case OCT_DTYPE_COUNT:
        break;
    }
    return 0;
}

static enum oct_status
fail_element(struct answer_writer *writer, const struct shown_output *shown, const uint8_t *at, size_t element_bytes)
{
    return oct_error_set(writer->error, OCT_ERR_INVALID, shown->port->name, OCT_POSITION_NONE,
                         "element %zu of the output is NaN or infinite, which JSON cannot show; ask for binary data",
                         (size_t)(at - shown->data) / element_bytes);
}

/// "[1,2,3]": `n` elements from `*at`, which moves past them.
static enum oct_status
put_row(struct answer_writer *writer, const struct shown_output *shown, size_t n, const uint8_t **at)
{
    struct oct_buffer *buffer = writer->json.buffer;
    enum oct_dtype dtype = shown->port->desc.dtype;
    size_t element_bytes = oct_dtype_bytes(dtype);
    enum oct_status status = oct_buffer_append(buffer, "[", 1);
    for (size_t done = 0; done < n && status == OCT_OK;) {
        size_t chunk = n - done < CHUNK ? n - done : CHUNK;
        status = oct_buffer_reserve(buffer, chunk * (OCTI_TEXT_BYTES + 1));
        if (status == OCT_ERR_LIMIT) {
            // Near the buffer's maximum: element by element, so that the last fitting one is not refused for its
            // neighbours.
            chunk = 1;
            status = oct_buffer_reserve(buffer, OCTI_TEXT_BYTES + 1);
        }
        for (size_t i = 0; i < chunk && status == OCT_OK; i++) {
            char *out = (char *)buffer->data + buffer->length;
            size_t length = print_element(dtype, *at, out);
            if (length == 0) {
                return fail_element(writer, shown, *at, element_bytes);
            }
            out[length] = ',';
            buffer->length += length + 1;
            *at += element_bytes;
        }
        done += chunk;
    }
    if (status != OCT_OK) {
        return status;
    }
    if (n == 0) {
        return oct_buffer_append(buffer, "]", 1);
    }
    buffer->data[buffer->length - 1] = ']'; // in place of the last comma
    return OCT_OK;
}

/// The data nested by its shape from dimension `dim` on; at most OCT_MAX_RANK deep.
static enum oct_status
put_nested(struct answer_writer *writer, const struct shown_output *shown, int dim, const uint8_t **at)
{
    struct oct_buffer *buffer = writer->json.buffer;
    if (dim + 1 >= shown->shape.rank) {
        return put_row(writer, shown, shown->shape.rank == 0 ? 1 : (size_t)shown->shape.dims[dim], at);
    }
    enum oct_status status = oct_buffer_append(buffer, "[", 1);
    for (int64_t i = 0; i < shown->shape.dims[dim] && status == OCT_OK; i++) {
        if (i > 0) {
            status = oct_buffer_append(buffer, ",", 1);
        }
        if (status == OCT_OK) {
            status = put_nested(writer, shown, dim + 1, at);
        }
    }
    return status == OCT_OK ? oct_buffer_append(buffer, "]", 1) : status;
}

/// The value of the output's member. A failure sticks in the writer.
static void put_data(struct answer_writer *writer, const struct shown_output *shown, bool nested)
{
    octi_json_writer_value(&writer->json);
    if (writer->json.status != OCT_OK) {
        return;
    }
    const uint8_t *at = shown->data;
    size_t n = shown->n_bytes / oct_dtype_bytes(shown->port->desc.dtype);
    octi_json_writer_note(&writer->json, nested ? put_nested(writer, shown, 0, &at) : put_row(writer, shown, n, &at));
}

static enum oct_status put_shorthand(struct answer_writer *writer)
{
    struct oct_json_writer *json = &writer->json;
    oct_json_key(json, "model");
    oct_json_string(json, writer->answer->model);
    oct_json_key(json, "version");
    oct_json_string(json, writer->answer->version);
    if (writer->request->id != NULL) {
        oct_json_key(json, "id");
        oct_json_string(json, writer->request->id);
    }
    oct_json_key(json, "outputs");
    oct_json_object_begin(json);
    for (size_t i = 0; i < count_shown(writer); i++) {
        struct shown_output shown;
        enum oct_status status = find_shown(writer, i, &shown);
        if (status != OCT_OK) {
            return status;
        }
        oct_json_key(json, shown.port->name);
        put_data(writer, &shown, true);
    }
    oct_json_object_end(json);
    return OCT_OK;
}

static void put_output(struct answer_writer *writer, const struct shown_output *shown)
{
    struct oct_json_writer *json = &writer->json;
    oct_json_object_begin(json);
    oct_json_key(json, "name");
    oct_json_string(json, shown->port->name);
    oct_json_key(json, "datatype");
    oct_json_string(json, oct_datatype_name(oct_datatype_of(shown->port->desc.dtype)));
    oct_json_key(json, "shape");
    oct_json_array_begin(json);
    for (int i = 0; i < shown->shape.rank; i++) {
        oct_json_integer(json, shown->shape.dims[i]);
    }
    oct_json_array_end(json);
    if (shown->binary) {
        oct_json_key(json, "parameters");
        oct_json_object_begin(json);
        oct_json_key(json, "binary_data_size");
        oct_json_unsigned(json, shown->n_bytes);
        oct_json_object_end(json);
    } else {
        oct_json_key(json, "data");
        put_data(writer, shown, false);
    }
    oct_json_object_end(json);
}

static enum oct_status put_oip(struct answer_writer *writer, bool *has_binary)
{
    struct oct_json_writer *json = &writer->json;
    const char *id = writer->request->id != NULL ? writer->request->id : writer->answer->id;
    oct_json_key(json, "model_name");
    oct_json_string(json, writer->answer->model);
    oct_json_key(json, "model_version");
    oct_json_string(json, writer->answer->version);
    if (id != NULL) {
        oct_json_key(json, "id");
        oct_json_string(json, id);
    }
    oct_json_key(json, "outputs");
    oct_json_array_begin(json);
    for (size_t i = 0; i < count_shown(writer); i++) {
        struct shown_output shown;
        enum oct_status status = find_shown(writer, i, &shown);
        if (status != OCT_OK) {
            return status;
        }
        *has_binary |= shown.binary;
        put_output(writer, &shown);
    }
    oct_json_array_end(json);
    return OCT_OK;
}

static enum oct_status put_binary(const struct answer_writer *writer)
{
    for (size_t i = 0; i < count_shown(writer); i++) {
        struct shown_output shown;
        enum oct_status status = find_shown(writer, i, &shown);
        if (status == OCT_OK && shown.binary) {
            status = oct_buffer_append(writer->json.buffer, shown.data, shown.n_bytes);
        }
        if (status != OCT_OK) {
            return status;
        }
    }
    return OCT_OK;
}

enum oct_status oct_infer_answer_write(const struct oct_infer_request *request,
                                       const struct oct_plan *plan,
                                       const struct oct_infer_answer *answer,
                                       struct oct_buffer *body,
                                       size_t *header_length,
                                       struct oct_error *error)
{
    struct answer_writer writer = {.request = request, .plan = plan, .answer = answer, .error = error};
    size_t begin = body->length;
    bool has_binary = false;
    *header_length = OCT_INFER_NO_HEADER_LENGTH;
    oct_json_writer_init(&writer.json, body, 0);
    oct_json_object_begin(&writer.json);
    enum oct_status status =
        request->form == OCT_INFER_FORM_SHORTHAND ? put_shorthand(&writer) : put_oip(&writer, &has_binary);
    if (status == OCT_OK) {
        oct_json_object_end(&writer.json);
        status = oct_json_writer_finish(&writer.json);
    }
    if (status == OCT_OK && has_binary) {
        *header_length = body->length - begin;
        status = put_binary(&writer);
    }
    if (status == OCT_OK) {
        return OCT_OK;
    }
    return oct_error_set(error, status, NULL, OCT_POSITION_NONE,
                         "the answer takes more than %zu bytes or memory there is", body->max_bytes);
}
