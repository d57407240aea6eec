/// The tensors of a request: the protocol's array of objects, or the shorthand's object of arrays.
#include "proto/infer/datatype.h"
#include "proto/infer/parser.h"
#include "proto/infer/request.h"
#include "proto/json/path.h"

#define SHAPE_TEXT_BYTES 128

static bool parse_input_parameters(struct octi_parser *parser, struct oct_infer_input *input)
{
    struct octi_json_scanner *scanner = &parser->scanner;
    struct octi_json_text key;
    if (!octi_json_object_open(scanner)) {
        return false;
    }
    while (octi_json_object_next(scanner, &key)) {
        if (octi_json_text_is(&key, "shared_memory_region")) {
            return octi_parser_refuse_shared_memory(parser);
        }
        if (!octi_json_text_is(&key, "binary_data_size")) {
            if (!octi_json_skip(scanner)) {
                return false;
            }
            continue;
        }
        int64_t n_bytes;
        if (input->binary) {
            return octi_parser_fail_twice(parser) || octi_parser_fail_in(parser, "binary_data_size");
        }
        if (!octi_json_scan_int64(scanner, &n_bytes)) {
            return octi_parser_fail_in(parser, "binary_data_size");
        }
        if (n_bytes < 0) {
            return octi_parser_fail(parser, OCT_ERR_INVALID, "expected a number of bytes") ||
                   octi_parser_fail_in(parser, "binary_data_size");
        }
        input->binary = true;
        input->n_bytes = (size_t)n_bytes;
    }
    return scanner->status == OCT_OK;
}

static bool parse_shape(struct octi_parser *parser, struct oct_infer_input *input)
{
    struct octi_json_scanner *scanner = &parser->scanner;
    if (input->has_shape) {
        return octi_parser_fail_twice(parser);
    }
    if (!octi_json_array_open(scanner)) {
        return false;
    }
    input->has_shape = true;
    while (octi_json_array_next(scanner)) {
        int64_t dim;
        if (input->shape.rank == OCT_MAX_RANK) {
            return octi_parser_fail(parser, OCT_ERR_LIMIT, "more than 8 dimensions");
        }
        if (!octi_json_scan_int64(scanner, &dim)) {
            return false;
        }
        if (dim < 0) {
            return octi_parser_fail(parser, OCT_ERR_INVALID, "expected dimensions of 0 or more");
        }
        input->shape.dims[input->shape.rank++] = dim;
    }
    return scanner->status == OCT_OK;
}

static bool parse_data(struct octi_parser *parser, struct oct_infer_input *input, struct oct_shape *nesting)
{
    struct octi_json_numbers numbers;
    if (input->data != NULL) {
        return octi_parser_fail_twice(parser);
    }
    if (!octi_json_scan_numbers(&parser->scanner, &numbers)) {
        return false;
    }
    input->data = numbers.data;
    input->position = numbers.position;
    input->n_elements = numbers.n_elements;
    *nesting = numbers.shape;
    // Text and binary size of one tensor exclude one another; the size stays visible for that check.
    if (!input->binary) {
        input->n_bytes = numbers.n_bytes;
    }
    return true;
}

static bool parse_datatype(struct octi_parser *parser, struct oct_infer_input *input)
{
    if (input->has_datatype) {
        return octi_parser_fail_twice(parser);
    }
    input->has_datatype = true;
    return octi_datatype_scan(&parser->scanner, &input->datatype);
}

/// Reports about an input whose object has been read, at `position`.
static bool
fail_input(struct octi_parser *parser, enum oct_status status, size_t position, const char *member, const char *message)
{
    return octi_json_fail(&parser->scanner, status, position, "%s", message) || octi_parser_fail_in(parser, member);
}

static bool
fail_binary_size(struct octi_parser *parser, const struct oct_infer_input *input, int64_t n_bytes, size_t position)
{
    char shape[SHAPE_TEXT_BYTES];
    oct_shape_format(&input->shape, shape, sizeof shape);
    return octi_json_fail(&parser->scanner, OCT_ERR_INVALID, position,
                          "unexpected size for input: %s of %s has %lld bytes, got %zu", shape,
                          oct_datatype_name(input->datatype), (long long)n_bytes, input->n_bytes) ||
           octi_parser_fail_in(parser, "parameters.binary_data_size");
}

static bool
fail_data_shape(struct octi_parser *parser, const struct oct_infer_input *input, const struct oct_shape *nesting)
{
    char shape[SHAPE_TEXT_BYTES], got[SHAPE_TEXT_BYTES];
    oct_shape_format(&input->shape, shape, sizeof shape);
    oct_shape_format(nesting, got, sizeof got);
    return octi_json_fail(
               &parser->scanner, OCT_ERR_INVALID, input->position,
               "the shape is %s, the data has %zu elements nested as %s (it may be nested like the shape, or flat)",
               shape, input->n_elements, got) ||
           octi_parser_fail_in(parser, "data");
}

/// What can be said about an input without the model: everything is there, and sizes agree.
static bool
check_input(struct octi_parser *parser, struct oct_infer_input *input, const struct oct_shape *nesting, size_t position)
{
    if (input->name == NULL) {
        return fail_input(parser, OCT_ERR_INVALID, position, "name", "missing");
    }
    if (!input->has_shape) {
        return fail_input(parser, OCT_ERR_INVALID, position, "shape", "missing");
    }
    if (!input->has_datatype) {
        return fail_input(parser, OCT_ERR_INVALID, position, "datatype", "missing");
    }
    if (input->binary == (input->data != NULL)) {
        return fail_input(parser, OCT_ERR_INVALID, position, "data",
                          input->binary ? "stands beside parameters.binary_data_size: an input has one or the other"
                                        : "missing, and so is parameters.binary_data_size");
    }
    int64_t n_elements, n_bytes;
    if (oct_shape_elements(&input->shape, 1, &n_elements) != OCT_OK ||
        __builtin_mul_overflow(n_elements, (int64_t)oct_datatype_bytes(input->datatype), &n_bytes)) {
        return fail_input(parser, OCT_ERR_LIMIT, position, "shape", "more elements than memory can hold");
    }
    if (input->binary && !parser->has_header) {
        return fail_input(parser, OCT_ERR_INVALID, position, "parameters.binary_data_size",
                          "binary data needs the Inference-Header-Content-Length header");
    }
    if (input->binary && input->n_bytes != (size_t)n_bytes) {
        return fail_binary_size(parser, input, n_bytes, position);
    }
    if (!input->binary &&
        (input->n_elements != (size_t)n_elements || (nesting->rank > 1 && !oct_shape_equal(nesting, &input->shape)))) {
        return fail_data_shape(parser, input, nesting);
    }
    input->n_elements = (size_t)n_elements;
    return true;
}

static bool parse_input_members(struct octi_parser *parser, struct oct_infer_input *input, struct oct_shape *nesting)
{
    struct octi_json_scanner *scanner = &parser->scanner;
    struct octi_json_text key;
    bool has_parameters = false;
    while (octi_json_object_next(scanner, &key)) {
        if (octi_json_text_is(&key, "name")) {
            if (!octi_parse_string(parser, OCT_INFER_MAX_NAME_BYTES, &input->name)) {
                return octi_parser_fail_in(parser, "name");
            }
        } else if (octi_json_text_is(&key, "shape")) {
            if (!parse_shape(parser, input)) {
                return octi_parser_fail_in(parser, "shape");
            }
        } else if (octi_json_text_is(&key, "datatype")) {
            if (!parse_datatype(parser, input)) {
                return octi_parser_fail_in(parser, "datatype");
            }
        } else if (octi_json_text_is(&key, "data")) {
            if (!parse_data(parser, input, nesting)) {
                return octi_parser_fail_in(parser, "data");
            }
        } else if (octi_json_text_is(&key, "parameters")) {
            if (!(has_parameters ? octi_parser_fail_twice(parser) : parse_input_parameters(parser, input))) {
                return octi_parser_fail_in(parser, "parameters");
            }
            has_parameters = true;
        } else if (!octi_json_skip(scanner)) {
            return false;
        }
    }
    return scanner->status == OCT_OK;
}

struct oct_infer_input *octi_parser_add_input(struct octi_parser *parser)
{
    struct oct_infer_request *request = parser->request;
    if (request->n_inputs == OCT_INFER_MAX_TENSORS) {
        octi_parser_fail(parser, OCT_ERR_LIMIT, "more than 256 inputs");
        return NULL;
    }
    struct oct_infer_input *inputs =
        octi_request_grow(request, request->inputs, request->n_inputs, sizeof *inputs, parser->scanner.error);
    if (inputs == NULL) {
        parser->scanner.status = OCT_ERR_NOMEM;
        return NULL;
    }
    request->inputs = inputs;
    struct oct_infer_input *input = &inputs[request->n_inputs++];
    *input = (struct oct_infer_input){.name = NULL};
    return input;
}

static bool parse_inputs_array(struct octi_parser *parser)
{
    struct octi_json_scanner *scanner = &parser->scanner;
    if (!octi_json_array_open(scanner)) {
        return octi_parser_fail_in(parser, "inputs");
    }
    while (octi_json_array_next(scanner)) {
        struct oct_infer_input *input = octi_parser_add_input(parser);
        if (input == NULL) {
            return octi_parser_fail_in(parser, "inputs");
        }
        struct oct_shape nesting = {.rank = 0};
        (void)octi_json_peek(scanner);
        size_t position = octi_json_position(scanner);
        if (!octi_json_object_open(scanner) || !parse_input_members(parser, input, &nesting) ||
            !check_input(parser, input, &nesting, position)) {
            return octi_parser_fail_at_index(parser, "inputs", parser->request->n_inputs - 1);
        }
    }
    return scanner->status == OCT_OK || octi_parser_fail_in(parser, "inputs");
}

static bool parse_inputs_object(struct octi_parser *parser)
{
    struct octi_json_scanner *scanner = &parser->scanner;
    struct octi_json_text key;
    if (!octi_json_object_open(scanner)) {
        return octi_parser_fail_in(parser, "inputs");
    }
    while (octi_json_object_next(scanner, &key)) {
        struct oct_infer_input *input = octi_parser_add_input(parser);
        if (input == NULL || !octi_parser_keep_text(parser, &key, OCT_INFER_MAX_NAME_BYTES, &input->name)) {
            return octi_parser_fail_in(parser, "inputs");
        }
        if (!parse_data(parser, input, &input->shape)) {
            octi_path_prefix(scanner->error, "inputs.%s", input->name);
            return false;
        }
        input->has_shape = true;
    }
    return scanner->status == OCT_OK || octi_parser_fail_in(parser, "inputs");
}

bool octi_parse_inputs(struct octi_parser *parser)
{
    if (parser->has_inputs) {
        return octi_parser_fail_twice(parser) || octi_parser_fail_in(parser, "inputs");
    }
    parser->has_inputs = true;
    if (octi_json_peek(&parser->scanner) == '{') {
        parser->request->form = OCT_INFER_FORM_SHORTHAND;
        return parse_inputs_object(parser);
    }
    parser->request->form = OCT_INFER_FORM_OIP;
    return parse_inputs_array(parser);
}
