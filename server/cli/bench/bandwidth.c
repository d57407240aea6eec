#include "server/cli/bench/bandwidth.h"

#include <string.h>

#include "octet/alloc.h"
#include "octet/cpu.h"
#include "octet/proto/json.h"
#include "server/cli/bench/limits.h"
#include "server/cli/bench/report.h"
#include "server/cli/bench/threads.h"
#include "server/cli/cli.h"
#include "server/config/features.h"
#include "server/pool/region.h"
#include "server/pool/team.h"

#define COMMAND  "bench limits"
#define LEAST_KB 8
#define MOST_KB  (128 << 10)

enum { FLAG_ISA, FLAG_THREADS, FLAG_MAX_KB, FLAG_JSON };

static const struct oct_cli_flag flags[] = {
    {"isa", "LEVEL", "highest instruction set to use: scalar, avx2, avxvnni, avx512vnni ..., or a hexadecimal mask"},
    {"threads", "N", "threads that read at the same time, each a part (default 1)"},
    {"max-kb", "N", "kilobytes of the largest buffer, 8 to 131072 (default 131072)"},
    {"json", NULL, "one JSON object a line"},
};

struct limits_arguments {
    const char *isa;
    size_t threads;
    size_t most_bytes; ///< of a buffer
    bool json;
};

/// What a buffer of `n_bytes` was moved with.
struct bandwidth {
    const char *loop; ///< "read" or "copy"
    bool cold;
    size_t n_bytes;
    double gbps;
};

static enum oct_status set_flag(void *context, size_t flag, const char *value, struct oct_error *error)
{
    struct limits_arguments *arguments = context;
    uint64_t number = 0;
    enum oct_status status = OCT_OK;
    if (flag == FLAG_ISA) {
        arguments->isa = value;
    } else if (flag == FLAG_THREADS) {
        status = oct_cli_number(value, 1, OCT_REGION_MAX_WIDTH, &number, error);
        arguments->threads = (size_t)number;
    } else if (flag == FLAG_MAX_KB) {
        status = oct_cli_number(value, LEAST_KB, MOST_KB, &number, error);
        arguments->most_bytes = (size_t)number << 10;
    } else {
        arguments->json = true;
    }
    return status;
}

static int print(const struct limits_arguments *arguments, const char *isa, double ghz, const struct bandwidth *found)
{
    struct oct_buffer out;
    const char *cache = found->cold ? "cold" : "hot";
    enum oct_status status = OCT_OK;
    oct_buffer_init(&out, NULL, OCT_CLI_MAX_OUTPUT_BYTES);
    if (arguments->json) {
        struct oct_json_writer writer;
        oct_json_writer_init(&writer, &out, 0);
        oct_json_object_begin(&writer);
        oct_json_key(&writer, "bench");
        oct_json_string(&writer, "limits");
        oct_json_key(&writer, "loop");
        oct_json_string(&writer, found->loop);
        oct_json_key(&writer, "bytes");
        oct_json_unsigned(&writer, found->n_bytes);
        oct_json_key(&writer, "isa");
        oct_json_string(&writer, isa);
        oct_json_key(&writer, "threads");
        oct_json_unsigned(&writer, arguments->threads);
        oct_json_key(&writer, "cache");
        oct_json_string(&writer, cache);
        oct_bench_write_figure(&writer, "gbps", found->gbps);
        oct_bench_write_figure(&writer, "ghz", ghz);
        oct_json_object_end(&writer);
        status = oct_json_writer_finish(&writer);
        status = status == OCT_OK ? oct_buffer_append(&out, "\n", 1) : status;
    } else {
        status = oct_buffer_printf(&out, "%s %-4s %9zu KB  %8.1f GB/s  %6.1f bytes a cycle\n", found->loop, cache,
                                   found->n_bytes >> 10, found->gbps, found->gbps / ghz);
    }
    if (status != OCT_OK) {
        oct_buffer_deinit(&out);
        return oct_cli_fail(COMMAND, status, NULL);
    }
    return oct_cli_print(COMMAND, &out);
}

/// Every size with each loop; where lines can be evicted, the sizes also from memory.
static int
measure(const struct limits_arguments *arguments, uint64_t features, const struct oct_executor *executor, void *bytes)
{
    const struct oct_yardstick yardstick = oct_yardstick_select(features);
    bool can_evict = oct_yardstick_evict(bytes, arguments->most_bytes);
    double ghz = oct_bench_take_reading(&yardstick, executor).ghz;
    int exit_code = 0;
    for (int cold = 0; cold <= (int)can_evict; ++cold) {
        for (size_t n_bytes = (size_t)LEAST_KB << 10; n_bytes <= arguments->most_bytes && exit_code == 0;
             n_bytes *= 2) {
            struct bandwidth found = {"read", cold != 0, n_bytes, 0};
            found.gbps = oct_bench_read_gbps(&yardstick, executor, bytes, n_bytes, found.cold);
            exit_code = print(arguments, oct_cpu_isa_name(features), ghz, &found);
            if (exit_code == 0) {
                found.loop = "copy";
                found.gbps = oct_bench_copy_gbps(executor, bytes, n_bytes, found.cold);
                exit_code = print(arguments, oct_cpu_isa_name(features), ghz, &found);
            }
        }
    }
    return exit_code;
}

int oct_bench_limits(int argc, char **argv)
{
    struct limits_arguments arguments = {.threads = 1, .most_bytes = (size_t)MOST_KB << 10};
    const struct oct_cli_syntax syntax = {
        .command = COMMAND,
        .arguments = "[flags]",
        .about = "Measures how fast buffers of 8 KB, 16 KB ... 128 MB are read and copied: hot, from whichever cache "
                 "holds them, "
                 "and\ncold, evicted before each pass. A copy counts the bytes that it reads and those that it writes.",
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
    struct oct_team *team = NULL;
    uint64_t features = 0;
    const struct oct_allocator *allocator = oct_allocator_default();
    void *bytes = NULL;
    enum oct_status status = oct_config_cpu_features(arguments.isa, &features, &error);
    if (status == OCT_OK) {
        status = oct_bench_threads_open(arguments.threads, &team, &error);
    }
    if (status == OCT_OK) {
        bytes = allocator->allocate(allocator->context, arguments.most_bytes, OCT_ALIGN);
        if (bytes == NULL) {
            status = oct_error_set(&error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for buffers to read");
        }
    }
    int exit_code = 0;
    if (status == OCT_OK) {
        memset(bytes, 1, arguments.most_bytes);
        exit_code = measure(&arguments, features, oct_bench_threads_executor(team), bytes);
    } else {
        exit_code = oct_cli_fail(COMMAND, status, &error);
    }
    allocator->release(allocator->context, bytes, arguments.most_bytes);
    oct_team_destroy(team);
    return exit_code;
}
