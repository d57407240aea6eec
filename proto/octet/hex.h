/// Digests as text: two lower-case hexadecimal digits a byte. Threads: [any].
#ifndef OCTET_PROTO_OCTET_HEX_H
#define OCTET_PROTO_OCTET_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Writes 2 * n_bytes digits and a terminator.
void octi_hex_write(const uint8_t *bytes, size_t n_bytes, char *text);
/// False unless `text` is exactly 2 * n_bytes digits of either case.
bool octi_hex_read(const char *text, size_t length, uint8_t *bytes, size_t n_bytes);

#endif
