#include "server/models/loader.h"

#include <pthread.h>
#include <stdlib.h>

#include "server/pool/thread.h"

struct oct_loader {
    pthread_mutex_t lock;
    pthread_cond_t more;
    pthread_t thread;
    struct oct_loader_job *head, *tail;
    bool stopping, ended, joined;
};

static struct oct_loader_job *pop_locked(struct oct_loader *loader)
{
    struct oct_loader_job *job = loader->head;
    if (job != NULL) {
        loader->head = job->next;
        loader->tail = loader->head == NULL ? NULL : loader->tail;
    }
    return job;
}

static void *work(void *argument)
{
    struct oct_loader *loader = argument;
    oct_thread_name("octet-loader");
    oct_thread_lower_priority();
    pthread_mutex_lock(&loader->lock);
    for (;;) {
        struct oct_loader_job *job = pop_locked(loader);
        if (job != NULL) {
            bool stopping = loader->stopping;
            pthread_mutex_unlock(&loader->lock);
            job->run(job, stopping);
            pthread_mutex_lock(&loader->lock);
        } else if (loader->stopping) {
            break;
        } else {
            pthread_cond_wait(&loader->more, &loader->lock);
        }
    }
    loader->ended = true;
    pthread_mutex_unlock(&loader->lock);
    return NULL;
}

enum oct_status oct_loader_create(struct oct_loader **out, struct oct_error *error)
{
    *out = NULL;
    struct oct_loader *loader = calloc(1, sizeof *loader);
    if (loader == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "loader", OCT_POSITION_NONE, "out of memory");
    }
    if (pthread_mutex_init(&loader->lock, NULL) != 0) {
        goto fail_memory;
    }
    if (pthread_cond_init(&loader->more, NULL) != 0) {
        goto fail_lock;
    }
    sigset_t saved;
    oct_thread_block_signals(&saved);
    int result = pthread_create(&loader->thread, NULL, work, loader);
    oct_thread_restore_signals(&saved);
    if (result != 0) {
        goto fail_condition;
    }
    *out = loader;
    return OCT_OK;

fail_condition:
    pthread_cond_destroy(&loader->more);
fail_lock:
    pthread_mutex_destroy(&loader->lock);
fail_memory:
    free(loader);
    return oct_error_set(error, OCT_ERR_IO, "loader", OCT_POSITION_NONE, "its thread could not be started");
}

void oct_loader_submit(struct oct_loader *loader, struct oct_loader_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&loader->lock);
    bool ended = loader->ended;
    if (!ended) {
        if (loader->tail == NULL) {
            loader->head = job;
        } else {
            loader->tail->next = job;
        }
        loader->tail = job;
        pthread_cond_signal(&loader->more);
    }
    pthread_mutex_unlock(&loader->lock);
    if (ended) {
        job->run(job, true);
    }
}

bool oct_loader_stopping(struct oct_loader *loader)
{
    pthread_mutex_lock(&loader->lock);
    bool stopping = loader->stopping;
    pthread_mutex_unlock(&loader->lock);
    return stopping;
}

void oct_loader_stop(struct oct_loader *loader)
{
    if (loader->joined) {
        return;
    }
    pthread_mutex_lock(&loader->lock);
    loader->stopping = true;
    pthread_cond_signal(&loader->more);
    pthread_mutex_unlock(&loader->lock);
    pthread_join(loader->thread, NULL);
    loader->joined = true;
}

void oct_loader_destroy(struct oct_loader *loader)
{
    if (loader == NULL) {
        return;
    }
    pthread_cond_destroy(&loader->more);
    pthread_mutex_destroy(&loader->lock);
    free(loader);
}
