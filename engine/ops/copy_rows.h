/// Short rows from one pitch to another: a concatenation of few channels, the inside of a padded image.
///
/// A call of memcpy() for each costs more than the copy; here a row is a fixed number of loads and stores, of which the
/// last may do again what the ones before have done.
#ifndef OCTET_ENGINE_OPS_COPY_ROWS_H
#define OCTET_ENGINE_OPS_COPY_ROWS_H

#include <stddef.h>
#include <stdint.h>

/// Copies `n_rows` rows of `row_bytes` (>= 1); exactly these bytes are read and written. Strides in BYTES, at least
/// `row_bytes` for `to`. No overlap. Threads: [any].
void octi_copy_rows(size_t n_rows,
                    size_t row_bytes,
                    unsigned char *to,
                    int64_t to_stride,
                    const unsigned char *from,
                    int64_t from_stride);

#endif
