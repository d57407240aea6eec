#include "proto/infer/parser.h"
#include "proto/infer/request.h"
#include "proto/json/path.h"

bool octi_parser_fail(struct octi_parser *parser, enum oct_status status, const char *message)
{
    return octi_json_fail(&parser->scanner, status, octi_json_position(&parser->scanner), "%s", message);
}

bool octi_parser_fail_twice(struct octi_parser *parser)
{
    return octi_parser_fail(parser, OCT_ERR_INVALID, "stands twice");
}

bool octi_parser_fail_in(struct octi_parser *parser, const char *step)
{
    octi_path_prefix(parser->scanner.error, "%s", step);
    return false;
}

bool octi_parser_fail_at_index(struct octi_parser *parser, const char *array, size_t index)
{
    octi_path_prefix(parser->scanner.error, "%s[%zu]", array, index);
    return false;
}

void *octi_parser_alloc(struct octi_parser *parser, size_t n_bytes)
{
    void *memory = octi_request_alloc(parser->request, n_bytes, parser->scanner.error);
    if (memory == NULL) {
        parser->scanner.status = OCT_ERR_NOMEM;
    }
    return memory;
}

bool octi_parser_keep_text(struct octi_parser *parser,
                           const struct octi_json_text *text,
                           size_t max_bytes,
                           const char **out)
{
    if (text->n_bytes > max_bytes) {
        return octi_json_fail(&parser->scanner, OCT_ERR_LIMIT, text->position,
                              "%zu bytes long, at most %zu are allowed", text->n_bytes, max_bytes);
    }
    char *copy = octi_parser_alloc(parser, text->n_bytes + 1);
    if (copy == NULL) {
        return false;
    }
    octi_json_unescape(text, copy);
    copy[text->n_bytes] = '\0';
    *out = copy;
    return true;
}

bool octi_parse_string(struct octi_parser *parser, size_t max_bytes, const char **out)
{
    struct octi_json_text text;
    if (*out != NULL) {
        return octi_parser_fail_twice(parser);
    }
    return octi_json_scan_text(&parser->scanner, &text) && octi_parser_keep_text(parser, &text, max_bytes, out);
}

bool octi_parser_refuse_shared_memory(struct octi_parser *parser)
{
    return octi_parser_fail(parser, OCT_ERR_UNSUPPORTED, "shared memory is not supported");
}
