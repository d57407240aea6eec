/// The kernels' self-test on every core that will run them: cores of one processor have been seen to compute
/// differently.
/// Threads: [one], before any other is made.
#ifndef OCTET_SERVER_APP_SELF_TEST_H
#define OCTET_SERVER_APP_SELF_TEST_H

#include <stdint.h>

#include "octet/status.h"

/// As oct_kernels_self_test().
typedef enum oct_status (*oct_self_test_fn)(uint64_t cpu_features, struct oct_error *error);

/// Calls `test` on the first `workers` cores of the affinity mask, the ones that workers are pinned to (0: one per
/// usable core); once, wherever the system likes, when no worker will be pinned. The mask is afterwards as it was.
/// Errors: those of `test`, with the core it ran on.
OCT_NODISCARD enum oct_status
oct_app_self_test(oct_self_test_fn test, uint64_t cpu_features, unsigned workers, struct oct_error *error);

#endif
