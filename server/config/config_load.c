#include "server/config/config.h"
#include "server/config/value.h"

#include "octet/proto/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// The option called `section`.`key`, or OCT_CONFIG_OPTION_COUNT.
static size_t find_option(const char *section, const char *key)
{
    size_t section_length = strlen(section);
    for (size_t i = 0; i < OCT_CONFIG_OPTION_COUNT; ++i) {
        const char *name = oct_config_option(i)->name;
        if (strncmp(name, section, section_length) == 0 && name[section_length] == '.' &&
            strcmp(name + section_length + 1, key) == 0) {
            return i;
        }
    }
    return OCT_CONFIG_OPTION_COUNT;
}

static enum oct_status
refuse_type(const struct oct_json *value, const char *expected, const char *where, struct oct_error *error)
{
    return oct_error_set(error, OCT_ERR_INVALID, where, OCT_POSITION_NONE, "expected %s, got %s", expected,
                         oct_json_type_name(oct_json_type(value)));
}

static enum oct_status set_from_json(
    struct oct_config *config, size_t index, const struct oct_json *value, const char *where, struct oct_error *error)
{
    const struct oct_config_option *option = oct_config_option(index);
    const char *text = NULL;
    int64_t number = 0;
    bool flag = false;
    switch (option->kind) {
    case OCT_CONFIG_KIND_TEXT:
    case OCT_CONFIG_KIND_CHOICE:
        if (!oct_json_is_string(value, &text, NULL)) {
            return refuse_type(value, "a string", where, error);
        }
        return oct_config_set(config, index, text, where, error);
    case OCT_CONFIG_KIND_BYTES:
        if (oct_json_is_string(value, &text, NULL)) {
            return oct_config_set(config, index, text, where, error);
        }
        // fall through
    case OCT_CONFIG_KIND_NUMBER:
        if (!oct_json_is_integer(value, &number) || number < 0) {
            return refuse_type(value, "a whole number, not negative", where, error);
        }
        return oct_config_set_number(option, (uint64_t *)(void *)((char *)config + option->offset), (uint64_t)number,
                                     where, error);
    case OCT_CONFIG_KIND_FLAG:
        break;
    }
    if (!oct_json_is_bool(value, &flag)) {
        return refuse_type(value, "true or false", where, error);
    }
    return oct_config_set(config, index, flag ? "true" : "false", where, error);
}

static enum oct_status load_section(struct oct_config *config,
                                    const char *section,
                                    const struct oct_json *members,
                                    const char *origin,
                                    struct oct_error *error)
{
    char where[OCT_ERROR_WHERE_BYTES];
    if (oct_json_type(members) != OCT_JSON_OBJECT) {
        snprintf(where, sizeof(where), "%.80s: %.60s", origin, section);
        return refuse_type(members, "an object of options", where, error);
    }
    for (size_t i = 0; i < oct_json_count(members); ++i) {
        const char *key = NULL;
        const struct oct_json *value = oct_json_member(members, i, &key);
        snprintf(where, sizeof(where), "%.60s: %.40s.%.40s", origin, section, key);
        size_t index = find_option(section, key);
        if (index == OCT_CONFIG_OPTION_COUNT) {
            return oct_error_set(error, OCT_ERR_INVALID, where, OCT_POSITION_NONE,
                                 "no such option; `octet check-config --reference` lists them");
        }
        enum oct_status status = set_from_json(config, index, value, where, error);
        if (status != OCT_OK) {
            return status;
        }
    }
    return OCT_OK;
}

enum oct_status oct_config_load_text(
    struct oct_config *config, const char *text, size_t n_bytes, const char *origin, struct oct_error *error)
{
    struct oct_json_document *document = NULL;
    enum oct_status status = oct_json_parse(text, n_bytes, OCT_CONFIG_MAX_FILE_BYTES, &document, error);
    if (status != OCT_OK) {
        oct_error_prefix(error, "%s", origin);
        return status;
    }
    const struct oct_json *root = oct_json_root(document);
    if (oct_json_type(root) != OCT_JSON_OBJECT) {
        status = refuse_type(root, "an object of sections", origin, error);
    }
    for (size_t i = 0; i < oct_json_count(root) && status == OCT_OK; ++i) {
        const char *section = NULL;
        const struct oct_json *members = oct_json_member(root, i, &section);
        if (strcmp(section, "$schema") != 0) {
            status = load_section(config, section, members, origin, error);
        }
    }
    oct_json_destroy(document);
    return status;
}

enum oct_status oct_config_load_file(struct oct_config *config, const char *path, struct oct_error *error)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return oct_error_set(error, errno == ENOENT ? OCT_ERR_NOT_FOUND : OCT_ERR_IO, path, OCT_POSITION_NONE,
                             "cannot open the configuration file: %s", strerror(errno));
    }
    char *text = malloc(OCT_CONFIG_MAX_FILE_BYTES + 1);
    enum oct_status status = OCT_OK;
    if (text == NULL) {
        status = oct_error_set(error, OCT_ERR_NOMEM, path, OCT_POSITION_NONE, "out of memory");
    } else {
        // One byte more than is allowed, so that a file that is too long is refused and not cut.
        size_t n_bytes = fread(text, 1, OCT_CONFIG_MAX_FILE_BYTES + 1, file);
        status = ferror(file) != 0
                     ? oct_error_set(error, OCT_ERR_IO, path, OCT_POSITION_NONE, "cannot read: %s", strerror(errno))
                     : oct_config_load_text(config, text, n_bytes, path, error);
    }
    free(text);
    fclose(file);
    return status;
}

enum oct_status oct_config_load_environment(struct oct_config *config, struct oct_error *error)
{
    for (size_t i = 0; i < OCT_CONFIG_OPTION_COUNT; ++i) {
        char variable[OCT_CONFIG_NAME_BYTES];
        oct_config_variable_name(oct_config_option(i), variable);
        const char *text = getenv(variable);
        if (text == NULL || text[0] == 0) {
            continue;
        }
        enum oct_status status = oct_config_set(config, i, text, variable, error);
        if (status != OCT_OK) {
            return status;
        }
    }
    return OCT_OK;
}
