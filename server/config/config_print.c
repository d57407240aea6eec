#include "server/config/config.h"

#include "octet/proto/json.h"

#include <stdio.h>
#include <string.h>

static size_t section_length(const char *name)
{
    return strcspn(name, ".");
}

/// Opens and closes the objects of sections between one row and the next; rows of a section stand together in
/// options.def.
static void enter_section(struct oct_json_writer *writer, size_t index)
{
    const char *name = oct_config_option(index)->name;
    size_t length = section_length(name);
    if (index > 0) {
        const char *before = oct_config_option(index - 1)->name;
        if (section_length(before) == length && strncmp(before, name, length) == 0) {
            return;
        }
    }
    char section[OCT_CONFIG_NAME_BYTES];
    snprintf(section, sizeof(section), "%.*s", (int)length, name);
    oct_json_key(writer, section);
    oct_json_object_begin(writer);
}

static bool is_last_of_section(size_t index)
{
    if (index + 1 == OCT_CONFIG_OPTION_COUNT) {
        return true;
    }
    const char *name = oct_config_option(index)->name;
    const char *next = oct_config_option(index + 1)->name;
    size_t length = section_length(name);
    return section_length(next) != length || strncmp(name, next, length) != 0;
}

static void write_key(struct oct_json_writer *writer, size_t index)
{
    const char *name = oct_config_option(index)->name;
    oct_json_key(writer, name + section_length(name) + 1);
}

static void write_value(struct oct_json_writer *writer, const struct oct_config *config, size_t index)
{
    const struct oct_config_option *option = oct_config_option(index);
    const void *field = (const char *)config + option->offset;
    switch (option->kind) {
    case OCT_CONFIG_KIND_TEXT:
    case OCT_CONFIG_KIND_CHOICE:
        oct_json_string(writer, field);
        return;
    case OCT_CONFIG_KIND_NUMBER:
    case OCT_CONFIG_KIND_BYTES:
        oct_json_unsigned(writer, *(const uint64_t *)field);
        return;
    case OCT_CONFIG_KIND_FLAG:
        break;
    }
    oct_json_bool(writer, *(const bool *)field);
}

/// Ends the document with a line's end, as a text file wants it.
static enum oct_status finish_file(struct oct_json_writer *writer, struct oct_buffer *out)
{
    enum oct_status status = oct_json_writer_finish(writer);
    return status == OCT_OK ? oct_buffer_append(out, "\n", 1) : status;
}

enum oct_status oct_config_write(const struct oct_config *config, struct oct_buffer *out)
{
    struct oct_json_writer writer;
    oct_json_writer_init(&writer, out, 2);
    oct_json_object_begin(&writer);
    for (size_t i = 0; i < OCT_CONFIG_OPTION_COUNT; ++i) {
        enter_section(&writer, i);
        write_key(&writer, i);
        write_value(&writer, config, i);
        if (is_last_of_section(i)) {
            oct_json_object_end(&writer);
        }
    }
    oct_json_object_end(&writer);
    return finish_file(&writer, out);
}

static void write_choices(struct oct_json_writer *writer, const char *choices)
{
    oct_json_array_begin(writer);
    while (*choices != 0) {
        char choice[OCT_CONFIG_NAME_BYTES];
        size_t length = strcspn(choices, "|");
        snprintf(choice, sizeof(choice), "%.*s", (int)length, choices);
        oct_json_string(writer, choice);
        choices += length + (choices[length] != 0);
    }
    oct_json_array_end(writer);
}

static void write_bounds(struct oct_json_writer *writer, const struct oct_config_option *option)
{
    if (option->kind == OCT_CONFIG_KIND_CHOICE) {
        oct_json_key(writer, "enum");
        write_choices(writer, option->unit);
    } else if (option->kind == OCT_CONFIG_KIND_NUMBER || option->kind == OCT_CONFIG_KIND_BYTES) {
        oct_json_key(writer, "minimum");
        oct_json_unsigned(writer, option->minimum);
        oct_json_key(writer, "maximum");
        oct_json_unsigned(writer, option->maximum);
    } else if (option->kind == OCT_CONFIG_KIND_TEXT) {
        oct_json_key(writer, "maxLength");
        oct_json_unsigned(writer, OCT_CONFIG_TEXT_BYTES - 1);
    }
}

enum oct_status oct_config_write_reference(struct oct_buffer *out)
{
    struct oct_config defaults;
    oct_config_init(&defaults);
    struct oct_json_writer writer;
    oct_json_writer_init(&writer, out, 2);
    oct_json_object_begin(&writer);
    for (size_t i = 0; i < OCT_CONFIG_OPTION_COUNT; ++i) {
        const struct oct_config_option *option = oct_config_option(i);
        char name[OCT_CONFIG_NAME_BYTES], flag[OCT_CONFIG_NAME_BYTES + 2];
        oct_json_key(&writer, option->name);
        oct_json_object_begin(&writer);
        oct_json_key(&writer, "default");
        write_value(&writer, &defaults, i);
        write_bounds(&writer, option);
        if (option->unit[0] != 0 && option->kind != OCT_CONFIG_KIND_CHOICE) {
            oct_json_key(&writer, "unit");
            oct_json_string(&writer, option->unit);
        }
        oct_json_key(&writer, "environment");
        oct_config_variable_name(option, name);
        oct_json_string(&writer, name);
        oct_json_key(&writer, "flags");
        oct_json_array_begin(&writer);
        oct_config_flag_name(option, name);
        snprintf(flag, sizeof(flag), "--%s", name);
        oct_json_string(&writer, flag);
        if (option->short_flag[0] != 0) {
            snprintf(flag, sizeof(flag), "--%s", option->short_flag);
            oct_json_string(&writer, flag);
        }
        oct_json_array_end(&writer);
        oct_json_key(&writer, "doc");
        oct_json_string(&writer, option->doc);
        oct_json_object_end(&writer);
    }
    oct_json_object_end(&writer);
    return finish_file(&writer, out);
}

static void write_type(struct oct_json_writer *writer, enum oct_config_kind kind)
{
    oct_json_key(writer, "type");
    switch (kind) {
    case OCT_CONFIG_KIND_TEXT:
    case OCT_CONFIG_KIND_CHOICE:
        oct_json_string(writer, "string");
        return;
    case OCT_CONFIG_KIND_NUMBER:
        oct_json_string(writer, "integer");
        return;
    case OCT_CONFIG_KIND_BYTES:
        oct_json_array_begin(writer);
        oct_json_string(writer, "integer");
        oct_json_string(writer, "string");
        oct_json_array_end(writer);
        oct_json_key(writer, "pattern");
        oct_json_string(writer, "^[0-9]+([KMG]iB)?$");
        return;
    case OCT_CONFIG_KIND_FLAG:
        break;
    }
    oct_json_string(writer, "boolean");
}

static void write_closed_object(struct oct_json_writer *writer)
{
    oct_json_key(writer, "type");
    oct_json_string(writer, "object");
    oct_json_key(writer, "additionalProperties");
    oct_json_bool(writer, false);
    oct_json_key(writer, "properties");
    oct_json_object_begin(writer);
}

enum oct_status oct_config_write_schema(struct oct_buffer *out)
{
    struct oct_config defaults;
    oct_config_init(&defaults);
    struct oct_json_writer writer;
    oct_json_writer_init(&writer, out, 2);
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "$schema");
    oct_json_string(&writer, "https://json-schema.org/draft/2020-12/schema");
    oct_json_key(&writer, "title");
    oct_json_string(&writer, "Configuration of octet serve");
    write_closed_object(&writer);
    oct_json_key(&writer, "$schema");
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "type");
    oct_json_string(&writer, "string");
    oct_json_object_end(&writer);
    for (size_t i = 0; i < OCT_CONFIG_OPTION_COUNT; ++i) {
        const struct oct_config_option *option = oct_config_option(i);
        bool is_first = i == 0 || is_last_of_section(i - 1);
        enter_section(&writer, i);
        if (is_first) {
            write_closed_object(&writer);
        }
        write_key(&writer, i);
        oct_json_object_begin(&writer);
        write_type(&writer, option->kind);
        write_bounds(&writer, option);
        oct_json_key(&writer, "default");
        write_value(&writer, &defaults, i);
        oct_json_key(&writer, "description");
        oct_json_string(&writer, option->doc);
        oct_json_object_end(&writer);
        if (is_last_of_section(i)) {
            oct_json_object_end(&writer);
            oct_json_object_end(&writer);
        }
    }
    oct_json_object_end(&writer);
    oct_json_object_end(&writer);
    return finish_file(&writer, out);
}
