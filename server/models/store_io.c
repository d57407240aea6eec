// flock is BSD's: glibc declares it under _DEFAULT_SOURCE.
#define _DEFAULT_SOURCE

#include "server/models/store_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int do_open(void *context, const char *path, int flags)
{
    (void)context;
    int fd;
    do {
        fd = open(path, flags | O_CLOEXEC, 0640);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static ssize_t do_read(void *context, int fd, void *bytes, size_t n_bytes)
{
    (void)context;
    ssize_t n;
    do {
        n = read(fd, bytes, n_bytes);
    } while (n < 0 && errno == EINTR);
    return n;
}

static ssize_t do_write(void *context, int fd, const void *bytes, size_t n_bytes)
{
    (void)context;
    ssize_t n;
    do {
        n = write(fd, bytes, n_bytes);
    } while (n < 0 && errno == EINTR);
    return n;
}

static int do_fsync(void *context, int fd)
{
    (void)context;
    return fsync(fd); // not repeated on any error: the pages may be marked clean by then
}

static int do_close(void *context, int fd)
{
    (void)context;
    return close(fd); // not repeated on EINTR: on Linux the descriptor is gone
}

static int do_lock(void *context, int fd, enum oct_store_lock kind)
{
    (void)context;
    int operation = LOCK_SH;
    if (kind == OCT_STORE_LOCK_EXCLUSIVE) {
        operation = LOCK_EX;
    } else if (kind == OCT_STORE_LOCK_TRY_EXCLUSIVE) {
        operation = LOCK_EX | LOCK_NB;
    }
    int result;
    do {
        result = flock(fd, operation);
    } while (result < 0 && errno == EINTR);
    return result;
}

static int do_rename(void *context, const char *from, const char *to)
{
    (void)context;
    return rename(from, to);
}

static int do_link(void *context, const char *from, const char *to)
{
    (void)context;
    return link(from, to);
}

static int do_unlink(void *context, const char *path)
{
    (void)context;
    return unlink(path);
}

static int do_mkdir(void *context, const char *path)
{
    (void)context;
    return mkdir(path, 0750);
}

static int do_stamp(void *context, const char *path, uint64_t *stamp)
{
    (void)context;
    struct stat info;
    if (stat(path, &info) != 0) {
        return -1;
    }
    // A replaced file is a new inode with a new time; mixing keeps both in one word (odd multipliers: no bit is lost).
    *stamp = (uint64_t)info.st_ino * UINT64_C(0x9e3779b97f4a7c15) ^
             (uint64_t)info.st_mtim.tv_sec * UINT64_C(1000000007) ^ (uint64_t)info.st_mtim.tv_nsec ^
             (uint64_t)info.st_size << 40;
    return 0;
}

static int do_list(void *context, const char *path, void (*each)(void *argument, const char *name), void *argument)
{
    (void)context;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return -1;
    }
    int result = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder); // safe: one thread per DIR
        if (entry == NULL) {
            result = errno == 0 ? 0 : -1;
            break;
        }
        if (entry->d_name[0] != '.') {
            each(argument, entry->d_name);
        }
    }
    int saved = errno;
    closedir(folder);
    errno = saved;
    return result;
}

const struct oct_store_io *oct_store_io_system(void)
{
    static const struct oct_store_io io = {
        .open = do_open,
        .read = do_read,
        .write = do_write,
        .fsync = do_fsync,
        .close = do_close,
        .lock = do_lock,
        .rename = do_rename,
        .link = do_link,
        .unlink = do_unlink,
        .mkdir = do_mkdir,
        .stamp = do_stamp,
        .list = do_list,
    };
    return &io;
}
