#include "server/cli/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)64 << 10)

static enum oct_status refuse(struct oct_error *error, enum oct_status status, const char *path, const char *what)
{
    return oct_error_set(error, status, path, OCT_POSITION_NONE, "%s: %s", what, strerror(errno));
}

enum oct_status oct_cli_file_read(const char *path, struct oct_buffer *out, struct oct_error *error)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return refuse(error, errno == ENOENT ? OCT_ERR_NOT_FOUND : OCT_ERR_IO, path, "cannot open");
    }
    enum oct_status status = OCT_OK;
    for (;;) {
        status = oct_buffer_reserve(out, CHUNK_BYTES < out->max_bytes - out->length ? CHUNK_BYTES : 1);
        if (status != OCT_OK && getc(file) == EOF && !ferror(file)) {
            status = OCT_OK; // the file is exactly as long as may be
            break;
        }
        if (status != OCT_OK) {
            oct_error_set(error, status, path, OCT_POSITION_NONE, "larger than %zu bytes", out->max_bytes);
            break;
        }
        size_t n_read = fread(out->data + out->length, 1, out->capacity - out->length, file);
        out->length += n_read;
        if (n_read == 0) {
            status = ferror(file) ? refuse(error, OCT_ERR_IO, path, "cannot read") : OCT_OK;
            break;
        }
    }
    fclose(file);
    return status;
}

static bool write_all(FILE *file, const void *bytes, size_t n_bytes)
{
    return n_bytes == 0 || fwrite(bytes, 1, n_bytes, file) == n_bytes;
}

enum oct_status oct_cli_file_write(
    const char *path, const void *head, size_t head_bytes, const void *body, size_t body_bytes, struct oct_error *error)
{
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof(temporary)) {
        return oct_error_set(error, OCT_ERR_LIMIT, path, OCT_POSITION_NONE, "the path is too long");
    }
    FILE *file = fopen(temporary, "wb");
    if (file == NULL) {
        return refuse(error, OCT_ERR_IO, path, "cannot create");
    }
    bool complete = write_all(file, head, head_bytes) && write_all(file, body, body_bytes);
    complete = fclose(file) == 0 && complete;
    if (!complete || rename(temporary, path) != 0) {
        refuse(error, OCT_ERR_IO, path, "cannot write");
        unlink(temporary);
        return OCT_ERR_IO;
    }
    return OCT_OK;
}
