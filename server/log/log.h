/// Structured logs: one JSON object a line on a file descriptor. Written whole with one write(2), never in a run; lines
/// over the limit are cut, control bytes escaped. Threads: [any].
#ifndef OCTET_SERVER_LOG_LOG_H
#define OCTET_SERVER_LOG_LOG_H

#include "octet/status.h"

enum oct_log_level { OCT_LOG_DEBUG, OCT_LOG_INFO, OCT_LOG_WARNING, OCT_LOG_ERROR, OCT_LOG_OFF };
enum oct_log_format { OCT_LOG_JSON, OCT_LOG_TEXT };

struct oct_log {
    int fd;
    enum oct_log_level level;
    enum oct_log_format format;
};

/// A field: a name with a text, an integer or a real.
struct oct_log_field {
    const char *name;
    enum { OCT_LOG_FIELD_END, OCT_LOG_FIELD_TEXT, OCT_LOG_FIELD_INTEGER, OCT_LOG_FIELD_REAL } type;
    const char *text;
    int64_t integer;
    double real;
};
#define OCT_LOG_TEXT_FIELD(n, v) ((struct oct_log_field){.name = (n), .type = OCT_LOG_FIELD_TEXT, .text = (v)})
#define OCT_LOG_INT_FIELD(n, v)                                                                                        \
    ((struct oct_log_field){.name = (n), .type = OCT_LOG_FIELD_INTEGER, .integer = (int64_t)(v)})
#define OCT_LOG_REAL_FIELD(n, v) ((struct oct_log_field){.name = (n), .type = OCT_LOG_FIELD_REAL, .real = (v)})

/// Writes {"ts": ..., "level": ..., "event": ..., fields...}. `fields` may be NULL. `log` NULL: nothing happens.
void oct_log_write(const struct oct_log *log,
                   enum oct_log_level level,
                   const char *event,
                   const struct oct_log_field *fields,
                   size_t n_fields);
/// "info" -> OCT_LOG_INFO; OCT_ERR_INVALID otherwise.
OCT_NODISCARD enum oct_status oct_log_level_parse(const char *text, enum oct_log_level *level);

#endif
