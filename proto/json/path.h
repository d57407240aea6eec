/// Where in a body or graph an error lies, as a path: nodes[3].attributes.stride. Built from the inside out: who
/// reports says nothing of its place, and each level on the way up puts itself in front. Threads: [any]; an error
/// belongs to one thread at a time.
#ifndef OCTET_PROTO_JSON_PATH_H
#define OCTET_PROTO_JSON_PATH_H

#include "octet/status.h"

/// Puts a step before error->where, joined by a dot unless an index follows. Nothing happens when no error is
/// recorded, or `error` is NULL.
void octi_path_prefix(struct oct_error *error, const char *format, ...) OCT_PRINTF(2, 3);

#endif
