#include "proto/json/path.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void octi_path_prefix(struct oct_error *error, const char *format, ...)
{
    if (error == NULL || error->status == OCT_OK) {
        return;
    }
    char step[OCT_ERROR_WHERE_BYTES], path[OCT_ERROR_WHERE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(step, sizeof step, format, arguments);
    va_end(arguments);
    bool joined = error->where[0] == '\0' || error->where[0] == '[';
    // A path too long for the field is cut at its end.
    if (snprintf(path, sizeof path, "%s%s%s", step, joined ? "" : ".", error->where) >= 0) {
        memcpy(error->where, path, sizeof path);
    }
}
