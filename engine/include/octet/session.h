/// Sessions: one worker's scratch. A session binds a plan for a run; its arena grows, between runs, to the largest plan
/// it has seen. A run neither allocates, locks, logs nor fails.
///
/// The four steps of a run:  bind -> write rows into oct_session_input() -> run -> read oct_session_output().
/// Threads: [one] at a time per session; any number of sessions over one plan.
#ifndef OCTET_SESSION_H
#define OCTET_SESSION_H

#include "octet/plan.h"

struct oct_session;

/// Errors: OCT_ERR_NOMEM.
OCT_API OCT_NODISCARD enum oct_status
oct_session_create(const struct oct_allocator *allocator, struct oct_session **session, struct oct_error *error);
/// NULL is allowed. Releases the bound plan.
OCT_API void oct_session_destroy(struct oct_session *session);

/// Binds `plan` (retained until the next bind) for a run of `rows`; grows the arena if it must. Contents of inputs are
/// undefined afterwards. `rows` is 1..max_rows of the plan; a plan without any batched input takes 1.
/// Errors: OCT_ERR_LIMIT (rows), OCT_ERR_NOMEM; the session then has no plan bound but stays usable.
OCT_API OCT_NODISCARD enum oct_status
oct_session_bind(struct oct_session *session, struct oct_plan *plan, int64_t rows, struct oct_error *error);

/// Where the bytes of input `index` are to be written: dense, row-major, in the declared dtype, valid until the next
/// bind or run. Row r of a batched input begins at r * (n_bytes / rows).
OCT_API void *oct_session_input(struct oct_session *session, size_t index, size_t *n_bytes);

/// Runs the bound plan once. The inputs' storage is used as scratch: write them anew before the next run.
/// @param executor  may be NULL: everything on the calling thread
OCT_API void oct_session_run(struct oct_session *session, const struct oct_executor *executor);

/// Output `index` of the last run: dense, row-major, in the declared dtype, valid until the next bind, input or run.
OCT_API const void *oct_session_output(const struct oct_session *session, size_t index, size_t *n_bytes);

/// Nanoseconds of one step of the last profiled run, or 0; see oct_session_profile.
OCT_API uint64_t oct_session_step_ns(const struct oct_session *session, size_t step);
/// As oct_session_run, with a clock read around each step.
OCT_API void oct_session_profile(struct oct_session *session, const struct oct_executor *executor);
/// Bytes of arena held.
OCT_API size_t oct_session_arena_bytes(const struct oct_session *session);

#endif
