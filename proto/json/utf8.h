/// UTF-8, one sequence at a time: what the scanner accepts and the writer lets through.
/// Threads: [any].
#ifndef OCTET_PROTO_JSON_UTF8_H
#define OCTET_PROTO_JSON_UTF8_H

#include <stddef.h>
#include <stdint.h>

/// Bytes of the well-formed sequence that begins at `at` (1..4), or 0: bad lead byte, cut short, overlong, a surrogate,
/// or above U+10FFFF. `at` < `end`.
static inline size_t octi_utf8_sequence(const uint8_t *at, const uint8_t *end)
{
    uint8_t lead = at[0];
    if (lead < 0x80) {
        return 1;
    }
    size_t n_bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || (size_t)(end - at) < n_bytes) {
        return 0;
    }
    uint8_t low = 0x80, high = 0xBF; // of the second byte: where overlong forms, surrogates and the upper bound show
    if (lead == 0xE0) {
        low = 0xA0;
    } else if (lead == 0xED) {
        high = 0x9F;
    } else if (lead == 0xF0) {
        low = 0x90;
    } else if (lead == 0xF4) {
        high = 0x8F;
    }
    if (at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < n_bytes; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return n_bytes;
}

#endif
