#include "server/cli/bench/threads.h"

#include <pthread.h>

#include "server/pool/cpus.h"
#include "server/pool/team.h"
#include "server/pool/thread.h"

enum oct_status oct_bench_threads_open(size_t n_threads, struct oct_team **team, struct oct_error *error)
{
    *team = NULL;
    if (n_threads == 1) {
        return OCT_OK;
    }
    struct oct_cpus cpus;
    oct_cpus_read("", &cpus);
    if (n_threads > cpus.usable) {
        return oct_error_set(error, OCT_ERR_INVALID, "threads", OCT_POSITION_NONE, "%zu threads on %u cores (%s)",
                             n_threads, cpus.usable, cpus.reason);
    }
    if (cpus.n_pins > 0 && !oct_thread_pin(pthread_self(), cpus.pins[0])) {
        return oct_error_set(error, OCT_ERR_INVALID, "threads", OCT_POSITION_NONE, "core %u is refused", cpus.pins[0]);
    }
    return oct_team_create(n_threads, cpus.pins, cpus.n_pins, team, error);
}

const struct oct_executor *oct_bench_threads_executor(const struct oct_team *team)
{
    return team != NULL ? oct_team_executor(team) : NULL;
}
