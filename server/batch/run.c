#include "server/batch/run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/pool/clock.h"

static void count(const struct oct_batch_queue *queue, enum oct_metric metric, int64_t amount)
{
    if (queue->series != NULL) {
        oct_metrics_model_add(queue->series, metric, amount);
    }
}

static void observe(const struct oct_batch_queue *queue, enum oct_metric metric, uint64_t value)
{
    if (queue->series != NULL) {
        oct_metrics_model_observe(queue->series, metric, value);
    }
}

static uint64_t since(uint64_t from_us, uint64_t to_us)
{
    return to_us > from_us ? to_us - from_us : 0;
}

/// The ticket belongs to its owner again when this returns.
static void complete(struct oct_ticket *ticket, struct oct_ticket_result *result)
{
    // The queue may go with the ticket's owner: what is counted is counted first.
    const struct oct_batch_queue *queue = ticket->queue;
    switch (result->status) {
    case OCT_OK:
        count(queue, OCT_METRIC_INFER_REQUESTS, 1);
        count(queue, OCT_METRIC_INFER_ROWS, ticket->rows);
        observe(queue, OCT_METRIC_REQUEST_SECONDS, since(ticket->complete_us, oct_clock_us()));
        break;
    case OCT_ERR_CANCELLED:
        count(queue, OCT_METRIC_INFER_CANCELLED, 1);
        break;
    default:
        count(queue, OCT_METRIC_INFER_FAILURES, 1);
        break;
    }
    ticket->done(ticket, result);
}

static void fail(struct oct_ticket *ticket, const struct oct_error *error)
{
    struct oct_ticket_result result = {
        .status = error->status, .error = error, .header_length = OCT_INFER_NO_HEADER_LENGTH};
    complete(ticket, &result);
}

static void describe_drop(const struct oct_ticket *ticket, struct oct_error *error)
{
    const char *text = "the server is stopping";
    if (ticket->dropped == OCT_ERR_DEADLINE) {
        text = "the deadline passed while the request waited";
    } else if (ticket->dropped == OCT_ERR_CANCELLED) {
        text = "the client has left";
    }
    oct_error_set(error, ticket->dropped, ticket->queue->model, OCT_POSITION_NONE, "%s", text);
}

void oct_batch_complete_dropped(struct oct_ticket *tickets)
{
    while (tickets != NULL) {
        struct oct_ticket *next = tickets->next;
        struct oct_error error = OCT_ERROR_INIT;
        describe_drop(tickets, &error);
        fail(tickets, &error);
        tickets = next;
    }
}

/// Writes rows [first, first + rows) of `ticket` as rows [at, ...) of the session's inputs, bound for `bound_rows`.
static void gather(struct oct_session *session,
                   const struct oct_plan *plan,
                   const struct oct_ticket *ticket,
                   int64_t first,
                   int64_t rows,
                   int64_t at,
                   int64_t bound_rows)
{
    const struct oct_infer_request *request = ticket->request;
    for (size_t i = 0; i < oct_plan_input_count(plan); i++) {
        size_t n_bytes = 0;
        uint8_t *input = oct_session_input(session, i, &n_bytes);
        if (n_bytes == 0) {
            continue;
        }
        if (!oct_plan_input(plan, i)->batched) {
            assert(request->bound_bytes[i] == n_bytes);
            memcpy(input, request->bound[i], n_bytes);
            continue;
        }
        size_t row_bytes = n_bytes / (size_t)bound_rows;
        assert(request->bound_bytes[i] == row_bytes * (size_t)ticket->rows);
        memcpy(input + (size_t)at * row_bytes, request->bound[i] + (size_t)first * row_bytes, (size_t)rows * row_bytes);
    }
}

/// Builds the ticket's answer from dense outputs and completes it.
static void answer(const struct oct_batch_runner *runner,
                   const struct oct_batch_queue *queue,
                   struct oct_ticket *ticket,
                   const uint8_t *const *outputs)
{
    struct oct_buffer body;
    oct_buffer_init(&body, runner->allocator, runner->max_answer_bytes);
    struct oct_error error = OCT_ERROR_INIT;
    const struct oct_infer_answer said = {
        .model = queue->model, .version = queue->version, .id = ticket->id, .rows = ticket->rows, .outputs = outputs};
    struct oct_ticket_result result = {.error = &error, .body = &body, .header_length = OCT_INFER_NO_HEADER_LENGTH};
    result.status = oct_infer_answer_write(ticket->request, queue->plan, &said, &body, &result.header_length, &error);
    if (result.status != OCT_OK) {
        oct_error_set(&error, result.status, "answer", OCT_POSITION_NONE, "%s", oct_status_text(result.status));
        result.body = NULL;
    }
    complete(ticket, &result);
    oct_buffer_deinit(&body); // empty when the owner took it
}

/// What a run that took `elapsed_us` would have cost one worker. Of one that was shared out only the most it can have
/// been is known: that corrects an expectation that was too high, and leaves others.
static uint64_t
cost_us(const struct oct_batch_runner *runner, const struct oct_batch_queue *queue, uint64_t elapsed_us, int64_t rows)
{
    if (runner->executor == NULL) {
        return elapsed_us;
    }
    uint64_t most_us = elapsed_us * runner->executor->width;
    uint64_t expected_us = oct_batch_queue_expect_us(queue, rows);
    return most_us < expected_us ? most_us : expected_us;
}

/// One run of the session, measured.
static void run_once(const struct oct_batch_runner *runner,
                     struct oct_session *session,
                     struct oct_batch_queue *queue,
                     uint64_t begin_us,
                     int64_t rows)
{
    oct_session_run(session, runner->executor);
    uint64_t elapsed_us = since(begin_us, oct_clock_us());
    oct_batch_queue_observe(queue, cost_us(runner, queue, elapsed_us, rows), rows);
    count(queue, OCT_METRIC_INFER_BATCHES, 1);
    observe(queue, OCT_METRIC_BATCH_ROWS, (uint64_t)rows);
    observe(queue, OCT_METRIC_COMPUTE_SECONDS, elapsed_us);
}

// ------------------------------------------------------------------------------------------------- a merged batch

/// False, with nothing completed, when the session cannot be bound.
static bool run_merged(const struct oct_batch_runner *runner,
                       struct oct_session *session,
                       const struct oct_batch *batch,
                       struct oct_error *error)
{
    struct oct_batch_queue *queue = batch->queue;
    struct oct_plan *plan = queue->plan;
    uint64_t begin_us = oct_clock_us();
    if (oct_session_bind(session, plan, batch->rows, error) != OCT_OK) {
        return false;
    }
    int64_t at = 0;
    for (const struct oct_ticket *ticket = batch->first; ticket != NULL; ticket = ticket->next) {
        gather(session, plan, ticket, 0, ticket->rows, at, batch->rows);
        observe(queue, OCT_METRIC_QUEUE_SECONDS, since(ticket->enqueued_us, begin_us));
        at += ticket->rows;
    }
    run_once(runner, session, queue, begin_us, batch->rows);
    at = 0;
    for (struct oct_ticket *ticket = batch->first; ticket != NULL;) {
        struct oct_ticket *next = ticket->next;
        int64_t rows = ticket->rows;
        const uint8_t *outputs[OCT_GRAPH_MAX_OUTPUTS];
        for (size_t i = 0; i < oct_plan_output_count(plan); i++) {
            size_t n_bytes = 0;
            outputs[i] = oct_session_output(session, i, &n_bytes);
            if (oct_plan_output(plan, i)->batched) {
                outputs[i] += (size_t)at * (n_bytes / (size_t)batch->rows);
            }
        }
        answer(runner, queue, ticket, outputs);
        at += rows;
        ticket = next;
    }
    return true;
}

// ------------------------------------------------------------------------------------------------ a sliced request

/// The outputs of all slices, dense over all rows.
struct collected {
    const struct oct_allocator *allocator;
    uint8_t *outputs[OCT_GRAPH_MAX_OUTPUTS];
    size_t bytes[OCT_GRAPH_MAX_OUTPUTS];
    size_t n;
};

static enum oct_status collected_init(struct collected *collected,
                                      const struct oct_batch_runner *runner,
                                      const struct oct_plan *plan,
                                      int64_t rows,
                                      struct oct_error *error)
{
    collected->allocator = runner->allocator == NULL ? oct_allocator_default() : runner->allocator;
    collected->n = 0;
    size_t total = 0;
    for (size_t i = 0; i < oct_plan_output_count(plan); i++) {
        size_t bytes = 0;
        enum oct_status status = oct_tensor_bytes(&oct_plan_output(plan, i)->desc, rows, &bytes);
        if (status != OCT_OK || __builtin_add_overflow(total, bytes, &total) || total > runner->max_answer_bytes) {
            return oct_error_set(error, OCT_ERR_LIMIT, oct_plan_output(plan, i)->name, OCT_POSITION_NONE,
                                 "the outputs of %lld rows exceed the limit of %zu bytes for an answer",
                                 (long long)rows, runner->max_answer_bytes);
        }
        size_t asked = bytes > 0 ? bytes : 1;
        uint8_t *block = collected->allocator->allocate(collected->allocator->context, asked, OCT_ALIGN);
        if (block == NULL) {
            return oct_error_set(error, OCT_ERR_NOMEM, oct_plan_output(plan, i)->name, OCT_POSITION_NONE,
                                 "no memory for the outputs of %lld rows", (long long)rows);
        }
        collected->outputs[collected->n] = block;
        collected->bytes[collected->n++] = asked;
    }
    return OCT_OK;
}

static void collected_deinit(struct collected *collected)
{
    for (size_t i = 0; i < collected->n; i++) {
        collected->allocator->release(collected->allocator->context, collected->outputs[i], collected->bytes[i]);
    }
}

/// Between slices: is there still a reason to go on?
static enum oct_status
look_up(const struct oct_batch_runner *runner, const struct oct_ticket *ticket, struct oct_error *error)
{
    const char *model = ticket->queue->model;
    if (runner->cancel != NULL && atomic_load_explicit(runner->cancel, memory_order_relaxed)) {
        return oct_error_set(error, OCT_ERR_UNAVAILABLE, model, OCT_POSITION_NONE, "the server is stopping");
    }
    if (oct_clock_us() >= ticket->deadline_us) {
        return oct_error_set(error, OCT_ERR_DEADLINE, model, OCT_POSITION_NONE,
                             "the deadline passed while the request was run");
    }
    if (ticket->is_gone != NULL && ticket->is_gone(ticket)) {
        return oct_error_set(error, OCT_ERR_CANCELLED, model, OCT_POSITION_NONE, "the client has left");
    }
    return OCT_OK;
}

static enum oct_status run_slice(const struct oct_batch_runner *runner,
                                 struct oct_session *session,
                                 const struct oct_ticket *ticket,
                                 int64_t first,
                                 int64_t rows,
                                 struct collected *collected,
                                 struct oct_error *error)
{
    struct oct_plan *plan = ticket->queue->plan;
    uint64_t begin_us = oct_clock_us();
    enum oct_status status = oct_session_bind(session, plan, rows, error);
    if (status != OCT_OK) {
        return status;
    }
    gather(session, plan, ticket, first, rows, 0, rows);
    run_once(runner, session, ticket->queue, begin_us, rows);
    for (size_t i = 0; i < collected->n; i++) {
        size_t n_bytes = 0;
        const uint8_t *output = oct_session_output(session, i, &n_bytes);
        size_t row_bytes = oct_plan_output(plan, i)->batched ? n_bytes / (size_t)rows : 0;
        if (n_bytes > 0) {
            memcpy(collected->outputs[i] + (size_t)first * row_bytes, output, n_bytes);
        }
    }
    return OCT_OK;
}

static void run_sliced(const struct oct_batch_runner *runner, struct oct_session *session, struct oct_ticket *ticket)
{
    struct oct_batch_queue *queue = ticket->queue;
    struct oct_error error = OCT_ERROR_INIT;
    struct collected collected;
    observe(queue, OCT_METRIC_QUEUE_SECONDS, since(ticket->enqueued_us, oct_clock_us()));
    enum oct_status status = collected_init(&collected, runner, queue->plan, ticket->rows, &error);
    for (int64_t first = 0; status == OCT_OK && first < ticket->rows;) {
        int64_t left = ticket->rows - first;
        int64_t rows = left < queue->max_batch_rows ? left : queue->max_batch_rows;
        status = first == 0 ? OCT_OK : look_up(runner, ticket, &error);
        if (status == OCT_OK) {
            status = run_slice(runner, session, ticket, first, rows, &collected, &error);
        }
        first += rows;
    }
    if (status == OCT_OK) {
        answer(runner, queue, ticket, (const uint8_t *const *)collected.outputs);
    } else {
        fail(ticket, &error);
    }
    collected_deinit(&collected);
}

void oct_batch_run(const struct oct_batch_runner *runner, struct oct_session *session, const struct oct_batch *batch)
{
    if (batch->first->rows > batch->queue->max_batch_rows) {
        run_sliced(runner, session, batch->first);
        return;
    }
    struct oct_error error = OCT_ERROR_INIT;
    if (run_merged(runner, session, batch, &error)) {
        return;
    }
    if (batch->n_tickets == 1) {
        fail(batch->first, &error);
        return;
    }
    for (struct oct_ticket *ticket = batch->first; ticket != NULL;) {
        struct oct_ticket *next = ticket->next;
        ticket->next = NULL;
        const struct oct_batch alone = {.queue = batch->queue, .first = ticket, .n_tickets = 1, .rows = ticket->rows};
        oct_batch_run(runner, session, &alone);
        ticket = next;
    }
}
