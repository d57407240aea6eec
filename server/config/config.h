/// The server's configuration: the rows of options.def as a plain struct. A JSON file is overridden by environment
/// variables, which are overridden by flags; each value is checked when it is set, rules between values by
/// oct_config_check.
///
/// The configuration holds no secret: the management token stands in a file of its own, of which only the path is here,
/// so that the effective configuration may be printed anywhere. Threads: [one] while loading; read-only afterwards.
/// Lifetime: a plain value, nothing to free.
#ifndef OCTET_SERVER_CONFIG_CONFIG_H
#define OCTET_SERVER_CONFIG_CONFIG_H

#include "octet/buffer.h"

/// Longest text value with its terminator; paths are the longest.
#define OCT_CONFIG_TEXT_BYTES 1024
/// Largest configuration file. A full one has 4 KiB.
#define OCT_CONFIG_MAX_FILE_BYTES ((size_t)256 << 10)

struct oct_config {
#define OCT_CONFIG_FIELD_TEXT(field)                                            char field[OCT_CONFIG_TEXT_BYTES];
#define OCT_CONFIG_FIELD_CHOICE(field)                                          char field[OCT_CONFIG_TEXT_BYTES];
#define OCT_CONFIG_FIELD_NUMBER(field)                                          uint64_t field;
#define OCT_CONFIG_FIELD_BYTES(field)                                           uint64_t field;
#define OCT_CONFIG_FIELD_FLAG(field)                                            bool field;
#define OCT_OPTION(field, name, flag, kind, value, minimum, maximum, unit, doc) OCT_CONFIG_FIELD_##kind(field)
#include "server/config/options.def"
#undef OCT_OPTION
};

enum oct_config_kind {
    OCT_CONFIG_KIND_TEXT,
    OCT_CONFIG_KIND_CHOICE,
    OCT_CONFIG_KIND_NUMBER,
    OCT_CONFIG_KIND_BYTES,
    OCT_CONFIG_KIND_FLAG,
};

enum oct_config_index {
#define OCT_OPTION(field, name, flag, kind, value, minimum, maximum, unit, doc) OCT_CONFIG_INDEX_##field,
#include "server/config/options.def"
#undef OCT_OPTION
    OCT_CONFIG_OPTION_COUNT
};

/// One row. Texts are static.
struct oct_config_option {
    const char *name;       ///< "server.port"
    const char *short_flag; ///< "port"; empty when there is none
    enum oct_config_kind kind;
    size_t offset; ///< of the field in struct oct_config
    const char *default_text;
    uint64_t minimum, maximum; ///< NUMBER and BYTES, inclusive
    const char *unit;          ///< CHOICE: the choices, "a|b"
    const char *doc;
};
/// `index` < OCT_CONFIG_OPTION_COUNT.
const struct oct_config_option *oct_config_option(size_t index);
#define OCT_CONFIG_NAME_BYTES 64
/// "OCTET_SERVER_PORT" and "server-port"; both always terminate `out`.
void oct_config_variable_name(const struct oct_config_option *option, char out[OCT_CONFIG_NAME_BYTES]);
void oct_config_flag_name(const struct oct_config_option *option, char out[OCT_CONFIG_NAME_BYTES]);

/// Sets every field to its default.
void oct_config_init(struct oct_config *config);
/// Sets option `index` from text, as the environment and flags give it.
/// @param origin  where the text comes from, for the message: "--server-port"
/// Errors: OCT_ERR_INVALID; the field is then unchanged.
OCT_NODISCARD enum oct_status
oct_config_set(struct oct_config *config, size_t index, const char *text, const char *origin, struct oct_error *error);
/// Overrides what the JSON text names: an object of sections, each an object of options. Keys that are no option are
/// errors;
/// `$schema` at the top is ignored. @param origin  the file's name, for messages
/// Errors: OCT_ERR_CORRUPT (syntax), OCT_ERR_INVALID, OCT_ERR_LIMIT, OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status oct_config_load_text(
    struct oct_config *config, const char *text, size_t n_bytes, const char *origin, struct oct_error *error);
/// As oct_config_load_text from a file. Errors also: OCT_ERR_NOT_FOUND, OCT_ERR_IO.
OCT_NODISCARD enum oct_status
oct_config_load_file(struct oct_config *config, const char *path, struct oct_error *error);
/// Overrides what OCTET_* variables name. An empty variable counts as absent; unknown ones are ignored, since
/// Kubernetes makes some of its own. Errors: OCT_ERR_INVALID.
OCT_NODISCARD enum oct_status oct_config_load_environment(struct oct_config *config, struct oct_error *error);
/// The rules between options and those that need more than bounds (addresses, instruction sets). Touches no file.
/// Errors: OCT_ERR_INVALID.
OCT_NODISCARD enum oct_status oct_config_check(const struct oct_config *config, struct oct_error *error);
/// True for 127.0.0.0/8 and ::1.
bool oct_config_is_loopback(const char *address);

/// The whole configuration as a JSON file that oct_config_load_file reads. Errors: those of the buffer.
OCT_NODISCARD enum oct_status oct_config_write(const struct oct_config *config, struct oct_buffer *out);
/// Every option with default, bounds, unit, variable, flag and doc, as JSON. Errors: those of the buffer.
OCT_NODISCARD enum oct_status oct_config_write_reference(struct oct_buffer *out);
/// A JSON Schema (2020-12) of the file. Errors: those of the buffer.
OCT_NODISCARD enum oct_status oct_config_write_schema(struct oct_buffer *out);

#endif
