/// DESIGN. One pass over the JSON with the scanner: fields are copied, tensor data is checked, counted and left where
/// it lies. Unknown members are skipped, because clients send what other servers understand (model_name, priority,
/// sequence_id, ...); members that ask for something which would change the answer and is not done here
/// (classification, shared memory, BYTES) are refused. After the JSON the binary tensors are cut from the rest of the
/// body.
#include "proto/binary/binary.h"
#include "proto/infer/parser.h"
#include "proto/infer/request.h"
#include "proto/json/path.h"
#include "proto/json/text.h"

static bool parse_version(struct octi_parser *parser)
{
    struct oct_infer_request *request = parser->request;
    if (octi_json_peek(&parser->scanner) == '"' || request->version != NULL) {
        return octi_parse_string(parser, OCT_INFER_MAX_NAME_BYTES, &request->version);
    }
    int64_t number;
    if (!octi_json_scan_int64(&parser->scanner, &number)) {
        return false;
    }
    char *text = octi_parser_alloc(parser, OCTI_TEXT_BYTES + 1);
    if (text == NULL) {
        return false;
    }
    text[octi_text_int64(number, text)] = '\0';
    request->version = text;
    return true;
}

static bool parse_parameters(struct octi_parser *parser)
{
    struct octi_json_scanner *scanner = &parser->scanner;
    struct octi_json_text key;
    if (parser->has_parameters) {
        return octi_parser_fail_twice(parser);
    }
    parser->has_parameters = true;
    if (!octi_json_object_open(scanner)) {
        return false;
    }
    while (octi_json_object_next(scanner, &key)) {
        if (octi_json_text_is(&key, "binary_data_output")) {
            if (!octi_json_scan_bool(scanner, &parser->request->binary_data_output)) {
                return octi_parser_fail_in(parser, "binary_data_output");
            }
        } else if (octi_json_text_is(&key, "timeout")) {
            int64_t timeout;
            if (!octi_json_scan_int64(scanner, &timeout)) {
                return octi_parser_fail_in(parser, "timeout");
            }
            if (timeout < 0) {
                return octi_parser_fail(parser, OCT_ERR_INVALID, "expected microseconds, 0 or more") ||
                       octi_parser_fail_in(parser, "timeout");
            }
            parser->request->timeout_us = (uint64_t)timeout;
        } else if (!octi_json_skip(scanner)) {
            return false;
        }
    }
    return scanner->status == OCT_OK;
}

static bool parse_members(struct octi_parser *parser)
{
    struct octi_json_scanner *scanner = &parser->scanner;
    struct oct_infer_request *request = parser->request;
    struct octi_json_text key;
    while (octi_json_object_next(scanner, &key)) {
        if (octi_json_text_is(&key, "inputs")) {
            if (!octi_parse_inputs(parser)) {
                return false;
            }
        } else if (octi_json_text_is(&key, "outputs")) {
            if (!octi_parse_outputs(parser)) {
                return false;
            }
        } else if (octi_json_text_is(&key, "id")) {
            if (!octi_parse_string(parser, OCT_INFER_MAX_ID_BYTES, &request->id)) {
                return octi_parser_fail_in(parser, "id");
            }
        } else if (octi_json_text_is(&key, "model") || octi_json_text_is(&key, "model_name")) {
            if (!octi_parse_string(parser, OCT_INFER_MAX_NAME_BYTES, &request->model)) {
                return octi_parser_fail_in(parser, "model");
            }
        } else if (octi_json_text_is(&key, "version") || octi_json_text_is(&key, "model_version")) {
            if (!parse_version(parser)) {
                return octi_parser_fail_in(parser, "version");
            }
        } else if (octi_json_text_is(&key, "parameters")) {
            if (!parse_parameters(parser)) {
                return octi_parser_fail_in(parser, "parameters");
            }
        } else if (!octi_json_skip(scanner)) {
            return false;
        }
    }
    return scanner->status == OCT_OK;
}

static bool wants_binary(const struct oct_infer_request *request)
{
    bool binary = request->binary_data_output;
    for (size_t i = 0; i < request->n_outputs; i++) {
        binary |= request->outputs[i].binary == 1;
    }
    return binary;
}

static bool parse_json(struct octi_parser *parser)
{
    if (!octi_json_object_open(&parser->scanner) || !parse_members(parser) || !octi_json_scan_end(&parser->scanner)) {
        return false;
    }
    if (!parser->has_inputs) {
        return octi_json_fail(&parser->scanner, OCT_ERR_INVALID, 0, "missing") || octi_parser_fail_in(parser, "inputs");
    }
    if (parser->request->form == OCT_INFER_FORM_SHORTHAND && wants_binary(parser->request)) {
        return octi_json_fail(&parser->scanner, OCT_ERR_INVALID, 0,
                              "binary outputs need \"inputs\" as an array of tensors (the Open Inference Protocol)");
    }
    return true;
}

static enum oct_status cut_binary(struct oct_infer_request *request,
                                  const uint8_t *body,
                                  size_t n_bytes,
                                  size_t header_length,
                                  struct oct_error *error)
{
    struct octi_binary_splitter splitter;
    enum oct_status status = octi_binary_begin(&splitter, body, n_bytes, header_length, error);
    for (size_t i = 0; i < request->n_inputs && status == OCT_OK; i++) {
        struct oct_infer_input *input = &request->inputs[i];
        if (input->binary) {
            input->position = splitter.at;
            status = octi_binary_take(&splitter, input->n_bytes, &input->data, error);
            if (status != OCT_OK) {
                octi_path_prefix(error, "inputs[%zu]", i);
            }
        }
    }
    return status == OCT_OK ? octi_binary_end(&splitter, error) : status;
}

static enum oct_status take_raw_body(struct octi_parser *parser, const uint8_t *body, size_t n_bytes)
{
    struct oct_infer_request *request = parser->request;
    struct oct_infer_input *input = octi_parser_add_input(parser);
    if (input == NULL) {
        return parser->scanner.status;
    }
    input->name = "";
    input->binary = true;
    input->data = body;
    input->n_bytes = n_bytes;
    request->raw_body = true;
    request->binary_data_output = true;
    return OCT_OK;
}

enum oct_status oct_infer_request_parse(const struct oct_allocator *allocator,
                                        const uint8_t *body,
                                        size_t n_bytes,
                                        size_t header_length,
                                        struct oct_infer_request **request,
                                        struct oct_error *error)
{
    *request = NULL;
    allocator = allocator != NULL ? allocator : oct_allocator_default();
    bool has_header = header_length != OCT_INFER_NO_HEADER_LENGTH;
    size_t json_bytes = has_header ? header_length : n_bytes;
    struct octi_binary_splitter splitter;
    enum oct_status status = octi_binary_begin(&splitter, body, n_bytes, json_bytes, error);
    if (status != OCT_OK) {
        return status;
    }
    struct oct_infer_request *made = allocator->allocate(allocator->context, sizeof *made, OCT_ALIGN);
    if (made == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the request");
    }
    *made = (struct oct_infer_request){.allocator = allocator};
    struct octi_parser parser = {.request = made, .has_header = has_header};
    octi_json_scan_init(&parser.scanner, body, json_bytes, 0, error);
    if (has_header && header_length == 0) {
        status = take_raw_body(&parser, body, n_bytes);
    } else if (!parse_json(&parser)) {
        status = parser.scanner.status;
    } else if (has_header) {
        status = cut_binary(made, body, n_bytes, header_length, error);
    }
    if (status != OCT_OK) {
        oct_infer_request_destroy(made);
        return status;
    }
    *request = made;
    return OCT_OK;
}
