/// DESIGN. A float32 needs 24 bits, and mantissa * 10^exponent in double carries a relative error of at most 4 * 2^-53
/// (one rounding each for mantissa, power and product, and the digits dropped after the 19th, which weigh less than
/// 2^-59). So unless the double lies within a few of its steps of the middle between two floats, casting it gives the
/// correctly rounded float: the 17-digit texts that Python sends for float32 values are fast, too. A float64 has no
/// such slack: the exact case (mantissa below 2^53, power at most 10^22, both representable) is one operation,
/// everything else strtod.
#include "proto/json/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "digits are loaded eight at a time, lowest byte first");

#define MAX_DIGITS     19        // of a uint64
#define EXPONENT_BOUND 100000000 // beyond any type and any body's number of digits
#define EXACT_DIGITS   800       // more significant digits than any midpoint of doubles has (767)

static const double powers[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14,
    1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29,
    1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44,
    1e45, 1e46, 1e47, 1e48, 1e49, 1e50, 1e51, 1e52, 1e53, 1e54, 1e55, 1e56, 1e57, 1e58, 1e59,
};
#define N_POWERS    ((int64_t)(sizeof powers / sizeof powers[0]))
#define EXACT_POWER 22

static bool is_digit(uint8_t byte)
{
    return (uint8_t)(byte - '0') < 10;
}

static uint64_t load_eight(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static bool are_eight_digits(uint64_t word)
{
    // A digit has high nibble 3 and does not leave it when 6 is added.
    return ((word & 0xF0F0F0F0F0F0F0F0u) | (((word + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) >> 4)) ==
           0x3333333333333333u;
}

static uint64_t value_of_eight(uint64_t word)
{
    word = (word & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;            // 10 * first + second, per pair
    word = (word & 0x00FF00FF00FF00FFu) * 6553601 >> 16;        // 100 * pair + pair
    return (word & 0x0000FFFF0000FFFFu) * 42949672960001 >> 32; // 10000 * four + four
}

static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end)
{
    while (end - at >= 8 && are_eight_digits(load_eight(at))) {
        at += 8;
    }
    while (at < end && is_digit(*at)) {
        at++;
    }
    return at;
}

const uint8_t *octi_number_skip(const uint8_t *at, const uint8_t *end, const uint8_t **fault)
{
    if (at < end && *at == '-') {
        at++;
    }
    if (at == end || !is_digit(*at)) {
        *fault = at;
        return NULL;
    }
    if (*at == '0') {
        at++; // no digit may follow a leading zero: the caller meets it where a separator must stand
    } else {
        at = skip_digits(at, end);
    }
    if (at < end && *at == '.') {
        const uint8_t *fraction = at + 1;
        at = skip_digits(fraction, end);
        if (at == fraction) {
            *fault = at;
            return NULL;
        }
    }
    if (at < end && (*at | 0x20) == 'e') {
        at++;
        if (at < end && (*at == '+' || *at == '-')) {
            at++;
        }
        const uint8_t *digits = at;
        at = skip_digits(digits, end);
        if (at == digits) {
            *fault = at;
            return NULL;
        }
    }
    return at;
}

const uint8_t *octi_number_skip_run(const uint8_t *at, const uint8_t *end, size_t *n)
{
    const uint8_t *next = at, *fault;
    for (;;) {
        next = octi_number_skip(next, end, &fault);
        if (next == NULL) {
            return at; // what stands there is for who knows more
        }
        *n += 1;
        at = next;
        if (next == end || *next != ',') {
            return at;
        }
        next++;
        if (next < end && *next == ' ') {
            next++;
        }
    }
}

/// Adds digits to the mantissa while it has room for them, and drops the rest.
/// @param[in,out] n_digits  significant digits taken so far
/// @param[out] n_dropped    digits read but not taken
static const uint8_t *
take_digits(const uint8_t *at, const uint8_t *end, struct octi_number *number, int *n_digits, int64_t *n_dropped)
{
    uint64_t mantissa = number->mantissa;
    while (*n_digits <= MAX_DIGITS - 8 && end - at >= 8) {
        uint64_t word = load_eight(at);
        if (!are_eight_digits(word)) {
            break;
        }
        mantissa = mantissa * 100000000 + value_of_eight(word);
        *n_digits += 8;
        at += 8;
    }
    while (*n_digits < MAX_DIGITS && at < end && is_digit(*at)) {
        mantissa = mantissa * 10 + (uint64_t)(*at - '0');
        *n_digits += 1;
        at++;
    }
    number->mantissa = mantissa;
    const uint8_t *first_dropped = at;
    while (at < end && is_digit(*at)) {
        number->inexact |= *at != '0';
        at++;
    }
    *n_dropped = at - first_dropped;
    return at;
}

static const uint8_t *take_exponent(const uint8_t *at, const uint8_t *end, int64_t *exponent)
{
    bool negative = false;
    if (at < end && (*at == '+' || *at == '-')) {
        negative = *at == '-';
        at++;
    }
    const uint8_t *digits = at;
    int64_t value = 0;
    while (at < end && is_digit(*at)) {
        if (value < EXPONENT_BOUND) {
            value = value * 10 + (*at - '0');
        }
        at++;
    }
    *exponent = negative ? -value : value;
    return at == digits ? NULL : at;
}

bool octi_number_scan(const uint8_t *at, const uint8_t *end, struct octi_number *number)
{
    *number = (struct octi_number){.begin = at};
    int n_digits = 0;
    int64_t n_dropped = 0;
    if (at < end && *at == '-') {
        number->negative = true;
        at++;
    }
    if (at == end || !is_digit(*at)) {
        return false;
    }
    if (*at == '0') {
        at++;
    } else {
        at = take_digits(at, end, number, &n_digits, &n_dropped);
        number->exponent = n_dropped;
    }
    if (at < end && *at == '.') {
        const uint8_t *fraction = ++at;
        if (number->mantissa == 0) {
            while (at < end && *at == '0') {
                at++;
            }
        }
        at = take_digits(at, end, number, &n_digits, &n_dropped);
        if (at == fraction) {
            return false;
        }
        number->exponent -= (at - fraction) - n_dropped;
    }
    if (at < end && (*at | 0x20) == 'e') {
        int64_t exponent;
        at = take_exponent(at + 1, end, &exponent);
        if (at == NULL) {
            return false;
        }
        number->exponent += exponent;
    }
    number->end = at;
    return true;
}

/// The number as text that libc can read and that is never long: significant digits, a last digit 1 for any nonzero
/// rest (which is all that a rounding decision asks), and the exponent.
static void canonical_text(const struct octi_number *number, char *out, size_t out_bytes)
{
    size_t length = 0, n_skipped = 0;
    int64_t exponent = 0, explicit_exponent = 0;
    bool fraction = false, rest = false;
    if (number->negative) {
        out[length++] = '-';
    }
    size_t sign = length;
    for (const uint8_t *at = number->begin + (number->negative ? 1 : 0); at < number->end; at++) {
        if (*at == '.') {
            fraction = true;
        } else if (!is_digit(*at)) {
            (void)take_exponent(at + 1, number->end, &explicit_exponent);
            break;
        } else {
            exponent -= fraction ? 1 : 0;
            if (length == sign && *at == '0') {
                continue; // a leading zero
            }
            if (length - sign < EXACT_DIGITS) {
                out[length++] = (char)*at;
            } else {
                n_skipped++;
                rest |= *at != '0';
            }
        }
    }
    if (length == sign) {
        out[length++] = '0';
    }
    exponent += explicit_exponent + (int64_t)n_skipped;
    if (rest) {
        out[length++] = '1';
        exponent--;
    }
    exponent = exponent > EXPONENT_BOUND ? EXPONENT_BOUND : exponent < -EXPONENT_BOUND ? -EXPONENT_BOUND : exponent;
    snprintf(out + length, out_bytes - length, "e%lld", (long long)exponent);
}
#define CANONICAL_BYTES (EXACT_DIGITS + 32)

double octi_number_double(const struct octi_number *number)
{
    int64_t exponent = number->exponent;
    if (number->mantissa < (uint64_t)1 << 53 && !number->inexact && exponent >= -EXACT_POWER &&
        exponent <= EXACT_POWER) {
        double value = (double)number->mantissa;
        value = exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
        return number->negative ? -value : value;
    }
    char text[CANONICAL_BYTES];
    canonical_text(number, text, sizeof text);
    return strtod(text, NULL);
}

float octi_number_float(const struct octi_number *number)
{
    if (number->mantissa == 0) {
        return number->negative ? -0.0f : 0.0f;
    }
    int64_t exponent = number->exponent;
    if (exponent > -N_POWERS && exponent < N_POWERS) {
        double value = (double)number->mantissa;
        value = exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
        if (value > 2 * (double)FLT_MIN && value < (double)FLT_MAX) {
            uint64_t bits;
            memcpy(&bits, &value, sizeof bits);
            // The 29 bits a float has no room for; the middle between two floats is a one followed by zeros.
            const uint64_t middle = (uint64_t)1 << 28, margin = 8;
            uint64_t rest = bits & ((middle << 1) - 1);
            if (rest < middle - margin || rest > middle + margin) {
                return number->negative ? -(float)value : (float)value;
            }
        }
    }
    char text[CANONICAL_BYTES];
    canonical_text(number, text, sizeof text);
    return strtof(text, NULL);
}

enum octi_number_fault octi_number_int64(const struct octi_number *number, int64_t *out)
{
    uint64_t value = number->mantissa;
    int64_t exponent = number->exponent;
    if (value == 0) {
        *out = 0;
        return OCTI_NUMBER_OK;
    }
    if (number->inexact) { // more than 19 significant digits: a fraction, or beyond int64
        return exponent < 0 ? OCTI_NUMBER_NOT_AN_INTEGER : OCTI_NUMBER_RANGE;
    }
    for (; exponent < 0 && value % 10 == 0; exponent++) {
        value /= 10;
    }
    if (exponent < 0) {
        return OCTI_NUMBER_NOT_AN_INTEGER;
    }
    for (; exponent > 0; exponent--) {
        if (__builtin_mul_overflow(value, 10u, &value)) {
            return OCTI_NUMBER_RANGE;
        }
    }
    if (value > (uint64_t)INT64_MAX + (number->negative ? 1 : 0)) {
        return OCTI_NUMBER_RANGE;
    }
    *out = number->negative ? (int64_t)(0 - value) : (int64_t)value;
    return OCTI_NUMBER_OK;
}
