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

static enum oct_status
check_kind(int fd, const char *path, uint64_t max_bytes, uint64_t *n_bytes, struct oct_error *error)
{
    struct stat about;
    if (fstat(fd, &about) != 0) {
        return fail_system(path, "cannot stat", error);
    }
    if (!S_ISREG(about.st_mode)) {
        return oct_error_set(error, OCT_ERR_INVALID, path, OCT_POSITION_NONE, "not a regular file");
    }
    uint64_t size = (uint64_t)about.st_size;
    if (size > max_bytes) {
        return oct_error_set(error, OCT_ERR_LIMIT, path, OCT_POSITION_NONE, "%llu bytes, at most %llu are read",
                             (unsigned long long)size, (unsigned long long)max_bytes);
    }
    *n_bytes = size;
    return OCT_OK;
}

// A file that has become shorter is an error.
static enum oct_status
read_exactly(void *context, uint64_t offset, void *bytes, size_t n_bytes, struct oct_error *error)
{
    const struct octi_file *file = context;
    for (size_t done = 0; done < n_bytes;) {
        ssize_t n = pread(file->fd, (uint8_t *)bytes + done, n_bytes - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return fail_system(NULL, "cannot read", error);
        }
        if (n == 0) {
            return oct_error_set(error, OCT_ERR_IO, NULL, (int64_t)(offset + done),
                                 "the file became shorter while it was read");
        }
        done += (size_t)n;
    }
    return OCT_OK;
}

enum oct_status octi_file_open(struct octi_file *file, const char *path, uint64_t max_bytes, struct oct_error *error)
{
    // Not blocking: the name may be a FIFO's, which is then refused by its kind.
    *file = (struct octi_file){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    file->source = (struct oct_constant_source){file, read_exactly};
    if (file->fd < 0) {
        return fail_system(path, "cannot open", error);
    }
    enum oct_status status = check_kind(file->fd, path, max_bytes, &file->n_bytes, error);
    if (status != OCT_OK) {
        octi_file_close(file);
    }
    return status;
}

void octi_file_close(struct octi_file *file)
{
    if (file->fd >= 0) {
        (void)close(file->fd);
        file->fd = -1;
    }
}
