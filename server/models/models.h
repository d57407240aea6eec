/// The models of this server: registry, store and loader put together. Loads what store and shipped folder hold, finds
/// what other replicas published, deletes. Uploads are in upload.h.
///
/// A request never waits for a disk: lookups are answered from the registry, and only a name or version nobody here has
/// heard of, but whose manifest exists, is read through to the store by the loader, with the request as its waiter.
///
/// Threads: create, stop, destroy [one]; the rest [any].
#ifndef OCTET_SERVER_MODELS_MODELS_H
#define OCTET_SERVER_MODELS_MODELS_H

#include "server/log/log.h"
#include "server/metrics/metrics.h"
#include "server/models/loader.h"
#include "server/models/registry.h"
#include "server/models/store.h"

struct oct_models;

struct oct_models_options {
    const char *store_dir;         ///< NULL: no store: nothing can be uploaded, deletes last until the next start
    const char *shipped_dir;       ///< NULL, or absent on disk: none
    const struct oct_store_io *io; ///< NULL: the system's
    struct oct_model_load_options load;
    unsigned max_uploads;        ///< at once, >= 1
    struct oct_metrics *metrics; ///< borrowed; NULL: none
    const struct oct_log *log;   ///< borrowed; NULL: silent
};

/// Opens the store and starts loading; returns at once. Errors: those of oct_store_open, OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status
oct_models_create(const struct oct_models_options *options, struct oct_models **models, struct oct_error *error);
/// Every model of store and shipped folder has been loaded or refused.
bool oct_models_booted(struct oct_models *models);
struct oct_registry *oct_models_registry(struct oct_models *models);
/// Looks for manifests that came or were replaced by tombstones since. Returns at once; does nothing while one is under
/// way.
void oct_models_poll(struct oct_models *models);
/// Ends the loader: the job it does is finished, all others are answered OCT_ERR_UNAVAILABLE. Versions stay.
void oct_models_stop(struct oct_models *models);
/// After stop; every lease must have been released. NULL is allowed.
void oct_models_destroy(struct oct_models *models);

/// Somebody who waits for a read-through. Caller's storage, alive until `found`.
struct oct_models_waiter {
    /// @param version  leased; NULL on error. [loader]
    void (*found)(struct oct_models_waiter *waiter,
                  struct oct_model_version *version,
                  enum oct_status status,
                  const struct oct_error *error);
    // The models' own.
    struct oct_loader_job job;
    struct oct_models *models;
    char name[OCT_MODEL_NAME_MAX_BYTES + 1];
    uint64_t number;
    uint64_t stamp; ///< of the place in the store that is worth a look
};

/// Leases a version. OCT_OK with *version NULL: `waiter->found` will be called, or was already.
/// @param number  0: the default version
/// @param waiter  NULL: no read-through
/// Errors: as oct_registry_acquire; OCT_ERR_UNAVAILABLE also while the server still loads.
OCT_NODISCARD enum oct_status oct_models_acquire(struct oct_models *models,
                                                 const char *name,
                                                 uint64_t number,
                                                 struct oct_models_waiter *waiter,
                                                 struct oct_model_version **version,
                                                 struct oct_error *error);

/// A delete under way. Caller's storage, alive until `done`.
struct oct_models_deletion {
    char name[OCT_MODEL_NAME_MAX_BYTES + 1];
    uint64_t number; ///< 0: every version
    /// OCT_OK: `n_deleted` versions answer no more and never will again. OCT_ERR_NOT_FOUND, OCT_ERR_IO (some may be
    /// gone), OCT_ERR_NOMEM, OCT_ERR_UNAVAILABLE. [loader]
    void (*done)(struct oct_models_deletion *deletion,
                 enum oct_status status,
                 size_t n_deleted,
                 const struct oct_error *error);
    // The models' own.
    struct oct_loader_job job;
    struct oct_models *models;
};
void oct_models_delete(struct oct_models *models, struct oct_models_deletion *deletion);

#endif
