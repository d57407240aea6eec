#include "server/app/token.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "octet/proto/sha256.h"

static enum oct_status refuse(struct oct_error *error, enum oct_status status, const char *path, const char *what)
{
    return oct_error_set(error, status, path, OCT_POSITION_NONE, "token file: %s", what);
}

/// Reads at most `capacity` bytes of a file whose permissions are right.
static enum oct_status
read_private(const char *path, char *text, size_t capacity, size_t *length, struct oct_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return refuse(error, errno == ENOENT ? OCT_ERR_NOT_FOUND : OCT_ERR_IO, path, strerror(errno));
    }
    struct stat info;
    enum oct_status status = OCT_OK;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        status = refuse(error, OCT_ERR_IO, path, "not a regular file");
    } else if ((info.st_mode & S_IRWXO) != 0) {
        status = refuse(error, OCT_ERR_FORBIDDEN, path, "others may read it; chmod o-rwx");
    }
    *length = 0;
    while (status == OCT_OK && *length < capacity) {
        ssize_t n_read = read(fd, text + *length, capacity - *length);
        if (n_read == 0) {
            break;
        }
        if (n_read > 0) {
            *length += (size_t)n_read;
        } else if (errno != EINTR) {
            status = refuse(error, OCT_ERR_IO, path, strerror(errno));
        }
    }
    close(fd);
    return status;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum oct_status oct_token_read(const char *path, uint8_t digest[OCT_SHA256_BYTES], struct oct_error *error)
{
    char text[OCT_TOKEN_MAX_BYTES + 64]; // room for blanks around the longest token
    size_t end = 0, begin = 0;
    enum oct_status status = read_private(path, text, sizeof(text), &end, error);
    if (status != OCT_OK) {
        return status;
    }
    while (begin < end && is_blank(text[begin])) {
        begin += 1;
    }
    while (end > begin && is_blank(text[end - 1])) {
        end -= 1;
    }
    if (end - begin < OCT_TOKEN_MIN_BYTES || end - begin > OCT_TOKEN_MAX_BYTES) {
        return oct_error_set(error, OCT_ERR_INVALID, path, OCT_POSITION_NONE,
                             "token file: expected a token of %d to %d characters, found %zu", OCT_TOKEN_MIN_BYTES,
                             OCT_TOKEN_MAX_BYTES, end - begin);
    }
    for (size_t i = begin; i < end; ++i) {
        if (text[i] <= ' ' || text[i] > '~') {
            return refuse(error, OCT_ERR_INVALID, path, "expected one line of printable characters without spaces");
        }
    }
    status = oct_sha256(text + begin, end - begin, digest);
    return status == OCT_OK ? OCT_OK : refuse(error, status, path, "cannot compute its digest");
}
