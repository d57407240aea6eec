/// Values as JSON text, into the caller's characters. No terminator is written; each returns the number of characters.
/// Threads: [any].
#ifndef OCTET_PROTO_JSON_TEXT_H
#define OCTET_PROTO_JSON_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define OCTI_TEXT_BYTES 32 ///< room for any one number, of which each function may use all

size_t octi_text_int64(int64_t value, char *out);
size_t octi_text_uint64(uint64_t value, char *out);
/// The shortest digits that read back to the same float32, the nearest of them when there are several; with a point or
/// an exponent, so that a reader keeps it a float: 1.0, 0.1, 1e-7, 3.4028235e+38. `value` is finite.
size_t octi_text_float(float value, char *out);
/// 15, 16 or 17 digits, the fewest that read back to the same float64. `value` is finite.
size_t octi_text_double(double value, char *out);

#endif
