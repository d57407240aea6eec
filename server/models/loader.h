/// The loader: one low-priority thread that does what is slow with models (reading, planning, warming, the store), one
/// job after the other, so that neither loops nor workers ever wait for a disk. Threads: submit and stopping [any];
/// create, stop, destroy [one].
#ifndef OCTET_SERVER_MODELS_LOADER_H
#define OCTET_SERVER_MODELS_LOADER_H

#include "octet/status.h"

struct oct_loader;

/// Embedded in what the job is about; the loader forgets it before `run`, which may free it.
struct oct_loader_job {
    struct oct_loader_job *next;
    /// @param stopping  the server ends: answer OCT_ERR_UNAVAILABLE instead of working
    void (*run)(struct oct_loader_job *job, bool stopping);
};

/// Errors: OCT_ERR_NOMEM, OCT_ERR_IO.
OCT_NODISCARD enum oct_status oct_loader_create(struct oct_loader **loader, struct oct_error *error);
/// Runs the job later on the loader's thread, or at once with `stopping` on the caller's when the loader has ended.
void oct_loader_submit(struct oct_loader *loader, struct oct_loader_job *job);
/// True from oct_loader_stop on: long jobs look at it now and then.
bool oct_loader_stopping(struct oct_loader *loader);
/// Waits for the job that runs; the others are run with `stopping`. A second call does nothing.
void oct_loader_stop(struct oct_loader *loader);
/// After stop. NULL is allowed.
void oct_loader_destroy(struct oct_loader *loader);

#endif
