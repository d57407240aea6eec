/// One option's value from text: what each kind accepts, and the sentence when it does not. Internal to server/config.
/// Threads: [any]; no state. `field` points at the option's field of a struct oct_config.
#ifndef OCTET_SERVER_CONFIG_VALUE_H
#define OCTET_SERVER_CONFIG_VALUE_H

#include "server/config/config.h"

/// TEXT and CHOICE. Errors: OCT_ERR_INVALID (too long, control bytes, no such choice).
OCT_NODISCARD enum oct_status oct_config_set_text(
    const struct oct_config_option *option, char *field, const char *text, const char *origin, struct oct_error *error);
/// NUMBER: decimal digits. BYTES: the same, or with KiB, MiB, GiB behind. Errors: OCT_ERR_INVALID.
OCT_NODISCARD enum oct_status oct_config_parse_number(const struct oct_config_option *option,
                                                      const char *text,
                                                      uint64_t *number,
                                                      const char *origin,
                                                      struct oct_error *error);
/// Checks the bounds and sets. Errors: OCT_ERR_INVALID.
OCT_NODISCARD enum oct_status oct_config_set_number(const struct oct_config_option *option,
                                                    uint64_t *field,
                                                    uint64_t number,
                                                    const char *origin,
                                                    struct oct_error *error);
/// FLAG: true, false, 1, 0. Errors: OCT_ERR_INVALID.
OCT_NODISCARD enum oct_status oct_config_set_flag(
    const struct oct_config_option *option, bool *field, const char *text, const char *origin, struct oct_error *error);

#endif
