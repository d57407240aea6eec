#include "proto/infer/datatype.h"

struct datatype_row {
    const char *name;
    size_t bytes;
};

static const struct datatype_row rows[OCT_DATATYPE_COUNT] = {
#define OCT_DATATYPE(name, bytes) [OCT_DATATYPE_##name] = {#name, bytes},
#include "octet/proto/datatypes.def"
#undef OCT_DATATYPE
};

const char *oct_datatype_name(enum oct_datatype datatype)
{
    return (unsigned)datatype < OCT_DATATYPE_COUNT ? rows[datatype].name : "unknown";
}

size_t oct_datatype_bytes(enum oct_datatype datatype)
{
    return (unsigned)datatype < OCT_DATATYPE_COUNT ? rows[datatype].bytes : 0;
}

enum oct_datatype oct_datatype_of(enum oct_dtype dtype)
{
    static const enum oct_datatype shown[OCT_DTYPE_COUNT] = {
        [OCT_DTYPE_FLOAT32] = OCT_DATATYPE_FP32, [OCT_DTYPE_FLOAT64] = OCT_DATATYPE_FP64,
        [OCT_DTYPE_UINT8] = OCT_DATATYPE_UINT8,  [OCT_DTYPE_INT8] = OCT_DATATYPE_INT8,
        [OCT_DTYPE_INT32] = OCT_DATATYPE_INT32,  [OCT_DTYPE_INT64] = OCT_DATATYPE_INT64,
        [OCT_DTYPE_BOOL] = OCT_DATATYPE_BOOL,    [OCT_DTYPE_QUINT8] = OCT_DATATYPE_UINT8,
        [OCT_DTYPE_QINT8] = OCT_DATATYPE_INT8,   [OCT_DTYPE_QINT32] = OCT_DATATYPE_INT32,
    };
    _Static_assert(OCT_DTYPE_COUNT == 10, "a new dtype needs a datatype to be shown as");
    return shown[dtype];
}

bool octi_datatype_scan(struct octi_json_scanner *scanner, enum oct_datatype *datatype)
{
    struct octi_json_text text;
    if (!octi_json_scan_text(scanner, &text)) {
        return false;
    }
    for (int i = 0; i < OCT_DATATYPE_COUNT; i++) {
        if (octi_json_text_is(&text, rows[i].name)) {
            *datatype = (enum oct_datatype)i;
            if (i == OCT_DATATYPE_BYTES || i == OCT_DATATYPE_FP16 || i == OCT_DATATYPE_BF16) {
                return octi_json_fail(scanner, OCT_ERR_UNSUPPORTED, text.position, "datatype %s is not supported",
                                      rows[i].name);
            }
            return true;
        }
    }
    return octi_json_fail(scanner, OCT_ERR_INVALID, text.position,
                          "'%.*s' is no datatype; there are BOOL, UINT8 to UINT64, INT8 to INT64, FP32, FP64",
                          (int)(text.raw_bytes < 32 ? text.raw_bytes : 32), (const char *)text.raw);
}
