/// What this machine reaches on one core: a quantized linear layer large enough to be bound by arithmetic. Threads:
/// [one].
#ifndef OCTET_SERVER_CLI_PROBE_H
#define OCTET_SERVER_CLI_PROBE_H

#include "octet/status.h"

/// 64 rows by 1024 by 1024: the weights stay in the second-level cache, and every byte of them is used 64 times.
#define OCT_PROBE_ROWS  64
#define OCT_PROBE_WIDTH 1024

/// Billions of operations (a multiplication or an addition) a second with kernels for `features`; the median run.
/// Errors: OCT_ERR_NOMEM; those of building a plan would be a fault of ours: OCT_ERR_INTERNAL.
OCT_NODISCARD enum oct_status
oct_cli_probe_gops(uint64_t features, double seconds, double *gops, const char **kernel, struct oct_error *error);

#endif
