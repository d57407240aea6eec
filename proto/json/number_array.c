/// Arrays of numbers, from their text into dense typed memory.
#include "proto/json/number.h"

#include <math.h>
#include <string.h>

/// Steps over what may stand between two elements of a checked array.
static inline const uint8_t *next_element(const uint8_t *at, const uint8_t *end)
{
    if (end - at >= 2 && *at == ',' && at[1] >= '-' && at[1] <= '9') { // the usual case
        return at + 1;
    }
    while (at < end &&
           (*at == ',' || *at == ' ' || *at == '[' || *at == ']' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    return at;
}

static bool take_word(struct octi_number_cursor *cursor, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0) {
        return false;
    }
    cursor->at += length;
    return true;
}

static bool take_non_finite(struct octi_number_cursor *cursor, double *value)
{
    if (take_word(cursor, "NaN")) {
        *value = (double)NAN;
    } else if (take_word(cursor, "Infinity")) {
        *value = (double)INFINITY;
    } else if (take_word(cursor, "-Infinity")) {
        *value = -(double)INFINITY;
    } else {
        return false;
    }
    return true;
}

static enum octi_number_fault read_float32(struct octi_number_cursor *cursor, size_t n, float *out, bool finite)
{
    for (size_t i = 0; i < n; i++) {
        struct octi_number number;
        double special;
        cursor->at = next_element(cursor->at, cursor->end);
        if (octi_number_scan(cursor->at, cursor->end, &number)) {
            out[i] = octi_number_float(&number);
            if (isinf(out[i])) {
                return OCTI_NUMBER_RANGE;
            }
            cursor->at = number.end;
        } else {
            const uint8_t *begin = cursor->at;
            if (!take_non_finite(cursor, &special)) {
                return OCTI_NUMBER_NOT_A_NUMBER;
            }
            if (finite) {
                cursor->at = begin;
                return OCTI_NUMBER_NOT_FINITE;
            }
            out[i] = (float)special;
        }
    }
    return OCTI_NUMBER_OK;
}

static enum octi_number_fault read_float64(struct octi_number_cursor *cursor, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        struct octi_number number;
        cursor->at = next_element(cursor->at, cursor->end);
        if (octi_number_scan(cursor->at, cursor->end, &number)) {
            out[i] = octi_number_double(&number);
            if (isinf(out[i])) {
                return OCTI_NUMBER_RANGE;
            }
            cursor->at = number.end;
        } else if (!take_non_finite(cursor, &out[i])) {
            return OCTI_NUMBER_NOT_A_NUMBER;
        }
    }
    return OCTI_NUMBER_OK;
}

static enum octi_number_fault
read_integer(struct octi_number_cursor *cursor, int64_t minimum, int64_t maximum, int64_t *out)
{
    struct octi_number number;
    cursor->at = next_element(cursor->at, cursor->end);
    if (!octi_number_scan(cursor->at, cursor->end, &number)) {
        double special;
        struct octi_number_cursor probe = *cursor;
        return take_non_finite(&probe, &special) ? OCTI_NUMBER_NOT_FINITE : OCTI_NUMBER_NOT_A_NUMBER;
    }
    enum octi_number_fault fault = octi_number_int64(&number, out);
    if (fault == OCTI_NUMBER_OK && (*out < minimum || *out > maximum)) {
        fault = OCTI_NUMBER_RANGE;
    }
    if (fault == OCTI_NUMBER_OK) {
        cursor->at = number.end;
    }
    return fault;
}

/// The usual text of a byte: up to three digits, and a separator. -1: something else stands there.
static inline int take_short(struct octi_number_cursor *cursor)
{
    const uint8_t *at = cursor->at;
    if (cursor->end - at < 4 || (uint8_t)(at[0] - '0') > 9) {
        return -1;
    }
    int value = at[0] - '0', length = 1;
    for (; length < 3 && (uint8_t)(at[length] - '0') <= 9; length++) {
        value = value * 10 + (at[length] - '0');
    }
    if (at[length] != ',' && at[length] != ']') {
        return -1;
    }
    cursor->at = at + length;
    return value;
}

static enum octi_number_fault
read_bytes(struct octi_number_cursor *cursor, int64_t minimum, int64_t maximum, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        cursor->at = next_element(cursor->at, cursor->end);
        const uint8_t *begin = cursor->at;
        int64_t value = take_short(cursor);
        if (value < 0 || value > maximum) {
            cursor->at = begin;
            enum octi_number_fault fault = read_integer(cursor, minimum, maximum, &value);
            if (fault != OCTI_NUMBER_OK) {
                return fault;
            }
        }
        out[i] = (uint8_t)value;
    }
    return OCTI_NUMBER_OK;
}

static enum octi_number_fault read_int32(struct octi_number_cursor *cursor, size_t n, int32_t *out)
{
    for (size_t i = 0; i < n; i++) {
        int64_t value;
        enum octi_number_fault fault = read_integer(cursor, INT32_MIN, INT32_MAX, &value);
        if (fault != OCTI_NUMBER_OK) {
            return fault;
        }
        out[i] = (int32_t)value;
    }
    return OCTI_NUMBER_OK;
}

static enum octi_number_fault read_int64(struct octi_number_cursor *cursor, size_t n, int64_t *out)
{
    enum octi_number_fault fault = OCTI_NUMBER_OK;
    for (size_t i = 0; i < n && fault == OCTI_NUMBER_OK; i++) {
        fault = read_integer(cursor, INT64_MIN, INT64_MAX, &out[i]);
    }
    return fault;
}

static enum octi_number_fault read_bool(struct octi_number_cursor *cursor, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        cursor->at = next_element(cursor->at, cursor->end);
        if (take_word(cursor, "true")) {
            out[i] = 1;
        } else if (take_word(cursor, "false")) {
            out[i] = 0;
        } else {
            enum octi_number_fault fault = read_bytes(cursor, 0, 1, 1, &out[i]);
            if (fault != OCTI_NUMBER_OK) {
                return fault;
            }
        }
    }
    return OCTI_NUMBER_OK;
}

enum octi_number_fault
octi_numbers_read(struct octi_number_cursor *cursor, enum octi_number_type type, size_t n, void *out)
{
    switch (type) {
    case OCTI_NUMBER_FLOAT32:
        return read_float32(cursor, n, out, false);
    case OCTI_NUMBER_FLOAT32_FINITE:
        return read_float32(cursor, n, out, true);
    case OCTI_NUMBER_FLOAT64:
        return read_float64(cursor, n, out);
    case OCTI_NUMBER_UINT8:
        return read_bytes(cursor, 0, UINT8_MAX, n, out);
    case OCTI_NUMBER_INT8:
        return read_bytes(cursor, INT8_MIN, INT8_MAX, n, out);
    case OCTI_NUMBER_INT32:
        return read_int32(cursor, n, out);
    case OCTI_NUMBER_INT64:
        return read_int64(cursor, n, out);
    case OCTI_NUMBER_BOOL:
        return read_bool(cursor, n, out);
    }
    return OCTI_NUMBER_NOT_A_NUMBER;
}
