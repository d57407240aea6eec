#include "server/models/names.h"

#include <string.h>

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

enum oct_status oct_model_name_check(const char *name, struct oct_error *error)
{
    size_t length = strlen(name);
    bool ok = length >= 1 && length <= OCT_MODEL_NAME_MAX_BYTES && name[0] != '.';
    for (size_t i = 0; ok && i < length; i++) {
        ok = is_name_byte(name[i]);
    }
    if (ok) {
        return OCT_OK;
    }
    return oct_error_set(error, OCT_ERR_INVALID, "model name", OCT_POSITION_NONE,
                         "expected 1 to %d of A-Z a-z 0-9 . _ - and no dot in front", OCT_MODEL_NAME_MAX_BYTES);
}

enum oct_status oct_model_version_parse(const char *text, uint64_t *version, struct oct_error *error)
{
    uint64_t value = 0;
    size_t length = strlen(text);
    bool ok = length >= 1 && length < OCT_MODEL_VERSION_TEXT_BYTES && text[0] != '0';
    for (size_t i = 0; ok && i < length; i++) {
        ok = text[i] >= '0' && text[i] <= '9';
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    if (!ok) {
        return oct_error_set(error, OCT_ERR_INVALID, "model version", OCT_POSITION_NONE,
                             "expected an integer from 1 to %llu", (unsigned long long)OCT_MODEL_VERSION_MAX);
    }
    *version = value;
    return OCT_OK;
}
