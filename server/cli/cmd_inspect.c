#include <stdio.h>

#include "server/cli/cli.h"
#include "server/cli/describe.h"
#include "server/cli/model.h"

#define COMMAND "inspect"

static const struct oct_cli_flag flags[] = {
#define OCT_CLI_MODEL_FLAG(id, name, value, doc) {name, value, doc},
#include "server/cli/model_flags.def"
#undef OCT_CLI_MODEL_FLAG
    {"json", NULL, "one JSON object"},
};

struct inspect_arguments {
    struct oct_cli_model_options model;
    bool json;
};

static enum oct_status set_flag(void *context, size_t flag, const char *value, struct oct_error *error)
{
    struct inspect_arguments *arguments = context;
    if (flag < OCT_CLI_MODEL_FLAG_COUNT) {
        return oct_cli_model_set(&arguments->model, flag, value, error);
    }
    arguments->json = true;
    return OCT_OK;
}

int oct_cmd_inspect(int argc, char **argv)
{
    struct inspect_arguments arguments = {.json = false};
    const struct oct_cli_syntax syntax = {
        .command = COMMAND,
        .arguments = "MODEL [flags]",
        .about = "Shows a .octet file: its graph before and after rewriting, the kernel chosen for each step, memory "
                 "per tensor\n"
                 "and in all, whether rows are independent, and which results may differ between CPUs (class F).",
        .flags = flags,
        .n_flags = sizeof(flags) / sizeof(flags[0]),
        .min_positional = 1,
        .max_positional = 1,
        .set = set_flag,
        .context = &arguments,
    };
    char **positional = NULL;
    int parsed = oct_cli_parse(&syntax, argc, argv, &positional);
    if (parsed < 0) {
        return oct_cli_parse_exit_code(parsed);
    }
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_model *model = NULL;
    struct oct_buffer out;
    uint64_t features = 0;
    oct_buffer_init(&out, NULL, OCT_CLI_MAX_OUTPUT_BYTES);
    enum oct_status status = oct_cli_model_features(&arguments.model, &features, &error);
    if (status == OCT_OK) {
        status = oct_cli_model_open(positional[0], &arguments.model, &model, &error);
    }
    if (status == OCT_OK) {
        const char *isa = oct_cpu_isa_name(features);
        status = arguments.json ? oct_cli_describe_json(model, positional[0], isa, &out)
                                : oct_cli_describe_text(model, positional[0], isa, &out);
    }
    oct_model_close(model);
    if (status != OCT_OK) {
        oct_buffer_deinit(&out);
        return oct_cli_fail(COMMAND, status, &error);
    }
    return oct_cli_print(COMMAND, &out);
}
