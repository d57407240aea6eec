#include "octet/yardstick.h"

/// One addition that the compiler can neither drop nor move. Both are registers: newer processors carry out additions
/// of small constants while renaming, several a cycle.
#define ADD                                                                                                            \
    sum += step;                                                                                                       \
    __asm__ volatile("" : "+r"(sum), "+r"(step));
#define ADD_8  ADD ADD ADD ADD ADD ADD ADD ADD
#define ADD_64 ADD_8 ADD_8 ADD_8 ADD_8 ADD_8 ADD_8 ADD_8 ADD_8

void oct_yardstick_chain(uint64_t turns)
{
    uint64_t sum = turns, step = 3;
    for (uint64_t i = 0; i < turns; i++) {
        ADD_64
    }
}

_Static_assert(OCT_YARDSTICK_CHAIN == 64, "the chain has 64 additions");
