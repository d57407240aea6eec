/// The writer's seam for those who write values of their own into its buffer (tensor data).
#ifndef OCTET_PROTO_JSON_WRITER_H
#define OCTET_PROTO_JSON_WRITER_H

#include "octet/proto/json.h"

/// Writes what must stand before the next value (a comma, a line break). The caller then appends exactly one value to
/// writer->buffer, and reports a failure of that by octi_json_writer_note.
void octi_json_writer_value(struct oct_json_writer *writer);
/// Makes `status` stick when it is the first that is not OCT_OK.
void octi_json_writer_note(struct oct_json_writer *writer, enum oct_status status);

#endif
