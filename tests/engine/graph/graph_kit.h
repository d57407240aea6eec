/// What the tests of graphs, passes and plans share: short ways to write a graph down, and to run it in every way a
/// plan can be made and compare the answers.
#ifndef OCTET_TESTS_ENGINE_GRAPH_GRAPH_KIT_H
#define OCTET_TESTS_ENGINE_GRAPH_GRAPH_KIT_H

#include "octet/octet.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"
#include "tests/support/sweep.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KIT_MAX_OUTPUT_BYTES (1 << 20)

struct kit {
    struct oct_op_registry *registry;
    struct oct_graph *graph;
    struct oct_rng rng;
    int n_names;
};

static inline struct kit kit_open(void)
{
    struct kit kit = {.rng = {42}};
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_op_registry_create(NULL, &kit.registry, &error), &error);
    ck_assert_ok(oct_graph_create(NULL, kit.registry, &kit.graph, &error), &error);
    return kit;
}

static inline void kit_close(struct kit *kit)
{
    oct_graph_destroy(kit->graph);
    oct_op_registry_destroy(kit->registry);
}

static inline struct oct_shape kit_shape(int rank, const int64_t *dims)
{
    struct oct_shape shape = {.rank = rank};
    for (int d = 0; d < rank; d++) {
        shape.dims[d] = dims[d];
    }
    return shape;
}
#define KIT_SHAPE(...)                                                                                                 \
    kit_shape((int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__})
#define KIT_N OCT_DIM_BATCH

static inline struct oct_tensor_desc kit_float(struct oct_shape shape)
{
    return (struct oct_tensor_desc){.dtype = OCT_DTYPE_FLOAT32, .shape = shape};
}

static inline struct oct_tensor_desc
kit_quantized(enum oct_dtype dtype, struct oct_shape shape, double scale, int64_t zero_point)
{
    return (struct oct_tensor_desc){
        .dtype = dtype,
        .shape = shape,
        .qparams = {.scheme = OCT_QSCHEME_PER_TENSOR_AFFINE, .scale = scale, .zero_point = zero_point}};
}

static inline oct_value_id kit_input(struct kit *kit, const char *name, struct oct_tensor_desc desc)
{
    struct oct_error error = OCT_ERROR_INIT;
    oct_value_id id;
    ck_assert_ok(oct_graph_add_input(kit->graph, name, &desc, &id, &error), &error);
    return id;
}

/// Random bytes; floats in [low, high).
static inline void
kit_fill(struct oct_rng *rng, enum oct_dtype dtype, void *bytes, size_t n_bytes, float low, float high)
{
    if (dtype == OCT_DTYPE_FLOAT32) {
        for (size_t i = 0; i < n_bytes / 4; i++) {
            ((float *)bytes)[i] = oct_rng_float(rng, low, high);
        }
    } else {
        oct_rng_bytes(rng, bytes, n_bytes);
    }
}

/// A constant of random content.
static inline oct_value_id kit_constant_in(struct kit *kit, struct oct_tensor_desc desc, float low, float high)
{
    struct oct_error error = OCT_ERROR_INIT;
    char name[32];
    snprintf(name, sizeof name, "constant_%d", kit->n_names++);
    size_t bytes;
    ck_assert_status_ok(oct_tensor_bytes(&desc, 1, &bytes));
    void *data = malloc(bytes);
    kit_fill(&kit->rng, desc.dtype, data, bytes, low, high);
    oct_value_id id;
    ck_assert_ok(oct_graph_add_constant(kit->graph, name, &desc, data, bytes, &id, &error), &error);
    free(data);
    return id;
}
static inline oct_value_id kit_constant(struct kit *kit, struct oct_tensor_desc desc)
{
    return kit_constant_in(kit, desc, -1.0f, 1.0f);
}

static inline struct oct_attribute_given kit_int(const char *name, int64_t value)
{
    return (struct oct_attribute_given){name, {.present = true, .type = OCT_ATTRIBUTE_INT, .integer = value}};
}
static inline struct oct_attribute_given kit_number(const char *name, double value)
{
    return (struct oct_attribute_given){name, {.present = true, .type = OCT_ATTRIBUTE_FLOAT, .number = value}};
}
static inline struct oct_attribute_given kit_string(const char *name, const char *value)
{
    return (struct oct_attribute_given){name, {.present = true, .type = OCT_ATTRIBUTE_STRING, .string = value}};
}
static inline struct oct_attribute_given kit_ints(const char *name, const int64_t *values, size_t n)
{
    return (struct oct_attribute_given){name,
                                        {.present = true, .type = OCT_ATTRIBUTE_INTS, .integers = values, .count = n}};
}
#define KIT_INTS(name, ...)                                                                                            \
    kit_ints(name, (const int64_t[]){__VA_ARGS__}, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

/// Adds a node of one output called `name`.
static inline oct_value_id kit_node_of(struct kit *kit,
                                       const char *name,
                                       const char *op,
                                       const oct_value_id *inputs,
                                       size_t n_inputs,
                                       const struct oct_attribute_given *attributes,
                                       size_t n_attributes)
{
    struct oct_error error = OCT_ERROR_INIT;
    oct_value_id out;
    ck_assert_ok(
        oct_graph_add_node(kit->graph, name, op, inputs, n_inputs, attributes, n_attributes, &name, 1, &out, &error),
        &error);
    return out;
}
#define KIT_INPUTS(...)                                                                                                \
    (const oct_value_id[]){__VA_ARGS__}, sizeof((oct_value_id[]){__VA_ARGS__}) / sizeof(oct_value_id)
#define KIT_ATTRIBUTES(...)                                                                                            \
    (const struct oct_attribute_given[]){__VA_ARGS__},                                                                 \
        sizeof((struct oct_attribute_given[]){__VA_ARGS__}) / sizeof(struct oct_attribute_given)
#define KIT_NO_ATTRIBUTES NULL, 0

/// quantize_per_tensor in one line.
static inline oct_value_id
kit_quantize(struct kit *kit, const char *name, oct_value_id x, double scale, int64_t zero_point, const char *dtype)
{
    return kit_node_of(
        kit, name, "aten::quantize_per_tensor", KIT_INPUTS(x),
        KIT_ATTRIBUTES(kit_number("scale", scale), kit_int("zero_point", zero_point), kit_string("dtype", dtype)));
}
static inline oct_value_id kit_dequantize(struct kit *kit, const char *name, oct_value_id x)
{
    return kit_node_of(kit, name, "aten::dequantize", KIT_INPUTS(x), KIT_NO_ATTRIBUTES);
}
static inline oct_value_id kit_unary(struct kit *kit, const char *name, const char *op, oct_value_id x)
{
    return kit_node_of(kit, name, op, KIT_INPUTS(x), KIT_NO_ATTRIBUTES);
}

static inline void kit_output(struct kit *kit, const char *name, oct_value_id value)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_graph_add_output(kit->graph, name, value, &error), &error);
}
static inline void kit_finish(struct kit *kit)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_graph_finish(kit->graph, &error), &error);
}

static inline struct oct_plan *kit_plan(const struct oct_graph *graph, bool reference_only, bool no_rewrite)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_plan_options options = oct_plan_options_default();
    options.reference_only = reference_only;
    options.no_rewrite = no_rewrite;
    options.max_rows = 8;
    struct oct_plan *plan = NULL;
    ck_assert_ok(oct_plan_create(graph, &options, &plan, &error), &error);
    return plan;
}

/// How many nodes of the plan's graph are of this operator.
static inline size_t kit_count_in(const struct oct_graph *graph, const char *op)
{
    size_t n = 0;
    for (size_t i = 0; i < oct_graph_node_count(graph); i++) {
        n += strcmp(oct_graph_node(graph, i).op->name, op) == 0;
    }
    return n;
}
static inline size_t kit_count(const struct oct_plan *plan, const char *op)
{
    return kit_count_in(oct_plan_graph(plan), op);
}

/// Writes the input rows of `seed`: row r of every input is the same whatever the batch.
static inline void
kit_write_inputs(struct oct_session *session, const struct oct_plan *plan, uint64_t seed, int64_t first, int64_t rows)
{
    for (size_t i = 0; i < oct_plan_input_count(plan); i++) {
        size_t bytes;
        char *data = oct_session_input(session, i, &bytes);
        const struct oct_port *port = oct_plan_input(plan, i);
        size_t row_bytes = port->batched ? bytes / (size_t)rows : bytes;
        for (int64_t r = 0; r < (port->batched ? rows : 1); r++) {
            struct oct_rng rng = {seed * 1000 + (uint64_t)(i * 100) + (uint64_t)(port->batched ? first + r : 0)};
            kit_fill(&rng, port->desc.dtype, data + (size_t)r * row_bytes, row_bytes, -3.0f, 3.0f);
        }
    }
}

/// Runs rows first..first+rows-1 and copies all outputs, one behind the other, to `out`. Returns their bytes.
static inline size_t kit_run_on(const struct oct_executor *executor,
                                struct oct_session *session,
                                struct oct_plan *plan,
                                uint64_t seed,
                                int64_t first,
                                int64_t rows,
                                unsigned char *out)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_session_bind(session, plan, rows, &error), &error);
    kit_write_inputs(session, plan, seed, first, rows);
    oct_session_run(session, executor);
    size_t used = 0;
    for (size_t i = 0; i < oct_plan_output_count(plan); i++) {
        size_t bytes;
        const void *data = oct_session_output(session, i, &bytes);
        ck_assert_uint_le(used + bytes, KIT_MAX_OUTPUT_BYTES);
        memcpy(out + used, data, bytes);
        used += bytes;
    }
    return used;
}

static inline size_t kit_run(
    struct oct_session *session, struct oct_plan *plan, uint64_t seed, int64_t first, int64_t rows, unsigned char *out)
{
    return kit_run_on(NULL, session, plan, seed, first, rows, out);
}

/// The largest difference of the outputs: in steps for bytes, absolute for floats.
static inline double
kit_distance(const struct oct_plan *plan, int64_t rows, const unsigned char *a, const unsigned char *b)
{
    double largest = 0;
    size_t at = 0;
    for (size_t i = 0; i < oct_plan_output_count(plan); i++) {
        const struct oct_tensor_desc *desc = &oct_plan_output(plan, i)->desc;
        size_t bytes;
        ck_assert_status_ok(oct_tensor_bytes(desc, rows, &bytes));
        for (size_t e = 0; e < bytes / oct_dtype_bytes(desc->dtype); e++) {
            double difference;
            if (desc->dtype == OCT_DTYPE_FLOAT32) {
                float x, y;
                memcpy(&x, a + at + 4 * e, 4);
                memcpy(&y, b + at + 4 * e, 4);
                difference = fabs((double)x - (double)y);
            } else if (desc->dtype == OCT_DTYPE_QINT8) {
                difference = fabs((double)(int8_t)a[at + e] - (double)(int8_t)b[at + e]);
            } else {
                difference = memcmp(a + at + e, b + at + e, 1) == 0 ? 0 : fabs((double)a[at + e] - (double)b[at + e]);
            }
            largest = difference > largest ? difference : largest;
        }
        at += bytes;
    }
    return largest;
}

/// Plans the finished graph in all four ways and compares each with the reference of the graph as it is, for batches 1,
/// 2, 5 and 8.
/// @param tolerance  0: byte for byte. Else the largest difference allowed.
/// @return the full plan; release it
static inline struct oct_plan *kit_compare(struct kit *kit, double tolerance)
{
    enum { WAYS = 3 };
    static const int64_t ROWS[] = {5, 1, 2, 8};
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_session *session;
    ck_assert_ok(oct_session_create(NULL, &session, &error), &error);
    struct oct_plan *plain = kit_plan(kit->graph, true, true);
    struct oct_plan *plans[WAYS] = {kit_plan(kit->graph, true, false), kit_plan(kit->graph, false, true),
                                    kit_plan(kit->graph, false, false)};
    unsigned char *expected = malloc(KIT_MAX_OUTPUT_BYTES), *got = malloc(KIT_MAX_OUTPUT_BYTES);
    // References take the time: once for each batch.
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        if (!oct_sweep_picks(i, sizeof ROWS / sizeof ROWS[0], oct_graph_node_count(kit->graph))) {
            continue;
        }
        int64_t rows = ROWS[i] <= oct_plan_max_rows(plain) ? ROWS[i] : 1;
        size_t n = kit_run(session, plain, 7 + i, 0, rows, expected);
        for (int way = 0; way < WAYS; way++) {
            ck_assert_uint_eq(n, kit_run(session, plans[way], 7 + i, 0, rows, got));
            bool same = memcmp(expected, got, n) == 0;
            double distance = same ? 0 : kit_distance(plans[way], rows, expected, got);
            ck_assert_msg(tolerance > 0 ? distance <= tolerance : same,
                          "way %d, %d rows: answers differ by %g, allowed %g", way, (int)rows, distance, tolerance);
        }
    }
    free(expected);
    free(got);
    oct_plan_release(plans[0]);
    oct_plan_release(plans[1]);
    oct_plan_release(plain);
    oct_session_destroy(session);
    return plans[WAYS - 1];
}

static inline void kit_parallel(void *context, size_t count, oct_task_fn task, void *argument)
{
    (void)context;
    for (size_t i = count; i-- > 0;) { // backwards: parts must not depend on one another
        task(argument, i, count);
    }
}

/// Plans the finished graph for every instruction set of this machine and compares runs of 1, 3 and 8 rows, with and
/// without an executor, with the reference of the graph as it is: byte for byte.
static inline void kit_compare_everywhere(struct kit *kit)
{
    static const char *const levels[] = {
#define OCT_ISA(tag, family, required, flags) #tag,
#include "engine/kernels/isa.def"
#undef OCT_ISA
    };
    enum { LEVELS = sizeof levels / sizeof levels[0] };
    static const int64_t ROWS[] = {3, 1, 8};
    const struct oct_executor executor = {NULL, 3, kit_parallel};
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_session *session;
    ck_assert_ok(oct_session_create(NULL, &session, &error), &error);
    struct oct_plan *plain = kit_plan(kit->graph, true, true), *plans[LEVELS] = {NULL};
    for (size_t level = 0; level < LEVELS; level++) {
        struct oct_plan_options options = oct_plan_options_default();
        uint64_t mask;
        ck_assert_status_ok(oct_cpu_mask_parse(levels[level], &mask, NULL));
        if ((mask & ~options.cpu_features) == 0) { // else it would run the kernels of a lower level again
            options.cpu_features = mask;
            options.max_rows = 8;
            ck_assert_ok(oct_plan_create(kit->graph, &options, &plans[level], &error), &error);
        }
    }
    unsigned char *expected = malloc(KIT_MAX_OUTPUT_BYTES), *got = malloc(KIT_MAX_OUTPUT_BYTES);
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        if (!oct_sweep_picks(i, sizeof ROWS / sizeof ROWS[0], oct_graph_node_count(kit->graph))) {
            continue;
        }
        int64_t rows = ROWS[i] <= oct_plan_max_rows(plain) ? ROWS[i] : 1;
        size_t n = kit_run(session, plain, i, 0, rows, expected);
        for (int run = 0; run < 2 * LEVELS; run++) {
            struct oct_plan *plan = plans[run / 2];
            bool parallel = run % 2 != 0;
            if (plan == NULL) {
                continue;
            }
            ck_assert_uint_eq(n, kit_run_on(parallel ? &executor : NULL, session, plan, i, 0, rows, got));
            ck_assert_msg(memcmp(expected, got, n) == 0, "%s, %d rows, executor %d: answers differ by %g",
                          levels[run / 2], (int)rows, parallel, kit_distance(plan, rows, expected, got));
        }
    }
    free(expected);
    free(got);
    for (size_t level = 0; level < LEVELS; level++) {
        oct_plan_release(plans[level]);
    }
    oct_plan_release(plain);
    oct_session_destroy(session);
}

#endif
