#include "octet/model.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "octet/proto/sha256.h"
#include "proto/octet/hex.h"
#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"
#include "tests/support/octet_builder.h"

static const float golden_rows[5 * 4] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0.5f, -0.5f, 2, -3};

/// Runs all golden rows through the sample's plan, in one run.
static void run_rows(struct oct_plan *plan, uint8_t digest[OCT_SHA256_BYTES])
{
    struct oct_session *session;
    size_t n_bytes;
    ck_assert_status_ok(oct_session_create(NULL, &session, NULL));
    ck_assert_status_ok(oct_session_bind(session, plan, 5, NULL));
    void *input = oct_session_input(session, 0, &n_bytes);
    ck_assert_uint_eq(n_bytes, sizeof golden_rows);
    memcpy(input, golden_rows, n_bytes);
    oct_session_run(session, NULL);
    const void *output = oct_session_output(session, 0, &n_bytes);
    ck_assert_uint_eq(n_bytes, 5 * 3 * sizeof(float));
    ck_assert_status_ok(oct_sha256(output, n_bytes, digest));
    oct_session_destroy(session);
}

/// The sample with golden rows and this digest of their output.
static void build_golden(const uint8_t digest[OCT_SHA256_BYTES], struct oct_buffer *file)
{
    struct oct_octet_builder builder;
    char graph[4096], extra[512], text[2 * OCT_SHA256_BYTES + 1];
    octi_hex_write(digest, OCT_SHA256_BYTES, text);
    snprintf(extra, sizeof extra, ",'golden':{'inputs':{'x':'g'},'outputs_sha256':{'y':'%s'}}", text);
    snprintf(graph, sizeof graph, OCT_OCTET_SAMPLE_GRAPH, extra);
    oct_octet_builder_init(&builder);
    oct_octet_sample_tensors(&builder);
    oct_octet_builder_add(&builder, "g", "F32", "[5,4]", golden_rows, sizeof golden_rows);
    oct_octet_builder_finish(&builder, graph, file);
    oct_octet_builder_deinit(&builder);
}

START_TEST(bytes_become_a_plan_that_runs)
{
    struct oct_buffer file;
    struct oct_model *model;
    struct oct_error error = OCT_ERROR_INIT;
    uint8_t digest[OCT_SHA256_BYTES], found[OCT_SHA256_BYTES];
    oct_octet_sample(",'labels':['a','b','c']", &file);
    ck_assert_ok(oct_model_open_bytes(file.data, file.length, NULL, &model, &error), &error);
    ck_assert_str_eq(oct_model_producer(model), "test");
    ck_assert_uint_eq(oct_model_label_count(model), 3);
    ck_assert_str_eq(oct_model_label(model, 2), "c");
    ck_assert_str_eq(oct_model_golden(model), "absent");
    ck_assert_uint_eq(oct_model_file_bytes(model), file.length);
    ck_assert_status_ok(oct_sha256(file.data, file.length, digest));
    ck_assert_status_ok(oct_model_sha256(model, found));
    ck_assert_mem_eq(found, digest, sizeof digest);
    ck_assert_uint_eq(oct_graph_node_count(oct_model_graph(model)), 3);

    // x = [1, 0, 0, 0]: 10 steps of 0.1; w row 0 has 100 * 0.01 there, so y0 = 1 * 1 + 0.5.
    struct oct_session *session;
    size_t n_bytes;
    ck_assert_status_ok(oct_session_create(NULL, &session, NULL));
    ck_assert_status_ok(oct_session_bind(session, oct_model_plan(model), 1, NULL));
    memcpy(oct_session_input(session, 0, &n_bytes), golden_rows, 4 * sizeof(float));
    oct_session_run(session, NULL);
    const float *y = oct_session_output(session, 0, &n_bytes);
    ck_assert_float_eq_tol(y[0], 1.5f, 0.026f);
    ck_assert_float_eq_tol(y[1], -0.25f, 0.026f);
    ck_assert_float_eq_tol(y[2], 0.4f, 0.026f);
    oct_model_close(model); // the session keeps the plan
    oct_session_run(session, NULL);
    oct_session_destroy(session);
    oct_buffer_deinit(&file);
}
END_TEST

START_TEST(golden_rows_are_compared_in_slices_of_what_a_plan_takes)
{
    struct oct_buffer file;
    struct oct_model *model;
    struct oct_error error = OCT_ERROR_INIT;
    uint8_t digest[OCT_SHA256_BYTES];
    oct_octet_sample("", &file);
    ck_assert_status_ok(oct_model_open_bytes(file.data, file.length, NULL, &model, NULL));
    run_rows(oct_model_plan(model), digest);
    oct_model_close(model);
    oct_buffer_deinit(&file);

    build_golden(digest, &file);
    for (int64_t max_rows = 1; max_rows <= 6; max_rows++) {
        struct oct_model_options options = oct_model_options_default();
        options.plan.max_rows = max_rows;
        ck_assert_ok(oct_model_open_bytes(file.data, file.length, &options, &model, &error), &error);
        ck_assert_str_eq(oct_model_golden(model), "passed");
        oct_model_close(model);
    }
    oct_buffer_deinit(&file);

    digest[31] ^= 1;
    build_golden(digest, &file);
    ck_assert_status(OCT_ERR_INTERNAL, oct_model_open_bytes(file.data, file.length, NULL, &model, &error));
    ck_assert_error_says(&error, "golden");
    ck_assert_ptr_null(model);
    struct oct_model_options options = oct_model_options_default();
    options.skip_golden = true;
    ck_assert_status_ok(oct_model_open_bytes(file.data, file.length, &options, &model, NULL));
    ck_assert_str_eq(oct_model_golden(model), "skipped");
    oct_model_close(model);
    oct_buffer_deinit(&file);
}
END_TEST

START_TEST(a_file_is_read_whole_and_within_its_bound)
{
    char path[] = "/tmp/octet-check-model-XXXXXX";
    struct oct_buffer file;
    struct oct_model *model;
    struct oct_error error = OCT_ERROR_INIT;
    oct_octet_sample("", &file);
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, file.data, file.length), (ssize_t)file.length);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_ok(oct_model_open(path, NULL, &model, &error), &error);
    ck_assert_uint_eq(oct_model_file_bytes(model), file.length);
    oct_model_close(model);

    struct oct_model_options options = oct_model_options_default();
    options.max_file_bytes = file.length - 1;
    ck_assert_status(OCT_ERR_LIMIT, oct_model_open(path, &options, &model, NULL));
    ck_assert_status(OCT_ERR_LIMIT, oct_model_open_bytes(file.data, file.length, &options, &model, NULL));
    options.max_file_bytes = file.length;
    ck_assert_status_ok(oct_model_open(path, &options, &model, NULL));
    oct_model_close(model);

    ck_assert_int_eq(truncate(path, (off_t)file.length - 1), 0);
    ck_assert_status(OCT_ERR_CORRUPT, oct_model_open(path, NULL, &model, &error));
    ck_assert_error_says(&error, path);
    ck_assert_int_eq(truncate(path, 0), 0);
    ck_assert_status(OCT_ERR_CORRUPT, oct_model_open(path, NULL, &model, NULL));
    ck_assert_int_eq(unlink(path), 0);

    ck_assert_status(OCT_ERR_NOT_FOUND, oct_model_open(path, NULL, &model, NULL));
    oct_model_close(NULL);
    oct_buffer_deinit(&file);
}
END_TEST

#define WIDE 300

// A linear layer of WIDE by WIDE weights, written to `path`, whose X's are replaced.
static void write_wide(char *path, struct oct_buffer *file)
{
    static int8_t weights[WIDE * WIDE];
    static double scales[WIDE];
    static int64_t zero_points[WIDE];
    struct oct_octet_builder builder;
    for (size_t i = 0; i < sizeof weights; i++) {
        weights[i] = (int8_t)(i * 37 % 251);
    }
    for (size_t i = 0; i < WIDE; i++) {
        scales[i] = 0.01;
    }
    oct_octet_builder_init(&builder);
    oct_octet_builder_add(&builder, "w.scales", "F64", "[300]", scales, sizeof scales);
    oct_octet_builder_add(&builder, "w.zero_points", "I64", "[300]", zero_points, sizeof zero_points);
    oct_octet_builder_add(&builder, "w", "I8", "[300,300]", weights, sizeof weights);
    oct_octet_builder_finish(&builder,
                             "{'format_version':1,"
                             "'inputs':[{'name':'x','dtype':'quint8','shape':['N',300],'scale':0.1,'zero_point':0}],"
                             "'constants':[{'name':'w','dtype':'qint8','qscheme':'per_channel_affine','axis':0,"
                             "'scales':'w.scales','zero_points':'w.zero_points'}],"
                             "'nodes':[{'name':'fc','op':'quantized::linear','inputs':['x','w'],'outputs':['y'],"
                             "'attributes':{'Y_scale_i':0.5,'Y_zero_point_i':100}}],"
                             "'outputs':[{'name':'y','value':'y'}]}",
                             file);
    oct_octet_builder_deinit(&builder);
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, file->data, file->length), (ssize_t)file->length);
    ck_assert_int_eq(close(fd), 0);
}

// What the wide layer makes of one row.
static void run_wide(struct oct_plan *plan, uint8_t y[WIDE])
{
    struct oct_session *session;
    size_t n_bytes;
    ck_assert_status_ok(oct_session_create(NULL, &session, NULL));
    ck_assert_status_ok(oct_session_bind(session, plan, 1, NULL));
    uint8_t *x = oct_session_input(session, 0, &n_bytes);
    for (size_t i = 0; i < n_bytes; i++) {
        x[i] = (uint8_t)(i * 11);
    }
    oct_session_run(session, NULL);
    const void *output = oct_session_output(session, 0, &n_bytes);
    ck_assert_uint_eq(n_bytes, WIDE);
    memcpy(y, output, n_bytes);
    oct_session_destroy(session);
}

START_TEST(large_weights_are_read_from_the_file_when_a_plan_packs_them)
{
    char path[] = "/tmp/octet-check-model-XXXXXX";
    struct oct_buffer file;
    struct oct_model *read, *given;
    struct oct_plan *plan;
    struct oct_error error = OCT_ERROR_INIT;
    uint8_t from_file[WIDE], from_memory[WIDE], again[WIDE];
    uint8_t expected[OCT_SHA256_BYTES], found[OCT_SHA256_BYTES];
    write_wide(path, &file);
    ck_assert_ok(oct_model_open(path, NULL, &read, &error), &error);
    ck_assert_ok(oct_model_open_bytes(file.data, file.length, NULL, &given, &error), &error);
    run_wide(oct_model_plan(read), from_file);
    run_wide(oct_model_plan(given), from_memory);
    ck_assert_mem_eq(from_file, from_memory, WIDE);
    ck_assert_ok(oct_plan_create(oct_model_graph(read), NULL, &plan, &error), &error);
    run_wide(plan, again);
    ck_assert_mem_eq(again, from_memory, WIDE);
    oct_plan_release(plan);
    struct oct_plan_options reference = oct_plan_options_default();
    reference.reference_only = reference.no_rewrite = true; // which reads the weights while it runs
    ck_assert_ok(oct_plan_create(oct_model_graph(read), &reference, &plan, &error), &error);
    ck_assert_status_ok(oct_sha256(file.data, file.length, expected));
    ck_assert_status_ok(oct_model_sha256(read, found));
    ck_assert_mem_eq(found, expected, OCT_SHA256_BYTES);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_status_ok(oct_model_sha256(read, found)); // of the file that was opened
    oct_model_close(given);
    oct_model_close(read);
    run_wide(plan, again); // which keeps nothing of the model
    ck_assert_mem_eq(again, from_memory, WIDE);
    oct_plan_release(plan);
    oct_buffer_deinit(&file);
}
END_TEST

START_TEST(a_file_that_is_cut_while_it_is_open_is_an_error)
{
    char path[] = "/tmp/octet-check-model-XXXXXX";
    struct oct_buffer file;
    struct oct_model *model;
    struct oct_plan *plan;
    struct oct_error error = OCT_ERROR_INIT;
    uint8_t y[WIDE], before[WIDE], digest[OCT_SHA256_BYTES];
    write_wide(path, &file);
    ck_assert_ok(oct_model_open(path, NULL, &model, &error), &error);
    run_wide(oct_model_plan(model), before);
    ck_assert_int_eq(truncate(path, (off_t)file.length - 1), 0);
    ck_assert_status(OCT_ERR_IO, oct_plan_create(oct_model_graph(model), NULL, &plan, &error));
    ck_assert_error_says(&error, "constant 'w'");
    ck_assert_status(OCT_ERR_IO, oct_model_sha256(model, digest));
    run_wide(oct_model_plan(model), y); // what has been planned needs no file
    ck_assert_mem_eq(y, before, WIDE);
    oct_model_close(model);
    ck_assert_int_eq(unlink(path), 0);
    oct_buffer_deinit(&file);
}
END_TEST

START_TEST(a_caller_may_bring_its_registry)
{
    struct oct_op_registry *registry;
    struct oct_buffer file;
    struct oct_model *model;
    struct oct_model_options options = oct_model_options_default();
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    options.registry = registry;
    oct_octet_sample("", &file);
    ck_assert_status_ok(oct_model_open_bytes(file.data, file.length, &options, &model, NULL));
    ck_assert_ptr_eq(oct_graph_registry(oct_model_graph(model)), registry);
    oct_model_close(model);
    oct_op_registry_destroy(registry);
    oct_buffer_deinit(&file);
}
END_TEST

// Opens `file` with each of its allocations failing.
static void open_without_memory(const struct oct_buffer *file)
{
    for (size_t n = 0;; n++) {
        struct oct_chaos chaos;
        struct oct_model *model;
        struct oct_model_options options = oct_model_options_default();
        struct oct_error error = OCT_ERROR_INIT;
        oct_chaos_init(&chaos, n);
        options.plan.allocator = &chaos.allocator;
        enum oct_status status = oct_model_open_bytes(file->data, file->length, &options, &model, &error);
        if (status == OCT_OK) {
            ck_assert(!chaos.failed);
            oct_model_close(model);
            ck_assert_uint_eq(chaos.live, 0);
            ck_assert_uint_gt(n, 20);
            break;
        }
        ck_assert_msg(status == OCT_ERR_NOMEM, "request %zu: %s: %s: %s", n, oct_status_name(status), error.where,
                      error.message);
        ck_assert_uint_eq(chaos.live, 0);
    }
}

START_TEST(running_out_of_memory_anywhere_leaves_nothing)
{
    char path[] = "/tmp/octet-check-model-XXXXXX";
    struct oct_buffer file;
    uint8_t digest[OCT_SHA256_BYTES];
    struct oct_model *model;
    oct_octet_sample("", &file);
    ck_assert_status_ok(oct_model_open_bytes(file.data, file.length, NULL, &model, NULL));
    run_rows(oct_model_plan(model), digest);
    oct_model_close(model);
    oct_buffer_deinit(&file);
    build_golden(digest, &file);
    open_without_memory(&file);
    oct_buffer_deinit(&file);
    write_wide(path, &file);
    open_without_memory(&file);
    ck_assert_int_eq(unlink(path), 0);
    oct_buffer_deinit(&file);
}
END_TEST

static void add(Suite *suite)
{
    TCase *opening = oct_case(suite, "opening");
    tcase_add_test(opening, bytes_become_a_plan_that_runs);
    tcase_add_test(opening, golden_rows_are_compared_in_slices_of_what_a_plan_takes);
    tcase_add_test(opening, a_file_is_read_whole_and_within_its_bound);
    tcase_add_test(opening, large_weights_are_read_from_the_file_when_a_plan_packs_them);
    tcase_add_test(opening, a_file_that_is_cut_while_it_is_open_is_an_error);
    tcase_add_test(opening, a_caller_may_bring_its_registry);
    tcase_add_test(opening, running_out_of_memory_anywhere_leaves_nothing);
}

OCT_CHECK_MAIN("proto/model/model", add)
