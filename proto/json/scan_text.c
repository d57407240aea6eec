/// Strings: their grammar, their escapes, and where a decoded byte stands in the text.
#include "proto/json/scan_impl.h"
#include "proto/json/utf8.h"

#include <string.h>

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The four hexadecimal digits at `at`; -1 when they are not.
static int32_t hex_four(const uint8_t *at, const uint8_t *end)
{
    if (end - at < 4) {
        return -1;
    }
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

/// One escape, decoded.
struct escape {
    uint32_t code_point;
    size_t raw_bytes; ///< with the backslash; 0: not a legal escape
};

static struct escape read_escape(const uint8_t *at, const uint8_t *end)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    struct escape none = {0, 0};
    if (end - at < 2) {
        return none;
    }
    if (at[1] != 'u') {
        const char *letter = at[1] != '\0' ? strchr(letters, at[1]) : NULL;
        return letter != NULL ? (struct escape){(uint8_t)meanings[letter - letters], 2} : none;
    }
    int32_t unit = hex_four(at + 2, end);
    if (unit <= 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) {
        return none;
    }
    if (unit < 0xD800 || unit > 0xDBFF) {
        return (struct escape){(uint32_t)unit, 6};
    }
    if (end - at < 12 || at[6] != '\\' || at[7] != 'u') {
        return none;
    }
    int32_t low = hex_four(at + 8, end);
    if (low < 0xDC00 || low > 0xDFFF) {
        return none;
    }
    return (struct escape){0x10000 + (((uint32_t)unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00), 12};
}

static size_t utf8_bytes(uint32_t code_point)
{
    return code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
}

static void put_utf8(uint32_t code_point, char *out)
{
    static const uint8_t leads[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    size_t n_bytes = utf8_bytes(code_point);
    for (size_t i = n_bytes - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code_point & 0x3F));
        code_point >>= 6;
    }
    out[0] = (char)(leads[n_bytes] | code_point);
}

/// Past the bytes that stand for themselves and need no look at their neighbours, eight at a time.
static const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        uint64_t quotes = word ^ (ones * '"'), backslashes = word ^ (ones * '\\');
        // A top bit set: the byte itself is not ASCII, or a subtraction borrowed: below 0x20, a quote or a backslash.
        uint64_t special = word | (word - ones * 0x20) | (quotes - ones) | (backslashes - ones);
        if ((special & tops) != 0) {
            break;
        }
        at += 8;
    }
    while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') {
        at++;
    }
    return at;
}

bool octi_json_scan_string(struct octi_json_scanner *scanner, struct octi_json_text *text)
{
    const uint8_t *at = scanner->at + 1, *end = scanner->end;
    *text = (struct octi_json_text){.raw = at, .position = octi_json_position(scanner) + 1};
    size_t n_saved = 0; // bytes by which the text is shorter without escapes
    for (;;) {
        at = skip_plain(at, end);
        if (at == end) {
            scanner->at = end;
            return octi_json_fail_expected(scanner, "'\"' at the end of the string");
        }
        if (*at == '"') {
            break;
        }
        if (*at == '\\') {
            struct escape escape = read_escape(at, end);
            if (escape.raw_bytes == 0) {
                scanner->at = at;
                return octi_json_fail(scanner, OCT_ERR_CORRUPT, octi_json_position(scanner),
                                      "not a legal escape (\\u0000 and lone surrogates are none)");
            }
            n_saved += escape.raw_bytes - utf8_bytes(escape.code_point);
            at += escape.raw_bytes;
            continue;
        }
        size_t n_bytes = *at < 0x20 ? 0 : octi_utf8_sequence(at, end);
        if (n_bytes == 0) {
            scanner->at = at;
            return octi_json_fail(scanner, OCT_ERR_CORRUPT, octi_json_position(scanner), "byte 0x%02x in a string: %s",
                                  *at, *at < 0x20 ? "control characters must be escaped" : "not well-formed UTF-8");
        }
        at += n_bytes;
    }
    text->raw_bytes = (size_t)(at - text->raw);
    text->n_bytes = text->raw_bytes - n_saved;
    scanner->at = at + 1;
    return true;
}

bool octi_json_scan_text(struct octi_json_scanner *scanner, struct octi_json_text *text)
{
    if (scanner->status != OCT_OK) {
        return false;
    }
    if (octi_json_peek(scanner) != '"') {
        return octi_json_fail_kind(scanner, "a string");
    }
    scanner->n_values++;
    return octi_json_scan_string(scanner, text);
}

/// Decodes until `out` holds `limit` bytes; returns the raw offset reached. `out` may be NULL.
static size_t decode(const struct octi_json_text *text, size_t limit, char *out)
{
    const uint8_t *at = text->raw, *end = text->raw + text->raw_bytes;
    size_t n_out = 0;
    while (at < end && n_out < limit) {
        if (*at != '\\') {
            if (out != NULL) {
                out[n_out] = (char)*at;
            }
            at++;
            n_out++;
            continue;
        }
        struct escape escape = read_escape(at, end);
        size_t n_bytes = utf8_bytes(escape.code_point);
        if (n_bytes > limit - n_out) {
            break;
        }
        if (out != NULL) {
            put_utf8(escape.code_point, out + n_out);
        }
        n_out += n_bytes;
        at += escape.raw_bytes;
    }
    return (size_t)(at - text->raw);
}

void octi_json_unescape(const struct octi_json_text *text, char *out)
{
    (void)decode(text, text->n_bytes, out);
}

size_t octi_json_raw_offset(const struct octi_json_text *text, size_t index)
{
    return decode(text, index, NULL);
}

bool octi_json_text_is(const struct octi_json_text *text, const char *string)
{
    size_t length = strlen(string);
    if (text->n_bytes != length) {
        return false;
    }
    if (text->raw_bytes == length) {
        return memcmp(text->raw, string, length) == 0;
    }
    char decoded[64]; // every name that is looked for is shorter
    if (length > sizeof decoded) {
        return false;
    }
    octi_json_unescape(text, decoded);
    return memcmp(decoded, string, length) == 0;
}
