/// What the files of parsing share: the scanner with the request it fills, and reports that carry their place.
///
/// Every function that reads returns false on a failure, which then is in scanner.status and, with its place, in the
/// error.
#ifndef OCTET_PROTO_INFER_PARSER_H
#define OCTET_PROTO_INFER_PARSER_H

#include "octet/proto/infer.h"
#include "proto/json/scan.h"

struct octi_parser {
    struct octi_json_scanner scanner;
    struct oct_infer_request *request;
    bool has_header; ///< Inference-Header-Content-Length was sent
    bool has_inputs;
    bool has_outputs;
    bool has_parameters;
};

/// Reports at the scanner's place. Always false.
bool octi_parser_fail(struct octi_parser *parser, enum oct_status status, const char *message);
bool octi_parser_fail_twice(struct octi_parser *parser);
bool octi_parser_refuse_shared_memory(struct octi_parser *parser);
/// Puts a step before the place of a failure on its way up. Always false.
bool octi_parser_fail_in(struct octi_parser *parser, const char *step);
bool octi_parser_fail_at_index(struct octi_parser *parser, const char *array, size_t index);

/// Memory of the request. NULL: refused, and reported.
void *octi_parser_alloc(struct octi_parser *parser, size_t n_bytes);
/// A terminated copy of a text of at most `max_bytes`.
bool octi_parser_keep_text(struct octi_parser *parser,
                           const struct octi_json_text *text,
                           size_t max_bytes,
                           const char **out);
/// A string that may stand once: `*out` is NULL until then.
bool octi_parse_string(struct octi_parser *parser, size_t max_bytes, const char **out);
/// Room for one more input, zeroed. NULL: refused, and reported.
struct oct_infer_input *octi_parser_add_input(struct octi_parser *parser);

/// The values of "inputs" and "outputs".
bool octi_parse_inputs(struct octi_parser *parser);
bool octi_parse_outputs(struct octi_parser *parser);

#endif
