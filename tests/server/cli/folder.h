/// A folder of a test's own, and files in it. For tests of server/cli and server/app.
#ifndef OCTET_TESTS_SERVER_CLI_FOLDER_H
#define OCTET_TESTS_SERVER_CLI_FOLDER_H

#include <stdio.h>
#include <sys/stat.h>

#include "server/app/private_store.h"
#include "tests/support/oct_check.h"

#define FOLDER_PATH_BYTES OCT_PRIVATE_STORE_PATH_BYTES

static inline void folder_make(char path[FOLDER_PATH_BYTES])
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_private_store_create(path, &error), &error);
}

static inline void folder_remove(const char *path)
{
    oct_private_store_remove(path);
}

/// Joins `folder` and `name` into a buffer of the caller.
static inline const char *folder_join(const char *folder, const char *name, char out[FOLDER_PATH_BYTES + 64])
{
    snprintf(out, FOLDER_PATH_BYTES + 64, "%s/%s", folder, name);
    return out;
}

static inline void folder_write(const char *path, const void *bytes, size_t n_bytes)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n_bytes, file), n_bytes);
    ck_assert_int_eq(fclose(file), 0);
}

static inline bool folder_has(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

#endif
