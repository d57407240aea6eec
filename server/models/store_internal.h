/// What the files of the store share.
#ifndef OCTET_SERVER_MODELS_STORE_INTERNAL_H
#define OCTET_SERVER_MODELS_STORE_INTERNAL_H

#include <stdatomic.h>

#include "server/models/store.h"

/// Longest path below the root: models/<name>/<version>.json with room to spare.
#define OCT_STORE_TAIL_BYTES 256

struct oct_store {
    const struct oct_store_io *io;
    char root[OCT_STORE_PATH_BYTES - OCT_STORE_TAIL_BYTES];
    atomic_uint n_temporary; ///< part of temporary names
};

/// "<root>/<tail>"; always fits for names that were checked.
void oct_store_path(const struct oct_store *store, char out[OCT_STORE_PATH_BYTES], const char *format, ...)
    OCT_PRINTF(3, 4);
/// Reports errno as OCT_ERR_IO: "<what> <path>: <reason>".
enum oct_status oct_store_fail(struct oct_error *error, const char *what, const char *path);
/// fsync of a folder, so that names in it are durable.
enum oct_status oct_store_sync_folder(const struct oct_store *store, const char *path, struct oct_error *error);
/// A new locked file in tmp/. OCT_ERR_IO.
enum oct_status
oct_store_temporary(struct oct_store *store, char path[OCT_STORE_PATH_BYTES], int *fd, struct oct_error *error);
enum oct_status
oct_store_write_all(const struct oct_store *store, int fd, const void *bytes, size_t n_bytes, struct oct_error *error);
/// Deletes temporary files that no living process holds.
void oct_store_recover(struct oct_store *store);

#endif
