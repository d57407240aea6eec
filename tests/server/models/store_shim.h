/// A shim under the store: passes calls to the system, records them as one line each, and can fail one call, or all
/// calls from one on, as if the process had been killed there.
#ifndef OCTET_TESTS_SERVER_MODELS_STORE_SHIM_H
#define OCTET_TESTS_SERVER_MODELS_STORE_SHIM_H

#include "tests/support/oct_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/models/store_io.h"

#define SHIM_MAX_LINES    512
#define SHIM_LINE_BYTES   160
#define SHIM_MAX_FDS      1024
#define SHIM_NEVER        SIZE_MAX
#define SHIM_MAX_VOLATILE 64

struct store_shim {
    struct oct_store_io io;
    char root[96]; ///< cut off the front of recorded paths
    size_t n_calls;
    size_t fail_at;   ///< this call fails with EIO
    size_t killed_at; ///< this call and all after it fail
    bool failed;      ///< a call was failed
    size_t n_lines;
    char lines[SHIM_MAX_LINES][SHIM_LINE_BYTES];
    char paths[SHIM_MAX_FDS][SHIM_LINE_BYTES]; ///< of open descriptors
    size_t n_dirty, n_pending;
    char dirty[SHIM_MAX_VOLATILE][SHIM_LINE_BYTES];   ///< files whose bytes were not synced
    char pending[SHIM_MAX_VOLATILE][SHIM_LINE_BYTES]; ///< names whose folder was not synced
};

static inline const char *shim_tail(const struct store_shim *shim, const char *path)
{
    size_t length = strlen(shim->root);
    return strncmp(path, shim->root, length) == 0 ? path + length : path;
}

static inline bool shim_holds(char list[][SHIM_LINE_BYTES], size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static inline void shim_add(char list[][SHIM_LINE_BYTES], size_t *n, const char *path)
{
    if (*n < SHIM_MAX_VOLATILE && !shim_holds(list, *n, path)) {
        snprintf(list[(*n)++], SHIM_LINE_BYTES, "%s", path);
    }
}

static inline void shim_remove(char list[][SHIM_LINE_BYTES], size_t *n, const char *path)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(list[i], path) == 0) {
            memmove(list[i], list[--*n], SHIM_LINE_BYTES);
            return;
        }
    }
}

/// Where the file that a rename replaced is kept until the rename is durable: "<root>/.kept+models+m+1.json".
static inline void shim_kept_path(const struct store_shim *shim, const char *name, char out[2 * SHIM_LINE_BYTES])
{
    snprintf(out, 2 * SHIM_LINE_BYTES, "%s.kept+%s", shim->root, name);
    for (char *c = out + strlen(shim->root); *c != '\0'; c++) {
        *c = *c == '/' ? '+' : *c;
    }
}

/// `folder` was synced: the names in it are durable.
static inline void shim_settle(struct store_shim *shim, const char *folder)
{
    size_t length = strlen(folder);
    bool is_root = strncmp(shim->root, folder, length) == 0 && strcmp(shim->root + length, "/") == 0;
    for (size_t i = 0; i < shim->n_pending;) {
        const char *name = shim->pending[i];
        bool inside = is_root ? strchr(name, '/') == NULL
                              : strncmp(name, folder, length) == 0 && name[length] == '/' &&
                                    strchr(name + length + 1, '/') == NULL;
        if (inside) {
            char kept[2 * SHIM_LINE_BYTES];
            shim_kept_path(shim, name, kept);
            (void)unlink(kept);
            memmove(shim->pending[i], shim->pending[--shim->n_pending], SHIM_LINE_BYTES);
        } else {
            i++;
        }
    }
}

/// Does what a loss of power may do at worst, after the last call that went through.
static inline void shim_lose_power(struct store_shim *shim)
{
    char command[8 * SHIM_LINE_BYTES];
    for (size_t i = 0; i < shim->n_dirty; i++) {
        snprintf(command, sizeof command, "cd '%s' && test ! -e '%s' || : > '%s'", shim->root, shim->dirty[i],
                 shim->dirty[i]);
        ck_assert_int_eq(system(command), 0);
    }
    for (size_t i = 0; i < shim->n_pending; i++) {
        if (strncmp(shim->pending[i], "tmp/", 4) == 0) {
            continue; // the next start deletes these anyway
        }
        char kept[2 * SHIM_LINE_BYTES];
        shim_kept_path(shim, shim->pending[i], kept);
        snprintf(command, sizeof command, "cd '%s' && { mv -f '%s' '%s' 2>/dev/null || rm -rf '%s'; }", shim->root,
                 kept, shim->pending[i], shim->pending[i]);
        ck_assert_int_eq(system(command), 0);
    }
}

/// True when the call goes through.
static inline bool shim_pass(struct store_shim *shim, const char *verb, const char *path)
{
    size_t call = shim->n_calls++;
    bool pass = call != shim->fail_at && call < shim->killed_at;
    if (shim->n_lines < SHIM_MAX_LINES) {
        snprintf(shim->lines[shim->n_lines++], SHIM_LINE_BYTES, "%s %s%s", verb, shim_tail(shim, path),
                 pass ? "" : " !");
    }
    if (!pass) {
        shim->failed = true;
        errno = EIO;
    }
    return pass;
}

static inline int shim_open(void *context, const char *path, int flags)
{
    struct store_shim *shim = context;
    if (!shim_pass(shim, "open", path)) {
        return -1;
    }
    int fd = oct_store_io_system()->open(NULL, path, flags);
    if (fd >= 0 && fd < SHIM_MAX_FDS) {
        snprintf(shim->paths[fd], SHIM_LINE_BYTES, "%s", shim_tail(shim, path));
    }
    if (fd >= 0 && (flags & O_EXCL) != 0) {
        shim_add(shim->pending, &shim->n_pending, shim_tail(shim, path));
    }
    return fd;
}

static inline const char *shim_path_of(const struct store_shim *shim, int fd)
{
    return fd >= 0 && fd < SHIM_MAX_FDS ? shim->paths[fd] : "?";
}

static inline ssize_t shim_read(void *context, int fd, void *bytes, size_t n_bytes)
{
    struct store_shim *shim = context;
    return shim_pass(shim, "read", shim_path_of(shim, fd)) ? oct_store_io_system()->read(NULL, fd, bytes, n_bytes) : -1;
}

static inline ssize_t shim_write(void *context, int fd, const void *bytes, size_t n_bytes)
{
    struct store_shim *shim = context;
    if (!shim_pass(shim, "write", shim_path_of(shim, fd))) {
        return -1;
    }
    shim_add(shim->dirty, &shim->n_dirty, shim_path_of(shim, fd));
    return oct_store_io_system()->write(NULL, fd, bytes, n_bytes);
}

static inline int shim_fsync(void *context, int fd)
{
    struct store_shim *shim = context;
    if (!shim_pass(shim, "fsync", shim_path_of(shim, fd))) {
        return -1;
    }
    shim_remove(shim->dirty, &shim->n_dirty, shim_path_of(shim, fd));
    shim_settle(shim, shim_path_of(shim, fd));
    return oct_store_io_system()->fsync(NULL, fd);
}

static inline int shim_close(void *context, int fd)
{
    struct store_shim *shim = context;
    bool pass = shim_pass(shim, "close", shim_path_of(shim, fd));
    int result = oct_store_io_system()->close(NULL, fd); // a killed process closes too
    if (!pass) {
        errno = EIO;
    }
    return pass ? result : -1;
}

static inline int shim_lock(void *context, int fd, enum oct_store_lock kind)
{
    struct store_shim *shim = context;
    return shim_pass(shim, "lock", shim_path_of(shim, fd)) ? oct_store_io_system()->lock(NULL, fd, kind) : -1;
}

/// The file of one name got another.
static inline void shim_named(struct store_shim *shim, const char *from, const char *to)
{
    shim_add(shim->pending, &shim->n_pending, shim_tail(shim, to));
    if (shim_holds(shim->dirty, shim->n_dirty, shim_tail(shim, from))) {
        shim_add(shim->dirty, &shim->n_dirty, shim_tail(shim, to));
    }
}

static inline int shim_rename(void *context, const char *from, const char *to)
{
    struct store_shim *shim = context;
    if (!shim_holds(shim->pending, shim->n_pending, shim_tail(shim, to))) {
        char kept[2 * SHIM_LINE_BYTES];
        shim_kept_path(shim, shim_tail(shim, to), kept);
        int ignored = link(to, kept); // fails when there is nothing to keep
        (void)ignored;
    }
    int result = shim_pass(shim, "rename", to) ? oct_store_io_system()->rename(NULL, from, to) : -1;
    if (result == 0) {
        shim_named(shim, from, to);
    }
    return result;
}

static inline int shim_link(void *context, const char *from, const char *to)
{
    struct store_shim *shim = context;
    int result = shim_pass(shim, "link", to) ? oct_store_io_system()->link(NULL, from, to) : -1;
    if (result == 0) {
        shim_named(shim, from, to);
    }
    return result;
}

static inline int shim_unlink(void *context, const char *path)
{
    struct store_shim *shim = context;
    return shim_pass(shim, "unlink", path) ? oct_store_io_system()->unlink(NULL, path) : -1;
}

static inline int shim_mkdir(void *context, const char *path)
{
    struct store_shim *shim = context;
    int result = shim_pass(shim, "mkdir", path) ? oct_store_io_system()->mkdir(NULL, path) : -1;
    if (result == 0) {
        shim_add(shim->pending, &shim->n_pending, shim_tail(shim, path));
    }
    return result;
}

static inline int shim_stamp(void *context, const char *path, uint64_t *stamp)
{
    struct store_shim *shim = context;
    return shim_pass(shim, "stamp", path) ? oct_store_io_system()->stamp(NULL, path, stamp) : -1;
}

static inline int
shim_list(void *context, const char *path, void (*each)(void *argument, const char *name), void *argument)
{
    struct store_shim *shim = context;
    return shim_pass(shim, "list", path) ? oct_store_io_system()->list(NULL, path, each, argument) : -1;
}

static inline void store_shim_init(struct store_shim *shim, const char *root)
{
    memset(shim, 0, sizeof *shim);
    snprintf(shim->root, sizeof shim->root, "%s/", root);
    shim->fail_at = SHIM_NEVER;
    shim->killed_at = SHIM_NEVER;
    shim->io = (struct oct_store_io){
        .context = shim,
        .open = shim_open,
        .read = shim_read,
        .write = shim_write,
        .fsync = shim_fsync,
        .close = shim_close,
        .lock = shim_lock,
        .rename = shim_rename,
        .link = shim_link,
        .unlink = shim_unlink,
        .mkdir = shim_mkdir,
        .stamp = shim_stamp,
        .list = shim_list,
    };
}

/// Index of the first recorded line from `from` on that begins with `text`; SHIM_NEVER when there is none.
static inline size_t shim_find(const struct store_shim *shim, size_t from, const char *text)
{
    for (size_t i = from; i < shim->n_lines; i++) {
        if (strncmp(shim->lines[i], text, strlen(text)) == 0) {
            return i;
        }
    }
    return SHIM_NEVER;
}

#endif
