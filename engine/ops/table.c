#include "engine/ops/table.h"

#include "engine/ops/copy_rows.h"
#include "engine/ops/part.h"

/// Rows shorter than this cost less to collect than to start a kernel for each.
#define SHORT_ROW 128
/// Of rows collected: far inside a first-level cache.
#define BLOCK_BYTES 4096

/// Dense rows of `bytes` at any pitch.
static void apply_rows(const struct octi_table *table,
                       size_t n_rows,
                       size_t bytes,
                       unsigned char *to,
                       int64_t to_stride,
                       const unsigned char *from,
                       int64_t from_stride)
{
    const int64_t dense = (int64_t)bytes;
    if (n_rows == 1 || bytes >= SHORT_ROW) {
        for (size_t r = 0; r < n_rows; r++, to += to_stride, from += from_stride) {
            table->kernel->run(bytes, from, to, table->bytes);
        }
        return;
    }
    unsigned char block[BLOCK_BYTES];
    const size_t most = BLOCK_BYTES / bytes;
    for (size_t n; n_rows > 0; n_rows -= n) {
        n = n_rows < most ? n_rows : most;
        const unsigned char *row = from;
        if (from_stride != dense) {
            octi_copy_rows(n, bytes, block, dense, from, from_stride);
            row = block;
        }
        table->kernel->run(n * bytes, row, block, table->bytes);
        octi_copy_rows(n, bytes, to, to_stride, block, dense);
        to += (int64_t)n * to_stride;
        from += (int64_t)n * from_stride;
    }
}

static void apply_plane(const void *context, const struct octi_walk_plane *plane, unsigned char *const *data)
{
    const struct octi_table *table = context;
    const int64_t(*strides)[OCTI_WALK_MAX_VIEWS] = plane->strides;
    for (int rows = 0; rows < 2; rows++) { // short rows have changed places with what lies across them
        const int along = 1 - rows;
        if (strides[along][0] == 1 && strides[along][1] == 1) {
            apply_rows(table, (size_t)plane->extents[rows], (size_t)plane->extents[along], data[0], strides[rows][0],
                       data[1], strides[rows][1]);
            return;
        }
    }
    for (int64_t r = 0; r < plane->extents[0]; r++) {
        unsigned char *to = data[0] + r * strides[0][0];
        const unsigned char *from = data[1] + r * strides[0][1];
        for (int64_t i = 0; i < plane->extents[1]; i++) {
            to[i * strides[1][0]] = table->bytes[from[i * strides[1][1]]];
        }
    }
}

void octi_table_apply(const struct octi_table *table,
                      const struct oct_view *to,
                      const struct oct_view *from,
                      const struct oct_executor *executor)
{
    const struct oct_view *views[] = {to, from};
    octi_walk_planes(views, 2, apply_plane, table, executor);
}

void octi_table_apply_part(const struct octi_table *table,
                           const struct oct_view *to,
                           const struct oct_view *from,
                           const struct oct_op_part *part)
{
    const struct oct_view *views[] = {to, from};
    octi_part_walk_planes(part, views, 2, apply_plane, table);
}

static void run(const struct oct_op_run_call *call)
{
    octi_table_apply(call->state, &call->outputs[0], &call->inputs[0], call->executor);
}

static void run_part(const struct oct_op_run_call *call, const struct oct_op_part *part)
{
    octi_table_apply_part(call->state, &call->outputs[0], &call->inputs[0], part);
}

uint8_t *octi_table_prepare(struct oct_op_prepare_call *call)
{
    struct octi_table *table = oct_op_prepare_alloc(call, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    table->kernel = octi_lut_select(call->cpu_features);
    call->state = table;
    call->run = run;
    call->run_part = run_part;
    call->kernel = table->kernel->kernel.name;
    return table->bytes;
}
