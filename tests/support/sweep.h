/// A share of the cases, for runs that take many times as long as what they test: sanitized and emulated ones.
///
///   struct oct_sweep sweep = oct_sweep_begin();
///   for (...each case...) {
///       if (oct_sweep_takes(&sweep)) {
///           ...
///       }
///   }
///   oct_sweep_end(&sweep);
///
///   for (int repeat = 0; repeat < oct_sweep_draws(60); repeat++) // random cases, none like another
///
/// The environment variable OCTET_SWEEP_SHARE says how many cases there are to one that is taken; CTest sets it
/// (tests/CMakeLists.txt), and without it all are. A sweep takes its first case, and then one of as many in a row,
/// whose place among them changes without period: no value of a nested loop is left out because its length fits the
/// share. Threads: [one]; to be used inside a Check test.
#ifndef OCTET_TESTS_SUPPORT_SWEEP_H
#define OCTET_TESTS_SUPPORT_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#define OCT_SWEEP_MAX_SHARE   1000
#define OCT_SWEEP_LEAST_DRAWS 5 // tests go through up to so many kinds in turn

struct oct_sweep {
    uint64_t share;
    uint64_t cases, taken; ///< so far
};

/// Fails the test when the variable is no number from 1 to OCT_SWEEP_MAX_SHARE.
static inline uint64_t oct_sweep_share(void)
{
    const char *text = getenv("OCTET_SWEEP_SHARE");
    if (text == NULL) {
        return 1;
    }
    char *end;
    const long share = strtol(text, &end, 10);
    ck_assert_msg(end != text && *end == '\0' && share >= 1 && share <= OCT_SWEEP_MAX_SHARE,
                  "OCTET_SWEEP_SHARE is '%s'; expected 1 to %d", text, OCT_SWEEP_MAX_SHARE);
    return (uint64_t)share;
}

/// How many of `n` random cases to draw: the share, but no fewer than OCT_SWEEP_LEAST_DRAWS if there are as many.
static inline int oct_sweep_draws(int n)
{
    const int least = n < OCT_SWEEP_LEAST_DRAWS ? n : OCT_SWEEP_LEAST_DRAWS, some = n / (int)oct_sweep_share();
    return some > least ? some : least;
}

/// A sweep that takes one case in `share`, 1 or more.
static inline struct oct_sweep oct_sweep_of(uint64_t share)
{
    return (struct oct_sweep){.share = share};
}
static inline struct oct_sweep oct_sweep_begin(void)
{
    return oct_sweep_of(oct_sweep_share());
}

/// To be asked once for each case.
static inline bool oct_sweep_takes(struct oct_sweep *sweep)
{
    const uint64_t block = sweep->cases / sweep->share, place = sweep->cases % sweep->share;
    struct oct_rng rng = {block};
    const bool takes = place == (block == 0 ? 0 : oct_rng_next(&rng) % sweep->share);
    sweep->cases++;
    sweep->taken += takes;
    return takes;
}

/// Of n cases, too few for a sweep: all, or with a share of the cases one, which `draw` names. Callers have draws that
/// differ, so that together they take all.
static inline bool oct_sweep_picks(size_t i, size_t n, uint64_t draw)
{
    return oct_sweep_share() == 1 || i == draw % n;
}

/// Fails the test when fewer cases were taken than the share says: a sweep never passes because it was empty.
static inline void oct_sweep_end(const struct oct_sweep *sweep)
{
    ck_assert_msg(sweep->taken > 0 && sweep->taken >= sweep->cases / sweep->share, "%ju of %ju cases were taken",
                  (uintmax_t)sweep->taken, (uintmax_t)sweep->cases);
}

#endif
