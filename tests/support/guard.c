#define _DEFAULT_SOURCE // MAP_ANONYMOUS

#include "tests/support/guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRONT_BYTE 0xa5
#define BACK_BYTE  0x5a
#define FILL_BYTE  0xcd

struct oct_guard oct_guard_create(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t rounded = (bytes + OCT_GUARD_BYTES - 1) / OCT_GUARD_BYTES * OCT_GUARD_BYTES;
    size_t used = OCT_GUARD_BYTES + rounded + OCT_GUARD_BYTES;
    size_t pages = (used + page - 1) / page;
    struct oct_guard guard = {.bytes = bytes, .mapping_bytes = (pages + 1) * page};
    guard.mapping = mmap(NULL, guard.mapping_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guard.mapping == MAP_FAILED || mprotect(guard.mapping + pages * page, page, PROT_NONE) != 0) {
        abort();
    }
    // The slack behind the data ends where the inaccessible page begins (to within the alignment).
    guard.data = guard.mapping + pages * page - OCT_GUARD_BYTES - rounded;
    memset(guard.mapping, FRONT_BYTE, (size_t)(guard.data - guard.mapping));
    memset(guard.data, FILL_BYTE, bytes);
    memset(guard.data + bytes, BACK_BYTE, rounded - bytes + OCT_GUARD_BYTES);
    return guard;
}

static bool all_are(const uint8_t *from, const uint8_t *to, uint8_t value)
{
    for (; from < to; from++) {
        if (*from != value) {
            return false;
        }
    }
    return true;
}

bool oct_guard_intact(const struct oct_guard *guard)
{
    size_t rounded = (guard->bytes + OCT_GUARD_BYTES - 1) / OCT_GUARD_BYTES * OCT_GUARD_BYTES;
    return all_are(guard->mapping, guard->data, FRONT_BYTE) &&
           all_are(guard->data + guard->bytes, guard->data + rounded + OCT_GUARD_BYTES, BACK_BYTE);
}

void oct_guard_destroy(struct oct_guard *guard)
{
    (void)munmap(guard->mapping, guard->mapping_bytes);
    guard->data = NULL;
}
