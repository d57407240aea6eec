/// JSON for control data: a small document read whole, and a writer.
///
/// Reading is jansson behind our names (this is the only module that sees it), with duplicate keys refused and size and
/// depth bounded: a document here is a graph, a configuration, a management body, never tensor data, for which
/// octet/proto/infer.h scans without a document. Writing goes straight into a bounded buffer.
/// Threads: [one] per document or writer. jansson's locale rule: the process never calls setlocale.
#ifndef OCTET_PROTO_JSON_H
#define OCTET_PROTO_JSON_H

#include "octet/buffer.h"

#define OCT_JSON_MAX_DEPTH 64
/// Values (containers and scalars) of one document. A document takes up to 235 bytes for a "{}", so that a bound on
/// bytes alone would let 16 MiB of text ask for 1.2 GB; this bounds it at 250 MB, and a graph of 40,000 nodes fits.
#define OCT_JSON_MAX_VALUES (1 << 20)

/// A value inside a document; valid as long as its document. NULL stands for "absent".
struct oct_json;
/// An owned document.
struct oct_json_document;

enum oct_json_type {
    OCT_JSON_NULL,
    OCT_JSON_BOOL,
    OCT_JSON_INTEGER, ///< fits int64
    OCT_JSON_REAL,    ///< finite
    OCT_JSON_STRING,
    OCT_JSON_ARRAY,
    OCT_JSON_OBJECT,
};

/// Errors: OCT_ERR_LIMIT (more than `max_bytes` or OCT_JSON_MAX_VALUES, deeper than OCT_JSON_MAX_DEPTH),
/// OCT_ERR_CORRUPT with the byte position (syntax, duplicate key, bad UTF-8, NaN, number out of range, bytes after the
/// value), OCT_ERR_NOMEM.
OCT_API OCT_NODISCARD enum oct_status oct_json_parse(
    const char *text, size_t n_bytes, size_t max_bytes, struct oct_json_document **document, struct oct_error *error);
OCT_API void oct_json_destroy(struct oct_json_document *document); ///< NULL is allowed
OCT_API const struct oct_json *oct_json_root(const struct oct_json_document *document);

OCT_API enum oct_json_type oct_json_type(const struct oct_json *value); ///< OCT_JSON_NULL for NULL
OCT_API const char *oct_json_type_name(enum oct_json_type type);        ///< "an array", for messages
OCT_API const struct oct_json *oct_json_get(const struct oct_json *object,
                                            const char *key);          ///< NULL when absent or no object
OCT_API size_t oct_json_count(const struct oct_json *array_or_object); ///< 0 for anything else
OCT_API const struct oct_json *oct_json_at(const struct oct_json *array, size_t index); ///< NULL past the end
/// Member `index` of an object in the order of the text. NULL past the end. Counts from the front: walk objects whose
/// size is known to be small.
OCT_API const struct oct_json *oct_json_member(const struct oct_json *object, size_t index, const char **key);
OCT_API bool oct_json_is_integer(const struct oct_json *value, int64_t *out);
OCT_API bool oct_json_is_number(const struct oct_json *value, double *out); ///< integers too
OCT_API bool oct_json_is_bool(const struct oct_json *value, bool *out);
/// Terminated; the length excludes the terminator; a string with a NUL inside was refused by the parser.
OCT_API bool oct_json_is_string(const struct oct_json *value, const char **out, size_t *length);

/// Writes into a buffer; commas and escapes are its matter. The first failure (buffer limit, memory) sticks and is
/// returned by oct_json_writer_finish, so calls in between need no check. Unbalanced use is asserted.
struct oct_json_writer {
    struct oct_buffer *buffer; ///< borrowed
    enum oct_status status;
    int depth;
    bool need_comma;
    bool after_key;
    int indent; ///< spaces per level; 0: one line
};
OCT_API void oct_json_writer_init(struct oct_json_writer *writer, struct oct_buffer *buffer, int indent);
OCT_API void oct_json_object_begin(struct oct_json_writer *writer);
OCT_API void oct_json_object_end(struct oct_json_writer *writer);
OCT_API void oct_json_array_begin(struct oct_json_writer *writer);
OCT_API void oct_json_array_end(struct oct_json_writer *writer);
OCT_API void oct_json_key(struct oct_json_writer *writer, const char *key);
OCT_API void oct_json_string(struct oct_json_writer *writer, const char *text); ///< NULL writes null
OCT_API void oct_json_integer(struct oct_json_writer *writer, int64_t value);
OCT_API void oct_json_unsigned(struct oct_json_writer *writer, uint64_t value);
OCT_API void oct_json_bool(struct oct_json_writer *writer, bool value);
OCT_API void oct_json_null(struct oct_json_writer *writer);
OCT_API void oct_json_double(struct oct_json_writer *writer, double value); ///< 17 digits at most, round-trips; finite
OCT_API void oct_json_float(struct oct_json_writer *writer,
                            float value); ///< shortest text that reads back to the same float; finite
OCT_API OCT_NODISCARD enum oct_status oct_json_writer_finish(struct oct_json_writer *writer);

#endif
