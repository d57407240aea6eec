/// A store in a folder of its own, with a shim to put under it.
#ifndef OCTET_TESTS_SERVER_MODELS_STORE_SITE_H
#define OCTET_TESTS_SERVER_MODELS_STORE_SITE_H

#include "tests/support/oct_check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "octet/proto/sha256.h"
#include "server/models/store.h"
#include "tests/server/models/store_shim.h"

static char root[64];
static struct store_shim shim;
static const char content[] = "not a model, but bytes are bytes to the store";
static char content_sha256[OCT_SHA256_TEXT_BYTES];

static inline void make_root(void)
{
    uint8_t digest[OCT_SHA256_BYTES];
    ck_assert_status_ok(oct_sha256(content, sizeof content, digest));
    oct_sha256_text(digest, content_sha256);
    snprintf(root, sizeof root, "/tmp/octet-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    store_shim_init(&shim, root);
}

static inline void empty_root(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    ck_assert_int_eq(system(command), 0);
}

static inline struct oct_store *open_store(const struct oct_store_io *io)
{
    struct oct_store *store = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_store_open(root, io, &store, &error), &error);
    return store;
}

/// Stages `content` and publishes it.
static inline enum oct_status put(struct oct_store *store, const char *model, uint64_t version, struct oct_error *error)
{
    struct oct_staged *staged = NULL;
    enum oct_status status = oct_store_stage(store, &staged, error);
    if (status == OCT_OK) {
        status = oct_staged_write(staged, content, 10, error);
    }
    if (status == OCT_OK) {
        status = oct_staged_write(staged, content + 10, sizeof content - 10, error);
    }
    if (status == OCT_OK) {
        status = oct_staged_seal(staged, error);
    }
    if (status == OCT_OK) {
        status = oct_staged_publish(staged, model, version, error);
    }
    oct_staged_discard(staged);
    return status;
}

static inline size_t count_files(const char *folder)
{
    char command[160];
    snprintf(command, sizeof command, "find '%s/%s' -type f | wc -l", root, folder);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    size_t count = 0;
    ck_assert_int_eq(fscanf(pipe, "%zu", &count), 1);
    pclose(pipe);
    return count;
}

static inline void write_file(const char *tail, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, tail);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

#endif
