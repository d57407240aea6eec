/// DESIGN. Floats are printed by Schubfach (R. Giulietti, "The Schubfach way to render doubles", 2021): with the power
/// of ten chosen such that the interval of numbers that round to the float holds at least one and at most a few
/// multiples of it, one 64-bit multiplication per interval bound decides exactly which multiple is shortest and
/// nearest. Printing with %.9g and reading back costs ten times as much, and libc's printf follows the locale.
#include "proto/json/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_POWER (-31)
/// floor(10^k / 2^(floor(log2 10^k) - 63)) + 1 for k = -31 .. 45: 64 bits of each power of ten a float32 needs, rounded
/// up.
static const uint64_t powers_of_ten[] = {
    0x81CEB32C4B43FCF5u, 0xA2425FF75E14FC32u, 0xCAD2F7F5359A3B3Fu, 0xFD87B5F28300CA0Eu, 0x9E74D1B791E07E49u,
    0xC612062576589DDBu, 0xF79687AED3EEC552u, 0x9ABE14CD44753B53u, 0xC16D9A0095928A28u, 0xF1C90080BAF72CB2u,
    0x971DA05074DA7BEFu, 0xBCE5086492111AEBu, 0xEC1E4A7DB69561A6u, 0x9392EE8E921D5D08u, 0xB877AA3236A4B44Au,
    0xE69594BEC44DE15Cu, 0x901D7CF73AB0ACDAu, 0xB424DC35095CD810u, 0xE12E13424BB40E14u, 0x8CBCCC096F5088CCu,
    0xAFEBFF0BCB24AAFFu, 0xDBE6FECEBDEDD5BFu, 0x89705F4136B4A598u, 0xABCC77118461CEFDu, 0xD6BF94D5E57A42BDu,
    0x8637BD05AF6C69B6u, 0xA7C5AC471B478424u, 0xD1B71758E219652Cu, 0x83126E978D4FDF3Cu, 0xA3D70A3D70A3D70Bu,
    0xCCCCCCCCCCCCCCCDu, 0x8000000000000001u, 0xA000000000000001u, 0xC800000000000001u, 0xFA00000000000001u,
    0x9C40000000000001u, 0xC350000000000001u, 0xF424000000000001u, 0x9896800000000001u, 0xBEBC200000000001u,
    0xEE6B280000000001u, 0x9502F90000000001u, 0xBA43B74000000001u, 0xE8D4A51000000001u, 0x9184E72A00000001u,
    0xB5E620F480000001u, 0xE35FA931A0000001u, 0x8E1BC9BF04000001u, 0xB1A2BC2EC5000001u, 0xDE0B6B3A76400001u,
    0x8AC7230489E80001u, 0xAD78EBC5AC620001u, 0xD8D726B7177A8001u, 0x878678326EAC9001u, 0xA968163F0A57B401u,
    0xD3C21BCECCEDA101u, 0x84595161401484A1u, 0xA56FA5B99019A5C9u, 0xCECB8F27F4200F3Bu, 0x813F3978F8940985u,
    0xA18F07D736B90BE6u, 0xC9F2C9CD04674EDFu, 0xFC6F7C4045812297u, 0x9DC5ADA82B70B59Eu, 0xC5371912364CE306u,
    0xF684DF56C3E01BC7u, 0x9A130B963A6C115Du, 0xC097CE7BC90715B4u, 0xF0BDC21ABB48DB21u, 0x96769950B50D88F5u,
    0xBC143FA4E250EB32u, 0xEB194F8E1AE525FEu, 0x92EFD1B8D0CF37BFu, 0xB7ABC627050305AEu, 0xE596B7B0C643C71Au,
    0x8F7E32CE7BEA5C70u, 0xB35DBF821AE4F38Cu,
};

size_t octi_text_uint64(uint64_t value, char *out)
{
    char reversed[20];
    size_t length = 0;
    do {
        reversed[length++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (size_t i = 0; i < length; i++) {
        out[i] = reversed[length - 1 - i];
    }
    return length;
}

size_t octi_text_int64(int64_t value, char *out)
{
    if (value >= 0) {
        return octi_text_uint64((uint64_t)value, out);
    }
    out[0] = '-';
    return 1 + octi_text_uint64(0 - (uint64_t)value, out + 1);
}

/// digits * 10^exponent
struct decimal {
    uint32_t digits;
    int32_t exponent;
};

static int32_t floor_log2_of_power_of_10(int32_t exponent)
{
    return (exponent * 1741647) >> 19;
}

/// The upper 32 bits of the 96-bit product, the lowest of them set when any bit was cut off: compares like the exact
/// product with any number of those 32 bits.
static uint32_t multiply_to_odd(uint64_t power, uint32_t value)
{
    uint64_t low = (power & 0xFFFFFFFFu) * value;
    uint64_t high = (power >> 32) * value + (low >> 32);
    return (uint32_t)(high >> 32) | ((uint32_t)high > 1 ? 1 : 0);
}

/// Of a positive, finite float with these fields.
static struct decimal shortest_decimal(uint32_t exponent_field, uint32_t fraction_field)
{
    // The float is c * 2^q. Its neighbours' middles bound what reads back to it; a power of two has a nearer one below.
    uint32_t c = exponent_field != 0 ? fraction_field | 0x800000u : fraction_field;
    int32_t q = exponent_field != 0 ? (int32_t)exponent_field - 150 : -149;
    bool is_even = (c & 1) == 0; // a middle rounds to the even float
    bool near_below = fraction_field == 0 && exponent_field > 1;

    // k = floor(log10 of the interval's width): 2^q, or 3/4 * 2^q.
    int32_t k = (q * 1262611 - (near_below ? 524031 : 0)) >> 22;
    int32_t h = q + floor_log2_of_power_of_10(-k) + 1;
    uint64_t power = powers_of_ten[-k - FIRST_POWER];
    // Everything in units of 10^k / 4.
    uint32_t below = multiply_to_odd(power, (4 * c - (near_below ? 1 : 2)) << h);
    uint32_t value = multiply_to_odd(power, (4 * c) << h);
    uint32_t above = multiply_to_odd(power, (4 * c + 2) << h);
    below += is_even ? 0 : 1;
    above -= is_even ? 0 : 1;

    uint32_t s = value / 4;
    if (s >= 10) {
        uint32_t tens = s / 10; // one digit less
        bool low_inside = below <= 40 * tens, high_inside = 40 * tens + 40 <= above;
        if (low_inside != high_inside) {
            return (struct decimal){tens + (high_inside ? 1 : 0), k + 1};
        }
    }
    bool low_inside = below <= 4 * s, high_inside = 4 * s + 4 <= above;
    if (low_inside != high_inside) {
        return (struct decimal){s + (high_inside ? 1 : 0), k};
    }
    uint32_t middle = 4 * s + 2;
    bool up = value > middle || (value == middle && (s & 1) != 0);
    return (struct decimal){s + (up ? 1 : 0), k};
}

/// Plain digits between 1e-5 and 1e16, else with an exponent.
static size_t write_decimal(struct decimal decimal, char *out)
{
    while (decimal.digits % 10 == 0) {
        decimal.digits /= 10;
        decimal.exponent++;
    }
    char digits[16];
    size_t n_digits = octi_text_uint64(decimal.digits, digits), length = 0;
    int32_t point = decimal.exponent + (int32_t)n_digits; // digits before the point
    if (point > 16 || point < -4) {
        out[length++] = digits[0];
        if (n_digits > 1) {
            out[length++] = '.';
            memcpy(out + length, digits + 1, n_digits - 1);
            length += n_digits - 1;
        }
        out[length++] = 'e';
        if (point > 0) {
            out[length++] = '+';
        }
        return length + octi_text_int64(point - 1, out + length);
    }
    if (point <= 0) {
        size_t n_zeros = (size_t)-point;
        memcpy(out, "0.0000", 2 + n_zeros);
        memcpy(out + 2 + n_zeros, digits, n_digits);
        return 2 + n_zeros + n_digits;
    }
    size_t whole = (size_t)point;
    if (whole >= n_digits) {
        memcpy(out, digits, n_digits);
        memset(out + n_digits, '0', whole - n_digits);
        memcpy(out + whole, ".0", 2);
        return whole + 2;
    }
    memcpy(out, digits, whole);
    out[whole] = '.';
    memcpy(out + whole + 1, digits + whole, n_digits - whole);
    return n_digits + 1;
}

size_t octi_text_float(float value, char *out)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    size_t sign = bits >> 31;
    if (sign != 0) {
        *out++ = '-';
    }
    if ((bits & 0x7FFFFFFFu) == 0) {
        memcpy(out, "0.0", 3);
        return sign + 3;
    }
    return sign + write_decimal(shortest_decimal(bits >> 23 & 0xFF, bits & 0x7FFFFFu), out);
}

size_t octi_text_double(double value, char *out)
{
    int length = 0;
    for (int precision = 15; precision <= 17; precision++) {
        length = snprintf(out, OCTI_TEXT_BYTES, "%.*g", precision, value);
        if (strtod(out, NULL) == value) {
            break;
        }
    }
    size_t n = (size_t)length;
    if (strpbrk(out, ".e") == NULL) {
        memcpy(out + n, ".0", 2);
        n += 2;
    }
    return n;
}
