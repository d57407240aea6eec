/// Uploads: a model file that streams in, is checked, planned and warmed by the loader, stored durably, and switched
/// to.
///
/// Life: oct_upload_begin -> oct_upload_write ... -> oct_upload_finish (then `done` is called once) or
/// oct_upload_abort. Rules of versions: an absent version is the next integer (the highest ever plus one, tombstones
/// counted); the same bytes as the named version, or as the current one when none is named, change nothing; other bytes
/// on a version that exists, or anything on one that was deleted, is a conflict. Threads: one upload is used by one
/// thread at a time; `done` is called on the loader's thread.
#ifndef OCTET_SERVER_MODELS_UPLOAD_H
#define OCTET_SERVER_MODELS_UPLOAD_H

#include "server/models/models.h"

struct oct_upload;

struct oct_upload_result {
    enum oct_status status;
    bool model_refused; ///< the status is about the file's content: CORRUPT, INVALID, UNSUPPORTED, LIMIT, INTERNAL
                        ///< (golden)
    bool unchanged;     ///< OCT_OK: the version was there with these bytes
    const struct oct_model_version *version; ///< OCT_OK: valid inside `done`
    const struct oct_error *error;           ///< never NULL
};

/// @param version  text; NULL: the next one
/// Errors: OCT_ERR_INVALID (name, version), OCT_ERR_BUSY (as many uploads as allowed are under way),
/// OCT_ERR_UNSUPPORTED (no store), OCT_ERR_UNAVAILABLE (stopping), OCT_ERR_IO, OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status oct_upload_begin(struct oct_models *models,
                                               const char *name,
                                               const char *version,
                                               struct oct_upload **upload,
                                               struct oct_error *error);
/// Errors: OCT_ERR_LIMIT (over the bound on files), OCT_ERR_IO.
OCT_NODISCARD enum oct_status
oct_upload_write(struct oct_upload *upload, const void *bytes, size_t n_bytes, struct oct_error *error);
/// Consumes the upload. A version that `done` reports ready is durable and is the one answering.
void oct_upload_finish(struct oct_upload *upload,
                       void (*done)(void *context, const struct oct_upload_result *result),
                       void *context);
/// Consumes the upload; nothing is left of it. NULL is allowed.
void oct_upload_abort(struct oct_upload *upload);

#endif
