/// How many cores this process may really use: the affinity mask, cut by the quota of its control group (v2 or v1) and
/// of every group above it. The number of workers comes from here, so that a container with 2 of 64 cores runs 2
/// workers. Threads: [any]; plain values.
#ifndef OCTET_SERVER_POOL_CPUS_H
#define OCTET_SERVER_POOL_CPUS_H

#include "octet/status.h"

/// Far above today's machines; the affinity call is made with a mask of this size.
#define OCT_CPUS_MAX          4096
#define OCT_CPUS_REASON_BYTES 160

struct oct_cpus {
    unsigned usable;  ///< >= 1: min(allowed, ceil(quota))
    unsigned allowed; ///< cores in the affinity mask
    double quota;     ///< cores' worth of time per period; 0: no limit
    /// The allowed cores in rising order, to pin threads to. Empty when the quota is smaller than the mask: several
    /// containers on one machine would all choose the same first cores.
    unsigned n_pins;
    unsigned pins[OCT_CPUS_MAX];
    char reason[OCT_CPUS_REASON_BYTES]; ///< "2 of 64 allowed cores: cgroup v2 quota of 1.50 cores"
};

/// Reads the mask of the calling thread and the quota. Never fails: what cannot be read does not limit.
/// @param root  put before /proc and /sys, for tests; "" for this machine
void oct_cpus_read(const char *root, struct oct_cpus *cpus);

#endif
