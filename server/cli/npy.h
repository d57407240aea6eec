/// Arrays in numpy's .npy format (versions 1 to 3), the exchange format of `octet run`. Little-endian, C order, of the
/// types float32, float64, uint8, int8, int32, int64 and bool; anything else is refused with its name. The bytes are
/// hostile. Threads: [any]; no state.
#ifndef OCTET_SERVER_CLI_NPY_H
#define OCTET_SERVER_CLI_NPY_H

#include "octet/buffer.h"
#include "octet/tensor.h"

/// Largest header that is looked at; numpy's own are 128 bytes.
#define OCT_NPY_MAX_HEADER_BYTES ((size_t)64 << 10)

/// A view of an array: `data` lies in the parsed bytes.
struct oct_npy {
    enum oct_dtype dtype; ///< never a quantized one
    struct oct_shape shape;
    const uint8_t *data; ///< not aligned
    size_t n_bytes;
};

/// Errors: OCT_ERR_CORRUPT (with position), OCT_ERR_UNSUPPORTED (type, byte order, Fortran order), OCT_ERR_LIMIT (rank,
/// size).
OCT_NODISCARD enum oct_status
oct_npy_parse(const uint8_t *bytes, size_t n_bytes, struct oct_npy *array, struct oct_error *error);
/// Appends the bytes in front of the data: magic, version 1, header, padded to 64 bytes. A quantized dtype is written
/// as its storage type. `shape` is concrete. Errors: those of the buffer.
OCT_NODISCARD enum oct_status
oct_npy_write_header(enum oct_dtype dtype, const struct oct_shape *shape, struct oct_buffer *out);
/// The plain type with the same bytes: quint8 is uint8, qint32 is int32, others are themselves.
enum oct_dtype oct_npy_storage_type(enum oct_dtype dtype);

#endif
