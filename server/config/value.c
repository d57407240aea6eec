#include "server/config/value.h"

#include <inttypes.h>
#include <string.h>

/// True when `text` is one of `choices`, "a|b|c".
static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);
    while (length > 0) {
        size_t choice_length = strcspn(choices, "|");
        if (choice_length == length && memcmp(choices, text, length) == 0) {
            return true;
        }
        if (choices[choice_length] == 0) {
            return false;
        }
        choices += choice_length + 1;
    }
    return false;
}

enum oct_status oct_config_set_text(
    const struct oct_config_option *option, char *field, const char *text, const char *origin, struct oct_error *error)
{
    size_t length = strlen(text);
    if (length >= OCT_CONFIG_TEXT_BYTES) {
        return oct_error_set(error, OCT_ERR_INVALID, origin, OCT_POSITION_NONE, "longer than %d bytes",
                             OCT_CONFIG_TEXT_BYTES - 1);
    }
    for (size_t i = 0; i < length; ++i) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) {
            return oct_error_set(error, OCT_ERR_INVALID, origin, (int64_t)i, "holds a control character");
        }
    }
    if (option->kind == OCT_CONFIG_KIND_CHOICE && !is_choice(option->unit, text)) {
        return oct_error_set(error, OCT_ERR_INVALID, origin, OCT_POSITION_NONE, "expected one of %s, got '%.64s'",
                             option->unit, text);
    }
    memcpy(field, text, length + 1);
    return OCT_OK;
}

/// The factor of a unit behind a number of bytes; 0 when there is no such unit.
static uint64_t unit_factor(const char *unit)
{
    static const struct {
        const char *name;
        uint64_t factor;
    } units[] = {{"", 1}, {"KiB", (uint64_t)1 << 10}, {"MiB", (uint64_t)1 << 20}, {"GiB", (uint64_t)1 << 30}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); ++i) {
        if (strcmp(unit, units[i].name) == 0) {
            return units[i].factor;
        }
    }
    return 0;
}

enum oct_status oct_config_parse_number(const struct oct_config_option *option,
                                        const char *text,
                                        uint64_t *number,
                                        const char *origin,
                                        struct oct_error *error)
{
    const char *at = text;
    uint64_t value = 0;
    bool overflow = false;
    while (*at >= '0' && *at <= '9') {
        overflow |= __builtin_mul_overflow(value, (uint64_t)10, &value);
        overflow |= __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value);
        at += 1;
    }
    bool is_bytes = option->kind == OCT_CONFIG_KIND_BYTES;
    uint64_t factor = is_bytes ? unit_factor(at) : (uint64_t)(*at == 0);
    if (at == text || factor == 0) {
        return oct_error_set(error, OCT_ERR_INVALID, origin, OCT_POSITION_NONE, "expected %s, got '%.64s'",
                             is_bytes ? "a number of bytes such as 1048576 or 64MiB" : "a whole number", text);
    }
    overflow |= __builtin_mul_overflow(value, factor, &value);
    *number = overflow ? UINT64_MAX : value; // past every maximum
    return OCT_OK;
}

enum oct_status oct_config_set_number(const struct oct_config_option *option,
                                      uint64_t *field,
                                      uint64_t number,
                                      const char *origin,
                                      struct oct_error *error)
{
    if (number < option->minimum || number > option->maximum) {
        return oct_error_set(error, OCT_ERR_INVALID, origin, OCT_POSITION_NONE,
                             "expected %" PRIu64 " to %" PRIu64 "%s%s", option->minimum, option->maximum,
                             option->unit[0] != 0 ? " " : "", option->unit);
    }
    *field = number;
    return OCT_OK;
}

enum oct_status oct_config_set_flag(
    const struct oct_config_option *option, bool *field, const char *text, const char *origin, struct oct_error *error)
{
    (void)option;
    bool is_true = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    if (!is_true && strcmp(text, "false") != 0 && strcmp(text, "0") != 0) {
        return oct_error_set(error, OCT_ERR_INVALID, origin, OCT_POSITION_NONE, "expected true or false, got '%.64s'",
                             text);
    }
    *field = is_true;
    return OCT_OK;
}
