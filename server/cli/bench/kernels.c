#include "server/cli/bench/kernels.h"

#include <stdio.h>
#include <string.h>

#include "octet/cpu.h"
#include "server/cli/bench/run.h"
#include "server/cli/cli.h"
#include "server/config/features.h"
#include "server/pool/region.h"

#define COMMAND        "bench kernels"
#define MAX_WIDTHS     8
#define MAX_FILES      64
#define DEFAULT_MIN_MS 100

enum { FLAG_FILTER, FLAG_ISA, FLAG_THREADS, FLAG_CACHE, FLAG_MIN_MS, FLAG_ALLOW_DISTURBED, FLAG_JSON };

static const struct oct_cli_flag flags[] = {
    {"filter", "TEXT", "only cases that have it in set/name, row or operation"},
    {"isa", "LEVEL",
     "highest instruction set to use: scalar, avx2, avxvnni, avx512vnni, amxint8, neon, neondot ..., or a hexadecimal "
     "mask of features"},
    {"threads", "N[,N...]", "threads of a run (default 1)"},
    {"cache", "STATE[,STATE]", "hot: operands where the last run left them (default); cold: evicted before each run"},
    {"min-ms", "N", "milliseconds to measure each case (default 100), and at least 11 samples"},
    {"allow-disturbed", NULL, "measure even when somebody else uses the core"},
    {"json", NULL, "one JSON object a line"},
};

struct kernels_arguments {
    const char *isa;
    size_t widths[MAX_WIDTHS];
    size_t n_widths;
    bool hot, cold;
    struct oct_bench_run_options options;
};

/// Cuts the next of some words with commas between; false behind the last, or past the room for a word.
static bool next_word(const char **list, char *word, size_t word_bytes)
{
    size_t length = strcspn(*list, ",");
    if (**list == 0 || length >= word_bytes) {
        return false;
    }
    memcpy(word, *list, length);
    word[length] = 0;
    *list += length + ((*list)[length] == ',');
    return true;
}

static enum oct_status set_threads(struct kernels_arguments *arguments, const char *value, struct oct_error *error)
{
    char word[16];
    while (arguments->n_widths < MAX_WIDTHS && next_word(&value, word, sizeof(word))) {
        uint64_t number = 0;
        enum oct_status status = oct_cli_number(word, 1, OCT_REGION_MAX_WIDTH, &number, error);
        if (status != OCT_OK) {
            return status;
        }
        arguments->widths[arguments->n_widths++] = (size_t)number;
    }
    return *value == 0 && arguments->n_widths > 0
               ? OCT_OK
               : oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE,
                               "expected at most %d numbers with commas between", MAX_WIDTHS);
}

static enum oct_status set_cache(struct kernels_arguments *arguments, const char *value, struct oct_error *error)
{
    char word[8];
    while (next_word(&value, word, sizeof(word))) {
        if (strcmp(word, "hot") == 0) {
            arguments->hot = true;
        } else if (strcmp(word, "cold") == 0) {
            arguments->cold = true;
        } else {
            break;
        }
    }
    return *value == 0 && (arguments->hot || arguments->cold)
               ? OCT_OK
               : oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE, "expected hot, cold or hot,cold");
}

static enum oct_status set_flag(void *context, size_t flag, const char *value, struct oct_error *error)
{
    struct kernels_arguments *arguments = context;
    uint64_t number = 0;
    enum oct_status status = OCT_OK;
    switch (flag) {
    case FLAG_FILTER:
        arguments->options.filter = value;
        return OCT_OK;
    case FLAG_ISA:
        arguments->isa = value;
        return OCT_OK;
    case FLAG_THREADS:
        return set_threads(arguments, value, error);
    case FLAG_CACHE:
        return set_cache(arguments, value, error);
    case FLAG_MIN_MS:
        status = oct_cli_number(value, 1, 60000, &number, error);
        arguments->options.min_ns = number * 1000000u;
        return status;
    case FLAG_ALLOW_DISTURBED:
        arguments->options.allow_disturbed = true;
        return OCT_OK;
    default:
        arguments->options.json = true;
        return OCT_OK;
    }
}

/// All cases of all files in one state; what is measured is printed at once, so that a long bench shows its progress.
static int run_files(const struct oct_bench_run_options *options, const struct oct_bench_shapes *files, size_t n_files)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_bench_run *run = NULL;
    int exit_code = 0;
    enum oct_status status = oct_bench_run_open(options, &run, &error);
    for (size_t f = 0; f < n_files && status == OCT_OK && exit_code == 0; ++f) {
        for (size_t i = 0; i < files[f].n_cases && status == OCT_OK && exit_code == 0; ++i) {
            if (!oct_bench_filter_takes(options->filter, files[f].name, &files[f].cases[i])) {
                continue;
            }
            struct oct_buffer out;
            oct_buffer_init(&out, NULL, OCT_CLI_MAX_OUTPUT_BYTES);
            status = oct_bench_run_case(run, files[f].name, &files[f].cases[i], &out, &error);
            if (status == OCT_OK) {
                exit_code = oct_cli_print(COMMAND, &out);
            } else {
                oct_buffer_deinit(&out);
            }
        }
    }
    oct_bench_run_close(run);
    return status == OCT_OK ? exit_code : oct_cli_fail(COMMAND, status, &error);
}

static int run_states(struct kernels_arguments *arguments, const struct oct_bench_shapes *files, size_t n_files)
{
    int exit_code = 0;
    for (size_t w = 0; w < arguments->n_widths; ++w) {
        arguments->options.threads = arguments->widths[w];
        for (int cold = 0; cold < 2 && exit_code == 0; ++cold) {
            if (cold ? arguments->cold : arguments->hot) {
                arguments->options.cold = cold != 0;
                exit_code = run_files(&arguments->options, files, n_files);
            }
        }
    }
    return exit_code;
}

int oct_bench_kernels(int argc, char **argv)
{
    struct kernels_arguments arguments = {.options = {.min_ns = DEFAULT_MIN_MS * 1000000u}};
    const struct oct_cli_syntax syntax = {
        .command = COMMAND,
        .arguments = "FILE... [flags]",
        .about =
            "Measures the layers of shape files (tests/bench/shapes), each as a model of one operator, through a plan\n"
            "and a session as a server makes them. Between the cases the core's own peak is read: times are told as a\n"
            "share of it, and a run during which it moved is refused. tests/bench/shapes/README.md has every field.",
        .flags = flags,
        .n_flags = sizeof(flags) / sizeof(flags[0]),
        .min_positional = 1,
        .max_positional = MAX_FILES,
        .set = set_flag,
        .context = &arguments,
    };
    char **positional = NULL;
    int n_files = oct_cli_parse(&syntax, argc, argv, &positional);
    if (n_files < 0) {
        return oct_cli_parse_exit_code(n_files);
    }
    if (arguments.n_widths == 0) {
        arguments.widths[arguments.n_widths++] = 1;
    }
    arguments.hot = arguments.hot || !arguments.cold;
    struct oct_bench_shapes files[MAX_FILES];
    struct oct_error error = OCT_ERROR_INIT;
    enum oct_status status = oct_config_cpu_features(arguments.isa, &arguments.options.cpu_features, &error);
    size_t n_read = 0;
    while (status == OCT_OK && n_read < (size_t)n_files) {
        status = oct_bench_shapes_read(positional[n_read], &files[n_read], &error);
        n_read += status == OCT_OK;
    }
    int exit_code = status == OCT_OK ? run_states(&arguments, files, n_read) : oct_cli_fail(COMMAND, status, &error);
    for (size_t i = 0; i < n_read; ++i) {
        oct_bench_shapes_deinit(&files[i]);
    }
    return exit_code;
}
