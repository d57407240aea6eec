/// What a model and a version may be called. Names become file names in the store, so the rule is strict and checked
/// before anything else looks at them. Threads: [any].
#ifndef OCTET_SERVER_MODELS_NAMES_H
#define OCTET_SERVER_MODELS_NAMES_H

#include "octet/status.h"

#define OCT_MODEL_NAME_MAX_BYTES 128
/// 15 digits: room for a time stamp as a version, exact as a JSON number everywhere.
#define OCT_MODEL_VERSION_MAX        UINT64_C(999999999999999)
#define OCT_MODEL_VERSION_TEXT_BYTES 16

/// `[A-Za-z0-9._-]{1,128}`, not starting with a dot. OCT_ERR_INVALID says what is wrong.
OCT_NODISCARD enum oct_status oct_model_name_check(const char *name, struct oct_error *error);
/// "1".."999999999999999", digits only, no leading zero. OCT_ERR_INVALID.
OCT_NODISCARD enum oct_status oct_model_version_parse(const char *text, uint64_t *version, struct oct_error *error);

#endif
