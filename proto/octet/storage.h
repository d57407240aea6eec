/// The dtypes of a safetensors file, and which of them holds each of the engine's. Threads: [any].
#ifndef OCTET_PROTO_OCTET_STORAGE_H
#define OCTET_PROTO_OCTET_STORAGE_H

#include "octet/tensor.h"

enum octi_storage {
    OCTI_STORAGE_F64,
    OCTI_STORAGE_I64,
    OCTI_STORAGE_F32,
    OCTI_STORAGE_I32,
    OCTI_STORAGE_I16,
    OCTI_STORAGE_I8,
    OCTI_STORAGE_U8,
    OCTI_STORAGE_BOOL,
    OCTI_STORAGE_COUNT
};

/// "F32"
const char *octi_storage_name(enum octi_storage storage);
size_t octi_storage_bytes(enum octi_storage storage);
/// qint8 is stored as I8, float32 as F32 ...
enum octi_storage octi_storage_of(enum oct_dtype dtype);

#endif
