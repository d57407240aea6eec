/// Which CPU features may be used: the one place where --isa, cpu.isa and OCT_CPU_MASK meet. Threads: [any].
#ifndef OCTET_SERVER_CONFIG_FEATURES_H
#define OCTET_SERVER_CONFIG_FEATURES_H

#include "octet/cpu.h"

/// The features of this machine, cut to `isa` (a level or a mask, see oct_cpu_mask_parse); when that is NULL or empty,
/// to the variable OCT_CPU_MASK; when that is empty too, uncut. Errors: OCT_ERR_INVALID, which names the source.
OCT_NODISCARD enum oct_status oct_config_cpu_features(const char *isa, uint64_t *features, struct oct_error *error);

#endif
