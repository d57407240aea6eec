/// Operators that only move elements: what reshape, permute and their like share. Any dtype; quantized tensors per
/// tensor. Threads: [any].
#ifndef OCTET_ENGINE_OPS_COPYING_H
#define OCTET_ENGINE_OPS_COPYING_H

#include "octet/op.h"

/// Input 0 is there, of whatever dtype, not quantized per channel; output 0 becomes its description, to be given a
/// shape.
bool octi_copying_infer(struct oct_op_infer_call *call);

/// Output 0 is input 0 with its dimensions in the order `dims`.
struct oct_view octi_view_permuted(const struct oct_view *view, const int32_t *dims);

/// For operators that keep the order of elements: copies input 0 to output 0, shapes differing, element after element.
void octi_copying_reference_in_order(const struct oct_op_run_call *call);
/// The same between contiguous tensors; does nothing when the plan gave both one storage.
void octi_copying_run_in_order(const struct oct_op_run_call *call);
enum oct_status octi_copying_prepare_in_order(struct oct_op_prepare_call *call);

#endif
