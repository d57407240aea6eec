/// A small deterministic generator (splitmix64), so that a failing case is replayed by its seed.
#ifndef OCTET_TESTS_SUPPORT_RNG_H
#define OCTET_TESTS_SUPPORT_RNG_H

#include <stddef.h>
#include <stdint.h>

struct oct_rng {
    uint64_t state;
};

static inline uint64_t oct_rng_next(struct oct_rng *rng)
{
    uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/// Uniform in [low, high].
static inline int64_t oct_rng_between(struct oct_rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)(oct_rng_next(rng) % (uint64_t)(high - low + 1));
}

/// Uniform in [low, high).
static inline float oct_rng_float(struct oct_rng *rng, float low, float high)
{
    return low + (high - low) * (float)((double)(oct_rng_next(rng) >> 11) * 0x1p-53);
}

static inline void oct_rng_bytes(struct oct_rng *rng, void *bytes, size_t n)
{
    uint8_t *out = bytes;
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)(oct_rng_next(rng) >> 56);
    }
}

#endif
