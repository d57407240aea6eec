/// The table of models: name -> versions -> state, and the default pointer. Read for every request, written when a
/// model comes or goes. Knows nothing of files.
///
/// The default of a name is its highest version that is ready. A deleted version stays as a tombstone: its number is
/// never used again. Threads: [any]; one reader-writer lock, never held while a model is loaded or freed.
#ifndef OCTET_SERVER_MODELS_REGISTRY_H
#define OCTET_SERVER_MODELS_REGISTRY_H

#include "server/models/version.h"

/// Bounds on what uploads can make us keep: each name and version is memory and a directory entry.
#define OCT_REGISTRY_MAX_NAMES    4096
#define OCT_REGISTRY_MAX_VERSIONS 65536 ///< of one name

enum oct_model_state {
    OCT_MODEL_LOADING,
    OCT_MODEL_READY,
    OCT_MODEL_FAILED,  ///< the reason says why; the number is taken
    OCT_MODEL_DELETED, ///< a tombstone
};
/// "loading", "ready", "failed", "deleted".
const char *oct_model_state_name(enum oct_model_state state);

struct oct_registry;

OCT_NODISCARD enum oct_status oct_registry_create(struct oct_registry **registry, struct oct_error *error);
/// Releases every version. NULL is allowed.
void oct_registry_destroy(struct oct_registry *registry);

/// @param number  0: the default version
/// @param[out] version  retained for the caller
/// Errors: OCT_ERR_NOT_FOUND (no such name or version, or deleted), OCT_ERR_UNAVAILABLE (loading, or could not be
/// loaded).
OCT_NODISCARD enum oct_status oct_registry_acquire(struct oct_registry *registry,
                                                   const char *name,
                                                   uint64_t number,
                                                   struct oct_model_version **version,
                                                   struct oct_error *error);

/// What stands in one place of the table. `version` is borrowed: valid inside the visit.
struct oct_registry_entry {
    const char *name;
    uint64_t number;
    enum oct_model_state state;
    const char *reason; ///< "" unless failed
    const char *sha256; ///< "" when not known
    bool is_default;
    const struct oct_model_version *version; ///< NULL unless ready
};
/// Visits the versions of `name`, or of all names in order (NULL), by rising number, tombstones too, with the lock held
/// for reading: write down what is needed and return.
void oct_registry_visit(struct oct_registry *registry,
                        const char *name,
                        void (*visit)(void *context, const struct oct_registry_entry *entry),
                        void *context);

/// False when there is no such version. `sha256` (may be NULL) as in struct oct_registry_entry; `stamp` (may be NULL)
/// as set.
bool oct_registry_look(struct oct_registry *registry,
                       const char *name,
                       uint64_t number,
                       enum oct_model_state *state,
                       char sha256[OCT_SHA256_TEXT_BYTES],
                       uint64_t *stamp);
/// The highest number ever used, tombstones counted; 0: none.
uint64_t oct_registry_highest(struct oct_registry *registry, const char *name);
/// May `number` of `name` stand in the table? OCT_OK also when it does. Errors: OCT_ERR_LIMIT.
OCT_NODISCARD enum oct_status
oct_registry_check_room(struct oct_registry *registry, const char *name, uint64_t number, struct oct_error *error);
/// How many versions are ready.
size_t oct_registry_ready_count(struct oct_registry *registry);

/// Sets a version's state, making its place first. For OCT_MODEL_READY use oct_registry_publish.
/// @param reason  OCT_MODEL_FAILED: why; else NULL
/// @param sha256  may be NULL
/// Errors: OCT_ERR_LIMIT, OCT_ERR_NOMEM (only when the place is new).
OCT_NODISCARD enum oct_status oct_registry_set(struct oct_registry *registry,
                                               const char *name,
                                               uint64_t number,
                                               enum oct_model_state state,
                                               const char *reason,
                                               const char *sha256,
                                               struct oct_error *error);
/// Shows a loaded version and moves the default; consumes one reference of `version` on success. Errors as above.
OCT_NODISCARD enum oct_status
oct_registry_publish(struct oct_registry *registry, struct oct_model_version *version, struct oct_error *error);
/// Remembers the stamp of the version's manifest; nothing happens when there is no such version.
void oct_registry_set_stamp(struct oct_registry *registry, const char *name, uint64_t number, uint64_t stamp);

#endif
