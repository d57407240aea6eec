#include "engine/ops/copy_rows.h"

#include <string.h>

/// What every processor moves with one instruction.
#define VECTOR 16

/// `pieces` of `piece` bytes from the front of each row and as many up to its end: half of a row, rounded up, to a
/// whole one. Both are constants where it is called, so that each piece is one load and one store.
static inline __attribute__((always_inline)) void copy_ends(size_t piece,
                                                            size_t pieces,
                                                            size_t n_rows,
                                                            size_t row_bytes,
                                                            unsigned char *to,
                                                            int64_t to_stride,
                                                            const unsigned char *from,
                                                            int64_t from_stride)
{
    const size_t end = row_bytes - piece * pieces;
    for (size_t r = 0; r < n_rows; r++, to += to_stride, from += from_stride) {
#pragma GCC unroll 4
        for (size_t i = 0; i < pieces; i++) {
            memcpy(to + i * piece, from + i * piece, piece);
        }
#pragma GCC unroll 4
        for (size_t i = 0; i < pieces; i++) {
            memcpy(to + end + i * piece, from + end + i * piece, piece);
        }
    }
}

void octi_copy_rows(size_t n_rows,
                    size_t row_bytes,
                    unsigned char *to,
                    int64_t to_stride,
                    const unsigned char *from,
                    int64_t from_stride)
{
    if (row_bytes > 8 * VECTOR) {
        for (size_t r = 0; r < n_rows; r++, to += to_stride, from += from_stride) {
            memcpy(to, from, row_bytes);
        }
    } else if (row_bytes > 6 * VECTOR) {
        copy_ends(VECTOR, 4, n_rows, row_bytes, to, to_stride, from, from_stride);
    } else if (row_bytes > 4 * VECTOR) {
        copy_ends(VECTOR, 3, n_rows, row_bytes, to, to_stride, from, from_stride);
    } else if (row_bytes > 2 * VECTOR) {
        copy_ends(VECTOR, 2, n_rows, row_bytes, to, to_stride, from, from_stride);
    } else if (row_bytes > VECTOR) {
        copy_ends(VECTOR, 1, n_rows, row_bytes, to, to_stride, from, from_stride);
    } else if (row_bytes > 8) {
        copy_ends(8, 1, n_rows, row_bytes, to, to_stride, from, from_stride);
    } else if (row_bytes > 4) {
        copy_ends(4, 1, n_rows, row_bytes, to, to_stride, from, from_stride);
    } else if (row_bytes > 2) {
        copy_ends(2, 1, n_rows, row_bytes, to, to_stride, from, from_stride);
    } else {
        copy_ends(1, 1, n_rows, row_bytes, to, to_stride, from, from_stride);
    }
}
