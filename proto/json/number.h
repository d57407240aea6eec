/// Numbers in text: JSON's grammar, and exact conversion to the engine's types.
///
/// Not for control data (octet/proto/json.h reads that); this is the hot path of tensor data. Conversions are correctly
/// rounded: the same value strtod or strtof gives. The rare cases a few multiplications cannot decide are handed to
/// them, on a copy of bounded size, so a number of a million digits costs no memory. The process must be in the "C"
/// locale. Threads: [any].
#ifndef OCTET_PROTO_JSON_NUMBER_H
#define OCTET_PROTO_JSON_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A number taken apart: (-1)^negative * mantissa * 10^exponent, up to digits beyond the 19th.
struct octi_number {
    uint64_t mantissa; ///< the first 19 significant digits
    int64_t exponent;  ///< saturates far outside of every type's range
    bool negative;
    bool inexact; ///< a nonzero digit was dropped
    const uint8_t *begin, *end;
};

/// Past the number that begins at `at`, by JSON's grammar; NULL when there is none, with `*fault` at the offending
/// byte.
const uint8_t *octi_number_skip(const uint8_t *at, const uint8_t *end, const uint8_t **fault);
/// Past as many numbers as stand one after another with nothing but a comma, or a comma and a space, between them; `*n`
/// is raised by their count. `at` itself, with none counted, where no number stands.
const uint8_t *octi_number_skip_run(const uint8_t *at, const uint8_t *end, size_t *n);
/// Takes the number at `at` apart; false when there is none.
bool octi_number_scan(const uint8_t *at, const uint8_t *end, struct octi_number *number);

/// Correctly rounded; infinite when out of range.
double octi_number_double(const struct octi_number *number);
float octi_number_float(const struct octi_number *number);

enum octi_number_fault {
    OCTI_NUMBER_OK,
    OCTI_NUMBER_NOT_A_NUMBER, ///< nothing of the type stands there
    OCTI_NUMBER_NOT_AN_INTEGER,
    OCTI_NUMBER_RANGE,
    OCTI_NUMBER_NOT_FINITE, ///< NaN or Infinity where only finite numbers are meant
};
/// 1, 1.0, 10e-1 are integers.
enum octi_number_fault octi_number_int64(const struct octi_number *number, int64_t *out);

/// What an array's text is converted to.
enum octi_number_type {
    OCTI_NUMBER_FLOAT32, ///< also NaN, Infinity, -Infinity
    OCTI_NUMBER_FLOAT32_FINITE,
    OCTI_NUMBER_FLOAT64, ///< also NaN, Infinity, -Infinity
    OCTI_NUMBER_UINT8,
    OCTI_NUMBER_INT8,
    OCTI_NUMBER_INT32,
    OCTI_NUMBER_INT64,
    OCTI_NUMBER_BOOL, ///< true, false, 1, 0; stored as bytes 1 and 0
};

/// Where reading stands in the text of a (nested) array that octi_json_numbers has checked.
struct octi_number_cursor {
    const uint8_t *at, *end;
};
/// Converts the next `n` elements, whatever their nesting, into `out` ([n] of the type, aligned). On a fault `at`
/// stands at the offending element.
enum octi_number_fault
octi_numbers_read(struct octi_number_cursor *cursor, enum octi_number_type type, size_t n, void *out);

#endif
