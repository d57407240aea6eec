/// A parallel-for that the caller lends to a run. The engine makes no threads of its own.
#ifndef OCTET_EXECUTOR_H
#define OCTET_EXECUTOR_H

#include <stddef.h>

/// Does part `index` of `count`; parts may run at the same time and must not depend on one another.
typedef void (*oct_task_fn)(void *argument, size_t index, size_t count);

/// `parallel` calls `task` once for each index 0..count-1, from any threads, and returns when all are done: its barrier
/// is the only wait of a run. `width` is how many parts can really run at once, >= 1. It must not call back into the
/// session. A NULL executor everywhere means: on the calling thread.
struct oct_executor {
    void *context;
    size_t width;
    void (*parallel)(void *context, size_t count, oct_task_fn task, void *argument);
};

#endif
