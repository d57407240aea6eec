/// A pull scanner over JSON text that never builds a document: for bodies that carry tensors, and for headers of
/// hostile files.
///
/// Strict: RFC 8259 to the byte (no comments, no trailing commas, well-formed UTF-8, paired surrogates, nothing after
/// the value), and no NUL in any string. Nothing recurses and nothing allocates; nesting deeper than OCT_JSON_MAX_DEPTH
/// is refused. A failure sticks: every later call returns false, so a caller may look at `status` once per step.
/// Threads: [one] per scanner. Spans point into the text, which must outlive them.
#ifndef OCTET_PROTO_JSON_SCAN_H
#define OCTET_PROTO_JSON_SCAN_H

#include "octet/proto/json.h"
#include "octet/tensor.h"

struct octi_json_scanner {
    const uint8_t *begin, *at, *end;
    size_t base;     ///< position of `begin` in what the caller reports about
    int depth;       ///< containers open
    bool fresh;      ///< the innermost container has just been opened
    size_t n_values; ///< values met so far
    enum oct_status status;
    enum oct_status
        wrong_type;          ///< status of a legal value of another kind than expected; OCT_ERR_INVALID unless changed
    struct oct_error *error; ///< may be NULL
};

/// A string as it stands between its quotes.
struct octi_json_text {
    const uint8_t *raw;
    size_t raw_bytes;
    size_t n_bytes; ///< without escapes: what octi_json_unescape writes
    size_t position;
};

/// An array of numbers, checked but not converted.
struct octi_json_numbers {
    const uint8_t *data; ///< from its '[' to its ']'
    size_t n_bytes;
    size_t position;
    size_t n_elements;
    struct oct_shape shape; ///< of the nesting
};

void octi_json_scan_init(
    struct octi_json_scanner *scanner, const void *text, size_t n_bytes, size_t base, struct oct_error *error);
/// Position of the next byte to be read.
size_t octi_json_position(const struct octi_json_scanner *scanner);
/// The first byte of what follows white space; '\0' at the end of the text.
char octi_json_peek(struct octi_json_scanner *scanner);
/// Reports at `position` unless something was reported before. Always false.
bool octi_json_fail(struct octi_json_scanner *scanner, enum oct_status status, size_t position, const char *format, ...)
    OCT_PRINTF(4, 5);

/// Each expects its kind of value next; false on failure. What was expected and what stood there is reported.
bool octi_json_object_open(struct octi_json_scanner *scanner);
bool octi_json_array_open(struct octi_json_scanner *scanner);
bool octi_json_scan_text(struct octi_json_scanner *scanner, struct octi_json_text *text);
bool octi_json_scan_bool(struct octi_json_scanner *scanner, bool *value);
bool octi_json_scan_int64(struct octi_json_scanner *scanner, int64_t *value);
/// A (nested) array of numbers and booleans; NaN, Infinity and -Infinity may stand for numbers. Rows of one level must
/// be equally long. Strings are OCT_ERR_UNSUPPORTED (datatype BYTES).
bool octi_json_scan_numbers(struct octi_json_scanner *scanner, struct octi_json_numbers *numbers);
/// Any value, checked.
bool octi_json_skip(struct octi_json_scanner *scanner);

/// To the next member or element of the innermost container: true when there is one (its value comes next); false when
/// the container has been closed, or on failure (`status`).
bool octi_json_object_next(struct octi_json_scanner *scanner, struct octi_json_text *key);
bool octi_json_array_next(struct octi_json_scanner *scanner);
/// Nothing but white space may follow.
bool octi_json_scan_end(struct octi_json_scanner *scanner);

/// Writes text->n_bytes bytes; no terminator.
void octi_json_unescape(const struct octi_json_text *text, char *out);
/// Where byte `index` of the unescaped text stands: an offset into `raw`.
size_t octi_json_raw_offset(const struct octi_json_text *text, size_t index);
bool octi_json_text_is(const struct octi_json_text *text, const char *string);

#endif
