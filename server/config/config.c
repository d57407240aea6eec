#include "server/config/config.h"

#include "server/config/value.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct oct_config_option options[OCT_CONFIG_OPTION_COUNT] = {
#define OCT_OPTION(field, name, flag, kind, value, minimum, maximum, unit, doc)                                        \
    {name, flag, OCT_CONFIG_KIND_##kind, offsetof(struct oct_config, field), value, minimum, maximum, unit, doc},
#include "server/config/options.def"
#undef OCT_OPTION
};

const struct oct_config_option *oct_config_option(size_t index)
{
    return &options[index];
}

void oct_config_variable_name(const struct oct_config_option *option, char out[OCT_CONFIG_NAME_BYTES])
{
    snprintf(out, OCT_CONFIG_NAME_BYTES, "OCTET_%s", option->name);
    for (char *at = out; *at != 0; ++at) {
        *at = *at == '.' ? '_' : (char)toupper((unsigned char)*at);
    }
}

void oct_config_flag_name(const struct oct_config_option *option, char out[OCT_CONFIG_NAME_BYTES])
{
    snprintf(out, OCT_CONFIG_NAME_BYTES, "%s", option->name);
    for (char *at = out; *at != 0; ++at) {
        *at = *at == '.' || *at == '_' ? '-' : *at;
    }
}

enum oct_status
oct_config_set(struct oct_config *config, size_t index, const char *text, const char *origin, struct oct_error *error)
{
    const struct oct_config_option *option = &options[index];
    void *field = (char *)config + option->offset;
    switch (option->kind) {
    case OCT_CONFIG_KIND_TEXT:
    case OCT_CONFIG_KIND_CHOICE:
        return oct_config_set_text(option, field, text, origin, error);
    case OCT_CONFIG_KIND_NUMBER:
    case OCT_CONFIG_KIND_BYTES: {
        uint64_t number = 0;
        enum oct_status status = oct_config_parse_number(option, text, &number, origin, error);
        return status == OCT_OK ? oct_config_set_number(option, field, number, origin, error) : status;
    }
    case OCT_CONFIG_KIND_FLAG:
        break;
    }
    return oct_config_set_flag(option, field, text, origin, error);
}

void oct_config_init(struct oct_config *config)
{
    memset(config, 0, sizeof(*config));
    for (size_t i = 0; i < OCT_CONFIG_OPTION_COUNT; ++i) {
        // The defaults are ours; check_config.c sets each of them and sees that none is refused.
        enum oct_status status = oct_config_set(config, i, options[i].default_text, options[i].name, NULL);
        (void)status;
    }
}
