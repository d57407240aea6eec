#include "proto/octet/storage.h"

struct storage_row {
    const char *name;
    size_t bytes;
};

static const struct storage_row rows[OCTI_STORAGE_COUNT] = {
    [OCTI_STORAGE_F64] = {"F64", 8}, [OCTI_STORAGE_I64] = {"I64", 8},   [OCTI_STORAGE_F32] = {"F32", 4},
    [OCTI_STORAGE_I32] = {"I32", 4}, [OCTI_STORAGE_I16] = {"I16", 2},   [OCTI_STORAGE_I8] = {"I8", 1},
    [OCTI_STORAGE_U8] = {"U8", 1},   [OCTI_STORAGE_BOOL] = {"BOOL", 1},
};

const char *octi_storage_name(enum octi_storage storage)
{
    return rows[storage].name;
}

size_t octi_storage_bytes(enum octi_storage storage)
{
    return rows[storage].bytes;
}

enum octi_storage octi_storage_of(enum oct_dtype dtype)
{
    static const enum octi_storage storages[OCT_DTYPE_COUNT] = {
        [OCT_DTYPE_FLOAT32] = OCTI_STORAGE_F32, [OCT_DTYPE_FLOAT64] = OCTI_STORAGE_F64,
        [OCT_DTYPE_UINT8] = OCTI_STORAGE_U8,    [OCT_DTYPE_INT8] = OCTI_STORAGE_I8,
        [OCT_DTYPE_INT32] = OCTI_STORAGE_I32,   [OCT_DTYPE_INT64] = OCTI_STORAGE_I64,
        [OCT_DTYPE_BOOL] = OCTI_STORAGE_BOOL,   [OCT_DTYPE_QUINT8] = OCTI_STORAGE_U8,
        [OCT_DTYPE_QINT8] = OCTI_STORAGE_I8,    [OCT_DTYPE_QINT32] = OCTI_STORAGE_I32,
    };
    _Static_assert(OCT_DTYPE_COUNT == 10, "a new dtype needs a storage");
    return storages[dtype];
}
