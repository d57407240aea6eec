#include "engine/runtime/plan_budget.h"

#include <string.h>

static void *allocate(void *context, size_t bytes, size_t alignment)
{
    struct octi_plan_budget *budget = context;
    const struct oct_allocator *inner = &budget->budget.allocator;
    void *block = inner->allocate(inner->context, bytes, alignment);
    uint64_t live = budget->budget.live_bytes;
    if (!block && !budget->refused &&
        (bytes > budget->budget.limit_bytes || live > budget->budget.limit_bytes - bytes)) {
        budget->refused = true;
        budget->wanted_bytes = live > UINT64_MAX - bytes ? UINT64_MAX : live + bytes;
    }
    return block;
}

static void release(void *context, void *block, size_t bytes)
{
    struct octi_plan_budget *budget = context;
    const struct oct_allocator *inner = &budget->budget.allocator;
    inner->release(inner->context, block, bytes);
}

void octi_plan_budget_init(struct octi_plan_budget *budget, const struct oct_allocator *parent, uint64_t limit_bytes)
{
    memset(budget, 0, sizeof *budget);
    oct_budget_init(&budget->budget, parent, limit_bytes);
    budget->allocator = (struct oct_allocator){budget, allocate, release};
}

enum oct_status
octi_plan_budget_explain(const struct octi_plan_budget *budget, enum oct_status status, struct oct_error *error)
{
    if (status != OCT_ERR_NOMEM || !budget->refused) {
        return status;
    }
    char where[OCT_ERROR_WHERE_BYTES] = "";
    if (error) {
        memcpy(where, error->where, sizeof where);
    }
    oct_error_clear(error);
    return oct_error_set(error, OCT_ERR_LIMIT, where, OCT_POSITION_NONE,
                         "the plan needs at least %llu bytes, its budget is %llu",
                         (unsigned long long)budget->wanted_bytes, (unsigned long long)budget->budget.limit_bytes);
}
