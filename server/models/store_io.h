/// The system calls of the store, as a table: tests put a shim here that records their order and fails any of them.
/// All return -1 with errno set on failure, like the calls they are named after.
#ifndef OCTET_SERVER_MODELS_STORE_IO_H
#define OCTET_SERVER_MODELS_STORE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum oct_store_lock { OCT_STORE_LOCK_SHARED, OCT_STORE_LOCK_EXCLUSIVE, OCT_STORE_LOCK_TRY_EXCLUSIVE };

struct oct_store_io {
    void *context;
    int (*open)(void *context, const char *path, int flags);
    ssize_t (*read)(void *context, int fd, void *bytes, size_t n_bytes);
    ssize_t (*write)(void *context, int fd, const void *bytes, size_t n_bytes);
    int (*fsync)(void *context, int fd);
    int (*close)(void *context, int fd);
    int (*lock)(void *context, int fd, enum oct_store_lock kind); ///< freed by close, and by the death of the process
    int (*rename)(void *context, const char *from, const char *to);
    int (*link)(void *context, const char *from, const char *to);
    int (*unlink)(void *context, const char *path);
    int (*mkdir)(void *context, const char *path);
    /// A number that changes when the file is replaced.
    int (*stamp)(void *context, const char *path, uint64_t *stamp);
    /// Calls `each` for every entry but those that begin with a dot.
    int (*list)(void *context, const char *path, void (*each)(void *argument, const char *name), void *argument);
};

/// The real thing. Close-on-exec descriptors; new files 0640, new folders 0750.
const struct oct_store_io *oct_store_io_system(void);

#endif
