/// Every operator against PyTorch's answers: the reference against the golden vectors, and every prepared run against
/// the reference, byte for byte, in every memory format the record allows, on every instruction set this machine has.
#include "octet/cpu.h"
#include "octet/session.h"
#include "tests/support/golden.h"
#include "tests/support/oct_check.h"
#include "tests/support/op_subject.h"

#include <string.h>

#define MESSAGE_BYTES 256

/// Read before the tests fork, and kept.
static struct oct_golden *golden;

struct fixture {
    struct oct_golden_case c;
    struct oct_op_registry *registry;
    struct oct_op_subject s;
};

static void setup(struct fixture *f, int index)
{
    struct oct_error error = OCT_ERROR_INIT;
    oct_golden_load(golden, (size_t)index, &f->c);
    ck_assert_ok(oct_op_registry_create(NULL, &f->registry, &error), &error);
    const struct oct_op *op = oct_op_registry_find(f->registry, f->c.op);
    ck_assert_msg(op != NULL, "no operator %s", f->c.op);
    ck_assert_ok(oct_subject_init(&f->s, op, &f->c, &error), &error);
}

static void teardown(struct fixture *f)
{
    oct_subject_deinit(&f->s);
    oct_op_registry_destroy(f->registry);
    oct_golden_unload(&f->c);
}

START_TEST(inferred_output_is_pytorchs)
{
    struct fixture f;
    setup(&f, _i);
    const struct oct_tensor_desc *expected = &f.c.output.desc;
    char text[64];
    oct_shape_format(&f.s.output.shape, text, sizeof text);
    ck_assert_msg(oct_shape_equal(&f.s.output.shape, &expected->shape), "%s/%s: shape %s", f.c.op, f.c.name, text);
    ck_assert_int_eq(f.s.output.dtype, expected->dtype);
    ck_assert_int_eq(f.s.output.format, OCT_FORMAT_CONTIGUOUS);
    if (oct_dtype_is_quantized(expected->dtype)) {
        ck_assert_msg(oct_qparams_equal(&f.s.output.qparams, &expected->qparams), "%s/%s: scale %.17g zero point %lld",
                      f.c.op, f.c.name, f.s.output.qparams.scale, (long long)f.s.output.qparams.zero_point);
    } else {
        ck_assert_int_eq(f.s.output.qparams.scheme, OCT_QSCHEME_NONE);
    }
    teardown(&f);
}
END_TEST

START_TEST(reference_answers_as_pytorch)
{
    struct fixture f;
    setup(&f, _i);
    char *answer = oct_subject_reference(&f.s, OCT_FORMAT_CONTIGUOUS, OCT_FORMAT_CONTIGUOUS), message[MESSAGE_BYTES];
    ck_assert_msg(oct_golden_agrees(&f.c, answer, message, sizeof message), "%s/%s: %s", f.c.op, f.c.name, message);
    free(answer);
    teardown(&f);
}
END_TEST

START_TEST(reference_does_not_depend_on_strides)
{
    struct fixture f;
    setup(&f, _i);
    char *answer = oct_subject_reference(&f.s, OCT_FORMAT_CONTIGUOUS, OCT_FORMAT_CONTIGUOUS);
    for (int formats = 1; formats < 4; formats++) {
        enum oct_memory_format in = (formats & 1) ? OCT_FORMAT_CHANNELS_LAST : OCT_FORMAT_CONTIGUOUS;
        enum oct_memory_format out = (formats & 2) ? OCT_FORMAT_CHANNELS_LAST : OCT_FORMAT_CONTIGUOUS;
        char *other = oct_subject_reference(&f.s, in, out);
        ck_assert_msg(memcmp(answer, other, f.s.output_bytes) == 0, "%s/%s, formats %d", f.c.op, f.c.name, formats);
        free(other);
    }
    free(answer);
    teardown(&f);
}
END_TEST

/// With the first dimension of every activation unknown, the inferred shape still is the known one for its value.
START_TEST(symbolic_batch_gives_the_same_shape)
{
    struct fixture f;
    setup(&f, _i);
    struct oct_tensor_desc known = f.s.output;
    int64_t rows = 0;
    for (size_t i = 0; i < f.c.n_inputs; i++) {
        const struct oct_golden_tensor *input = &f.c.inputs[i];
        if (input->absent || input->constant || input->desc.shape.rank == 0) {
            continue;
        }
        if (rows == 0) {
            rows = input->desc.shape.dims[0];
        }
        if (input->desc.shape.dims[0] == rows) {
            f.s.inputs[i].shape.dims[0] = OCT_DIM_BATCH;
        }
    }
    struct oct_error error = OCT_ERROR_INIT;
    enum oct_status status = oct_subject_infer(&f.s, &error);
    if (status == OCT_OK) {
        struct oct_shape resolved = oct_shape_at(&f.s.output.shape, rows);
        char text[64];
        oct_shape_format(&f.s.output.shape, text, sizeof text);
        ck_assert_msg(oct_shape_equal(&resolved, &known.shape), "%s/%s: %s", f.c.op, f.c.name, text);
    } else { // refused with a reason: this case's numbers hold for one batch only
        ck_assert_msg(status == OCT_ERR_UNSUPPORTED || status == OCT_ERR_INVALID, "%s", oct_status_name(status));
        ck_assert_str_ne(error.message, "");
    }
    teardown(&f);
}
END_TEST

START_TEST(every_run_equals_the_reference)
{
    struct fixture f;
    setup(&f, _i);
    char *answer = oct_subject_reference(&f.s, OCT_FORMAT_CONTIGUOUS, OCT_FORMAT_CONTIGUOUS);
    (void)oct_subject_check_runs(&f.s, answer); // none where the reference is what runs
    free(answer);
    teardown(&f);
}
END_TEST

/// The case as a graph of one node. Returns what the first refusal was; `graph` is NULL then.
static enum oct_status build_graph(struct fixture *f, bool symbolic, struct oct_graph **graph)
{
    struct oct_golden_case *c = &f->c;
    struct oct_error error = OCT_ERROR_INIT;
    oct_value_id ids[OCT_GOLDEN_MAX_INPUTS], output;
    static const char *const names[OCT_GOLDEN_MAX_INPUTS] = {"in0", "in1", "in2", "in3", "in4", "in5", "in6", "in7"};
    static const char *const output_names[] = {"out"};
    ck_assert_ok(oct_graph_create(NULL, f->registry, graph, &error), &error);
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < c->n_inputs && status == OCT_OK; i++) {
        struct oct_golden_tensor *input = &c->inputs[i];
        struct oct_tensor_desc desc = input->desc;
        ids[i] = OCT_VALUE_NONE;
        if (input->constant) {
            status = oct_graph_add_constant(*graph, names[i], &desc, input->data, input->bytes, &ids[i], &error);
        } else if (!input->absent) {
            if (symbolic && desc.shape.rank > 0) {
                desc.shape.dims[0] = OCT_DIM_BATCH;
            }
            status = oct_graph_add_input(*graph, names[i], &desc, &ids[i], &error);
        }
    }
    if (status == OCT_OK) {
        status = oct_graph_add_node(*graph, "node", c->op, ids, c->n_inputs, c->attributes, c->n_attributes,
                                    output_names, 1, &output, &error);
    }
    if (status == OCT_OK) {
        status = oct_graph_add_output(*graph, "output", output, &error);
    }
    if (status == OCT_OK) {
        status = oct_graph_finish(*graph, &error);
    }
    ck_assert_msg(symbolic || status == OCT_OK, "%s/%s: %s", c->op, c->name, error.message);
    if (status != OCT_OK) {
        oct_graph_destroy(*graph);
        *graph = NULL;
    }
    return status;
}

/// Plans and runs the graph once and compares with `answer`.
static void compare_session(struct fixture *f,
                            const struct oct_graph *graph,
                            const struct oct_plan_options *options,
                            int64_t rows,
                            const char *answer)
{
    struct oct_golden_case *c = &f->c;
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_plan *plan;
    struct oct_session *session;
    ck_assert_ok(oct_plan_create(graph, options, &plan, &error), &error);
    ck_assert_ok(oct_session_create(NULL, &session, &error), &error);
    ck_assert_ok(oct_session_bind(session, plan, rows, &error), &error);
    size_t port = 0, n_bytes;
    for (size_t i = 0; i < c->n_inputs; i++) {
        if (!c->inputs[i].absent && !c->inputs[i].constant) {
            void *bytes = oct_session_input(session, port++, &n_bytes);
            ck_assert_uint_eq(n_bytes, c->inputs[i].bytes);
            memcpy(bytes, c->inputs[i].data, n_bytes);
        }
    }
    oct_session_run(session, NULL);
    const void *output = oct_session_output(session, 0, &n_bytes);
    ck_assert_uint_eq(n_bytes, f->s.output_bytes);
    char message[MESSAGE_BYTES] = "other bytes";
    bool same = oct_plan_is_class_f(plan) ? oct_golden_agrees(c, output, message, sizeof message)
                                          : memcmp(output, answer, n_bytes) == 0;
    ck_assert_msg(same, "%s/%s, features %llx: %s", c->op, c->name, (unsigned long long)options->cpu_features, message);
    oct_session_destroy(session);
    oct_plan_release(plan);
}

START_TEST(graph_answers_as_the_reference)
{
    struct fixture f;
    setup(&f, _i);
    int64_t rows = 0;
    bool one_batch = true;
    for (size_t i = 0; i < f.c.n_inputs; i++) {
        const struct oct_golden_tensor *input = &f.c.inputs[i];
        if (!input->absent && !input->constant) {
            int64_t first = input->desc.shape.rank > 0 ? input->desc.shape.dims[0] : 0;
            one_batch = one_batch && first > 0 && (rows == 0 || rows == first);
            rows = first > rows ? first : rows;
        }
    }
    if (rows == 0) { // constants alone make no graph
        teardown(&f);
        return;
    }
    char *answer = oct_subject_reference(&f.s, OCT_FORMAT_CONTIGUOUS, OCT_FORMAT_CONTIGUOUS);
    for (int symbolic = 0; symbolic < (one_batch ? 2 : 1); symbolic++) {
        struct oct_graph *graph;
        if (build_graph(&f, symbolic != 0, &graph) != OCT_OK) {
            continue; // holds for one batch only: symbolic_batch_gives_the_same_shape has seen to the reason
        }
        // A graph that holds for N = 1 alone has been built with that.
        const struct oct_shape shape = oct_graph_value(graph, oct_graph_input(graph, 0)).desc.shape;
        bool batched = oct_shape_has_batch(&shape);
        struct oct_plan_options options = oct_plan_options_default();
        options.max_rows = 512;
        for (int way = 0; way < 4 && (!symbolic || batched); way++) {
            options.cpu_features = way == 0 ? 0 : oct_cpu_detect();
            options.reference_only = way == 2;
            options.no_rewrite = way == 3;
            compare_session(&f, graph, &options, batched ? rows : 1, answer);
        }
        oct_graph_destroy(graph);
    }
    free(answer);
    teardown(&f);
}
END_TEST

static void add_tests(Suite *suite)
{
    golden = oct_golden_open();
    int n = (int)oct_golden_count(golden);
    TCase *golden_case = oct_case(suite, "golden");
    tcase_add_loop_test(golden_case, inferred_output_is_pytorchs, 0, n);
    tcase_add_loop_test(golden_case, reference_answers_as_pytorch, 0, n);
    tcase_add_loop_test(golden_case, reference_does_not_depend_on_strides, 0, n);
    tcase_add_loop_test(golden_case, symbolic_batch_gives_the_same_shape, 0, n);
    tcase_add_loop_test(golden_case, every_run_equals_the_reference, 0, n);
    tcase_add_loop_test(golden_case, graph_answers_as_the_reference, 0, n);
}

OCT_CHECK_MAIN("operators against golden vectors", add_tests)
