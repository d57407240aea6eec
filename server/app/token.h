/// The management token: read from a file, kept only as its SHA-256. Threads: [one].
#ifndef OCTET_SERVER_APP_TOKEN_H
#define OCTET_SERVER_APP_TOKEN_H

#include "octet/model.h"

/// Shorter ones can be guessed over the network.
#define OCT_TOKEN_MIN_BYTES 16
#define OCT_TOKEN_MAX_BYTES 1024

/// Reads `path`: one line of printable ASCII without spaces; blanks and line ends around it are dropped.
/// Errors: OCT_ERR_NOT_FOUND, OCT_ERR_IO, OCT_ERR_FORBIDDEN (others may read the file), OCT_ERR_INVALID (length,
/// characters), OCT_ERR_NOMEM. No message holds any of the token.
OCT_NODISCARD enum oct_status
oct_token_read(const char *path, uint8_t digest[OCT_SHA256_BYTES], struct oct_error *error);

#endif
