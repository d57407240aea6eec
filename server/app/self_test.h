/// The kernels' self-test on every core that will run them: cores of one processor have been seen to compute
/// differently.
/// Threads: [one], before any other is made.
#ifndef OCTET_SERVER_APP_SELF_TEST_H
#define OCTET_SERVER_APP_SELF_TEST_H

#include <stdint.h>

#include "octet/status.h"

/// As oct_kernels_self_test().
typedef enum oct_status (*oct_self_test_fn)(uint64_t cpu_features, struct oct_error *error);

/// Calls `test` on the first `cores` cores of the affinity mask, in the order in which workers are pinned (0: on every
/// usable one); once, wherever the system likes, where there are fewer or a quota leaves none to name. The mask is
/// afterwards as it was.
/// Errors: those of `test`, with the core it ran on.
OCT_NODISCARD enum oct_status
oct_app_self_test(oct_self_test_fn test, uint64_t cpu_features, unsigned cores, struct oct_error *error);

#endif
