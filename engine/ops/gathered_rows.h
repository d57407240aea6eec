/// Where kernels that want their rows in one piece (geometry.gathered) get them from: a buffer in the scratch of a run,
/// filled block by block, shared out among the parts of an executor.
/// Threads: [any], planning [one].
#ifndef OCTET_ENGINE_OPS_GATHERED_ROWS_H
#define OCTET_ENGINE_OPS_GATHERED_ROWS_H

#include "engine/kernels/gather/gather.h"

struct octi_gathered_rows {
    octi_gather_fn gather; ///< NULL: kernels read rows where they are
    size_t taps, k;        ///< of a row, as its addresses have it
    size_t pitch;          ///< BYTES of a gathered row, a multiple of 64
    size_t capacity;       ///< rows of the buffer
    size_t parts;          ///< that may gather at the same time, >= 1
};

/// A part's share of the buffer.
struct octi_gathered_slice {
    uint8_t *to;
    int64_t rows;
};

/// @param max_rows  the most rows a run will have, >= 1
/// @param[out] bytes  of the buffer, 64-byte aligned; false when they overflow
bool octi_gathered_rows_plan(
    uint64_t cpu_features, size_t taps, size_t k, int64_t max_rows, struct octi_gathered_rows *rows, size_t *bytes);

/// The share of the part that does items [begin, end) of `n`: parts that share no item share no row. At least one row
/// when items are spread evenly over no more than `parts`.
struct octi_gathered_slice
octi_gathered_rows_slice(const struct octi_gathered_rows *rows, uint8_t *buffer, int64_t begin, int64_t end, int64_t n);

#endif
