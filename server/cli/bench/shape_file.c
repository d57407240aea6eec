#include "server/cli/bench/shape_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "octet/buffer.h"
#include "octet/plan.h"
#include "octet/proto/json.h"
#include "server/cli/file.h"

#define MAX_EXTENT   ((int64_t)1 << 20) ///< of an image, of channels, of features
#define MAX_ROWS     OCT_PLAN_MAX_ROWS
#define MAX_ELEMENTS ((int64_t)1 << 28)
#define MAX_WINDOW   ((int64_t)1 << 12)
#define WHERE_BYTES  OCT_ERROR_WHERE_BYTES

static const struct oct_bench_op_info ops[] = {
#define OCT_BENCH_OP(id, name, form, dimensions, op, relu) {name, OCT_BENCH_FORM_##form, dimensions, op, relu},
#include "server/cli/bench/operations.def"
#undef OCT_BENCH_OP
};

const struct oct_bench_op_info *oct_bench_op_info(enum oct_bench_op op)
{
    return &ops[op];
}

/// One object of the file while it is read: how many of its members were asked for tells whether it has others.
struct reader {
    const struct oct_json *object;
    char where[WHERE_BYTES / 2];
    size_t n_taken;
    struct oct_error *error;
};

static enum oct_status refuse(const struct reader *reader, const char *key, const char *expected)
{
    char where[WHERE_BYTES];
    snprintf(where, sizeof(where), "%s%s%s", reader->where, reader->where[0] != 0 ? "." : "", key);
    return oct_error_set(reader->error, OCT_ERR_INVALID, where, OCT_POSITION_NONE, "expected %s", expected);
}

static const struct oct_json *take(struct reader *reader, const char *key)
{
    const struct oct_json *value = oct_json_get(reader->object, key);
    reader->n_taken += value != NULL;
    return value;
}

/// @param out  [OCT_BENCH_NAME_BYTES]; NULL: only looked at
static enum oct_status take_text(struct reader *reader, const char *key, char *out)
{
    const char *text = NULL;
    size_t length = 0;
    if (!oct_json_is_string(take(reader, key), &text, &length) || length == 0 ||
        (out != NULL && length >= OCT_BENCH_NAME_BYTES)) {
        return refuse(reader, key, "a text of 1 to 63 bytes");
    }
    if (out != NULL) {
        memcpy(out, text, length + 1);
    }
    return OCT_OK;
}

static enum oct_status
take_number(struct reader *reader, const char *key, int64_t minimum, int64_t maximum, int64_t *out)
{
    char expected[96];
    if (oct_json_is_integer(take(reader, key), out) && *out >= minimum && *out <= maximum) {
        return OCT_OK;
    }
    snprintf(expected, sizeof(expected), "a whole number from %lld to %lld", (long long)minimum, (long long)maximum);
    return refuse(reader, key, expected);
}

/// One number for each dimension of the image.
static enum oct_status
take_extents(struct reader *reader, const char *key, size_t count, int64_t minimum, int64_t maximum, int64_t *out)
{
    char expected[96], element[48];
    const struct oct_json *array = take(reader, key);
    if (oct_json_type(array) != OCT_JSON_ARRAY || oct_json_count(array) != count) {
        snprintf(expected, sizeof(expected), "an array of %zu numbers", count);
        return refuse(reader, key, expected);
    }
    for (size_t i = 0; i < count; ++i) {
        if (!oct_json_is_integer(oct_json_at(array, i), &out[i]) || out[i] < minimum || out[i] > maximum) {
            snprintf(element, sizeof(element), "%s[%zu]", key, i);
            snprintf(expected, sizeof(expected), "a whole number from %lld to %lld", (long long)minimum,
                     (long long)maximum);
            return refuse(reader, element, expected);
        }
    }
    return OCT_OK;
}

static enum oct_status read_image(struct reader *reader, size_t n_dimensions, struct oct_bench_case *out)
{
    out->n_dimensions = n_dimensions;
    enum oct_status status = take_number(reader, "batch", 1, MAX_ROWS, &out->batch);
    if (status == OCT_OK) {
        status = take_extents(reader, "in", n_dimensions, 1, MAX_EXTENT, out->in);
    }
    return status == OCT_OK ? take_number(reader, "channels", 1, MAX_EXTENT, &out->channels) : status;
}

static enum oct_status read_window(struct reader *reader, size_t n, struct oct_bench_case *out)
{
    enum oct_status status = take_extents(reader, "kernel", n, 1, MAX_WINDOW, out->kernel);
    if (status == OCT_OK) {
        status = take_extents(reader, "stride", n, 1, MAX_WINDOW, out->stride);
    }
    return status == OCT_OK ? take_extents(reader, "padding", n, 0, MAX_WINDOW, out->padding) : status;
}

static enum oct_status read_conv(struct reader *reader, size_t n, struct oct_bench_case *out)
{
    enum oct_status status = read_image(reader, n, out);
    if (status == OCT_OK) {
        status = read_window(reader, n, out);
    }
    if (status == OCT_OK) {
        status = take_extents(reader, "dilation", n, 1, MAX_WINDOW, out->dilation);
    }
    if (status == OCT_OK) {
        status = take_number(reader, "out_channels", 1, MAX_EXTENT, &out->out_channels);
    }
    if (status == OCT_OK) {
        status = take_number(reader, "groups", 1, MAX_EXTENT, &out->groups);
    }
    if (status == OCT_OK && (out->channels % out->groups != 0 || out->out_channels % out->groups != 0)) {
        return refuse(reader, "groups", "a divisor of channels and of out_channels");
    }
    return status;
}

static enum oct_status read_linear(struct reader *reader, struct oct_bench_case *out)
{
    enum oct_status status = take_number(reader, "rows", 1, MAX_ROWS, &out->rows);
    if (status == OCT_OK) {
        status = take_number(reader, "in_features", 1, MAX_EXTENT, &out->in_features);
    }
    return status == OCT_OK ? take_number(reader, "out_features", 1, MAX_EXTENT, &out->out_features) : status;
}

/// A row of elements, or an image of two dimensions.
static enum oct_status read_elements(struct reader *reader, struct oct_bench_case *out)
{
    enum oct_status status = oct_json_get(reader->object, "elements") != NULL
                                 ? take_number(reader, "elements", 1, MAX_ELEMENTS, &out->elements)
                                 : read_image(reader, 2, out);
    if (status == OCT_OK && out->op == OCT_BENCH_CONCAT) {
        status = take_number(reader, "inputs", 1, OCT_BENCH_MAX_INPUTS, &out->inputs);
    }
    return status;
}

static enum oct_status read_form(struct reader *reader, struct oct_bench_case *out)
{
    const struct oct_bench_op_info *info = &ops[out->op];
    enum oct_status status = OCT_OK;
    out->batch = 1;
    switch (info->form) {
    case OCT_BENCH_FORM_CONV:
        return read_conv(reader, info->n_dimensions, out);
    case OCT_BENCH_FORM_LINEAR:
        return read_linear(reader, out);
    case OCT_BENCH_FORM_POOL:
        status = read_image(reader, info->n_dimensions, out);
        return status == OCT_OK ? read_window(reader, info->n_dimensions, out) : status;
    case OCT_BENCH_FORM_GLOBAL_POOL:
    case OCT_BENCH_FORM_IMAGE:
        return read_image(reader, info->n_dimensions, out);
    case OCT_BENCH_FORM_ELEMENTS:
        break;
    }
    return read_elements(reader, out);
}

static enum oct_status read_op(struct reader *reader, struct oct_bench_case *out)
{
    const char *text = NULL;
    const struct oct_json *relu = take(reader, "relu");
    if (!oct_json_is_string(take(reader, "op"), &text, NULL)) {
        return refuse(reader, "op", "the name of an operation");
    }
    size_t op = 0;
    while (op < OCT_BENCH_OP_COUNT && strcmp(ops[op].name, text) != 0) {
        ++op;
    }
    if (op == OCT_BENCH_OP_COUNT) {
        return refuse(reader, "op", "an operation of the list in tests/bench/shapes/README.md");
    }
    out->op = (enum oct_bench_op)op;
    if (relu != NULL && (!oct_json_is_bool(relu, &out->relu) || (out->relu && ops[op].with_relu == NULL))) {
        return refuse(reader, "relu", "true or false, true only where the operation has such a form");
    }
    return OCT_OK;
}

static enum oct_status
read_case(const struct oct_json *object, size_t index, struct oct_bench_case *out, struct oct_error *error)
{
    struct reader reader = {.object = object, .error = error};
    snprintf(reader.where, sizeof(reader.where), "cases[%zu]", index);
    if (oct_json_type(object) != OCT_JSON_OBJECT) {
        return oct_error_set(error, OCT_ERR_INVALID, reader.where, OCT_POSITION_NONE, "expected an object");
    }
    enum oct_status status = take_text(&reader, "name", out->name);
    if (status == OCT_OK) {
        status = take_text(&reader, "row", out->row);
    }
    if (status == OCT_OK) {
        status = take_number(&reader, "count", 1, MAX_ROWS, &out->count);
    }
    if (status == OCT_OK) {
        status = read_op(&reader, out);
    }
    if (status == OCT_OK) {
        status = read_form(&reader, out);
    }
    if (status == OCT_OK && reader.n_taken != oct_json_count(object)) {
        return oct_error_set(error, OCT_ERR_INVALID, reader.where, OCT_POSITION_NONE,
                             "%zu of the members do not belong to %s", oct_json_count(object) - reader.n_taken,
                             ops[out->op].name);
    }
    return status;
}

static enum oct_status read_cases(const struct oct_json *array, struct oct_bench_shapes *out, struct oct_error *error)
{
    size_t count = oct_json_count(array);
    if (oct_json_type(array) != OCT_JSON_ARRAY || count == 0) {
        return oct_error_set(error, OCT_ERR_INVALID, "cases", OCT_POSITION_NONE, "expected an array of cases");
    }
    if (count > OCT_BENCH_MAX_CASES) {
        return oct_error_set(error, OCT_ERR_LIMIT, "cases", OCT_POSITION_NONE, "%zu cases, at most %d are read", count,
                             OCT_BENCH_MAX_CASES);
    }
    out->cases = calloc(count, sizeof(*out->cases));
    if (out->cases == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "cases", OCT_POSITION_NONE, "out of memory");
    }
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < count && status == OCT_OK; ++i) {
        status = read_case(oct_json_at(array, i), i, &out->cases[i], error);
        for (size_t k = 0; k < i && status == OCT_OK; ++k) {
            if (strcmp(out->cases[k].name, out->cases[i].name) == 0) {
                struct reader reader = {.error = error};
                snprintf(reader.where, sizeof(reader.where), "cases[%zu]", i);
                status = refuse(&reader, "name", "a name that no case before has");
            }
        }
    }
    out->n_cases = count;
    return status;
}

enum oct_status
oct_bench_shapes_parse(const char *text, size_t n_bytes, struct oct_bench_shapes *shapes, struct oct_error *error)
{
    struct oct_json_document *document = NULL;
    memset(shapes, 0, sizeof(*shapes));
    enum oct_status status = oct_json_parse(text, n_bytes, OCT_BENCH_MAX_FILE_BYTES, &document, error);
    if (status != OCT_OK) {
        return status;
    }
    struct reader reader = {.object = oct_json_root(document), .error = error};
    status = take_text(&reader, "name", shapes->name);
    if (status == OCT_OK) {
        status = take_text(&reader, "source", NULL);
    }
    if (status == OCT_OK) {
        status = read_cases(take(&reader, "cases"), shapes, error);
    }
    if (status == OCT_OK && reader.n_taken != oct_json_count(reader.object)) {
        status = oct_error_set(error, OCT_ERR_INVALID, "", OCT_POSITION_NONE, "expected name, source and cases only");
    }
    oct_json_destroy(document);
    if (status != OCT_OK) {
        oct_bench_shapes_deinit(shapes);
    }
    return status;
}

enum oct_status oct_bench_shapes_read(const char *path, struct oct_bench_shapes *shapes, struct oct_error *error)
{
    struct oct_buffer text;
    oct_buffer_init(&text, NULL, OCT_BENCH_MAX_FILE_BYTES);
    enum oct_status status = oct_cli_file_read(path, &text, error);
    if (status == OCT_OK) {
        status = oct_bench_shapes_parse((const char *)text.data, text.length, shapes, error);
        oct_error_prefix(error, "%s", path);
    }
    oct_buffer_deinit(&text);
    return status;
}

void oct_bench_shapes_deinit(struct oct_bench_shapes *shapes)
{
    free(shapes->cases);
    memset(shapes, 0, sizeof(*shapes));
}
