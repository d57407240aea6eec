#include "server/pool/team.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server/pool/region.h"
#include "server/pool/thread.h"

struct member {
    struct oct_team *team;
    pthread_t thread;
    unsigned slot;
};

struct oct_team {
    struct oct_region region;
    struct oct_executor executor;
    size_t n_started;
    struct member members[]; ///< all but the caller
};

static void *help(void *argument)
{
    const struct member *member = argument;
    oct_thread_name("octet-team");
    oct_region_help(&member->team->region, member->slot);
    return NULL;
}

/// Starts one more thread, on core `*pin` unless that is NULL.
static enum oct_status start(struct oct_team *team, const unsigned *pin, struct oct_error *error)
{
    struct member *member = &team->members[team->n_started];
    member->team = team;
    member->slot = (unsigned)team->n_started + 1;
    sigset_t saved;
    oct_thread_block_signals(&saved);
    int result = pthread_create(&member->thread, NULL, help, member);
    oct_thread_restore_signals(&saved);
    if (result != 0) {
        return oct_error_set(error, OCT_ERR_IO, "team", OCT_POSITION_NONE, "thread %u could not be started: %s",
                             member->slot, strerror(result));
    }
    team->n_started++;
    if (pin != NULL && !oct_thread_pin(member->thread, *pin)) {
        return oct_error_set(error, OCT_ERR_INVALID, "team", OCT_POSITION_NONE, "thread %u may not be kept on core %u",
                             member->slot, *pin);
    }
    return OCT_OK;
}

enum oct_status
oct_team_create(size_t n_threads, const unsigned *pins, size_t n_pins, struct oct_team **out, struct oct_error *error)
{
    *out = NULL;
    if (n_threads == 0 || n_threads > OCT_REGION_MAX_WIDTH) {
        return oct_error_set(error, OCT_ERR_INVALID, "team", OCT_POSITION_NONE, "%zu threads, expected 1..%u",
                             n_threads, OCT_REGION_MAX_WIDTH);
    }
    struct oct_team *team = calloc(1, sizeof *team + (n_threads - 1) * sizeof team->members[0]);
    if (team == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "team", OCT_POSITION_NONE, "out of memory");
    }
    oct_region_init(&team->region);
    team->executor = (struct oct_executor){.context = &team->region, .width = n_threads, .parallel = oct_region_run};
    enum oct_status status = OCT_OK;
    for (size_t i = 1; i < n_threads && status == OCT_OK; i++) {
        status = start(team, n_pins > 0 ? &pins[i % n_pins] : NULL, error);
    }
    if (status != OCT_OK) {
        oct_team_destroy(team);
        return status;
    }
    *out = team;
    return OCT_OK;
}

void oct_team_destroy(struct oct_team *team)
{
    if (team == NULL) {
        return;
    }
    oct_region_dismiss(&team->region);
    for (size_t i = 0; i < team->n_started; i++) {
        pthread_join(team->members[i].thread, NULL);
    }
    free(team);
}

const struct oct_executor *oct_team_executor(const struct oct_team *team)
{
    return &team->executor;
}
