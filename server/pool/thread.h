/// Small things every thread of ours does at its start. Threads: [any].
#ifndef OCTET_SERVER_POOL_THREAD_H
#define OCTET_SERVER_POOL_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/// Blocks all signals in the calling thread but the synchronous ones (SEGV, BUS, FPE, ILL), which must kill where they
/// happen. Threads inherit the mask of their maker: call it before making one and restore afterwards, so that signals
/// stay the main thread's matter without a moment when they are not.
void oct_thread_block_signals(sigset_t *saved);
void oct_thread_restore_signals(const sigset_t *saved);
/// The calling thread gives way to others of the process (nice 10 at least). Best effort.
void oct_thread_lower_priority(void);
/// Names the calling thread for ps and gdb; cut to 15 bytes.
void oct_thread_name(const char *name);
/// Keeps `thread` (pthread_self(): the calling one) on core `cpu`. True when the system accepted.
bool oct_thread_pin(pthread_t thread, unsigned cpu);

#endif
