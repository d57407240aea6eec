#include <stdio.h>
#include <stdlib.h>

#include "server/cli/config_flags.h"

#define COMMAND "check-config"

struct check_arguments {
    struct oct_cli_config config;
    size_t reference_flag, schema_flag;
    bool reference, schema;
};

static enum oct_status set_flag(void *context, size_t flag, const char *value, struct oct_error *error)
{
    struct check_arguments *arguments = context;
    (void)error;
    if (!oct_cli_config_set(&arguments->config, flag, value)) {
        arguments->reference |= flag == arguments->reference_flag;
        arguments->schema |= flag == arguments->schema_flag;
    }
    return OCT_OK;
}

static int run(const struct check_arguments *arguments)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_config config;
    struct oct_buffer out;
    oct_buffer_init(&out, NULL, OCT_CLI_MAX_OUTPUT_BYTES);
    enum oct_status status = OCT_OK;
    if (arguments->reference) {
        status = oct_config_write_reference(&out);
    } else if (arguments->schema) {
        status = oct_config_write_schema(&out);
    } else {
        status = oct_cli_config_load(&arguments->config, &config, &error);
        if (status == OCT_OK) {
            status = oct_config_write(&config, &out);
        }
    }
    if (status != OCT_OK) {
        oct_buffer_deinit(&out);
        return oct_cli_fail(COMMAND, status, &error);
    }
    return oct_cli_print(COMMAND, &out);
}

int oct_cmd_check_config(int argc, char **argv)
{
    struct check_arguments *arguments = calloc(1, sizeof(*arguments));
    if (arguments == NULL) {
        return oct_cli_fail(COMMAND, OCT_ERR_NOMEM, NULL);
    }
    oct_cli_config_init(&arguments->config);
    arguments->reference_flag = oct_cli_config_add(
        &arguments->config,
        &(struct oct_cli_flag){"reference", NULL,
                               "print every option with its default, bounds, unit, variable and flags"});
    arguments->schema_flag = oct_cli_config_add(
        &arguments->config, &(struct oct_cli_flag){"schema", NULL, "print a JSON Schema of the configuration file"});
    const struct oct_cli_syntax syntax = {
        .command = COMMAND,
        .arguments = "[flags]",
        .about = "The dry run of `octet serve`: reads file, environment and flags in this order, checks them, and "
                 "prints the\n"
                 "configuration that would be in force, itself a configuration file. Exit code 0 only if all is well.",
        .flags = arguments->config.flags,
        .n_flags = arguments->config.n_flags,
        .set = set_flag,
        .context = arguments,
    };
    char **positional = NULL;
    int parsed = oct_cli_parse(&syntax, argc, argv, &positional);
    int exit_code = parsed < 0 ? oct_cli_parse_exit_code(parsed) : run(arguments);
    free(arguments);
    return exit_code;
}
