/// Datatypes of the wire against the engine's dtypes. Threads: [any].
#ifndef OCTET_PROTO_INFER_DATATYPE_H
#define OCTET_PROTO_INFER_DATATYPE_H

#include "octet/proto/infer.h"
#include "proto/json/scan.h"

/// Errors: OCT_ERR_INVALID (no such datatype), OCT_ERR_UNSUPPORTED (BYTES, FP16, BF16).
bool octi_datatype_scan(struct octi_json_scanner *scanner, enum oct_datatype *datatype);

#endif
