/// The durable store of models: content-addressed, crash-only, shareable between replicas.
///
///   <root>/blobs/sha256/<hex>            model files, immutable, named by their digest
///   <root>/models/<name>/<version>.json  manifests: written last, created once, replaced only by a tombstone
///   <root>/tmp/                          what is being written; each file is locked by its writer
///   <root>/quarantine/                   blobs whose bytes are not what their name says
///   <root>/lock                          shared by publishers, exclusive for the sweep
///
/// A model exists when its manifest does. Publishing: fsync(blob file), rename into blobs, fsync(blobs folder),
/// fsync(manifest file), link into models (fails when it exists), fsync(models folder); only then is success reported.
/// A failed fsync is not repeated: what was being written is discarded. Start is recovery: temporary files nobody holds
/// are deleted.
///
/// Threads: everything [any], except that one staged file is used by one thread at a time.
#ifndef OCTET_SERVER_MODELS_STORE_H
#define OCTET_SERVER_MODELS_STORE_H

#include "server/models/manifest.h"
#include "server/models/store_io.h"

#define OCT_STORE_PATH_BYTES 4096

struct oct_store;

/// Makes what is missing of the folders, then deletes abandoned temporary files.
/// @param io  borrowed; NULL: the system's
/// Errors: OCT_ERR_IO, OCT_ERR_INVALID (path too long), OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status
oct_store_open(const char *root, const struct oct_store_io *io, struct oct_store **store, struct oct_error *error);
void oct_store_close(struct oct_store *store); ///< NULL is allowed

// ------------------------------------------------------------------------------------------------------- writing

/// A file on its way into the store.
struct oct_staged;
/// Errors: OCT_ERR_IO, OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status
oct_store_stage(struct oct_store *store, struct oct_staged **staged, struct oct_error *error);
/// Errors: OCT_ERR_IO (disk full, ...).
OCT_NODISCARD enum oct_status
oct_staged_write(struct oct_staged *staged, const void *bytes, size_t n_bytes, struct oct_error *error);
/// No more bytes: makes them durable and fixes the digest. OCT_ERR_IO.
OCT_NODISCARD enum oct_status oct_staged_seal(struct oct_staged *staged, struct oct_error *error);
const char *oct_staged_path(const struct oct_staged *staged);   ///< where the bytes lie now
const char *oct_staged_sha256(const struct oct_staged *staged); ///< after seal
uint64_t oct_staged_bytes(const struct oct_staged *staged);
/// Moves a sealed file among the blobs, durably. A second call does nothing. OCT_ERR_IO.
OCT_NODISCARD enum oct_status oct_staged_put(struct oct_staged *staged, struct oct_error *error);
/// oct_staged_put, then the manifest. OCT_ERR_CONFLICT when the version exists, as a tombstone too: nothing was changed
/// and another version may be tried. OCT_ERR_IO: the model does not exist.
OCT_NODISCARD enum oct_status
oct_staged_publish(struct oct_staged *staged, const char *model, uint64_t version, struct oct_error *error);
/// Ends staging, after success too: removes what is still temporary. NULL is allowed.
void oct_staged_discard(struct oct_staged *staged);

/// Durably replaces the manifest by a tombstone, or makes one where there was none. OCT_ERR_IO.
OCT_NODISCARD enum oct_status
oct_store_delete(struct oct_store *store, const char *model, uint64_t version, struct oct_error *error);
/// Moves a damaged blob out of the way. OCT_ERR_IO.
OCT_NODISCARD enum oct_status
oct_store_quarantine(struct oct_store *store, const char *sha256, struct oct_error *error);
/// Deletes blobs that no manifest names. Does nothing while somebody publishes or when a manifest cannot be read.
/// Returns how many went.
size_t oct_store_sweep(struct oct_store *store);

// ------------------------------------------------------------------------------------------------------- reading

typedef void (*oct_store_visit_fn)(void *context, const char *model, uint64_t version);
/// Calls `visit` for every manifest file, of `model` only when that is not NULL; in no order. OCT_ERR_IO; a model that
/// does not exist has no manifests.
OCT_NODISCARD enum oct_status oct_store_each(
    const struct oct_store *store, const char *model, oct_store_visit_fn visit, void *context, struct oct_error *error);
/// Errors: OCT_ERR_NOT_FOUND, OCT_ERR_CORRUPT, OCT_ERR_IO, OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status oct_store_manifest(const struct oct_store *store,
                                                 const char *model,
                                                 uint64_t version,
                                                 struct oct_manifest *manifest,
                                                 struct oct_error *error);
/// A number that changes when the manifest is replaced; version 0: does the model's folder exist? One system call.
/// OCT_ERR_NOT_FOUND (nothing readable there).
OCT_NODISCARD enum oct_status
oct_store_stamp(const struct oct_store *store, const char *model, uint64_t version, uint64_t *stamp);
/// Path of a blob, whether or not it exists.
void oct_store_blob_path(const struct oct_store *store, const char *sha256, char path[OCT_STORE_PATH_BYTES]);
/// Reads the blob and compares its digest with its name: OCT_OK, OCT_ERR_CORRUPT, OCT_ERR_NOT_FOUND, OCT_ERR_IO.
OCT_NODISCARD enum oct_status
oct_store_verify(const struct oct_store *store, const char *sha256, struct oct_error *error);

#endif
