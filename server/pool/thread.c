// pthread_setname_np and gettid are Linux's: they need _GNU_SOURCE.
#define _GNU_SOURCE

#include "server/pool/thread.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

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
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), LOWERED_NICENESS);
}

void oct_thread_name(const char *name)
{
    char cut[NAME_BYTES];
    snprintf(cut, sizeof cut, "%.*s", NAME_BYTES - 1, name);
    (void)pthread_setname_np(pthread_self(), cut);
}
