// nftw is an X/Open function.
#define _XOPEN_SOURCE 700
#include "server/app/private_store.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Folders held open while walking; a store is four deep.
#define WALK_DESCRIPTORS 8

enum oct_status oct_private_store_create(char path[OCT_PRIVATE_STORE_PATH_BYTES], struct oct_error *error)
{
    const char *parent = getenv("TMPDIR");
    parent = parent != NULL && parent[0] != 0 ? parent : "/tmp";
    int length = snprintf(path, OCT_PRIVATE_STORE_PATH_BYTES, "%s/octet-store-XXXXXX", parent);
    if (length < 0 || length >= OCT_PRIVATE_STORE_PATH_BYTES || mkdtemp(path) == NULL) {
        path[0] = 0;
        return oct_error_set(error, OCT_ERR_IO, parent, OCT_POSITION_NONE, "cannot make a temporary store: %s",
                             strerror(errno));
    }
    return OCT_OK;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *position)
{
    (void)info;
    (void)type;
    (void)position;
    return remove(path);
}

void oct_private_store_remove(const char *path)
{
    if (path[0] != 0) {
        // Children first; what cannot be removed is left for the system's cleaning of temporary files.
        (void)nftw(path, remove_entry, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
    }
}
