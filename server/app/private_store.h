/// A store for a server that was given none: a folder of its own for uploads, gone when the server ends. Threads:
/// [one].
#ifndef OCTET_SERVER_APP_PRIVATE_STORE_H
#define OCTET_SERVER_APP_PRIVATE_STORE_H

#include "octet/status.h"

#define OCT_PRIVATE_STORE_PATH_BYTES 1024

/// Makes <TMPDIR or /tmp>/octet-store-XXXXXX, readable by this user only. Errors: OCT_ERR_IO (a read-only root, for
/// one).
OCT_NODISCARD enum oct_status oct_private_store_create(char path[OCT_PRIVATE_STORE_PATH_BYTES],
                                                       struct oct_error *error);
/// Removes the folder with all that is in it; follows no link. An empty path does nothing.
void oct_private_store_remove(const char *path);

#endif
