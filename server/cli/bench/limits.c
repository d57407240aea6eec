#include "server/cli/bench/limits.h"

#include <stdio.h>
#include <string.h>

#include "server/cli/stopwatch.h"

#define READING_LOOPS     16
#define READING_NS        250000u ///< of one loop of dots
#define CHAIN_TURNS       4000u   ///< 256,000 additions: some 70 microseconds
#define MIN_PASS_NS       20000u  ///< of one sample of bandwidth, so that the clock costs nothing
#define BANDWIDTH_SAMPLES 11
#define BANDWIDTH_NS      4000000u

struct dots {
    const struct oct_yardstick *yardstick;
    uint64_t turns;
};

static void do_dots(void *argument, size_t index, size_t count)
{
    const struct dots *dots = argument;
    (void)index;
    (void)count;
    dots->yardstick->dots(dots->turns);
}

static uint64_t time_dots(struct dots *dots, const struct oct_executor *executor)
{
    uint64_t begin = oct_stopwatch_now();
    if (executor != NULL) {
        executor->parallel(executor->context, executor->width, do_dots, dots);
    } else {
        do_dots(dots, 0, 1);
    }
    uint64_t elapsed = oct_stopwatch_now() - begin;
    return elapsed > 0 ? elapsed : 1;
}

struct oct_bench_reading oct_bench_take_reading(const struct oct_yardstick *yardstick,
                                                const struct oct_executor *executor)
{
    struct dots dots = {yardstick, 1000};
    uint64_t least_dots = UINT64_MAX, least_chain = UINT64_MAX;
    uint64_t first = time_dots(&dots, executor);
    dots.turns = 1 + dots.turns * READING_NS / first;
    for (size_t i = 0; i < READING_LOOPS; ++i) {
        // The chain follows at once: the core still runs at the speed that the dots left it.
        uint64_t elapsed = time_dots(&dots, executor);
        uint64_t begin = oct_stopwatch_now();
        oct_yardstick_chain(CHAIN_TURNS);
        uint64_t chain = oct_stopwatch_now() - begin;
        least_dots = elapsed < least_dots ? elapsed : least_dots;
        least_chain = chain < least_chain ? chain : least_chain;
    }
    double threads = executor != NULL ? (double)executor->width : 1;
    double macs_per_ns = (double)(dots.turns * yardstick->macs_per_turn) / (double)least_dots;
    struct oct_bench_reading reading = {.gops = 2 * macs_per_ns * threads};
    reading.ghz = (double)CHAIN_TURNS * OCT_YARDSTICK_CHAIN / (double)(least_chain > 0 ? least_chain : 1);
    reading.macs_per_cycle = macs_per_ns / reading.ghz;
    return reading;
}

struct oct_bench_reading oct_bench_around_peak(const struct oct_bench_around *around)
{
    return around->before.gops > around->after.gops ? around->before : around->after;
}

static bool differ(double a, double b, double share)
{
    double higher = a > b ? a : b, lower = a > b ? b : a;
    return lower < (1 - share) * higher;
}

bool oct_bench_is_quiet(const struct oct_bench_around *measurements,
                        size_t n,
                        uint64_t least_macs_per_cycle,
                        char *reason,
                        size_t reason_bytes)
{
    double most = 0, least = measurements[0].before.macs_per_cycle;
    for (size_t i = 0; i < n; ++i) {
        const struct oct_bench_reading *before = &measurements[i].before, *after = &measurements[i].after;
        if (differ(before->gops, after->gops, OCT_BENCH_MAX_DRIFT)) {
            snprintf(reason, reason_bytes,
                     "the peak moved from %.0f to %.0f GOPS during a measurement, more than %.0f %%", before->gops,
                     after->gops, 100 * OCT_BENCH_MAX_DRIFT);
            return false;
        }
        for (int k = 0; k < 2; ++k) {
            double macs = k == 0 ? before->macs_per_cycle : after->macs_per_cycle;
            most = macs > most ? macs : most;
            least = macs < least ? macs : least;
        }
    }
    if (least < (double)least_macs_per_cycle) {
        snprintf(reason, reason_bytes, "the peak is %.1f multiply-accumulates a cycle, a quiet core has at least %llu",
                 least, (unsigned long long)least_macs_per_cycle);
        return false;
    }
    if (differ(most, least, OCT_BENCH_MAX_LOSS)) {
        snprintf(reason, reason_bytes,
                 "the peak was between %.1f and %.1f multiply-accumulates a cycle, more than %.0f %% apart", least,
                 most, 100 * OCT_BENCH_MAX_LOSS);
        return false;
    }
    return true;
}

struct pass {
    const struct oct_yardstick *yardstick; ///< NULL: copy
    char *bytes;
    size_t part_bytes; ///< of one thread, read and written ones
    size_t n_parts;
    uint64_t count;
};

static void make_passes(void *argument, size_t index, size_t n_parts)
{
    const struct pass *pass = argument;
    size_t half = pass->part_bytes / 2;
    (void)n_parts;
    for (uint64_t i = 0; i < pass->count; ++i) {
        if (pass->yardstick != NULL) {
            pass->yardstick->read(pass->bytes + index * pass->part_bytes, pass->part_bytes);
        } else {
            memcpy(pass->bytes + (pass->n_parts + index) * half, pass->bytes + index * half, half);
            __asm__ volatile("" ::: "memory");
        }
    }
}

static uint64_t time_passes(struct pass *pass, const struct oct_executor *executor, uint64_t count)
{
    pass->count = count;
    uint64_t begin = oct_stopwatch_now();
    if (executor != NULL) {
        executor->parallel(executor->context, pass->n_parts, make_passes, pass);
    } else {
        make_passes(pass, 0, 1);
    }
    uint64_t elapsed = oct_stopwatch_now() - begin;
    return elapsed > 0 ? elapsed : 1;
}

static double pass_gbps(struct pass *pass, const struct oct_executor *executor, bool evict)
{
    uint64_t samples[BANDWIDTH_SAMPLES * 8];
    size_t n_samples = 0, n_bytes = pass->part_bytes * pass->n_parts;
    uint64_t passes = 1, spent = 0;
    while (!evict && time_passes(pass, executor, passes) < MIN_PASS_NS) {
        passes *= 2;
    }
    while (n_samples < BANDWIDTH_SAMPLES || (spent < BANDWIDTH_NS && n_samples < BANDWIDTH_SAMPLES * 8)) {
        if (evict) {
            (void)oct_yardstick_evict(pass->bytes, n_bytes);
        }
        uint64_t elapsed = time_passes(pass, executor, passes);
        spent += elapsed;
        size_t at = n_samples++; // kept sorted: there are few
        for (; at > 0 && samples[at - 1] > elapsed; --at) {
            samples[at] = samples[at - 1];
        }
        samples[at] = elapsed;
    }
    return (double)n_bytes * (double)passes / (double)samples[n_samples / 2];
}

double oct_bench_read_gbps(const struct oct_yardstick *yardstick,
                           const struct oct_executor *executor,
                           const void *bytes,
                           size_t n_bytes,
                           bool evict)
{
    size_t n_parts = executor != NULL ? executor->width : 1;
    struct pass pass = {yardstick, (char *)(uintptr_t)bytes, n_bytes / n_parts / 512 * 512, n_parts, 0};
    return pass_gbps(&pass, executor, evict);
}

double oct_bench_copy_gbps(const struct oct_executor *executor, void *bytes, size_t n_bytes, bool evict)
{
    size_t n_parts = executor != NULL ? executor->width : 1;
    struct pass pass = {NULL, bytes, n_bytes / n_parts / 2 * 2, n_parts, 0};
    return pass_gbps(&pass, executor, evict);
}
