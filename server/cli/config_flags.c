#include "server/cli/config_flags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_flag(struct oct_cli_config *parsed, const char *name, size_t option, const char *doc)
{
    static const char *const value_words[] = {"TEXT", "CHOICE", "N", "BYTES", "true|false"};
    struct oct_cli_flag *flag = &parsed->flags[parsed->n_flags];
    flag->name = name;
    flag->value = "FILE";
    flag->doc = doc;
    if (option < OCT_CONFIG_OPTION_COUNT) {
        const struct oct_config_option *row = oct_config_option(option);
        flag->value = row->kind == OCT_CONFIG_KIND_CHOICE ? row->unit : value_words[row->kind];
    }
    parsed->options[parsed->n_flags] = option;
    parsed->n_flags += 1;
}

void oct_cli_config_init(struct oct_cli_config *parsed)
{
    memset(parsed, 0, sizeof(*parsed));
    const char *path = getenv("OCTET_CONFIG");
    parsed->path = path != NULL && path[0] != 0 ? path : NULL;
    add_flag(parsed, "config", OCT_CONFIG_OPTION_COUNT,
             "JSON file with the same options, grouped by section; or OCTET_CONFIG.");
    for (size_t i = 0; i < OCT_CONFIG_OPTION_COUNT; ++i) {
        const struct oct_config_option *option = oct_config_option(i);
        oct_config_flag_name(option, parsed->names[i]);
        if (option->short_flag[0] == 0) {
            add_flag(parsed, parsed->names[i], i, option->doc);
            continue;
        }
        add_flag(parsed, option->short_flag, i, option->doc);
        if (option->kind == OCT_CONFIG_KIND_FLAG) {
            parsed->flags[parsed->n_flags - 1].value = NULL; // --open-management alone means true
        }
        add_flag(parsed, parsed->names[i], i, "The same.");
    }
}

size_t oct_cli_config_add(struct oct_cli_config *parsed, const struct oct_cli_flag *flag)
{
    parsed->flags[parsed->n_flags] = *flag;
    parsed->options[parsed->n_flags] = SIZE_MAX;
    parsed->n_flags += 1;
    return parsed->n_flags - 1;
}

bool oct_cli_config_set(struct oct_cli_config *parsed, size_t flag, const char *value)
{
    size_t option = parsed->options[flag];
    if (option == SIZE_MAX) {
        return false;
    }
    if (option == OCT_CONFIG_OPTION_COUNT) {
        parsed->path = value;
    } else {
        parsed->values[option] = value != NULL ? value : "true";
        parsed->origins[option] = parsed->flags[flag].name;
    }
    return true;
}

enum oct_status
oct_cli_config_load(const struct oct_cli_config *parsed, struct oct_config *config, struct oct_error *error)
{
    oct_config_init(config);
    enum oct_status status = OCT_OK;
    if (parsed->path != NULL) {
        status = oct_config_load_file(config, parsed->path, error);
    }
    if (status == OCT_OK) {
        status = oct_config_load_environment(config, error);
    }
    for (size_t i = 0; i < OCT_CONFIG_OPTION_COUNT && status == OCT_OK; ++i) {
        if (parsed->values[i] != NULL) {
            char origin[OCT_CONFIG_NAME_BYTES + 2];
            snprintf(origin, sizeof(origin), "--%s", parsed->origins[i]);
            status = oct_config_set(config, i, parsed->values[i], origin, error);
        }
    }
    return status == OCT_OK ? oct_config_check(config, error) : status;
}
