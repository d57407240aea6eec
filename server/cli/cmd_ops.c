#include <stdio.h>
#include <string.h>

#include "octet/op.h"
#include "octet/proto/json.h"
#include "server/cli/cli.h"

#define COMMAND "ops"

static const struct oct_cli_flag flags[] = {
    {"json", NULL, "one JSON array, with the attributes' types, defaults and ranges"},
};

static const char *const type_names[] = {"int", "float", "bool", "string", "ints"};

static enum oct_status set_flag(void *context, size_t flag, const char *value, struct oct_error *error)
{
    (void)flag;
    (void)value;
    (void)error;
    *(bool *)context = true;
    return OCT_OK;
}

static void write_names(struct oct_json_writer *writer, const char *key, const char *const *names)
{
    oct_json_key(writer, key);
    oct_json_array_begin(writer);
    for (; names != NULL && *names != NULL; ++names) {
        oct_json_string(writer, *names);
    }
    oct_json_array_end(writer);
}

static void write_default(struct oct_json_writer *writer, const struct oct_attribute_spec *spec)
{
    oct_json_key(writer, "default");
    if (spec->type == OCT_ATTRIBUTE_BOOL) {
        oct_json_bool(writer, spec->default_number != 0);
    } else {
        oct_json_double(writer, spec->default_number);
    }
}

static void write_attribute(struct oct_json_writer *writer, const struct oct_attribute_spec *spec)
{
    oct_json_object_begin(writer);
    oct_json_key(writer, "name");
    oct_json_string(writer, spec->name);
    oct_json_key(writer, "type");
    oct_json_string(writer, type_names[spec->type]);
    oct_json_key(writer, "required");
    oct_json_bool(writer, spec->required);
    if (spec->has_default) {
        write_default(writer, spec);
    }
    if (spec->type == OCT_ATTRIBUTE_INT || spec->type == OCT_ATTRIBUTE_FLOAT || spec->type == OCT_ATTRIBUTE_INTS) {
        // Bounds that are infinite are no bounds, and JSON could not show them.
        if (spec->minimum > -1e300 && spec->minimum <= spec->maximum) {
            oct_json_key(writer, "minimum");
            oct_json_double(writer, spec->minimum);
        }
        if (spec->maximum < 1e300 && spec->minimum <= spec->maximum) {
            oct_json_key(writer, "maximum");
            oct_json_double(writer, spec->maximum);
        }
    }
    if (spec->type == OCT_ATTRIBUTE_INTS) {
        oct_json_key(writer, "min_count");
        oct_json_unsigned(writer, spec->min_count);
        oct_json_key(writer, "max_count");
        oct_json_unsigned(writer, spec->max_count);
    }
    oct_json_key(writer, "doc");
    oct_json_string(writer, spec->doc);
    oct_json_object_end(writer);
}

static void write_op(struct oct_json_writer *writer, const struct oct_op *op)
{
    oct_json_object_begin(writer);
    oct_json_key(writer, "name");
    oct_json_string(writer, op->name);
    write_names(writer, "covers", op->covers);
    write_names(writer, "inputs", op->input_names);
    oct_json_key(writer, "min_inputs");
    oct_json_unsigned(writer, op->min_inputs);
    oct_json_key(writer, "max_inputs");
    oct_json_unsigned(writer, op->max_inputs);
    oct_json_key(writer, "n_outputs");
    oct_json_unsigned(writer, op->n_outputs);
    oct_json_key(writer, "dtypes");
    oct_json_string(writer, op->dtypes);
    oct_json_key(writer, "attributes");
    oct_json_array_begin(writer);
    for (const struct oct_attribute_spec *spec = op->attributes; spec != NULL && spec->name != NULL; ++spec) {
        write_attribute(writer, spec);
    }
    oct_json_array_end(writer);
    oct_json_key(writer, "internal");
    oct_json_bool(writer, (op->flags & OCT_OP_INTERNAL) != 0);
    oct_json_key(writer, "doc");
    oct_json_string(writer, op->doc);
    oct_json_object_end(writer);
}

static enum oct_status write_json(const struct oct_op_registry *registry, struct oct_buffer *out)
{
    struct oct_json_writer writer;
    oct_json_writer_init(&writer, out, 2);
    oct_json_array_begin(&writer);
    for (size_t i = 0; i < oct_op_registry_count(registry); ++i) {
        write_op(&writer, oct_op_registry_at(registry, i));
    }
    oct_json_array_end(&writer);
    enum oct_status status = oct_json_writer_finish(&writer);
    return status == OCT_OK ? oct_buffer_append(out, "\n", 1) : status;
}

static enum oct_status write_attributes_text(const struct oct_op *op, struct oct_buffer *out)
{
    enum oct_status status = OCT_OK;
    for (const struct oct_attribute_spec *spec = op->attributes; spec != NULL && spec->name != NULL && status == OCT_OK;
         ++spec) {
        status = oct_buffer_printf(out, "    %s: %s", spec->name, type_names[spec->type]);
        if (status == OCT_OK && spec->has_default) {
            status = oct_buffer_printf(out, " = %g", spec->default_number);
        } else if (status == OCT_OK && !spec->required) {
            status = oct_buffer_printf(out, "?");
        }
        if (status == OCT_OK) {
            status =
                oct_buffer_printf(out, "%s%s\n", spec->doc != NULL ? "  " : "", spec->doc != NULL ? spec->doc : "");
        }
    }
    return status;
}

static enum oct_status write_text(const struct oct_op_registry *registry, struct oct_buffer *out)
{
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < oct_op_registry_count(registry) && status == OCT_OK; ++i) {
        const struct oct_op *op = oct_op_registry_at(registry, i);
        status = oct_buffer_printf(out, "%s(", op->name);
        for (size_t n = 0; op->input_names != NULL && op->input_names[n] != NULL && status == OCT_OK; ++n) {
            status =
                oct_buffer_printf(out, "%s%s%s", n > 0 ? ", " : "", op->input_names[n], n >= op->min_inputs ? "?" : "");
        }
        if (status == OCT_OK) {
            status = oct_buffer_printf(out, "%s)  %s%s\n    %s\n", (op->flags & OCT_OP_VARIADIC) != 0 ? " ..." : "",
                                       op->dtypes,
                                       (op->flags & OCT_OP_INTERNAL) != 0 ? "  [made by rewriting only]" : "", op->doc);
        }
        if (status == OCT_OK) {
            status = write_attributes_text(op, out);
        }
    }
    return status;
}

int oct_cmd_ops(int argc, char **argv)
{
    bool json = false;
    const struct oct_cli_syntax syntax = {
        .command = COMMAND,
        .arguments = "[flags]",
        .about = "Lists the operators that models may use, under PyTorch's names, with their inputs and attributes.",
        .flags = flags,
        .n_flags = sizeof(flags) / sizeof(flags[0]),
        .set = set_flag,
        .context = &json,
    };
    char **positional = NULL;
    int parsed = oct_cli_parse(&syntax, argc, argv, &positional);
    if (parsed < 0) {
        return oct_cli_parse_exit_code(parsed);
    }
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_op_registry *registry = NULL;
    struct oct_buffer out;
    oct_buffer_init(&out, NULL, OCT_CLI_MAX_OUTPUT_BYTES);
    enum oct_status status = oct_op_registry_create(NULL, &registry, &error);
    if (status == OCT_OK) {
        status = json ? write_json(registry, &out) : write_text(registry, &out);
    }
    oct_op_registry_destroy(registry);
    if (status != OCT_OK) {
        oct_buffer_deinit(&out);
        return oct_cli_fail(COMMAND, status, &error);
    }
    return oct_cli_print(COMMAND, &out);
}
