// pthread_getaffinity_np is Linux's: it needs _GNU_SOURCE.
#define _GNU_SOURCE

#include "server/app/self_test.h"

#include <pthread.h>
#include <sched.h>

#include "server/pool/cpus.h"
#include "server/pool/thread.h"

static enum oct_status
test_each(oct_self_test_fn test, uint64_t cpu_features, const unsigned *cores, unsigned n, struct oct_error *error)
{
    for (unsigned i = 0; i < n; i++) {
        struct oct_error report = OCT_ERROR_INIT;
        // A core that the system has withdrawn since it was asked is nobody's: the test then runs where it may.
        (void)oct_thread_pin(pthread_self(), cores[i]);
        enum oct_status status = test(cpu_features, &report);
        if (status != OCT_OK) {
            oct_error_prefix(&report, "core %u", cores[i]);
            if (error != NULL && error->status == OCT_OK) {
                *error = report;
            }
            return status;
        }
    }
    return OCT_OK;
}

enum oct_status oct_app_self_test(oct_self_test_fn test, uint64_t cpu_features, unsigned cores, struct oct_error *error)
{
    struct oct_cpus cpus;
    oct_cpus_read("", &cpus);
    unsigned n = cores > 0 ? cores : cpus.usable;
    cpu_set_t *mask = CPU_ALLOC(OCT_CPUS_MAX);
    size_t mask_bytes = CPU_ALLOC_SIZE(OCT_CPUS_MAX);
    if (mask == NULL || n > cpus.n_pins || pthread_getaffinity_np(pthread_self(), mask_bytes, mask) != 0) {
        CPU_FREE(mask);
        return test(cpu_features, error);
    }
    enum oct_status status = test_each(test, cpu_features, cpus.pins, n, error);
    (void)pthread_setaffinity_np(pthread_self(), mask_bytes, mask); // what it was may be set
    CPU_FREE(mask);
    return status;
}
