/// A function of one byte as 256 bytes, and its application to tensors of one-byte elements.
/// Threads: a table is read-only once its kernel is chosen; [any].
#ifndef OCTET_ENGINE_OPS_TABLE_H
#define OCTET_ENGINE_OPS_TABLE_H

#include "engine/kernels/elementwise/lut.h"
#include "octet/op.h"

#define OCTI_TABLE_BYTES 256

struct octi_table {
    uint8_t bytes[OCTI_TABLE_BYTES];
    const struct octi_lut *kernel; ///< octi_lut_select()
};

/// to = table[from], any strides; `to` may be `from`.
void octi_table_apply(const struct octi_table *table,
                      const struct oct_view *to,
                      const struct oct_view *from,
                      const struct oct_executor *executor);

/// The same for a part; both views are dense but for a pitch between rows.
void octi_table_apply_part(const struct octi_table *table,
                           const struct oct_view *to,
                           const struct oct_view *from,
                           const struct oct_op_part *part);

/// Makes input 0 by a table output 0 of a step, whole or in parts. Returns the 256 bytes to be filled, or NULL with the
/// reason in `call->error`.
uint8_t *octi_table_prepare(struct oct_op_prepare_call *call);

#endif
