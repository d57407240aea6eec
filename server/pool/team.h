/// A team: an executor over threads of its own, for programs without a server: benches, embedders. The calling thread
/// is one of them and does part 0 of everything; the others do parts only inside oct_session_run() and sleep otherwise.
///
///   struct oct_team *team;
///   if (oct_team_create(2, NULL, 0, &team, &error) == OCT_OK) {
///       oct_session_run(session, oct_team_executor(team));
///       oct_team_destroy(team);
///   }
///
/// Needs pthreads only: region.c, thread.c and liboctet. Threads: [one] at a time.
#ifndef OCTET_SERVER_POOL_TEAM_H
#define OCTET_SERVER_POOL_TEAM_H

#include "octet/executor.h"
#include "octet/status.h"

struct oct_team;

/// Starts n_threads - 1 threads. Signals stay the caller's.
/// @param n_threads  1..OCT_REGION_MAX_WIDTH (31), the calling one included
/// @param pins       cores for thread 0, 1, ... in turn; thread 0 is the caller, which pins itself when it wants to
///                   (oct_thread_pin); read by this call only
/// @param n_pins     0: not pinned
/// Errors: OCT_ERR_INVALID (n_threads, or a core that the system refuses), OCT_ERR_NOMEM, OCT_ERR_IO (a thread could
/// not be started).
OCT_NODISCARD enum oct_status
oct_team_create(size_t n_threads, const unsigned *pins, size_t n_pins, struct oct_team **team, struct oct_error *error);
/// Ends the threads. NULL is allowed.
void oct_team_destroy(struct oct_team *team);

/// Valid as long as the team; one run at a time.
const struct oct_executor *oct_team_executor(const struct oct_team *team);

#endif
