/// DESIGN. jansson builds the document, but only of text that the scanner has already accepted: so syntax errors have
/// exact positions, depth is known before jansson recurses, and the number of values is bounded before anything is
/// built (jansson takes up to 235 bytes for a "{}", so bytes alone bound nothing). What is left for jansson to refuse
/// are duplicate keys and numbers out of range. This is the only file that sees <jansson.h>.
#include "proto/json/scan.h"

#include <jansson.h>
#include <stdlib.h>

struct oct_json_document {
    json_t *root;
};

static const json_t *node_of(const struct oct_json *value)
{
    return (const json_t *)value;
}

static const struct oct_json *value_of(const json_t *node)
{
    return (const struct oct_json *)node;
}

static enum oct_status check_text(const char *text, size_t n_bytes, struct oct_error *error)
{
    struct octi_json_scanner scanner;
    octi_json_scan_init(&scanner, text, n_bytes, 0, error);
    if (octi_json_skip(&scanner) && octi_json_scan_end(&scanner) && scanner.n_values > OCT_JSON_MAX_VALUES) {
        octi_json_fail(&scanner, OCT_ERR_LIMIT, 0, "%zu values in a document, at most %d are read", scanner.n_values,
                       OCT_JSON_MAX_VALUES);
    }
    return scanner.status;
}

enum oct_status oct_json_parse(
    const char *text, size_t n_bytes, size_t max_bytes, struct oct_json_document **document, struct oct_error *error)
{
    *document = NULL;
    if (n_bytes > max_bytes) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "%zu bytes of JSON, at most %zu are read",
                             n_bytes, max_bytes);
    }
    enum oct_status status = check_text(text, n_bytes, error);
    if (status != OCT_OK) {
        return status;
    }
    struct oct_json_document *made = malloc(sizeof *made);
    if (made == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for a JSON document");
    }
    json_error_t fault;
    made->root = json_loadb(text, n_bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
    if (made->root == NULL) {
        free(made);
        switch (json_error_code(&fault)) {
        case json_error_duplicate_key:
            return oct_error_set(error, OCT_ERR_CORRUPT, NULL, fault.position, "a key stands twice in one object");
        case json_error_numeric_overflow:
            return oct_error_set(error, OCT_ERR_CORRUPT, NULL, fault.position,
                                 "a number out of range (integers have 64 bits, others are float64)");
        default:
            return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for a JSON document");
        }
    }
    *document = made;
    return OCT_OK;
}

void oct_json_destroy(struct oct_json_document *document)
{
    if (document != NULL) {
        json_decref(document->root);
        free(document);
    }
}

const struct oct_json *oct_json_root(const struct oct_json_document *document)
{
    return value_of(document->root);
}

enum oct_json_type oct_json_type(const struct oct_json *value)
{
    if (value == NULL) {
        return OCT_JSON_NULL;
    }
    switch (json_typeof(node_of(value))) {
    case JSON_OBJECT:
        return OCT_JSON_OBJECT;
    case JSON_ARRAY:
        return OCT_JSON_ARRAY;
    case JSON_STRING:
        return OCT_JSON_STRING;
    case JSON_INTEGER:
        return OCT_JSON_INTEGER;
    case JSON_REAL:
        return OCT_JSON_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return OCT_JSON_BOOL;
    case JSON_NULL:
        break;
    }
    return OCT_JSON_NULL;
}

const char *oct_json_type_name(enum oct_json_type type)
{
    switch (type) {
    case OCT_JSON_NULL:
        return "null";
    case OCT_JSON_BOOL:
        return "a boolean";
    case OCT_JSON_INTEGER:
        return "an integer";
    case OCT_JSON_REAL:
        return "a number";
    case OCT_JSON_STRING:
        return "a string";
    case OCT_JSON_ARRAY:
        return "an array";
    case OCT_JSON_OBJECT:
        return "an object";
    }
    return "unknown";
}

const struct oct_json *oct_json_get(const struct oct_json *object, const char *key)
{
    return value_of(json_object_get(node_of(object), key)); // NULL for NULL and for other types
}

size_t oct_json_count(const struct oct_json *array_or_object)
{
    return json_is_object(node_of(array_or_object)) ? json_object_size(node_of(array_or_object))
                                                    : json_array_size(node_of(array_or_object));
}

const struct oct_json *oct_json_at(const struct oct_json *array, size_t index)
{
    return value_of(json_array_get(node_of(array), index));
}

const struct oct_json *oct_json_member(const struct oct_json *object, size_t index, const char **key)
{
    // jansson's iterators take an object that is not const, and change nothing in it.
    json_t *node = (json_t *)(uintptr_t)object;
    void *iterator = json_object_iter(node);
    for (size_t i = 0; iterator != NULL && i < index; i++) {
        iterator = json_object_iter_next(node, iterator);
    }
    *key = iterator != NULL ? json_object_iter_key(iterator) : NULL;
    return iterator != NULL ? value_of(json_object_iter_value(iterator)) : NULL;
}

bool oct_json_is_integer(const struct oct_json *value, int64_t *out)
{
    if (!json_is_integer(node_of(value))) {
        return false;
    }
    *out = json_integer_value(node_of(value));
    return true;
}

bool oct_json_is_number(const struct oct_json *value, double *out)
{
    if (!json_is_number(node_of(value))) {
        return false;
    }
    *out = json_number_value(node_of(value));
    return true;
}

bool oct_json_is_bool(const struct oct_json *value, bool *out)
{
    if (!json_is_boolean(node_of(value))) {
        return false;
    }
    *out = json_is_true(node_of(value));
    return true;
}

bool oct_json_is_string(const struct oct_json *value, const char **out, size_t *length)
{
    if (!json_is_string(node_of(value))) {
        return false;
    }
    *out = json_string_value(node_of(value));
    if (length != NULL) {
        *length = json_string_length(node_of(value));
    }
    return true;
}
