/// The threads of a bench: a team, each thread on a core of its own, the calling one included.
/// Threads: [one].
#ifndef OCTET_SERVER_CLI_BENCH_THREADS_H
#define OCTET_SERVER_CLI_BENCH_THREADS_H

#include "octet/executor.h"
#include "octet/status.h"

struct oct_team;

/// @param[out] team  NULL, which is no failure, for one thread: everything runs on the calling one
/// Errors: OCT_ERR_INVALID (more threads than usable cores, or a core that the system refuses), OCT_ERR_NOMEM,
/// OCT_ERR_IO (a thread could not be started).
OCT_NODISCARD enum oct_status oct_bench_threads_open(size_t n_threads, struct oct_team **team, struct oct_error *error);

/// What to hand to a run: NULL for no team.
const struct oct_executor *oct_bench_threads_executor(const struct oct_team *team);

#endif
