// DESIGN: parts are claimed bit by bit from one word instead of being assigned. A helper that is late (it wakes, the
// system took its core, it answers a request) then costs its share of the work and never a wait; the ranges stay
// static, and a helper that is there takes the same one every time, whose bytes its cache holds. A claim needs no epoch
// number: the task's fields are read after it, and they cannot change while a claimed part is unfinished.
//
// syscall() and SYS_futex are Linux's: they need _GNU_SOURCE.
#define _GNU_SOURCE

#include "server/pool/region.h"

#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/pool/clock.h"

#define TOP_BIT 0x80000000u
#define LEAVE   TOP_BIT ///< in `open`
#define ASLEEP  TOP_BIT ///< in `left`
#define NO_PART UINT_MAX

/// Waking a sleeper costs the waker 15 microseconds and its work comes some 50 late (measured on a virtual machine,
/// where it takes an interrupt of the other core; a region among threads that spin costs 0.5). Whoever waits therefore
/// spins longer than a step of a large run takes.
#define SPIN_US 100
/// Looks between two readings of the clock.
#define LOOKS_PER_READING 16

_Static_assert(sizeof(atomic_uint) == 4, "a futex is 32 bits");

/// The processor may do something else for a moment: its other thread, mostly.
static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Returns when woken, or at once when `*word` is not `value` any more. Spurious returns happen.
static void sleep_while(atomic_uint *word, unsigned value)
{
    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void wake(atomic_uint *word, int n_sleepers)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n_sleepers, NULL, NULL, 0);
}

/// Spins until `*word` is not `value`, for SPIN_US at most. Returns the last value seen.
static unsigned spin_while(const atomic_uint *word, unsigned value)
{
    uint64_t end_us = 0;
    for (unsigned looks = 1;; looks++) {
        unsigned now = atomic_load_explicit(word, memory_order_acquire);
        if (now != value) {
            return now;
        }
        relax();
        if (looks % LOOKS_PER_READING == 0) {
            uint64_t now_us = oct_clock_us();
            end_us = end_us == 0 ? now_us + SPIN_US : end_us;
            if (now_us >= end_us) {
                return now;
            }
        }
    }
}

void oct_region_init(struct oct_region *region)
{
    memset(region, 0, sizeof *region);
    atomic_init(&region->open, 0);
    atomic_init(&region->sleepers, 0);
    atomic_init(&region->left, 0);
}

/// Takes part `wanted` when it waits, else the lowest that does.
static unsigned claim(struct oct_region *region, unsigned wanted)
{
    unsigned open = atomic_load_explicit(&region->open, memory_order_relaxed);
    for (;;) {
        unsigned waiting = open & ~LEAVE;
        if (waiting == 0) {
            return NO_PART;
        }
        unsigned part = waiting >> wanted & 1 ? wanted : (unsigned)__builtin_ctz(waiting);
        if (atomic_compare_exchange_weak_explicit(&region->open, &open, open & ~(1u << part), memory_order_acquire,
                                                  memory_order_relaxed)) {
            return part;
        }
    }
}

static void do_part(const struct oct_region *region, unsigned part)
{
    for (size_t index = part; index < region->count; index += region->n_parts) {
        region->task(region->argument, index, region->count);
    }
}

/// @param left  parts that helpers had not finished a moment ago
static void wait_for_helpers(struct oct_region *region, unsigned left)
{
    for (unsigned before = ~left; left != 0 && left != before;) {
        before = left;
        left = spin_while(&region->left, left);
    }
    if (left == 0) {
        return;
    }
    left = atomic_fetch_or(&region->left, ASLEEP) | ASLEEP;
    while (left != ASLEEP) {
        sleep_while(&region->left, left);
        left = atomic_load_explicit(&region->left, memory_order_acquire);
    }
}

void oct_region_run(void *context, size_t count, oct_task_fn task, void *argument)
{
    struct oct_region *region = context;
    if (count == 0) {
        return;
    }
    region->task = task;
    region->argument = argument;
    region->count = count;
    region->n_parts = count < OCT_REGION_MAX_WIDTH ? (unsigned)count : OCT_REGION_MAX_WIDTH;
    unsigned n_parts = region->n_parts;
    atomic_store_explicit(&region->left, n_parts, memory_order_relaxed);
    // Sequentially consistent, as is the sleepers' side: either they see the parts or they are seen here.
    atomic_fetch_or(&region->open, (1u << n_parts) - 2); // all but part 0
    if (n_parts > 1 && atomic_load(&region->sleepers) > 0) {
        wake(&region->open, (int)n_parts - 1);
    }
    unsigned n_done = 0;
    for (unsigned part = 0; part != NO_PART; part = claim(region, 0)) {
        do_part(region, part);
        n_done++;
    }
    region->n_shared += n_done < n_parts ? 1 : 0;
    wait_for_helpers(region, atomic_fetch_sub_explicit(&region->left, n_done, memory_order_acq_rel) - n_done);
}

static void finish(struct oct_region *region)
{
    if (atomic_fetch_sub_explicit(&region->left, 1, memory_order_acq_rel) == (ASLEEP | 1)) {
        wake(&region->left, 1);
    }
}

void oct_region_help(struct oct_region *region, unsigned slot)
{
    for (;;) {
        unsigned open = spin_while(&region->open, 0);
        if (open & LEAVE) {
            return;
        }
        if (open == 0) {
            atomic_fetch_add(&region->sleepers, 1);
            sleep_while(&region->open, 0);
            atomic_fetch_sub(&region->sleepers, 1);
            continue;
        }
        unsigned part = claim(region, slot);
        if (part != NO_PART) {
            do_part(region, part);
            finish(region);
        }
    }
}

void oct_region_dismiss(struct oct_region *region)
{
    atomic_fetch_or(&region->open, LEAVE);
    if (atomic_load(&region->sleepers) > 0) {
        wake(&region->open, INT_MAX);
    }
}

void oct_region_admit(struct oct_region *region)
{
    atomic_fetch_and(&region->open, ~LEAVE);
}
