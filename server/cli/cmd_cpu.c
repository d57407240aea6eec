#include <stdio.h>

#include "octet/kernels.h"
#include "octet/proto/json.h"
#include "server/cli/bench/limits.h"
#include "server/cli/cli.h"
#include "server/cli/probe.h"
#include "server/config/features.h"
#include "server/pool/cpus.h"

#define COMMAND       "cpu"
#define PROBE_SECONDS 0.5

enum { FLAG_ISA, FLAG_KERNELS, FLAG_JSON };

static const struct oct_cli_flag flags[] = {
    {"isa", "LEVEL",
     "as if this were the highest instruction set: scalar, avx2, avxvnni, avx512vnni, amxint8, neon, neondot ..., or "
     "a hexadecimal mask"},
    {"kernels", NULL, "also list the kernels, and which one each family picks"},
    {"json", NULL, "one JSON object"},
};

struct cpu_arguments {
    const char *isa;
    bool kernels;
    bool json;
};

struct cpu_findings {
    uint64_t found;
    uint64_t used;
    double gops;
    const char *kernel;
    struct oct_bench_reading reading;
    struct oct_cpus cpus;
};

static enum oct_status set_flag(void *context, size_t flag, const char *value, struct oct_error *error)
{
    struct cpu_arguments *arguments = context;
    (void)error;
    if (flag == FLAG_ISA) {
        arguments->isa = value;
    } else if (flag == FLAG_KERNELS) {
        arguments->kernels = true;
    } else {
        arguments->json = true;
    }
    return OCT_OK;
}

static void write_features(struct oct_json_writer *writer, const char *key, uint64_t features)
{
    oct_json_key(writer, key);
    oct_json_array_begin(writer);
    for (size_t i = 0; i < OCT_CPU_FEATURE_COUNT; ++i) {
        if ((features >> i & 1) != 0) {
            oct_json_string(writer, oct_cpu_feature_name(i));
        }
    }
    oct_json_array_end(writer);
}

static void write_kernels_json(struct oct_json_writer *writer, uint64_t features)
{
    oct_json_key(writer, "kernels");
    oct_json_array_begin(writer);
    for (size_t i = 0; i < oct_kernel_count(); ++i) {
        struct oct_kernel_info kernel = oct_kernel_at(i, features);
        oct_json_object_begin(writer);
        oct_json_key(writer, "name");
        oct_json_string(writer, kernel.name);
        oct_json_key(writer, "family");
        oct_json_string(writer, kernel.family);
        oct_json_key(writer, "isa");
        oct_json_string(writer, kernel.isa);
        oct_json_key(writer, "usable");
        oct_json_bool(writer, (kernel.required & ~features) == 0);
        oct_json_key(writer, "chosen");
        oct_json_bool(writer, kernel.chosen);
        oct_json_object_end(writer);
    }
    oct_json_array_end(writer);
}

static enum oct_status write_kernels_text(uint64_t features, struct oct_buffer *out)
{
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < oct_kernel_count() && status == OCT_OK; ++i) {
        struct oct_kernel_info kernel = oct_kernel_at(i, features);
        const char *state = kernel.chosen ? "chosen" : (kernel.required & ~features) != 0 ? "not here" : "";
        status = oct_buffer_printf(out, "kernel   %-14s %-36s %s\n", kernel.family, kernel.name, state);
    }
    return status;
}

static enum oct_status write_json(const struct cpu_findings *findings, struct oct_buffer *out)
{
    struct oct_json_writer writer;
    oct_json_writer_init(&writer, out, 2);
    oct_json_object_begin(&writer);
    write_features(&writer, "features_found", findings->found);
    write_features(&writer, "features_used", findings->used);
    oct_json_key(&writer, "isa");
    oct_json_string(&writer, oct_cpu_isa_name(findings->used));
    oct_json_key(&writer, "cores");
    oct_json_unsigned(&writer, findings->cpus.usable);
    oct_json_key(&writer, "cores_reason");
    oct_json_string(&writer, findings->cpus.reason);
    oct_json_key(&writer, "peak_gops");
    oct_json_double(&writer, findings->gops);
    oct_json_key(&writer, "peak_kernel");
    oct_json_string(&writer, findings->kernel);
    oct_json_key(&writer, "dot_gops");
    oct_json_double(&writer, findings->reading.gops);
    oct_json_key(&writer, "dot_macs_per_cycle");
    oct_json_double(&writer, findings->reading.macs_per_cycle);
    oct_json_key(&writer, "ghz");
    oct_json_double(&writer, findings->reading.ghz);
    write_kernels_json(&writer, findings->used);
    oct_json_object_end(&writer);
    enum oct_status status = oct_json_writer_finish(&writer);
    return status == OCT_OK ? oct_buffer_append(out, "\n", 1) : status;
}

static enum oct_status write_text(const struct cpu_findings *findings, struct oct_buffer *out)
{
    enum oct_status status = oct_buffer_printf(out, "found   ");
    for (size_t i = 0; i < OCT_CPU_FEATURE_COUNT && status == OCT_OK; ++i) {
        if ((findings->found >> i & 1) != 0) {
            bool is_used = (findings->used >> i & 1) != 0;
            status = oct_buffer_printf(out, " %s%s%s", is_used ? "" : "(", oct_cpu_feature_name(i), is_used ? "" : ")");
        }
    }
    return status != OCT_OK
               ? status
               : oct_buffer_printf(out,
                                   "\nused     %s\ncores    %u (%s)\n"
                                   "peak     %.1f billion int8 operations a second on one core, measured: linear"
                                   " %dx%dx%d, kernel %s\n"
                                   "limit    %.1f billion, measured: dot products only, %.1f multiply-accumulates a"
                                   " cycle at %.2f GHz\n",
                                   oct_cpu_isa_name(findings->used), findings->cpus.usable, findings->cpus.reason,
                                   findings->gops, OCT_PROBE_ROWS, OCT_PROBE_WIDTH, OCT_PROBE_WIDTH, findings->kernel,
                                   findings->reading.gops, findings->reading.macs_per_cycle, findings->reading.ghz);
}

int oct_cmd_cpu(int argc, char **argv)
{
    struct cpu_arguments arguments = {.isa = NULL};
    const struct oct_cli_syntax syntax = {
        .command = COMMAND,
        .arguments = "[flags]",
        .about =
            "Shows the processor's features that matter here, the instruction set that is chosen, how many cores may "
            "be used\n"
            "and why, and the speed that a large quantized layer reaches. OCT_CPU_MASK has the same effect as --isa.",
        .flags = flags,
        .n_flags = sizeof(flags) / sizeof(flags[0]),
        .set = set_flag,
        .context = &arguments,
    };
    char **positional = NULL;
    int parsed = oct_cli_parse(&syntax, argc, argv, &positional);
    if (parsed < 0) {
        return oct_cli_parse_exit_code(parsed);
    }
    struct oct_error error = OCT_ERROR_INIT;
    struct cpu_findings findings = {.found = oct_cpu_detect(), .kernel = "none"};
    struct oct_buffer out;
    oct_buffer_init(&out, NULL, OCT_CLI_MAX_OUTPUT_BYTES);
    oct_cpus_read("", &findings.cpus);
    enum oct_status status = oct_config_cpu_features(arguments.isa, &findings.used, &error);
    if (status == OCT_OK) {
        status = oct_cli_probe_gops(findings.used, PROBE_SECONDS, &findings.gops, &findings.kernel, &error);
    }
    if (status == OCT_OK) {
        const struct oct_yardstick yardstick = oct_yardstick_select(findings.used);
        findings.reading = oct_bench_take_reading(&yardstick, NULL);
        status = arguments.json ? write_json(&findings, &out) : write_text(&findings, &out);
    }
    if (status == OCT_OK && arguments.kernels && !arguments.json) {
        status = write_kernels_text(findings.used, &out);
    }
    if (status != OCT_OK) {
        oct_buffer_deinit(&out);
        return oct_cli_fail(COMMAND, status, &error);
    }
    return oct_cli_print(COMMAND, &out);
}
