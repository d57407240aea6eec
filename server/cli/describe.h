/// A model in words: `octet inspect`, as text for people and as JSON. Threads: [one].
#ifndef OCTET_SERVER_CLI_DESCRIBE_H
#define OCTET_SERVER_CLI_DESCRIBE_H

#include "octet/buffer.h"
#include "octet/model.h"

/// @param path  shown as the model's name
/// @param isa   the instruction set its kernels were chosen for
/// Errors: those of the buffer.
OCT_NODISCARD enum oct_status
oct_cli_describe_text(const struct oct_model *model, const char *path, const char *isa, struct oct_buffer *out);
OCT_NODISCARD enum oct_status
oct_cli_describe_json(const struct oct_model *model, const char *path, const char *isa, struct oct_buffer *out);

/// The file's digest as 64 hexadecimal digits and a terminator. Errors: OCT_ERR_NOMEM.
#define OCT_CLI_DIGEST_BYTES 65
OCT_NODISCARD enum oct_status oct_cli_digest_text(const struct oct_model *model, char text[OCT_CLI_DIGEST_BYTES]);

#endif
