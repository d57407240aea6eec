#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "octet/proto/json.h"
#include "server/cli/arrays.h"
#include "server/cli/cli.h"
#include "server/cli/file.h"
#include "server/cli/golden.h"
#include "server/cli/model.h"
#include "server/cli/rows.h"

#define COMMAND "run"

enum { FLAG_INPUT = OCT_CLI_MODEL_FLAG_COUNT, FLAG_OUTPUT_DIR, FLAG_RECORD_GOLDEN, FLAG_JSON };

static const struct oct_cli_flag flags[] = {
#define OCT_CLI_MODEL_FLAG(id, name, value, doc) {name, value, doc},
#include "server/cli/model_flags.def"
#undef OCT_CLI_MODEL_FLAG
    {"input", "[NAME=]FILE", "a .npy file; repeat with NAME= for models of several inputs"},
    {"output-dir", "DIR", "folder for one <output name>.npy each, made when absent"},
    {"record-golden", "OUT", "also write the model to OUT with these inputs and the digests of the outputs"},
    {"json", NULL, "print what was done as one JSON object"},
};

struct run_arguments {
    struct oct_cli_model_options model;
    struct oct_cli_array arrays[OCT_GRAPH_MAX_INPUTS];
    size_t n_arrays;
    const char *path;
    const char *output_dir;
    const char *golden_path;
    bool json;
};

static enum oct_status set_flag(void *context, size_t flag, const char *value, struct oct_error *error)
{
    struct run_arguments *arguments = context;
    if (flag < OCT_CLI_MODEL_FLAG_COUNT) {
        return oct_cli_model_set(&arguments->model, flag, value, error);
    }
    switch (flag) {
    case FLAG_INPUT:
        if (arguments->n_arrays == OCT_GRAPH_MAX_INPUTS) {
            return oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE, "more than %d", OCT_GRAPH_MAX_INPUTS);
        }
        arguments->arrays[arguments->n_arrays].argument = value;
        arguments->n_arrays += 1;
        return OCT_OK;
    case FLAG_OUTPUT_DIR:
        arguments->output_dir = value;
        return OCT_OK;
    case FLAG_RECORD_GOLDEN:
        arguments->golden_path = value;
        return OCT_OK;
    default:
        arguments->json = true;
        return OCT_OK;
    }
}

/// The path of an output's file. Names come from the model, so one that would leave the folder is refused.
static enum oct_status
output_path(const char *folder, const char *name, char *path, size_t path_bytes, struct oct_error *error)
{
    if (name[0] == '.' || strchr(name, '/') != NULL) {
        return oct_error_set(error, OCT_ERR_INVALID, name, OCT_POSITION_NONE,
                             "the output's name cannot be a file's name");
    }
    int length = snprintf(path, path_bytes, "%s/%s.npy", folder, name);
    if (length < 0 || (size_t)length >= path_bytes) {
        return oct_error_set(error, OCT_ERR_LIMIT, folder, OCT_POSITION_NONE, "the path is too long");
    }
    return OCT_OK;
}

static enum oct_status write_outputs(const struct oct_plan *plan,
                                     const struct oct_cli_rows *result,
                                     const char *folder,
                                     struct oct_error *error)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return oct_error_set(error, OCT_ERR_IO, folder, OCT_POSITION_NONE, "cannot make the folder: %s",
                             strerror(errno));
    }
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < result->n_outputs && status == OCT_OK; ++i) {
        const struct oct_port *port = oct_plan_output(plan, i);
        struct oct_shape shape = oct_shape_at(&port->desc.shape, result->rows);
        char path[4096];
        struct oct_buffer header;
        oct_buffer_init(&header, NULL, OCT_NPY_MAX_HEADER_BYTES);
        status = output_path(folder, port->name, path, sizeof(path), error);
        if (status == OCT_OK) {
            status = oct_npy_write_header(port->desc.dtype, &shape, &header);
        }
        if (status == OCT_OK) {
            status = oct_cli_file_write(path, header.data, header.length, result->outputs[i].data,
                                        result->outputs[i].length, error);
        }
        oct_buffer_deinit(&header);
    }
    return status;
}

static int
print_summary(const struct run_arguments *arguments, const struct oct_plan *plan, const struct oct_cli_rows *result)
{
    struct oct_buffer out;
    struct oct_json_writer writer;
    oct_buffer_init(&out, NULL, OCT_CLI_MAX_OUTPUT_BYTES);
    oct_json_writer_init(&writer, &out, 0);
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "model");
    oct_json_string(&writer, arguments->path);
    oct_json_key(&writer, "rows");
    oct_json_integer(&writer, result->rows);
    oct_json_key(&writer, "seconds");
    oct_json_double(&writer, result->seconds);
    oct_json_key(&writer, "outputs");
    oct_json_array_begin(&writer);
    for (size_t i = 0; i < result->n_outputs; ++i) {
        const struct oct_port *port = oct_plan_output(plan, i);
        struct oct_shape shape = oct_shape_at(&port->desc.shape, result->rows);
        oct_json_object_begin(&writer);
        oct_json_key(&writer, "name");
        oct_json_string(&writer, port->name);
        oct_json_key(&writer, "dtype");
        oct_json_string(&writer, oct_dtype_name(port->desc.dtype));
        oct_json_key(&writer, "shape");
        oct_json_array_begin(&writer);
        for (int32_t d = 0; d < shape.rank; ++d) {
            oct_json_integer(&writer, shape.dims[d]);
        }
        oct_json_array_end(&writer);
        oct_json_object_end(&writer);
    }
    oct_json_array_end(&writer);
    oct_json_object_end(&writer);
    enum oct_status status = oct_json_writer_finish(&writer);
    if (status == OCT_OK) {
        status = oct_buffer_append(&out, "\n", 1);
    }
    if (status != OCT_OK) {
        oct_buffer_deinit(&out);
        return oct_cli_fail(COMMAND, status, NULL);
    }
    return oct_cli_print(COMMAND, &out);
}

/// Binds the inputs, runs, and writes what was asked for. `model` may be replaced by one with a larger batch.
static enum oct_status
run_model(struct run_arguments *arguments, struct oct_model **model, int *exit_code, struct oct_error *error)
{
    struct oct_plan *plan = oct_model_plan(*model);
    const uint8_t *inputs[OCT_GRAPH_MAX_INPUTS];
    int64_t rows = 0;
    enum oct_status status = oct_cli_arrays_bind(arguments->arrays, arguments->n_arrays, plan, inputs, &rows, error);
    if (status != OCT_OK) {
        return status;
    }
    if (rows > oct_plan_max_rows(plan) && !oct_plan_rows_independent(plan, NULL) && arguments->model.max_rows == 0 &&
        rows <= OCT_PLAN_MAX_ROWS) {
        // Rows that mix cannot be cut into slices: a plan for all of them. The ports are the same, so the arrays stay
        // bound.
        struct oct_cli_model_options options = arguments->model;
        options.max_rows = (uint64_t)rows;
        oct_model_close(*model);
        *model = NULL;
        status = oct_cli_model_open(arguments->path, &options, model, error);
        if (status != OCT_OK) {
            return status;
        }
        plan = oct_model_plan(*model);
    }
    struct oct_cli_rows result;
    status = oct_cli_rows_run(plan, inputs, rows, &result, error);
    if (status != OCT_OK) {
        return status;
    }
    if (arguments->output_dir != NULL) {
        status = write_outputs(plan, &result, arguments->output_dir, error);
    }
    if (status == OCT_OK && arguments->golden_path != NULL) {
        status = oct_cli_golden_record(arguments->path, arguments->golden_path, plan, inputs, &result, error);
    }
    if (status == OCT_OK && arguments->json) {
        *exit_code = print_summary(arguments, plan, &result);
    }
    oct_cli_rows_deinit(&result);
    return status;
}

int oct_cmd_run(int argc, char **argv)
{
    struct run_arguments *arguments = calloc(1, sizeof(*arguments));
    if (arguments == NULL) {
        return oct_cli_fail(COMMAND, OCT_ERR_NOMEM, NULL);
    }
    const struct oct_cli_syntax syntax = {
        .command = COMMAND,
        .arguments = "MODEL --input [NAME=]FILE [--output-dir DIR] [flags]",
        .about = "Runs a .octet file on arrays in numpy's .npy format, all rows of them, and writes each output as\n"
                 "<output name>.npy. Quantized tensors are read and written as their integers.",
        .flags = flags,
        .n_flags = sizeof(flags) / sizeof(flags[0]),
        .min_positional = 1,
        .max_positional = 1,
        .set = set_flag,
        .context = arguments,
    };
    char **positional = NULL;
    int parsed = oct_cli_parse(&syntax, argc, argv, &positional);
    int exit_code = 0;
    if (parsed < 0) {
        exit_code = oct_cli_parse_exit_code(parsed);
    } else {
        struct oct_error error = OCT_ERROR_INIT;
        struct oct_model *model = NULL;
        arguments->path = positional[0];
        enum oct_status status = oct_cli_model_open(arguments->path, &arguments->model, &model, &error);
        if (status == OCT_OK) {
            status = run_model(arguments, &model, &exit_code, &error);
        }
        if (status != OCT_OK) {
            exit_code = oct_cli_fail(COMMAND, status, &error);
        }
        oct_model_close(model);
    }
    oct_cli_arrays_deinit(arguments->arrays, arguments->n_arrays);
    free(arguments);
    return exit_code;
}
