/// The outputs a request asks for.
#include "proto/infer/parser.h"
#include "proto/infer/request.h"

#include <string.h>

static bool parse_output_parameters(struct octi_parser *parser, struct oct_infer_output *output)
{
    struct octi_json_scanner *scanner = &parser->scanner;
    struct octi_json_text key;
    if (!octi_json_object_open(scanner)) {
        return false;
    }
    while (octi_json_object_next(scanner, &key)) {
        if (octi_json_text_is(&key, "binary_data")) {
            bool binary;
            if (!octi_json_scan_bool(scanner, &binary)) {
                return octi_parser_fail_in(parser, "binary_data");
            }
            output->binary = binary;
        } else if (octi_json_text_is(&key, "classification")) {
            int64_t n_classes;
            if (!octi_json_scan_int64(scanner, &n_classes)) {
                return octi_parser_fail_in(parser, "classification");
            }
            if (n_classes != 0) {
                return octi_parser_fail(parser, OCT_ERR_UNSUPPORTED, "the classification extension is not supported");
            }
        } else if (octi_json_text_is(&key, "shared_memory_region")) {
            return octi_parser_refuse_shared_memory(parser);
        } else if (!octi_json_skip(scanner)) {
            return false;
        }
    }
    return scanner->status == OCT_OK;
}

/// An object, or just the name.
static bool parse_output(struct octi_parser *parser, struct oct_infer_output *output)
{
    struct octi_json_scanner *scanner = &parser->scanner;
    if (octi_json_peek(scanner) == '"') {
        return octi_parse_string(parser, OCT_INFER_MAX_NAME_BYTES, &output->name);
    }
    size_t position = octi_json_position(scanner);
    if (!octi_json_object_open(scanner)) {
        return false;
    }
    struct octi_json_text key;
    bool has_parameters = false;
    while (octi_json_object_next(scanner, &key)) {
        if (octi_json_text_is(&key, "name")) {
            if (!octi_parse_string(parser, OCT_INFER_MAX_NAME_BYTES, &output->name)) {
                return octi_parser_fail_in(parser, "name");
            }
        } else if (octi_json_text_is(&key, "parameters")) {
            if (!(has_parameters ? octi_parser_fail_twice(parser) : parse_output_parameters(parser, output))) {
                return octi_parser_fail_in(parser, "parameters");
            }
            has_parameters = true;
        } else if (!octi_json_skip(scanner)) {
            return false;
        }
    }
    if (scanner->status == OCT_OK && output->name == NULL) {
        return octi_json_fail(scanner, OCT_ERR_INVALID, position, "missing") || octi_parser_fail_in(parser, "name");
    }
    return scanner->status == OCT_OK;
}

bool octi_parse_outputs(struct octi_parser *parser)
{
    struct octi_json_scanner *scanner = &parser->scanner;
    struct oct_infer_request *request = parser->request;
    if (parser->has_outputs) {
        return octi_parser_fail_twice(parser) || octi_parser_fail_in(parser, "outputs");
    }
    parser->has_outputs = true;
    if (!octi_json_array_open(scanner)) {
        return octi_parser_fail_in(parser, "outputs");
    }
    while (octi_json_array_next(scanner)) {
        size_t n = request->n_outputs;
        if (n == OCT_INFER_MAX_TENSORS) {
            return octi_parser_fail(parser, OCT_ERR_LIMIT, "more than 256 outputs") ||
                   octi_parser_fail_in(parser, "outputs");
        }
        struct oct_infer_output *outputs =
            octi_request_grow(request, request->outputs, n, sizeof *outputs, parser->scanner.error);
        if (outputs == NULL) {
            scanner->status = OCT_ERR_NOMEM;
            return false;
        }
        request->outputs = outputs;
        outputs[n] = (struct oct_infer_output){.name = NULL, .binary = -1};
        if (!parse_output(parser, &outputs[n])) {
            return octi_parser_fail_at_index(parser, "outputs", n);
        }
        request->n_outputs++;
        for (size_t i = 0; i < n; i++) {
            if (strcmp(outputs[i].name, outputs[n].name) == 0) {
                return octi_parser_fail_twice(parser) || octi_parser_fail_at_index(parser, "outputs", n);
            }
        }
    }
    return scanner->status == OCT_OK || octi_parser_fail_in(parser, "outputs");
}
