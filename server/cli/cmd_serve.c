#include <stdlib.h>
#include <unistd.h>

#include "server/app/app.h"
#include "server/cli/config_flags.h"

#define COMMAND "serve"

static enum oct_status set_flag(void *context, size_t flag, const char *value, struct oct_error *error)
{
    (void)error;
    (void)oct_cli_config_set(context, flag, value); // this command adds no flag of its own
    return OCT_OK;
}

static int serve(const struct oct_cli_config *flags)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_config config;
    struct oct_app *app = NULL;
    enum oct_status status = oct_cli_config_load(flags, &config, &error);
    if (status == OCT_OK) {
        status = oct_app_create(&config, STDERR_FILENO, &app, &error);
    }
    if (status != OCT_OK) {
        return oct_cli_fail(COMMAND, status, &error);
    }
    oct_app_run(app);
    oct_app_destroy(app);
    return 0;
}

int oct_cmd_serve(int argc, char **argv)
{
    struct oct_cli_config *flags = calloc(1, sizeof(*flags));
    if (flags == NULL) {
        return oct_cli_fail(COMMAND, OCT_ERR_NOMEM, NULL);
    }
    oct_cli_config_init(flags);
    const struct oct_cli_syntax syntax = {
        .command = COMMAND,
        .arguments = "[--config FILE] [flags]",
        .about = "Answers predictions over HTTP until SIGTERM or SIGINT, then finishes what is in flight. Every option "
                 "may stand\n"
                 "in the JSON file, in the environment (server.port is OCTET_SERVER_PORT), or here; the latter win.",
        .flags = flags->flags,
        .n_flags = flags->n_flags,
        .set = set_flag,
        .context = flags,
    };
    char **positional = NULL;
    int parsed = oct_cli_parse(&syntax, argc, argv, &positional);
    int exit_code = parsed < 0 ? oct_cli_parse_exit_code(parsed) : serve(flags);
    free(flags);
    return exit_code;
}
