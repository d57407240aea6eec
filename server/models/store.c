#include "server/models/store_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "octet/proto/sha256.h"

/// A manifest of ours is a few hundred bytes.
#define MANIFEST_MAX_BYTES ((size_t)4096)
/// Names of temporary files that are tried before giving up: another host may use the same process id.
#define TEMPORARY_TRIES 100

struct oct_staged {
    struct oct_store *store;
    int fd, lock_fd; ///< -1: none
    bool temporary;  ///< `path` must be removed in the end
    bool stored;     ///< durably among the blobs
    char path[OCT_STORE_PATH_BYTES];
    struct oct_sha256_stream *digest;
    uint64_t n_bytes;
    char sha256[OCT_SHA256_TEXT_BYTES];
};

void oct_store_path(const struct oct_store *store, char out[OCT_STORE_PATH_BYTES], const char *format, ...)
{
    size_t length = strlen(store->root);
    memcpy(out, store->root, length);
    out[length++] = '/';
    va_list arguments;
    va_start(arguments, format);
    int tail = vsnprintf(out + length, OCT_STORE_PATH_BYTES - length, format, arguments);
    va_end(arguments);
    assert(tail >= 0 && (size_t)tail < OCT_STORE_PATH_BYTES - length);
    (void)tail;
}

enum oct_status oct_store_fail(struct oct_error *error, const char *what, const char *path)
{
    int code = errno;
    char reason[128] = "";
    (void)strerror_r(code, reason, sizeof reason);
    return oct_error_set(error, OCT_ERR_IO, "store", OCT_POSITION_NONE, "%s %s: %s", what, path, reason);
}

enum oct_status oct_store_sync_folder(const struct oct_store *store, const char *path, struct oct_error *error)
{
    const struct oct_store_io *io = store->io;
    int fd = io->open(io->context, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return oct_store_fail(error, "open", path);
    }
    enum oct_status status = OCT_OK;
    if (io->fsync(io->context, fd) != 0) {
        status = oct_store_fail(error, "fsync", path);
    }
    if (io->close(io->context, fd) != 0 && status == OCT_OK) {
        status = oct_store_fail(error, "close", path);
    }
    return status;
}

// -------------------------------------------------------------------------------------------------------- opening

static enum oct_status make_folder(const struct oct_store *store, const char *path, struct oct_error *error)
{
    if (store->io->mkdir(store->io->context, path) != 0 && errno != EEXIST) {
        return oct_store_fail(error, "mkdir", path);
    }
    return OCT_OK;
}

static enum oct_status make_folders(const struct oct_store *store, struct oct_error *error)
{
    static const char *const folders[] = {"blobs", "blobs/sha256", "models", "tmp", "quarantine"};
    char path[OCT_STORE_PATH_BYTES];
    bool is_new = store->io->mkdir(store->io->context, store->root) == 0;
    enum oct_status status = is_new || errno == EEXIST ? OCT_OK : oct_store_fail(error, "mkdir", store->root);
    if (status == OCT_OK && is_new) {
        oct_store_path(store, path, "..");
        status = oct_store_sync_folder(store, path, error);
    }
    for (size_t i = 0; status == OCT_OK && i < sizeof folders / sizeof folders[0]; i++) {
        oct_store_path(store, path, "%s", folders[i]);
        status = make_folder(store, path, error);
    }
    if (status == OCT_OK) {
        oct_store_path(store, path, "blobs");
        status = oct_store_sync_folder(store, path, error);
    }
    if (status == OCT_OK) {
        status = oct_store_sync_folder(store, store->root, error);
    }
    return status;
}

enum oct_status
oct_store_open(const char *root, const struct oct_store_io *io, struct oct_store **out, struct oct_error *error)
{
    *out = NULL;
    struct oct_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "store", OCT_POSITION_NONE, "out of memory");
    }
    store->io = io == NULL ? oct_store_io_system() : io;
    atomic_init(&store->n_temporary, 0);
    size_t length = strlen(root);
    if (length == 0 || length >= sizeof store->root) {
        free(store);
        return oct_error_set(error, OCT_ERR_INVALID, "store", OCT_POSITION_NONE, "the path must have 1 to %zu bytes",
                             sizeof store->root - 1);
    }
    memcpy(store->root, root, length + 1);
    enum oct_status status = make_folders(store, error);
    if (status != OCT_OK) {
        free(store);
        return status;
    }
    oct_store_recover(store);
    *out = store;
    return OCT_OK;
}

void oct_store_close(struct oct_store *store)
{
    free(store);
}

// -------------------------------------------------------------------------------------------------------- staging

enum oct_status
oct_store_temporary(struct oct_store *store, char path[OCT_STORE_PATH_BYTES], int *fd, struct oct_error *error)
{
    const struct oct_store_io *io = store->io;
    *fd = -1;
    for (int i = 0; i < TEMPORARY_TRIES && *fd < 0; i++) {
        oct_store_path(store, path, "tmp/%ld-%u", (long)getpid(), atomic_fetch_add(&store->n_temporary, 1));
        *fd = io->open(io->context, path, O_RDWR | O_CREAT | O_EXCL);
        if (*fd < 0 && errno != EEXIST) {
            break;
        }
    }
    if (*fd < 0) {
        return oct_store_fail(error, "create", path);
    }
    // Held until close: tells a replica that starts meanwhile that somebody still writes this.
    if (io->lock(io->context, *fd, OCT_STORE_LOCK_EXCLUSIVE) != 0) {
        enum oct_status status = oct_store_fail(error, "lock", path);
        (void)io->close(io->context, *fd);
        (void)io->unlink(io->context, path);
        *fd = -1;
        return status;
    }
    return OCT_OK;
}

enum oct_status
oct_store_write_all(const struct oct_store *store, int fd, const void *bytes, size_t n_bytes, struct oct_error *error)
{
    const uint8_t *next = bytes;
    while (n_bytes > 0) {
        ssize_t n = store->io->write(store->io->context, fd, next, n_bytes);
        if (n <= 0) {
            return oct_store_fail(error, "write to", store->root);
        }
        next += n;
        n_bytes -= (size_t)n;
    }
    return OCT_OK;
}

enum oct_status oct_store_stage(struct oct_store *store, struct oct_staged **out, struct oct_error *error)
{
    *out = NULL;
    struct oct_staged *staged = calloc(1, sizeof *staged);
    if (staged == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "store", OCT_POSITION_NONE, "out of memory");
    }
    staged->store = store;
    staged->lock_fd = -1;
    staged->fd = -1;
    enum oct_status status = oct_sha256_stream_create(&staged->digest);
    if (status != OCT_OK) {
        oct_error_set(error, status, "store", OCT_POSITION_NONE, "%s", oct_status_text(status));
    } else {
        status = oct_store_temporary(store, staged->path, &staged->fd, error);
    }
    if (status != OCT_OK) {
        oct_staged_discard(staged);
        return status;
    }
    staged->temporary = true;
    *out = staged;
    return OCT_OK;
}

enum oct_status oct_staged_write(struct oct_staged *staged, const void *bytes, size_t n_bytes, struct oct_error *error)
{
    enum oct_status status = oct_store_write_all(staged->store, staged->fd, bytes, n_bytes, error);
    if (status == OCT_OK) {
        oct_sha256_stream_add(staged->digest, bytes, n_bytes);
        staged->n_bytes += n_bytes;
    }
    return status;
}

enum oct_status oct_staged_seal(struct oct_staged *staged, struct oct_error *error)
{
    const struct oct_store_io *io = staged->store->io;
    uint8_t digest[OCT_SHA256_BYTES];
    enum oct_status status = oct_sha256_stream_finish(staged->digest, digest);
    if (status != OCT_OK) {
        return oct_error_set(error, status, "store", OCT_POSITION_NONE, "%s", oct_status_text(status));
    }
    oct_sha256_text(digest, staged->sha256);
    if (io->fsync(io->context, staged->fd) != 0) {
        return oct_store_fail(error, "fsync", staged->path);
    }
    return OCT_OK;
}

const char *oct_staged_path(const struct oct_staged *staged)
{
    return staged->path;
}

const char *oct_staged_sha256(const struct oct_staged *staged)
{
    return staged->sha256;
}

uint64_t oct_staged_bytes(const struct oct_staged *staged)
{
    return staged->n_bytes;
}

// ----------------------------------------------------------------------------------------------------- publishing

/// Keeps the sweep away from a blob that has no manifest yet, until the staged file is discarded.
static enum oct_status lock_store(struct oct_staged *staged, struct oct_error *error)
{
    const struct oct_store_io *io = staged->store->io;
    if (staged->lock_fd >= 0) {
        return OCT_OK;
    }
    char path[OCT_STORE_PATH_BYTES];
    oct_store_path(staged->store, path, "lock");
    int fd = io->open(io->context, path, O_RDWR | O_CREAT);
    if (fd < 0) {
        return oct_store_fail(error, "open", path);
    }
    if (io->lock(io->context, fd, OCT_STORE_LOCK_SHARED) != 0) {
        enum oct_status status = oct_store_fail(error, "lock", path);
        (void)io->close(io->context, fd);
        return status;
    }
    staged->lock_fd = fd;
    return OCT_OK;
}

enum oct_status oct_staged_put(struct oct_staged *staged, struct oct_error *error)
{
    const struct oct_store_io *io = staged->store->io;
    if (staged->stored) {
        return OCT_OK;
    }
    if (!staged->temporary) {
        return oct_error_set(error, OCT_ERR_IO, "store", OCT_POSITION_NONE, "an earlier attempt to store it failed");
    }
    enum oct_status status = lock_store(staged, error);
    if (status != OCT_OK) {
        return status;
    }
    char blob[OCT_STORE_PATH_BYTES];
    oct_store_blob_path(staged->store, staged->sha256, blob);
    // The same bytes may be there already: replacing them by themselves is harmless and repairs a damaged copy.
    if (io->rename(io->context, staged->path, blob) != 0) {
        return oct_store_fail(error, "rename to", blob);
    }
    staged->temporary = false;
    memcpy(staged->path, blob, sizeof blob);
    int fd = staged->fd;
    staged->fd = -1;
    if (io->close(io->context, fd) != 0) {
        return oct_store_fail(error, "close", blob);
    }
    char folder[OCT_STORE_PATH_BYTES];
    oct_store_path(staged->store, folder, "blobs/sha256");
    status = oct_store_sync_folder(staged->store, folder, error);
    staged->stored = status == OCT_OK;
    return status;
}

/// A durable temporary file with `manifest`. On failure nothing is left.
static enum oct_status write_manifest(struct oct_store *store,
                                      const struct oct_manifest *manifest,
                                      char path[OCT_STORE_PATH_BYTES],
                                      struct oct_error *error)
{
    const struct oct_store_io *io = store->io;
    struct oct_buffer text;
    oct_buffer_init(&text, NULL, MANIFEST_MAX_BYTES);
    int fd = -1;
    enum oct_status status = oct_manifest_write(manifest, &text);
    if (status != OCT_OK) {
        oct_error_set(error, status, "manifest", OCT_POSITION_NONE, "%s", oct_status_text(status));
    } else {
        status = oct_store_temporary(store, path, &fd, error);
    }
    if (status == OCT_OK) {
        status = oct_store_write_all(store, fd, text.data, text.length, error);
        if (status == OCT_OK && io->fsync(io->context, fd) != 0) {
            status = oct_store_fail(error, "fsync", path);
        }
        if (io->close(io->context, fd) != 0 && status == OCT_OK) {
            status = oct_store_fail(error, "close", path);
        }
        if (status != OCT_OK) {
            (void)io->unlink(io->context, path);
        }
    }
    oct_buffer_deinit(&text);
    return status;
}

/// models/<model>, its name durable.
static enum oct_status make_model_folder(const struct oct_store *store,
                                         const char *model,
                                         char folder[OCT_STORE_PATH_BYTES],
                                         struct oct_error *error)
{
    oct_store_path(store, folder, "models/%s", model);
    enum oct_status status = make_folder(store, folder, error);
    if (status == OCT_OK) {
        char models[OCT_STORE_PATH_BYTES];
        oct_store_path(store, models, "models");
        status = oct_store_sync_folder(store, models, error);
    }
    return status;
}

static enum oct_status
link_manifest(struct oct_staged *staged, const struct oct_manifest *manifest, struct oct_error *error)
{
    struct oct_store *store = staged->store;
    const struct oct_store_io *io = store->io;
    char folder[OCT_STORE_PATH_BYTES];
    char temporary[OCT_STORE_PATH_BYTES];
    char path[OCT_STORE_PATH_BYTES];
    oct_store_path(store, path, "models/%s/%llu.json", manifest->model, (unsigned long long)manifest->version);
    enum oct_status status = make_model_folder(store, manifest->model, folder, error);
    if (status == OCT_OK) {
        status = write_manifest(store, manifest, temporary, error);
    }
    if (status != OCT_OK) {
        return status;
    }
    int linked = io->link(io->context, temporary, path);
    if (linked != 0) {
        status = errno == EEXIST ? oct_error_set(error, OCT_ERR_CONFLICT, manifest->model, OCT_POSITION_NONE,
                                                 "version %llu exists already", (unsigned long long)manifest->version)
                                 : oct_store_fail(error, "link", path);
    }
    (void)io->unlink(io->context, temporary); // left behind, it is deleted at the next start
    if (status == OCT_OK) {
        status = oct_store_sync_folder(store, folder, error);
        if (status != OCT_OK) {
            (void)io->unlink(io->context, path);
        }
    }
    return status;
}

enum oct_status
oct_staged_publish(struct oct_staged *staged, const char *model, uint64_t version, struct oct_error *error)
{
    enum oct_status status = oct_staged_put(staged, error);
    if (status != OCT_OK) {
        return status;
    }
    struct oct_manifest manifest = {.version = version, .bytes = staged->n_bytes, .created_s = (int64_t)time(NULL)};
    memcpy(manifest.model, model, strlen(model) + 1);
    memcpy(manifest.sha256, staged->sha256, sizeof manifest.sha256);
    return link_manifest(staged, &manifest, error);
}

void oct_staged_discard(struct oct_staged *staged)
{
    if (staged == NULL) {
        return;
    }
    const struct oct_store_io *io = staged->store->io;
    if (staged->temporary) {
        (void)io->unlink(io->context, staged->path);
    }
    if (staged->fd >= 0) {
        (void)io->close(io->context, staged->fd);
    }
    if (staged->lock_fd >= 0) {
        (void)io->close(io->context, staged->lock_fd);
    }
    oct_sha256_stream_destroy(staged->digest);
    free(staged);
}

enum oct_status oct_store_delete(struct oct_store *store, const char *model, uint64_t version, struct oct_error *error)
{
    const struct oct_store_io *io = store->io;
    struct oct_manifest tombstone = {.version = version, .deleted = true, .created_s = (int64_t)time(NULL)};
    memcpy(tombstone.model, model, strlen(model) + 1);
    char folder[OCT_STORE_PATH_BYTES];
    char temporary[OCT_STORE_PATH_BYTES];
    char path[OCT_STORE_PATH_BYTES];
    oct_store_path(store, path, "models/%s/%llu.json", model, (unsigned long long)version);
    enum oct_status status = make_model_folder(store, model, folder, error);
    if (status == OCT_OK) {
        status = write_manifest(store, &tombstone, temporary, error);
    }
    if (status != OCT_OK) {
        return status;
    }
    if (io->rename(io->context, temporary, path) != 0) {
        status = oct_store_fail(error, "rename to", path);
        (void)io->unlink(io->context, temporary);
        return status;
    }
    return oct_store_sync_folder(store, folder, error);
}
