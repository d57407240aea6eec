#include "server/cli/cli.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
#define OCT_COMMAND(function, name, summary) {name, summary, oct_cmd_##function},
#include "server/cli/commands.def"
#undef OCT_COMMAND
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
    fprintf(out, "octet %s: predictions from int8-quantized neural networks\n\nusage: octet COMMAND [arguments]\n\n",
            OCTET_VERSION);
    for (size_t i = 0; i < N_COMMANDS; ++i) {
        fprintf(out, "  %-14s %s\n", commands[i].name, commands[i].summary);
    }
    fprintf(out, "\n`octet COMMAND --help` tells more.\n");
}

int oct_cli_main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return oct_status_exit_code(OCT_ERR_INVALID);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("octet %s\n", OCTET_VERSION);
        return 0;
    }
    for (size_t i = 0; i < N_COMMANDS; ++i) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "octet: no command '%s'; `octet --help` lists them\n", argv[1]);
    return oct_status_exit_code(OCT_ERR_INVALID);
}

int oct_cli_fail(const char *command, enum oct_status status, const struct oct_error *error)
{
    char text[OCT_ERROR_WHERE_BYTES + OCT_ERROR_MESSAGE_BYTES + 64];
    if (error != NULL && error->status != OCT_OK) {
        oct_error_format(error, text, sizeof(text));
    } else {
        snprintf(text, sizeof(text), "%s", oct_status_text(status));
    }
    fprintf(stderr, "octet %s: %s\n", command, text);
    return oct_status_exit_code(status);
}

int oct_cli_print(const char *command, struct oct_buffer *out)
{
    size_t written = out->length == 0 ? 0 : fwrite(out->data, 1, out->length, stdout);
    bool complete = written == out->length && fflush(stdout) == 0;
    oct_buffer_deinit(out);
    if (!complete) {
        struct oct_error error = OCT_ERROR_INIT;
        oct_error_set(&error, OCT_ERR_IO, "standard output", OCT_POSITION_NONE, "cannot write");
        return oct_cli_fail(command, OCT_ERR_IO, &error);
    }
    return 0;
}
