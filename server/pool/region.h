/// Parallel regions: parts of one task, done by an owner and by whoever helps at the moment. Helpers come and go
/// between parts and the owner waits for none that has not begun: what nobody has taken, it does itself.
///
/// Threads: init [one]; run [owner], one call at a time; help [any other], each in a slot of its own; admit, dismiss
/// [any]. No function allocates, locks or logs. A region must outlive its helpers' calls.
#ifndef OCTET_SERVER_POOL_REGION_H
#define OCTET_SERVER_POOL_REGION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "octet/executor.h"

/// Parts of a region that can be under way at once, the owner's included.
#define OCT_REGION_MAX_WIDTH 31u
/// What is written by different threads stands this far apart.
#define OCT_REGION_APART_BYTES 128

struct oct_region {
    char before[OCT_REGION_APART_BYTES];
    atomic_uint open;     ///< bit p: part p waits for somebody; the top bit: helpers are to leave
    atomic_uint sleepers; ///< helpers that sleep until `open` changes
    char between[OCT_REGION_APART_BYTES];
    atomic_uint left; ///< parts not finished; the top bit: the owner sleeps until there are none
    char behind[OCT_REGION_APART_BYTES];
    // The owner writes these while no part is open; who takes a part may read them until it has finished it.
    oct_task_fn task;
    void *argument;
    size_t count;
    unsigned n_parts;
    // The owner's alone.
    uint64_t n_shared; ///< runs so far in which a helper did a part
    char after[OCT_REGION_APART_BYTES];
};

void oct_region_init(struct oct_region *region);

/// Calls `task` once for each index 0..count-1 and returns when all are done. Of more than OCT_REGION_MAX_WIDTH indices
/// a part does several. It is the `parallel` of a struct oct_executor whose context is the region.
void oct_region_run(void *region, size_t count, oct_task_fn task, void *argument);

/// Does parts, first of all part `slot`, until oct_region_dismiss. Between parts it spins for some microseconds, then
/// sleeps. A part that was begun is finished first.
/// @param slot  1..OCT_REGION_MAX_WIDTH - 1; part 0 is the owner's
void oct_region_help(struct oct_region *region, unsigned slot);

/// Sends all helpers away, those that come later too, until oct_region_admit. Does not wait for them.
void oct_region_dismiss(struct oct_region *region);
/// Helpers are welcome. Those that have not noticed their dismissal stay.
void oct_region_admit(struct oct_region *region);

#endif
