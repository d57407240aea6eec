/// What loop.c and handles.c share. Not for other folders.
#ifndef OCTET_SERVER_LOOP_LOOP_INTERNAL_H
#define OCTET_SERVER_LOOP_LOOP_INTERNAL_H

#include <stdatomic.h>
#include <uv.h>

#include "server/loop/loop.h"

struct oct_loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_mutex_t mutex; ///< guards head, tail and stopping, and every uv_async_send
    struct oct_loop_task *head, *tail;
    bool stopping;
    bool has_thread;
    uv_thread_t thread;
    char name[16];
    _Atomic(const void *) runner; ///< mark of the thread that runs the loop; NULL while none does
    oct_loop_fn batch_end;
    void *batch_end_arg;
};

/// OCT_ERR_NOMEM or OCT_ERR_IO for a libuv error, reported as "what: text".
enum oct_status oct_loop_report(struct oct_error *error, int uv_error, const char *what);
/// Closes a handle whose storage starts with it; frees the storage when libuv lets go.
void oct_loop_close_handle(uv_handle_t *handle);

#endif
