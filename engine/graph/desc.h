/// Tensor descriptors from outside: legality, deep copies, and what two memory formats have in common.
/// Threads: [any].
#ifndef OCTET_ENGINE_GRAPH_DESC_H
#define OCTET_ENGINE_GRAPH_DESC_H

#include "engine/base/region.h"
#include "octet/tensor.h"

/// Is this a descriptor a graph may hold? Checked: dtype, contiguous format, rank, every dimension >= 1 in magnitude (a
/// graph serves no empty tensors), at most OCT_GRAPH_MAX_ELEMENTS elements for N = 1, quantization parameters exactly
/// where the dtype is quantized, scales positive and finite in float32 with a finite reciprocal, zero points within the
/// dtype, one pair per channel. Reports OCT_ERR_INVALID or OCT_ERR_LIMIT.
OCT_NODISCARD enum oct_status octi_desc_check(const struct oct_tensor_desc *desc, struct oct_error *error);

/// A copy whose per-channel arrays live in `region`. OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status
octi_desc_copy(struct octi_region *region, const struct oct_tensor_desc *source, struct oct_tensor_desc *copy);

/// Equal dtype, shape and quantization parameters; the memory format is not compared.
bool octi_desc_equal(const struct oct_tensor_desc *a, const struct oct_tensor_desc *b);

/// Do the elements lie in row-major logical order? True for the contiguous format, and for channels-last where one
/// channel or one pixel makes the two the same.
bool octi_desc_is_row_major(const struct oct_tensor_desc *desc);

#endif
