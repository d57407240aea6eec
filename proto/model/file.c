#include "proto/model/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum oct_status fail_system(const char *path, const char *what, struct oct_error *error)
{
    int cause = errno;
    char text[128];
    if (strerror_r(cause, text, sizeof text) != 0) {
        text[0] = '\0';
    }
    enum oct_status status = cause == ENOENT || cause == ENOTDIR ? OCT_ERR_NOT_FOUND : OCT_ERR_IO;
    return oct_error_set(error, status, path, OCT_POSITION_NONE, "%s: %s", what, text);
}

/// Reads exactly `n_bytes`; a file that has become shorter is an error.
static enum oct_status read_exactly(int fd, const char *path, uint8_t *bytes, size_t n_bytes, struct oct_error *error)
{
    for (size_t done = 0; done < n_bytes;) {
        ssize_t n = read(fd, bytes + done, n_bytes - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return fail_system(path, "cannot read", error);
        }
        if (n == 0) {
            return oct_error_set(error, OCT_ERR_IO, path, (int64_t)done, "the file became shorter while it was read");
        }
        done += (size_t)n;
    }
    return OCT_OK;
}

static enum oct_status
check_kind(int fd, const char *path, uint64_t max_bytes, size_t *n_bytes, struct oct_error *error)
{
    struct stat about;
    if (fstat(fd, &about) != 0) {
        return fail_system(path, "cannot stat", error);
    }
    if (!S_ISREG(about.st_mode)) {
        return oct_error_set(error, OCT_ERR_INVALID, path, OCT_POSITION_NONE, "not a regular file");
    }
    uint64_t size = (uint64_t)about.st_size;
    if (size > max_bytes || size >= SIZE_MAX - OCTI_FILE_TAIL_BYTES) {
        return oct_error_set(error, OCT_ERR_LIMIT, path, OCT_POSITION_NONE, "%llu bytes, at most %llu are read",
                             (unsigned long long)size, (unsigned long long)max_bytes);
    }
    *n_bytes = (size_t)size;
    return OCT_OK;
}

enum oct_status octi_file_read(const char *path,
                               uint64_t max_bytes,
                               const struct oct_allocator *allocator,
                               uint8_t **bytes,
                               size_t *n_bytes,
                               struct oct_error *error)
{
    *bytes = NULL;
    // Not blocking: the name may be a FIFO's, which is then refused by its kind.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return fail_system(path, "cannot open", error);
    }
    enum oct_status status = check_kind(fd, path, max_bytes, n_bytes, error);
    uint8_t *made = NULL;
    if (status == OCT_OK) {
        size_t all = *n_bytes + OCTI_FILE_TAIL_BYTES;
        made = allocator->allocate(allocator->context, all, oct_align_of(all));
        status = made != NULL ? read_exactly(fd, path, made, *n_bytes, error)
                              : oct_error_set(error, OCT_ERR_NOMEM, path, OCT_POSITION_NONE, "no memory for %zu bytes",
                                              *n_bytes);
    }
    (void)close(fd);
    if (status != OCT_OK) {
        if (made != NULL) {
            allocator->release(allocator->context, made, *n_bytes + OCTI_FILE_TAIL_BYTES);
        }
        return status;
    }
    memset(made + *n_bytes, 0, OCTI_FILE_TAIL_BYTES);
    *bytes = made;
    return OCT_OK;
}
