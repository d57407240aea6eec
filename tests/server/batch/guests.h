/// A scheduler with one tiny model, and requests ("guests") whose rows nobody else has, so that a mixed-up answer
/// shows.
#ifndef OCTET_TESTS_SERVER_BATCH_GUESTS_H
#define OCTET_TESTS_SERVER_BATCH_GUESTS_H

#include "tests/support/oct_check.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "octet/model.h"
#include "octet/proto/json.h"
#include "server/batch/scheduler.h"
#include "server/pool/clock.h"
#include "tests/server/models/tiny_model.h"

struct stage {
    struct oct_scheduler *scheduler;
    struct oct_model *model;
    struct oct_batch_queue *queue;
    struct oct_metrics *metrics;
};

static inline struct oct_model *open_model(enum tiny_kind kind, int64_t max_rows)
{
    struct oct_buffer bytes;
    struct oct_model *model = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_model_options options = oct_model_options_default();
    options.plan.max_rows = max_rows;
    tiny_model_write(kind, "a", &bytes);
    ck_assert_ok(oct_model_open_bytes(bytes.data, bytes.length, &options, &model, &error), &error);
    oct_buffer_deinit(&bytes);
    return model;
}

static inline struct stage
set_up(enum tiny_kind kind, unsigned n_workers, int64_t max_rows, const struct oct_allocator *allocator)
{
    struct stage stage = {.model = open_model(kind, max_rows)};
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status_ok(oct_metrics_create(&stage.metrics));
    const struct oct_batch_queue_options queue = {.model = "m",
                                                  .version = "1",
                                                  .plan = oct_model_plan(stage.model),
                                                  .max_requests = 100000,
                                                  .max_bytes = (size_t)1 << 30,
                                                  .metrics = stage.metrics};
    ck_assert_ok(oct_batch_queue_create(&queue, &stage.queue, &error), &error);
    const struct oct_scheduler_options options = {.n_workers = n_workers,
                                                  .split = true,
                                                  .max_answer_bytes = (size_t)1 << 20,
                                                  .allocator = allocator,
                                                  .metrics = stage.metrics};
    ck_assert_ok(oct_scheduler_create(&options, &stage.scheduler, &error), &error);
    return stage;
}

static inline void take_down(struct stage *stage, uint64_t deadline_us)
{
    oct_scheduler_stop(stage->scheduler, deadline_us);
    oct_scheduler_destroy(stage->scheduler);
    oct_batch_queue_release(stage->queue);
    oct_model_close(stage->model);
    oct_metrics_destroy(stage->metrics);
}

/// A request with rows of four numbers that no other request has.
struct guest {
    struct oct_ticket ticket; ///< first
    struct oct_infer_request *request;
    struct oct_buffer body;
    float first; ///< of the rows: first, first + 1, ...
    int64_t rows;
    atomic_uint *n_done;
    enum oct_status status;
    char message[OCT_ERROR_MESSAGE_BYTES];
    struct oct_buffer answer;
    atomic_bool gone;
};

static inline void depart(struct oct_ticket *ticket, struct oct_ticket_result *result)
{
    struct guest *guest = (struct guest *)(void *)ticket;
    guest->status = result->status;
    snprintf(guest->message, sizeof guest->message, "%s", result->error->message);
    if (result->status == OCT_OK) {
        guest->answer = *result->body;
        oct_buffer_init(result->body, NULL, 0);
    }
    atomic_fetch_add(guest->n_done, 1);
}

static inline bool has_left(const struct oct_ticket *ticket)
{
    return atomic_load(&((const struct guest *)(const void *)ticket)->gone);
}

static inline void
invite(struct guest *guest, const struct stage *stage, float first, int64_t rows, atomic_uint *n_done)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_buffer body;
    memset(guest, 0, sizeof *guest);
    oct_buffer_init(&body, NULL, (size_t)1 << 24);
    ck_assert_status_ok(oct_buffer_printf(&body, "{\"model\":\"m\",\"inputs\":{\"x\":["));
    for (int64_t row = 0; row < rows; row++) {
        double value = (double)first + (double)row;
        ck_assert_status_ok(
            oct_buffer_printf(&body, "%s[%.1f,%.1f,%.1f,-1]", row == 0 ? "" : ",", value, value + 0.5, -value));
    }
    ck_assert_status_ok(oct_buffer_printf(&body, "]}}"));
    guest->body = body;
    ck_assert_ok(
        oct_infer_request_parse(NULL, body.data, body.length, OCT_INFER_NO_HEADER_LENGTH, &guest->request, &error),
        &error);
    ck_assert_ok(oct_infer_request_bind(guest->request, oct_model_plan(stage->model), &error), &error);
    ck_assert_int_eq(guest->request->rows, rows);
    guest->first = first;
    guest->rows = rows;
    guest->n_done = n_done;
    guest->ticket = (struct oct_ticket){.request = guest->request,
                                        .rows = rows,
                                        .bytes = body.length,
                                        .complete_us = oct_clock_us(),
                                        .deadline_us = OCT_CLOCK_NEVER,
                                        .is_gone = has_left,
                                        .done = depart};
}

static inline void farewell(struct guest *guest)
{
    oct_infer_request_destroy(guest->request);
    oct_buffer_deinit(&guest->answer);
    oct_buffer_deinit(&guest->body);
}

static inline void submit(const struct stage *stage, struct guest *guest)
{
    unsigned retry = 0;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_scheduler_submit(stage->scheduler, stage->queue, &guest->ticket, &retry, &error), &error);
}

static inline void wait_for(atomic_uint *counter, unsigned value)
{
    uint64_t give_up_us = oct_clock_us() + 60000000;
    while (atomic_load(counter) < value) {
        ck_assert_msg(oct_clock_us() < give_up_us, "only %u of %u", atomic_load(counter), value);
        struct timespec moment = {.tv_nsec = 200000};
        nanosleep(&moment, NULL);
    }
}

static inline double number_at(const struct oct_json *rows, size_t row, size_t column)
{
    double value = 0;
    ck_assert(oct_json_is_number(oct_json_at(oct_json_at(rows, row), column), &value));
    return value;
}

/// The answer holds max(x, 0) of exactly this guest's rows.
static inline void ck_assert_relu_answer(const struct guest *guest)
{
    struct oct_json_document *document = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_msg(guest->status == OCT_OK, "%s: %s", oct_status_name(guest->status), guest->message);
    ck_assert_ok(
        oct_json_parse((const char *)guest->answer.data, guest->answer.length, (size_t)1 << 20, &document, &error),
        &error);
    const struct oct_json *rows = oct_json_get(oct_json_get(oct_json_root(document), "outputs"), "y");
    ck_assert_uint_eq(oct_json_count(rows), (size_t)guest->rows);
    for (size_t row = 0; row < (size_t)guest->rows; row++) {
        double value = (double)guest->first + (double)row;
        ck_assert_double_eq(number_at(rows, row, 0), value);
        ck_assert_double_eq(number_at(rows, row, 1), value + 0.5);
        ck_assert_double_eq(number_at(rows, row, 2), 0);
        ck_assert_double_eq(number_at(rows, row, 3), 0);
    }
    oct_json_destroy(document);
}

#endif
