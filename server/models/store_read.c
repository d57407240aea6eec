#include "server/models/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "octet/proto/sha256.h"

#define READ_BYTES         ((size_t)1 << 16)
#define MANIFEST_MAX_BYTES ((size_t)64 << 10)
#define MANIFEST_SUFFIX    ".json"
#define MAX_REFERENCED     ((size_t)1 << 20) ///< blobs a sweep can remember: 64 MiB of digests

void oct_store_blob_path(const struct oct_store *store, const char *sha256, char path[OCT_STORE_PATH_BYTES])
{
    oct_store_path(store, path, "blobs/sha256/%s", sha256);
}

// ------------------------------------------------------------------------------------------------------- listing

struct listing {
    const struct oct_store *store;
    const char *model;
    oct_store_visit_fn visit;
    void *context;
    struct oct_error *error;
    enum oct_status status;
};

static void see_manifest(void *argument, const char *name)
{
    struct listing *listing = argument;
    size_t length = strlen(name);
    size_t suffix = sizeof MANIFEST_SUFFIX - 1;
    char digits[OCT_MODEL_VERSION_TEXT_BYTES];
    if (length <= suffix || length - suffix >= sizeof digits ||
        memcmp(name + length - suffix, MANIFEST_SUFFIX, suffix) != 0) {
        return;
    }
    memcpy(digits, name, length - suffix);
    digits[length - suffix] = '\0';
    uint64_t version = 0;
    if (oct_model_version_parse(digits, &version, NULL) == OCT_OK) {
        listing->visit(listing->context, listing->model, version);
    }
}

static void see_model(void *argument, const char *name)
{
    struct listing *listing = argument;
    if (oct_model_name_check(name, NULL) != OCT_OK) {
        return;
    }
    const struct oct_store_io *io = listing->store->io;
    char path[OCT_STORE_PATH_BYTES];
    oct_store_path(listing->store, path, "models/%s", name);
    listing->model = name;
    if (io->list(io->context, path, see_manifest, listing) != 0 && errno != ENOENT && errno != ENOTDIR) {
        listing->status = oct_store_fail(listing->error, "list", path);
    }
}

enum oct_status oct_store_each(
    const struct oct_store *store, const char *model, oct_store_visit_fn visit, void *context, struct oct_error *error)
{
    struct listing listing = {.store = store, .visit = visit, .context = context, .error = error};
    if (model != NULL) {
        see_model(&listing, model);
        return listing.status;
    }
    char path[OCT_STORE_PATH_BYTES];
    oct_store_path(store, path, "models");
    if (store->io->list(store->io->context, path, see_model, &listing) != 0) {
        return oct_store_fail(error, "list", path);
    }
    return listing.status;
}

// ----------------------------------------------------------------------------------------------------- manifests

static enum oct_status
read_small_file(const struct oct_store *store, const char *path, struct oct_buffer *out, struct oct_error *error)
{
    const struct oct_store_io *io = store->io;
    int fd = io->open(io->context, path, O_RDONLY);
    if (fd < 0) {
        return errno == ENOENT ? oct_error_set(error, OCT_ERR_NOT_FOUND, "store", OCT_POSITION_NONE, "no %s", path)
                               : oct_store_fail(error, "open", path);
    }
    char bytes[1024];
    ssize_t n = 0;
    enum oct_status status = OCT_OK;
    while (status == OCT_OK && (n = io->read(io->context, fd, bytes, sizeof bytes)) > 0) {
        status = oct_buffer_append(out, bytes, (size_t)n);
        if (status == OCT_ERR_LIMIT) {
            status = OCT_ERR_CORRUPT;
        }
        if (status != OCT_OK) {
            oct_error_set(error, status, NULL, OCT_POSITION_NONE, "too long for a manifest");
        }
    }
    if (status == OCT_OK && n < 0) {
        status = oct_store_fail(error, "read", path);
    }
    (void)io->close(io->context, fd);
    return status;
}

enum oct_status oct_store_manifest(const struct oct_store *store,
                                   const char *model,
                                   uint64_t version,
                                   struct oct_manifest *manifest,
                                   struct oct_error *error)
{
    char path[OCT_STORE_PATH_BYTES];
    oct_store_path(store, path, "models/%s/%llu.json", model, (unsigned long long)version);
    struct oct_buffer text;
    oct_buffer_init(&text, NULL, MANIFEST_MAX_BYTES);
    enum oct_status status = read_small_file(store, path, &text, error);
    if (status == OCT_OK) {
        const char *bytes = text.length > 0 ? (const char *)text.data : "";
        status = oct_manifest_read(bytes, text.length, model, version, manifest, error);
    }
    if (status != OCT_OK && status != OCT_ERR_IO && status != OCT_ERR_NOT_FOUND) {
        // Clients are told what is wrong with a model: which file, not where the store lies.
        oct_error_prefix(error, "models/%s/%llu.json", model, (unsigned long long)version);
    }
    oct_buffer_deinit(&text);
    return status;
}

enum oct_status oct_store_stamp(const struct oct_store *store, const char *model, uint64_t version, uint64_t *stamp)
{
    char path[OCT_STORE_PATH_BYTES];
    if (version == 0) {
        oct_store_path(store, path, "models/%s", model);
    } else {
        oct_store_path(store, path, "models/%s/%llu.json", model, (unsigned long long)version);
    }
    return store->io->stamp(store->io->context, path, stamp) == 0 ? OCT_OK : OCT_ERR_NOT_FOUND;
}

// --------------------------------------------------------------------------------------------- damage and left-overs

/// The digest of what is left to read of `fd`.
static enum oct_status digest_file(
    const struct oct_store *store, int fd, const char *path, char text[OCT_SHA256_TEXT_BYTES], struct oct_error *error)
{
    const struct oct_store_io *io = store->io;
    uint8_t *bytes = malloc(READ_BYTES);
    struct oct_sha256_stream *stream = NULL;
    uint8_t digest[OCT_SHA256_BYTES];
    ssize_t n = 0;
    enum oct_status status = bytes == NULL ? OCT_ERR_NOMEM : oct_sha256_stream_create(&stream);
    while (status == OCT_OK && (n = io->read(io->context, fd, bytes, READ_BYTES)) > 0) {
        oct_sha256_stream_add(stream, bytes, (size_t)n);
    }
    if (status == OCT_OK && n < 0) {
        status = oct_store_fail(error, "read", path);
    }
    if (status == OCT_OK) {
        status = oct_sha256_stream_finish(stream, digest);
    }
    if (status == OCT_OK) {
        oct_sha256_text(digest, text);
    } else {
        oct_error_set(error, status, "store", OCT_POSITION_NONE, "%s: %s", path, oct_status_text(status));
    }
    oct_sha256_stream_destroy(stream);
    free(bytes);
    return status;
}

enum oct_status oct_store_verify(const struct oct_store *store, const char *sha256, struct oct_error *error)
{
    const struct oct_store_io *io = store->io;
    char path[OCT_STORE_PATH_BYTES];
    oct_store_blob_path(store, sha256, path);
    int fd = io->open(io->context, path, O_RDONLY);
    if (fd < 0) {
        return errno == ENOENT ? oct_error_set(error, OCT_ERR_NOT_FOUND, "store", OCT_POSITION_NONE, "no %s", path)
                               : oct_store_fail(error, "open", path);
    }
    char text[OCT_SHA256_TEXT_BYTES];
    enum oct_status status = digest_file(store, fd, path, text, error);
    (void)io->close(io->context, fd);
    if (status == OCT_OK && strcmp(text, sha256) != 0) {
        status = oct_error_set(error, OCT_ERR_CORRUPT, "store", OCT_POSITION_NONE,
                               "%s has other bytes: their digest is %s", path, text);
    }
    return status;
}

enum oct_status oct_store_quarantine(struct oct_store *store, const char *sha256, struct oct_error *error)
{
    char from[OCT_STORE_PATH_BYTES];
    char to[OCT_STORE_PATH_BYTES];
    oct_store_blob_path(store, sha256, from);
    oct_store_path(store, to, "quarantine/%s", sha256);
    if (store->io->rename(store->io->context, from, to) != 0) {
        return oct_store_fail(error, "rename to", to);
    }
    return OCT_OK;
}

static void delete_if_abandoned(void *argument, const char *name)
{
    struct oct_store *store = argument;
    const struct oct_store_io *io = store->io;
    if (strlen(name) >= OCT_STORE_TAIL_BYTES / 2) {
        return; // not one of ours
    }
    char path[OCT_STORE_PATH_BYTES];
    oct_store_path(store, path, "tmp/%s", name);
    int fd = io->open(io->context, path, O_RDWR);
    if (fd < 0) {
        return;
    }
    if (io->lock(io->context, fd, OCT_STORE_LOCK_TRY_EXCLUSIVE) == 0) {
        (void)io->unlink(io->context, path);
    }
    (void)io->close(io->context, fd);
}

void oct_store_recover(struct oct_store *store)
{
    char path[OCT_STORE_PATH_BYTES];
    oct_store_path(store, path, "tmp");
    // What cannot be listed or deleted costs disk space, nothing else: the next start tries again.
    (void)store->io->list(store->io->context, path, delete_if_abandoned, store);
}

struct sweep {
    struct oct_store *store;
    char (*referenced)[OCT_SHA256_TEXT_BYTES];
    size_t n, capacity;
    size_t n_deleted;
    bool failed;
};

static void remember(void *context, const char *model, uint64_t version)
{
    struct sweep *sweep = context;
    struct oct_manifest manifest;
    if (sweep->failed || oct_store_manifest(sweep->store, model, version, &manifest, NULL) != OCT_OK) {
        sweep->failed = true;
        return;
    }
    if (manifest.deleted) {
        return;
    }
    if (sweep->n == sweep->capacity) {
        size_t capacity = sweep->capacity == 0 ? 64 : sweep->capacity * 2;
        void *grown =
            capacity > MAX_REFERENCED ? NULL : realloc(sweep->referenced, capacity * sizeof *sweep->referenced);
        if (grown == NULL) {
            sweep->failed = true;
            return;
        }
        sweep->referenced = grown;
        sweep->capacity = capacity;
    }
    memcpy(sweep->referenced[sweep->n++], manifest.sha256, OCT_SHA256_TEXT_BYTES);
}

static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, OCT_SHA256_TEXT_BYTES);
}

static void delete_unless_referenced(void *argument, const char *name)
{
    struct sweep *sweep = argument;
    if (strlen(name) != OCT_SHA256_TEXT_BYTES - 1 ||
        (sweep->n > 0 &&
         bsearch(name, sweep->referenced, sweep->n, sizeof *sweep->referenced, compare_digests) != NULL)) {
        return;
    }
    char path[OCT_STORE_PATH_BYTES];
    oct_store_blob_path(sweep->store, name, path);
    sweep->n_deleted += sweep->store->io->unlink(sweep->store->io->context, path) == 0 ? 1 : 0;
}

size_t oct_store_sweep(struct oct_store *store)
{
    const struct oct_store_io *io = store->io;
    struct sweep sweep = {.store = store};
    char path[OCT_STORE_PATH_BYTES];
    oct_store_path(store, path, "lock");
    int fd = io->open(io->context, path, O_RDWR | O_CREAT);
    if (fd < 0) {
        return 0;
    }
    if (io->lock(io->context, fd, OCT_STORE_LOCK_TRY_EXCLUSIVE) == 0 &&
        oct_store_each(store, NULL, remember, &sweep, NULL) == OCT_OK && !sweep.failed) {
        if (sweep.n > 0) {
            qsort(sweep.referenced, sweep.n, sizeof *sweep.referenced, compare_digests);
        }
        oct_store_path(store, path, "blobs/sha256");
        (void)io->list(io->context, path, delete_unless_referenced, &sweep);
    }
    (void)io->close(io->context, fd);
    free(sweep.referenced);
    return sweep.n_deleted;
}
