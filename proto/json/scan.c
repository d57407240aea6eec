#include "proto/json/scan.h"

#include "proto/json/number.h"
#include "proto/json/scan_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void octi_json_scan_init(
    struct octi_json_scanner *scanner, const void *text, size_t n_bytes, size_t base, struct oct_error *error)
{
    const uint8_t *begin = n_bytes > 0 ? text : (const uint8_t *)"";
    *scanner = (struct octi_json_scanner){.begin = begin,
                                          .at = begin,
                                          .end = begin + n_bytes,
                                          .base = base,
                                          .status = OCT_OK,
                                          .wrong_type = OCT_ERR_INVALID,
                                          .error = error};
}

size_t octi_json_position(const struct octi_json_scanner *scanner)
{
    return scanner->base + (size_t)(scanner->at - scanner->begin);
}

bool octi_json_fail(struct octi_json_scanner *scanner, enum oct_status status, size_t position, const char *format, ...)
{
    if (scanner->status == OCT_OK) {
        char message[OCT_ERROR_MESSAGE_BYTES];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        scanner->status = oct_error_set(scanner->error, status, NULL, (int64_t)position, "%s", message);
    }
    return false;
}

bool octi_json_fail_expected(struct octi_json_scanner *scanner, const char *expected)
{
    size_t position = octi_json_position(scanner);
    if (scanner->at == scanner->end) {
        return octi_json_fail(scanner, OCT_ERR_CORRUPT, position, "expected %s, found the end of the text", expected);
    }
    uint8_t byte = *scanner->at;
    if (byte > 0x20 && byte < 0x7F) {
        return octi_json_fail(scanner, OCT_ERR_CORRUPT, position, "expected %s, found '%c'", expected, byte);
    }
    return octi_json_fail(scanner, OCT_ERR_CORRUPT, position, "expected %s, found byte 0x%02x", expected, byte);
}

static bool starts_with(const struct octi_json_scanner *scanner, const char *word)
{
    size_t length = strlen(word);
    return (size_t)(scanner->end - scanner->at) >= length && memcmp(scanner->at, word, length) == 0;
}

/// What kind of value stands next, by its beginning; NULL when none does.
static const char *next_kind(const struct octi_json_scanner *scanner)
{
    if (scanner->at == scanner->end) {
        return NULL;
    }
    switch (*scanner->at) {
    case '{':
        return "an object";
    case '[':
        return "an array";
    case '"':
        return "a string";
    case 't':
    case 'f':
        return starts_with(scanner, "true") || starts_with(scanner, "false") ? "a boolean" : NULL;
    case 'n':
        return starts_with(scanner, "null") ? "null" : NULL;
    default:
        return *scanner->at == '-' || (*scanner->at >= '0' && *scanner->at <= '9') ? "a number" : NULL;
    }
}

bool octi_json_fail_kind(struct octi_json_scanner *scanner, const char *expected)
{
    const char *found = next_kind(scanner);
    if (found == NULL) {
        return octi_json_fail_expected(scanner, expected);
    }
    return octi_json_fail(scanner, scanner->wrong_type, octi_json_position(scanner), "expected %s, found %s", expected,
                          found);
}

char octi_json_peek(struct octi_json_scanner *scanner)
{
    const uint8_t *at = scanner->at;
    while (at < scanner->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    scanner->at = at;
    return at < scanner->end ? (char)*at : '\0';
}

// ---------------------------------------------------------------------------------------------------- containers

static bool open_container(struct octi_json_scanner *scanner, char bracket, const char *expected)
{
    if (scanner->status != OCT_OK) {
        return false;
    }
    if (octi_json_peek(scanner) != bracket) {
        return octi_json_fail_kind(scanner, expected);
    }
    if (scanner->depth == OCT_JSON_MAX_DEPTH) {
        return octi_json_fail(scanner, OCT_ERR_LIMIT, octi_json_position(scanner), "nested deeper than %d levels",
                              OCT_JSON_MAX_DEPTH);
    }
    scanner->at++;
    scanner->depth++;
    scanner->n_values++;
    scanner->fresh = true;
    return true;
}

bool octi_json_object_open(struct octi_json_scanner *scanner)
{
    return open_container(scanner, '{', "an object");
}

bool octi_json_array_open(struct octi_json_scanner *scanner)
{
    return open_container(scanner, '[', "an array");
}

/// True when the container goes on with a value or key; false when it was closed, or on failure.
static bool next_item(struct octi_json_scanner *scanner, char bracket, const char *expected)
{
    if (scanner->status != OCT_OK) {
        return false;
    }
    bool first = scanner->fresh;
    scanner->fresh = false;
    char byte = octi_json_peek(scanner);
    if (byte == bracket) {
        scanner->at++;
        scanner->depth--;
        return false;
    }
    if (first) {
        return true;
    }
    if (byte != ',') {
        return octi_json_fail_expected(scanner, expected);
    }
    scanner->at++;
    return true;
}

bool octi_json_array_next(struct octi_json_scanner *scanner)
{
    return next_item(scanner, ']', "',' or ']'");
}

bool octi_json_object_next(struct octi_json_scanner *scanner, struct octi_json_text *key)
{
    if (!next_item(scanner, '}', "',' or '}'")) {
        return false;
    }
    if (octi_json_peek(scanner) != '"') {
        return octi_json_fail_expected(scanner, "a member's name in quotes");
    }
    if (!octi_json_scan_string(scanner, key)) {
        return false;
    }
    if (octi_json_peek(scanner) != ':') {
        return octi_json_fail_expected(scanner, "':'");
    }
    scanner->at++;
    return true;
}

bool octi_json_scan_end(struct octi_json_scanner *scanner)
{
    if (scanner->status != OCT_OK) {
        return false;
    }
    (void)octi_json_peek(scanner);
    return scanner->at == scanner->end || octi_json_fail_expected(scanner, "nothing after the value");
}

// ------------------------------------------------------------------------------------------------------- scalars

bool octi_json_take_literal(struct octi_json_scanner *scanner, const char *word)
{
    if (!starts_with(scanner, word)) {
        return false;
    }
    scanner->at += strlen(word);
    return true;
}

bool octi_json_skip_number(struct octi_json_scanner *scanner)
{
    const uint8_t *fault = scanner->at;
    const uint8_t *end = octi_number_skip(scanner->at, scanner->end, &fault);
    if (end == NULL) {
        scanner->at = fault;
        return octi_json_fail_expected(scanner, "a digit");
    }
    scanner->at = end;
    return true;
}

bool octi_json_scan_bool(struct octi_json_scanner *scanner, bool *value)
{
    if (scanner->status != OCT_OK) {
        return false;
    }
    (void)octi_json_peek(scanner);
    scanner->n_values++;
    *value = octi_json_take_literal(scanner, "true");
    return *value || octi_json_take_literal(scanner, "false") || octi_json_fail_kind(scanner, "true or false");
}

bool octi_json_scan_int64(struct octi_json_scanner *scanner, int64_t *value)
{
    if (scanner->status != OCT_OK) {
        return false;
    }
    char byte = octi_json_peek(scanner);
    if (byte != '-' && (byte < '0' || byte > '9')) {
        return octi_json_fail_kind(scanner, "an integer");
    }
    size_t position = octi_json_position(scanner);
    struct octi_number number;
    bool is_number = octi_number_scan(scanner->at, scanner->end, &number);
    scanner->n_values++;
    if (!octi_json_skip_number(scanner)) {
        return false;
    }
    switch (is_number ? octi_number_int64(&number, value) : OCTI_NUMBER_NOT_A_NUMBER) {
    case OCTI_NUMBER_OK:
        return true;
    case OCTI_NUMBER_RANGE:
        return octi_json_fail(scanner, scanner->wrong_type, position,
                              "expected an integer of 64 bits, found a larger number");
    default:
        return octi_json_fail(scanner, scanner->wrong_type, position, "expected an integer, found a fraction");
    }
}

static bool skip_scalar(struct octi_json_scanner *scanner, char byte)
{
    scanner->n_values++;
    switch (byte) {
    case '"': {
        struct octi_json_text text;
        return octi_json_scan_string(scanner, &text);
    }
    case 't':
        return octi_json_take_literal(scanner, "true") || octi_json_fail_expected(scanner, "a value");
    case 'f':
        return octi_json_take_literal(scanner, "false") || octi_json_fail_expected(scanner, "a value");
    case 'n':
        return octi_json_take_literal(scanner, "null") || octi_json_fail_expected(scanner, "a value");
    default:
        if (byte != '-' && (byte < '0' || byte > '9')) {
            return octi_json_fail_expected(scanner, "a value");
        }
        return octi_json_skip_number(scanner);
    }
}

bool octi_json_skip(struct octi_json_scanner *scanner)
{
    // One bit per container opened here, the innermost lowest: 1 for an object.
    uint64_t objects = 0;
    _Static_assert(OCT_JSON_MAX_DEPTH <= 64, "one bit per level");
    int levels = 0;
    do {
        char byte = octi_json_peek(scanner);
        if (byte == '{' || byte == '[') {
            if (!(byte == '{' ? octi_json_object_open(scanner) : octi_json_array_open(scanner))) {
                return false;
            }
            objects = objects << 1 | (byte == '{' ? 1 : 0);
            levels++;
        } else if (scanner->status != OCT_OK || !skip_scalar(scanner, byte)) {
            return false;
        }
        while (levels > 0) {
            struct octi_json_text key;
            if ((objects & 1) != 0 ? octi_json_object_next(scanner, &key) : octi_json_array_next(scanner)) {
                break;
            }
            if (scanner->status != OCT_OK) {
                return false;
            }
            objects >>= 1;
            levels--;
        }
    } while (levels > 0);
    return true;
}
