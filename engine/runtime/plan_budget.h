/// The allocator of one plan under construction: a budget that remembers that it refused, so that the report can say
/// "over the limit" and by how much instead of "out of memory".
/// Threads: [one] until the plan is made; afterwards only the last release uses it.
#ifndef OCTET_ENGINE_RUNTIME_PLAN_BUDGET_H
#define OCTET_ENGINE_RUNTIME_PLAN_BUDGET_H

#include "octet/alloc.h"

struct octi_plan_budget {
    struct oct_allocator allocator; ///< pass &budget.allocator
    struct oct_budget budget;
    bool refused;
    uint64_t wanted_bytes; ///< what would have been alive with the first refused block
};

void octi_plan_budget_init(struct octi_plan_budget *budget, const struct oct_allocator *parent, uint64_t limit_bytes);

/// What a failure with `status` really was: an OCT_ERR_NOMEM that the budget caused becomes an OCT_ERR_LIMIT with both
/// figures, keeping the place already in `error`.
enum oct_status
octi_plan_budget_explain(const struct octi_plan_budget *budget, enum oct_status status, struct oct_error *error);

#endif
