#include "engine/ops/table.h"

#include "engine/ops/part.h"

static void apply_row(const void *context, int64_t n, unsigned char *const *data, const int64_t *strides)
{
    const struct octi_table *table = context;
    if (strides[0] == 1 && strides[1] == 1) {
        table->kernel->run((size_t)n, data[1], data[0], table->bytes);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        data[0][i * strides[0]] = table->bytes[data[1][i * strides[1]]];
    }
}

void octi_table_apply(const struct octi_table *table,
                      const struct oct_view *to,
                      const struct oct_view *from,
                      const struct oct_executor *executor)
{
    const struct oct_view *views[] = {to, from};
    octi_walk(views, 2, apply_row, table, executor);
}

void octi_table_apply_part(const struct octi_table *table,
                           const struct oct_view *to,
                           const struct oct_view *from,
                           const struct oct_op_part *part)
{
    const struct oct_view *views[] = {to, from};
    octi_part_walk(part, views, 2, apply_row, table);
}
