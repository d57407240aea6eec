/// An allocator that fails its Nth request, and counts what is alive: the tool of every "out of memory at any point"
/// test.
///
///   for (size_t n = 0;; n++) {
///       struct oct_chaos chaos;
///       oct_chaos_init(&chaos, n);
///       ... run with &chaos.allocator; expect OCT_ERR_NOMEM while chaos.failed, and chaos.live == 0 after clean-up
///       if (!chaos.failed) break;
///   }
#ifndef OCTET_TESTS_SUPPORT_CHAOS_H
#define OCTET_TESTS_SUPPORT_CHAOS_H

#include "octet/alloc.h"

struct oct_chaos {
    struct oct_allocator allocator;
    size_t fail_at;  ///< index of the request that fails; SIZE_MAX: none
    size_t requests; ///< so far
    size_t live;     ///< blocks not yet released
    size_t
        live_bytes; ///< of them; other than 0 when none is left, which ends the test, a release was given a wrong size
    bool failed;
};

/// Caller's storage, which must not move while in use.
void oct_chaos_init(struct oct_chaos *chaos, size_t fail_at);

#endif
