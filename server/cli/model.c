#include "server/cli/model.h"

#include "server/cli/cli.h"
#include "server/config/features.h"

enum oct_status
oct_cli_model_set(struct oct_cli_model_options *options, size_t flag, const char *value, struct oct_error *error)
{
    switch ((enum oct_cli_model_flag)flag) {
    case OCT_CLI_MODEL_ISA:
        options->isa = value;
        return OCT_OK;
    case OCT_CLI_MODEL_MAX_ROWS:
        return oct_cli_number(value, 1, OCT_PLAN_MAX_ROWS, &options->max_rows, error);
    case OCT_CLI_MODEL_REFERENCE:
        options->reference_only = true;
        return OCT_OK;
    case OCT_CLI_MODEL_NO_REWRITE:
        options->no_rewrite = true;
        return OCT_OK;
    case OCT_CLI_MODEL_FLAG_COUNT:
        break;
    }
    return OCT_ERR_INVALID;
}

enum oct_status
oct_cli_model_features(const struct oct_cli_model_options *options, uint64_t *features, struct oct_error *error)
{
    return oct_config_cpu_features(options->isa, features, error);
}

enum oct_status oct_cli_model_open(const char *path,
                                   const struct oct_cli_model_options *options,
                                   struct oct_model **model,
                                   struct oct_error *error)
{
    struct oct_model_options open_options = oct_model_options_default();
    enum oct_status status = oct_cli_model_features(options, &open_options.plan.cpu_features, error);
    if (status != OCT_OK) {
        return status;
    }
    open_options.plan.max_rows = (int64_t)options->max_rows;
    open_options.plan.reference_only = options->reference_only;
    open_options.plan.no_rewrite = options->no_rewrite;
    return oct_model_open(path, &open_options, model, error);
}
