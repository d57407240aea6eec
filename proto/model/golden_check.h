/// Do a file's golden rows give the outputs whose digests it states? Threads: [one].
#ifndef OCTET_PROTO_MODEL_GOLDEN_CHECK_H
#define OCTET_PROTO_MODEL_GOLDEN_CHECK_H

#include "octet/octet.h"
#include "octet/proto/octet_file.h"

/// @param[out] verdict  a static text: "passed", "skipped"; unchanged on failure
/// Errors: OCT_ERR_INTERNAL (an output differs), OCT_ERR_NOMEM, OCT_ERR_LIMIT.
OCT_NODISCARD enum oct_status octi_golden_check(const struct oct_octet_golden *golden,
                                                struct oct_plan *plan,
                                                const struct oct_allocator *allocator,
                                                const char **verdict,
                                                struct oct_error *error);

#endif
