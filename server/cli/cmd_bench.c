#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "octet/proto/json.h"
#include "server/cli/bench/bandwidth.h"
#include "server/cli/bench/kernels.h"
#include "server/cli/bench/limits.h"
#include "server/cli/bench/report.h"
#include "server/cli/bench/threads.h"
#include "server/cli/bench/work.h"
#include "server/cli/cli.h"
#include "server/cli/measure.h"
#include "server/cli/model.h"
#include "server/pool/region.h"
#include "server/pool/team.h"

#define COMMAND         "bench"
#define MAX_ROW_COUNTS  16
#define DEFAULT_SECONDS 1.0
#define WARM_UP_RUNS    20
#define REASON_BYTES    200

enum { FLAG_ROWS = OCT_CLI_MODEL_FLAG_COUNT, FLAG_SECONDS, FLAG_THREADS, FLAG_STEPS, FLAG_JSON };

static const struct oct_cli_flag flags[] = {
#define OCT_CLI_MODEL_FLAG(id, name, value, doc) {name, value, doc},
#include "server/cli/model_flags.def"
#undef OCT_CLI_MODEL_FLAG
    {"rows", "N[,N...]", "rows of a run (default 1 and the largest batch)"},
    {"seconds", "S", "whole seconds to measure each (default 1)"},
    {"threads", "N", "threads of a run, each on a core of its own (default 1)"},
    {"steps", NULL, "also the time of each step of the plan"},
    {"json", NULL, "one JSON object a line"},
};

struct bench_arguments {
    struct oct_cli_model_options model;
    const char *path;
    int64_t rows[MAX_ROW_COUNTS];
    size_t n_rows;
    double seconds;
    size_t threads;
    const struct oct_executor *executor; ///< over `threads`
    bool steps;
    bool json;
    struct oct_yardstick yardstick;
};

static enum oct_status set_rows(struct bench_arguments *arguments, const char *text, struct oct_error *error)
{
    while (*text != 0) {
        char number_text[16];
        size_t length = strcspn(text, ",");
        uint64_t rows = 0;
        if (arguments->n_rows == MAX_ROW_COUNTS || length >= sizeof(number_text)) {
            return oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE,
                                 "expected at most %d numbers with commas between", MAX_ROW_COUNTS);
        }
        memcpy(number_text, text, length);
        number_text[length] = 0;
        enum oct_status status = oct_cli_number(number_text, 1, OCT_PLAN_MAX_ROWS, &rows, error);
        if (status != OCT_OK) {
            return status;
        }
        arguments->rows[arguments->n_rows] = (int64_t)rows;
        arguments->n_rows += 1;
        text += length + (text[length] == ',');
    }
    return OCT_OK;
}

static enum oct_status set_flag(void *context, size_t flag, const char *value, struct oct_error *error)
{
    struct bench_arguments *arguments = context;
    uint64_t number = 0;
    if (flag < OCT_CLI_MODEL_FLAG_COUNT) {
        return oct_cli_model_set(&arguments->model, flag, value, error);
    }
    switch (flag) {
    case FLAG_ROWS:
        return set_rows(arguments, value, error);
    case FLAG_SECONDS: {
        enum oct_status status = oct_cli_number(value, 1, 3600, &number, error);
        arguments->seconds = status == OCT_OK ? (double)number : arguments->seconds;
        return status;
    }
    case FLAG_THREADS: {
        enum oct_status status = oct_cli_number(value, 1, OCT_REGION_MAX_WIDTH, &number, error);
        arguments->threads = status == OCT_OK ? (size_t)number : arguments->threads;
        return status;
    }
    case FLAG_STEPS:
        arguments->steps = true;
        return OCT_OK;
    default:
        arguments->json = true;
        return OCT_OK;
    }
}

static void write_common(struct oct_json_writer *writer,
                         const char *bench,
                         const struct bench_arguments *arguments,
                         int64_t rows,
                         const char *isa)
{
    oct_json_object_begin(writer);
    oct_json_key(writer, "bench");
    oct_json_string(writer, bench);
    oct_json_key(writer, "model");
    oct_json_string(writer, arguments->path);
    oct_json_key(writer, "rows");
    oct_json_integer(writer, rows);
    oct_json_key(writer, "threads");
    oct_json_unsigned(writer, arguments->threads);
    oct_json_key(writer, "isa");
    oct_json_string(writer, isa);
    oct_json_key(writer, "cache");
    oct_json_string(writer, "hot");
}

static void write_times(struct oct_json_writer *writer, const struct oct_stopwatch *times)
{
    oct_json_key(writer, "samples");
    oct_json_unsigned(writer, times->count);
    oct_json_key(writer, "median_ns");
    oct_json_unsigned(writer, oct_stopwatch_at(times, 0.5));
    oct_json_key(writer, "min_ns");
    oct_json_unsigned(writer, oct_stopwatch_at(times, 0));
    oct_json_key(writer, "p99_ns");
    oct_json_unsigned(writer, oct_stopwatch_at(times, 0.99));
}

static double rows_per_second(const struct oct_stopwatch *runs, int64_t rows)
{
    uint64_t median = oct_stopwatch_at(runs, 0.5);
    return median == 0 ? 0 : (double)rows * 1e9 / (double)median;
}

static enum oct_status write_json(const struct bench_arguments *arguments,
                                  const struct oct_plan *plan,
                                  int64_t rows,
                                  const char *isa,
                                  const struct oct_stopwatch *runs,
                                  const struct oct_stopwatch *steps,
                                  const struct oct_bench_around *around,
                                  struct oct_buffer *out)
{
    char reason[REASON_BYTES];
    const struct oct_graph *graph = oct_plan_graph(plan);
    const struct oct_bench_reading peak = oct_bench_around_peak(around);
    struct oct_json_writer writer;
    oct_json_writer_init(&writer, out, 0);
    write_common(&writer, "model", arguments, rows, isa);
    write_times(&writer, runs);
    oct_json_key(&writer, "rows_per_s");
    oct_json_double(&writer, rows_per_second(runs, rows));
    oct_bench_write_peak(&writer, oct_bench_graph_macs(graph, rows), (double)oct_stopwatch_at(runs, 0.5), &peak);
    oct_json_key(&writer, "disturbed");
    oct_json_bool(&writer,
                  !oct_bench_is_quiet(around, 1, arguments->yardstick.least_macs_per_cycle, reason, sizeof(reason)));
    oct_json_object_end(&writer);
    enum oct_status status = oct_json_writer_finish(&writer);
    if (status == OCT_OK) {
        status = oct_buffer_append(out, "\n", 1);
    }
    for (size_t i = 0; steps != NULL && i < oct_plan_step_count(plan) && status == OCT_OK; ++i) {
        struct oct_node_info node = oct_graph_node(graph, i);
        oct_json_writer_init(&writer, out, 0);
        write_common(&writer, "step", arguments, rows, isa);
        oct_json_key(&writer, "step");
        oct_json_unsigned(&writer, i);
        oct_json_key(&writer, "node");
        oct_json_string(&writer, node.name);
        oct_json_key(&writer, "op");
        oct_json_string(&writer, node.op->name);
        oct_json_key(&writer, "kernel");
        oct_json_string(&writer, oct_plan_step(plan, i).kernel);
        write_times(&writer, &steps[i]);
        oct_bench_write_peak(&writer, oct_bench_node_macs(graph, i, rows), (double)oct_stopwatch_at(&steps[i], 0.5),
                             &peak);
        oct_json_object_end(&writer);
        status = oct_json_writer_finish(&writer);
        if (status == OCT_OK) {
            status = oct_buffer_append(out, "\n", 1);
        }
    }
    return status;
}

static enum oct_status write_text(const struct oct_plan *plan,
                                  int64_t rows,
                                  const char *isa,
                                  const struct oct_stopwatch *runs,
                                  const struct oct_stopwatch *steps,
                                  struct oct_buffer *out)
{
    double median_us = (double)oct_stopwatch_at(runs, 0.5) / 1e3;
    enum oct_status status = oct_buffer_printf(
        out,
        "%6lld rows  %-10s  median %10.1f us  (%8.2f us a row)  min %10.1f us  p99 %10.1f us"
        "  %10.0f rows/s\n",
        (long long)rows, isa, median_us, median_us / (double)rows, (double)oct_stopwatch_at(runs, 0) / 1e3,
        (double)oct_stopwatch_at(runs, 0.99) / 1e3, rows_per_second(runs, rows));
    for (size_t i = 0; steps != NULL && i < oct_plan_step_count(plan) && status == OCT_OK; ++i) {
        struct oct_node_info node = oct_graph_node(oct_plan_graph(plan), i);
        status = oct_buffer_printf(out, "        %3zu  %10.1f us  %-30s %-28s %s\n", i,
                                   (double)oct_stopwatch_at(&steps[i], 0.5) / 1e3, node.op->name,
                                   oct_plan_step(plan, i).kernel, node.name);
    }
    return status;
}

/// Measures one batch size and prints it at once, so that a long bench shows its progress.
static int bench_rows(const struct bench_arguments *arguments, struct oct_plan *plan, int64_t rows, const char *isa)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_stopwatch runs = {NULL, 0, 0};
    struct oct_stopwatch *steps = NULL;
    size_t n_steps = arguments->steps ? oct_plan_step_count(plan) : 0;
    if (arguments->steps) {
        steps = calloc(n_steps + 1, sizeof(*steps)); // one more, so that a plan without steps is no failure
        if (steps == NULL) {
            return oct_cli_fail(COMMAND, OCT_ERR_NOMEM, NULL);
        }
    }
    const struct oct_measure_options options = {rows, arguments->seconds, WARM_UP_RUNS, arguments->executor};
    struct oct_bench_around around = {.before = oct_bench_take_reading(&arguments->yardstick, arguments->executor)};
    enum oct_status status = oct_measure_plan(plan, &options, &runs, steps, &error);
    around.after = oct_bench_take_reading(&arguments->yardstick, arguments->executor);
    struct oct_buffer out;
    oct_buffer_init(&out, NULL, OCT_CLI_MAX_OUTPUT_BYTES);
    if (status == OCT_OK) {
        status = arguments->json ? write_json(arguments, plan, rows, isa, &runs, steps, &around, &out)
                                 : write_text(plan, rows, isa, &runs, steps, &out);
    }
    oct_stopwatch_deinit(&runs);
    for (size_t i = 0; i < n_steps; ++i) {
        oct_stopwatch_deinit(&steps[i]);
    }
    free(steps);
    if (status != OCT_OK) {
        oct_buffer_deinit(&out);
        return oct_cli_fail(COMMAND, status, &error);
    }
    return oct_cli_print(COMMAND, &out);
}

static int bench_model(struct bench_arguments *arguments)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_model *model = NULL;
    struct oct_team *team = NULL;
    uint64_t features = 0;
    for (size_t i = 0; i < arguments->n_rows; ++i) {
        if ((uint64_t)arguments->rows[i] > arguments->model.max_rows &&
            arguments->rows[i] > OCT_PLAN_DEFAULT_MAX_ROWS) {
            arguments->model.max_rows = (uint64_t)arguments->rows[i];
        }
    }
    enum oct_status status = oct_cli_model_features(&arguments->model, &features, &error);
    if (status == OCT_OK) {
        status = oct_cli_model_open(arguments->path, &arguments->model, &model, &error);
    }
    if (status == OCT_OK) {
        status = oct_bench_threads_open(arguments->threads, &team, &error);
    }
    if (status != OCT_OK) {
        oct_model_close(model);
        return oct_cli_fail(COMMAND, status, &error);
    }
    arguments->executor = oct_bench_threads_executor(team);
    struct oct_plan *plan = oct_model_plan(model);
    if (arguments->n_rows == 0) {
        arguments->rows[0] = 1;
        arguments->rows[1] = oct_plan_max_rows(plan);
        arguments->n_rows = arguments->rows[1] > 1 ? 2 : 1;
    }
    arguments->yardstick = oct_yardstick_select(features);
    const char *isa = arguments->model.reference_only ? "reference" : oct_cpu_isa_name(features);
    int exit_code = 0;
    for (size_t i = 0; i < arguments->n_rows && exit_code == 0; ++i) {
        exit_code = bench_rows(arguments, plan, arguments->rows[i], isa);
    }
    oct_team_destroy(team);
    oct_model_close(model);
    return exit_code;
}

int oct_cmd_bench(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "kernels") == 0) {
        return oct_bench_kernels(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "limits") == 0) {
        return oct_bench_limits(argc - 1, argv + 1);
    }
    struct bench_arguments arguments = {.seconds = DEFAULT_SECONDS, .threads = 1};
    const struct oct_cli_syntax syntax = {
        .command = COMMAND,
        .arguments = "model FILE [flags]",
        .about = "Measures a .octet file alone: inputs of a fixed seed, warm. Times are of the run only;\n"
                 "writing the inputs is not counted. To compare two builds, run them in turns. `octet bench kernels` "
                 "measures\n"
                 "single layers, `octet bench limits` the bandwidth of the caches.",
        .flags = flags,
        .n_flags = sizeof(flags) / sizeof(flags[0]),
        .min_positional = 2,
        .max_positional = 2,
        .set = set_flag,
        .context = &arguments,
    };
    char **positional = NULL;
    int parsed = oct_cli_parse(&syntax, argc, argv, &positional);
    if (parsed < 0) {
        return oct_cli_parse_exit_code(parsed);
    }
    if (strcmp(positional[0], "model") != 0) {
        struct oct_error error = OCT_ERROR_INIT;
        oct_error_set(&error, OCT_ERR_INVALID, positional[0], OCT_POSITION_NONE,
                      "no such bench; there are `octet bench model FILE`, `octet bench kernels FILE...` and `octet "
                      "bench limits`");
        return oct_cli_fail(COMMAND, OCT_ERR_INVALID, &error);
    }
    arguments.path = positional[1];
    return bench_model(&arguments);
}
