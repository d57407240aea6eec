// pthread_setname_np, pthread_setaffinity_np and gettid are Linux's: they need _GNU_SOURCE.
#define _GNU_SOURCE

#include "server/pool/thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/pool/cpus.h"

#define NAME_BYTES       16 // the system's bound
#define LOWERED_NICENESS 10

void oct_thread_block_signals(sigset_t *saved)
{
    sigset_t blocked;
    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV);
    sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE);
    sigdelset(&blocked, SIGILL);
    pthread_sigmask(SIG_SETMASK, &blocked, saved);
}

void oct_thread_restore_signals(const sigset_t *saved)
{
    pthread_sigmask(SIG_SETMASK, saved, NULL);
}

void oct_thread_lower_priority(void)
{
    // On Linux niceness belongs to the thread, and its id is accepted where a process is asked for.
    if (getpriority(PRIO_PROCESS, (id_t)gettid()) < LOWERED_NICENESS) {
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), LOWERED_NICENESS);
    }
}

void oct_thread_name(const char *name)
{
    char cut[NAME_BYTES];
    snprintf(cut, sizeof cut, "%.*s", NAME_BYTES - 1, name);
    (void)pthread_setname_np(pthread_self(), cut);
}

bool oct_thread_pin(pthread_t thread, unsigned cpu)
{
    cpu_set_t *mask = CPU_ALLOC(OCT_CPUS_MAX);
    if (mask == NULL) {
        return false;
    }
    size_t mask_bytes = CPU_ALLOC_SIZE(OCT_CPUS_MAX);
    CPU_ZERO_S(mask_bytes, mask);
    CPU_SET_S(cpu, mask_bytes, mask);
    bool done = pthread_setaffinity_np(thread, mask_bytes, mask) == 0;
    CPU_FREE(mask);
    return done;
}
