#include "octet/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct status_row {
    const char *name;
    const char *text;
    int exit_code;
};

static const struct status_row status_rows[OCT_STATUS_COUNT] = {
#define OCT_STATUS(name, exit_code, text) [OCT_##name] = {#name, text, exit_code},
#include "octet/status.def"
#undef OCT_STATUS
};

static const struct status_row *row_of(enum oct_status status)
{
    return (unsigned)status < OCT_STATUS_COUNT ? &status_rows[status] : &status_rows[OCT_ERR_INTERNAL];
}

const char *oct_status_name(enum oct_status status)
{
    return row_of(status)->name;
}

const char *oct_status_text(enum oct_status status)
{
    return row_of(status)->text;
}

int oct_status_exit_code(enum oct_status status)
{
    return row_of(status)->exit_code;
}

void oct_error_clear(struct oct_error *error)
{
    if (error != NULL) {
        error->status = OCT_OK;
        error->position = OCT_POSITION_NONE;
        error->where[0] = '\0';
        error->message[0] = '\0';
    }
}

enum oct_status oct_error_set(
    struct oct_error *error, enum oct_status status, const char *where, int64_t position, const char *format, ...)
{
    if (error == NULL || error->status != OCT_OK) {
        return status;
    }
    error->status = status;
    error->position = position;
    (void)snprintf(error->where, sizeof error->where, "%s", where != NULL ? where : "");
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return status;
}

void oct_error_prefix(struct oct_error *error, const char *format, ...)
{
    if (error == NULL || error->status == OCT_OK) {
        return;
    }
    char prefixed[OCT_ERROR_WHERE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(prefixed, sizeof prefixed, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return;
    }
    size_t used = (size_t)length < sizeof prefixed ? (size_t)length : sizeof prefixed - 1;
    if (error->where[0] != '\0') {
        // A path too long for the field is cut at its end: what stands in front says more.
        if (snprintf(prefixed + used, sizeof prefixed - used, ": %s", error->where) < 0) {
            return;
        }
    }
    memcpy(error->where, prefixed, sizeof prefixed);
}

size_t oct_error_format(const struct oct_error *error, char *out, size_t out_bytes)
{
    const char *separator = error->where[0] != '\0' ? ": " : "";
    const char *message = error->message[0] != '\0' ? error->message : oct_status_text(error->status);
    int length;
    if (error->position != OCT_POSITION_NONE) {
        length = snprintf(out, out_bytes, "%s%s%s (at byte %lld)", error->where, separator, message,
                          (long long)error->position);
    } else {
        length = snprintf(out, out_bytes, "%s%s%s", error->where, separator, message);
    }
    return length < 0 ? 0 : (size_t)length;
}
