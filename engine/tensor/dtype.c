#include <string.h>

#include "octet/tensor.h"

struct dtype_row {
    const char *name;
    size_t bytes;
    bool quantized;
};

static const struct dtype_row dtype_rows[OCT_DTYPE_COUNT] = {
#define OCT_DTYPE(name, text, bytes, quantized) [OCT_DTYPE_##name] = {text, bytes, quantized},
#include "octet/dtypes.def"
#undef OCT_DTYPE
};

static const struct dtype_row *row_of(enum oct_dtype dtype)
{
    return (unsigned)dtype < OCT_DTYPE_COUNT ? &dtype_rows[dtype] : &dtype_rows[0];
}

const char *oct_dtype_name(enum oct_dtype dtype)
{
    return row_of(dtype)->name;
}

size_t oct_dtype_bytes(enum oct_dtype dtype)
{
    return row_of(dtype)->bytes;
}

bool oct_dtype_is_quantized(enum oct_dtype dtype)
{
    return row_of(dtype)->quantized;
}

int64_t oct_dtype_qmin(enum oct_dtype dtype)
{
    return dtype == OCT_DTYPE_QINT8 ? INT8_MIN : dtype == OCT_DTYPE_QINT32 ? INT32_MIN : 0;
}

int64_t oct_dtype_qmax(enum oct_dtype dtype)
{
    return dtype == OCT_DTYPE_QINT8 ? INT8_MAX : dtype == OCT_DTYPE_QINT32 ? INT32_MAX : UINT8_MAX;
}

enum oct_status oct_dtype_parse(const char *name, size_t length, enum oct_dtype *dtype)
{
    for (int i = 0; i < OCT_DTYPE_COUNT; i++) {
        if (strlen(dtype_rows[i].name) == length && memcmp(dtype_rows[i].name, name, length) == 0) {
            *dtype = (enum oct_dtype)i;
            return OCT_OK;
        }
    }
    return OCT_ERR_UNSUPPORTED;
}
