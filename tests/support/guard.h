/// Buffers between guard bytes: a kernel that writes one byte outside its output is caught by any build, and one that
/// reads further than the 64 bytes of slack its contract allows runs into an inaccessible page.
#ifndef OCTET_TESTS_SUPPORT_GUARD_H
#define OCTET_TESTS_SUPPORT_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OCT_GUARD_BYTES 64

struct oct_guard {
    uint8_t *data; ///< `bytes` bytes, 64-byte aligned, filled with a pattern
    size_t bytes;
    uint8_t *mapping;
    size_t mapping_bytes;
};

/// Aborts the test program when memory cannot be had.
struct oct_guard oct_guard_create(size_t bytes);
/// True when no byte in front of or behind the data was written.
bool oct_guard_intact(const struct oct_guard *guard);
void oct_guard_destroy(struct oct_guard *guard);

#endif
