#include "server/cli/bench/threads.h"

enum oct_status oct_bench_threads_open(size_t n_threads, const struct oct_executor **executor, struct oct_error *error)
{
    *executor = NULL;
    return n_threads == 1 ? OCT_OK
                          : oct_error_set(error, OCT_ERR_UNSUPPORTED, "threads", OCT_POSITION_NONE,
                                          "%zu: runs of this program have one thread", n_threads);
}

void oct_bench_threads_close(const struct oct_executor *executor)
{
    (void)executor;
}
