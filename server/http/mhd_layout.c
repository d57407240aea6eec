// DESIGN: libmicrohttpd 0.9.75 treats header lines as C strings: "Content-Length: 3<NUL>0" is 3 to it and an error, or
// 30, to a proxy. The API shows no trace of the rest, but the strings it gives lie where they were received, one after
// the other; so a head is plain exactly when each begins where the one before and its separator end. Addresses are
// compared and never followed. From 1.0 on the library refuses such heads itself (client discipline 1).
#include "server/http/mhd_internal.h"

#include <string.h>

#if MHD_VERSION < 0x01000000

/// Bytes from the end of `from` to `to`, SIZE_MAX when it is not behind.
static size_t gap(const char *from, size_t length, const char *to)
{
    uintptr_t end = (uintptr_t)from + length;
    return (uintptr_t)to >= end ? (uintptr_t)to - end : SIZE_MAX;
}

bool oct_http_layout_is_plain(struct MHD_Connection *connection,
                              const char *method,
                              const struct oct_http_request *request,
                              const char *version,
                              const struct oct_http_field *fields,
                              size_t n_fields)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (info == NULL) {
        return false;
    }
    if (gap(method, strlen(method), request->raw_line) != 1 ||
        gap(request->raw_line, request->line_length, version) != 1) {
        return false;
    }
    const char *at = version;
    size_t length = strlen(version);
    for (size_t i = 0; i < n_fields; i++) {
        if (gap(at, length, fields[i].name) != 2) { // CR LF
            return false;
        }
        size_t spaces = gap(fields[i].name, fields[i].name_length + 1, fields[i].value); // past the colon
        if (spaces > OCT_HTTP_CONNECTION_BYTES) {
            return false;
        }
        at = fields[i].value;
        length = fields[i].value_length;
    }
    return gap(at, length + 4, method + info->header_size) == 0; // CR LF CR LF
}

#else

bool oct_http_layout_is_plain(struct MHD_Connection *connection,
                              const char *method,
                              const struct oct_http_request *request,
                              const char *version,
                              const struct oct_http_field *fields,
                              size_t n_fields)
{
    (void)connection;
    (void)method;
    (void)request;
    (void)version;
    (void)fields;
    (void)n_fields;
    return true;
}

#endif
