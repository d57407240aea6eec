/// Status codes and error reports.
///
/// Every fallible function returns an `enum oct_status` and takes an optional `struct oct_error *` (NULL is always
/// allowed) that receives the sentence for people and the place. The first cause wins: a second report into an error
/// that is already set changes nothing, so callers may add context on the way up without hiding the root. Threads:
/// [any]; an `oct_error` belongs to one thread at a time. Lifetime: plain values, nothing to free.
#ifndef OCTET_STATUS_H
#define OCTET_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OCT_NODISCARD                         __attribute__((warn_unused_result))
#define OCT_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#define OCT_API                               __attribute__((visibility("default")))

enum oct_status {
#define OCT_STATUS(name, exit_code, text) OCT_##name,
#include "octet/status.def"
#undef OCT_STATUS
    OCT_STATUS_COUNT
};

#define OCT_POSITION_NONE       ((int64_t)-1)
#define OCT_ERROR_WHERE_BYTES   160
#define OCT_ERROR_MESSAGE_BYTES 480

/// A report: what (`message`, including what was expected), where (`where`: a path such as `nodes[3].attributes.stride`
/// or an argument's name; may be empty) and the byte `position` in the input, or OCT_POSITION_NONE.
struct oct_error {
    enum oct_status status; ///< OCT_OK while nothing has been reported
    int64_t position;
    char where[OCT_ERROR_WHERE_BYTES];
    char message[OCT_ERROR_MESSAGE_BYTES];
};

#define OCT_ERROR_INIT                                                                                                 \
    {                                                                                                                  \
        OCT_OK, OCT_POSITION_NONE, {0},                                                                                \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }

/// Empties `error` so that it can be reused. `error` may be NULL.
OCT_API void oct_error_clear(struct oct_error *error);

/// Records the first cause and returns `status`, so that `return oct_error_set(...)` reads well.
/// @param error     may be NULL; unchanged when it already holds a report
/// @param where     may be NULL
/// @param position  byte offset, or OCT_POSITION_NONE
OCT_API enum oct_status oct_error_set(
    struct oct_error *error, enum oct_status status, const char *where, int64_t position, const char *format, ...)
    OCT_PRINTF(5, 6);

/// Puts `prefix` before `where` ("model 'm': nodes[3]"); does nothing when no error is recorded.
OCT_API void oct_error_prefix(struct oct_error *error, const char *format, ...) OCT_PRINTF(2, 3);

/// One line for people: "where: message (at byte P)". Always terminates `out`; returns the length it would have had.
OCT_API size_t oct_error_format(const struct oct_error *error, char *out, size_t out_bytes);

/// "ERR_LIMIT" and the like; never NULL.
OCT_API const char *oct_status_name(enum oct_status status);
/// The table's text; never NULL.
OCT_API const char *oct_status_text(enum oct_status status);
/// The process exit code for a command that ended with `status`.
OCT_API int oct_status_exit_code(enum oct_status status);

#endif
