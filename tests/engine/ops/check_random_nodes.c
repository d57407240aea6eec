/// Random nodes of every operator. Legal ones: every run equals the reference, in every memory format, on every
/// instruction set. Hostile descriptions: `infer` survives and says why not. A failure prints the seed; it is the loop
/// index and the try.
#include "engine/ops/attributes.h"
#include "engine/ops/op_support.h"
#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"
#include "tests/support/op_subject.h"
#include "tests/support/rng.h"
#include "tests/support/sweep.h"

#include <string.h>

#define TRIES         80
#define LEGAL_ONE_IN  10 // of the tries at least
#define MAX_ELEMENTS  3000
#define HOSTILE_TRIES 400

static const struct oct_op *const TABLE[] = {
#define OCT_OP(identifier) &octi_op_##identifier,
#include "engine/ops/ops.def"
#undef OCT_OP
};
#define N_TABLE ((int)(sizeof TABLE / sizeof TABLE[0]))

static bool chance(struct oct_rng *rng, int64_t of)
{
    return oct_rng_between(rng, 1, of) == 1;
}

static int64_t elements_of(const struct oct_shape *shape)
{
    int64_t n = 1;
    for (int32_t d = 0; d < shape->rank; d++) {
        n *= shape->dims[d];
    }
    return n;
}

static struct oct_shape random_shape(struct oct_rng *rng, const struct oct_op *op)
{
    static const int64_t extents[] = {1, 2, 3, 4, 5, 7, 8, 17, 33, 70};
    struct oct_shape shape;
    int32_t usual = op->image_rank > 0 ? op->image_rank : 4;
    do {
        shape = (struct oct_shape){.rank = chance(rng, 2) ? usual : (int32_t)oct_rng_between(rng, 0, 5)};
        for (int32_t d = 0; d < shape.rank; d++) {
            shape.dims[d] = extents[oct_rng_between(rng, 0, shape.rank < 3 ? 9 : 8)];
        }
    } while (elements_of(&shape) > MAX_ELEMENTS);
    return shape;
}

static enum oct_dtype random_dtype(struct oct_rng *rng, const struct oct_op *op)
{
    bool may_float = strstr(op->dtypes, "float32") == op->dtypes || strncmp(op->dtypes, "any", 3) == 0;
    bool may_code = strstr(op->dtypes, "quint8") != NULL || strncmp(op->dtypes, "any", 3) == 0;
    if (strstr(op->dtypes, "float32 ->") != NULL && strncmp(op->dtypes, "float32 ->", 10) == 0) {
        may_code = false;
    }
    if (may_float && (!may_code || chance(rng, 3))) {
        return OCT_DTYPE_FLOAT32;
    }
    return chance(rng, 5) ? OCT_DTYPE_QINT8 : OCT_DTYPE_QUINT8;
}

/// Describes and fills a tensor; quantized ones per tensor.
static void fill(struct oct_rng *rng, struct oct_golden_tensor *t, enum oct_dtype dtype, struct oct_shape shape)
{
    memset(t, 0, sizeof *t);
    t->desc.dtype = dtype;
    t->desc.shape = shape;
    ck_assert_status_ok(oct_tensor_bytes(&t->desc, 1, &t->bytes));
    t->data = malloc(t->bytes + 1);
    ck_assert_ptr_nonnull(t->data);
    if (oct_dtype_is_quantized(dtype)) {
        oct_rng_bytes(rng, t->data, t->bytes);
        t->desc.qparams.scheme = OCT_QSCHEME_PER_TENSOR_AFFINE;
        t->desc.qparams.scale = (double)oct_rng_float(rng, 0.005f, 0.3f);
        t->desc.qparams.zero_point = oct_rng_between(rng, oct_dtype_qmin(dtype), oct_dtype_qmax(dtype));
        return;
    }
    for (size_t i = 0; i < t->bytes / sizeof(float); i++) {
        ((float *)t->data)[i] = oct_rng_float(rng, -9.0f, 9.0f);
    }
}

static void
fill_constant(struct oct_rng *rng, struct oct_golden_tensor *t, enum oct_dtype dtype, struct oct_shape shape)
{
    fill(rng, t, dtype, shape);
    t->constant = true;
    if (dtype == OCT_DTYPE_FLOAT32) { // variances too: they must not be negative
        for (size_t i = 0; i < t->bytes / sizeof(float); i++) {
            ((float *)t->data)[i] = oct_rng_float(rng, 0.1f, 2.0f);
        }
        return;
    }
    t->desc.qparams.zero_point = chance(rng, 2) ? 0 : oct_rng_between(rng, -9, 9);
    if (chance(rng, 2)) {
        struct oct_qparams *q = &t->desc.qparams;
        q->scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE;
        q->channels = (size_t)shape.dims[0];
        t->scales = calloc(q->channels + 1, sizeof *t->scales);
        t->zero_points = calloc(q->channels + 1, sizeof *t->zero_points);
        ck_assert(t->scales != NULL && t->zero_points != NULL);
        for (size_t i = 0; i < q->channels; i++) {
            t->scales[i] = (double)oct_rng_float(rng, 0.001f, 0.02f);
        }
        q->scales = t->scales;
        q->zero_points = t->zero_points;
    }
}

static void give_ints(struct oct_golden_case *c, size_t slot, const int64_t *values, size_t n)
{
    memcpy(c->integers[slot], values, n * sizeof *values);
    c->attributes[slot].value.type = OCT_ATTRIBUTE_INTS;
    c->attributes[slot].value.integers = c->integers[slot];
    c->attributes[slot].value.count = n;
}

static void
give_random_ints(struct oct_rng *rng, struct oct_golden_case *c, size_t slot, const struct oct_attribute_spec *spec)
{
    const char *name = spec->name;
    int32_t rank = c->inputs[0].desc.shape.rank;
    int64_t values[OCT_MAX_RANK];
    size_t n = spec->broadcast_count > 0 ? spec->broadcast_count : 2;
    if (strcmp(name, "dims") == 0) { // a permutation
        n = (size_t)rank;
        for (int32_t d = 0; d < rank; d++) {
            values[d] = d;
        }
        for (int32_t d = rank - 1; d > 0; d--) {
            int64_t other = oct_rng_between(rng, 0, d), held = values[d];
            values[d] = values[other];
            values[other] = held;
        }
    } else if (strcmp(name, "shape") == 0 || strcmp(name, "size") == 0) {
        n = 2;
        values[0] = -1;
        values[1] = rank > 0 ? c->inputs[0].desc.shape.dims[rank - 1] : 1;
    } else if (strcmp(name, "dim") == 0) {
        n = 0;
        for (int32_t d = 0; d < rank; d++) {
            if (chance(rng, 2)) {
                values[n++] = d - (chance(rng, 2) ? rank : 0);
            }
        }
    } else {
        bool small = strcmp(name, "padding") == 0;
        for (size_t i = 0; i < n; i++) {
            values[i] = oct_rng_between(rng, small ? 0 : 1, small ? 1 : 3);
        }
    }
    give_ints(c, slot, values, n);
}

static void give_attribute(struct oct_rng *rng, struct oct_golden_case *c, const struct oct_attribute_spec *spec)
{
    size_t slot = c->n_attributes++;
    struct oct_attribute *value = &c->attributes[slot].value;
    const struct oct_tensor_desc *in = &c->inputs[0].desc;
    c->attributes[slot].name = spec->name;
    value->present = true;
    value->type = spec->type;
    switch (spec->type) {
    case OCT_ATTRIBUTE_FLOAT:
        value->number = (double)oct_rng_float(rng, 0.003f, 0.4f) + (spec->minimum < 0.0 ? -0.3 : 0.0);
        if (strcmp(spec->name, "max_val") == 0) {
            value->number += 1.0;
        }
        break;
    case OCT_ATTRIBUTE_INT:
        if (strstr(spec->name, "zero_point") != NULL) {
            bool is_signed = in->dtype == OCT_DTYPE_QINT8;
            value->integer = is_signed ? oct_rng_between(rng, -128, 127) : oct_rng_between(rng, 0, 127);
        } else if (strstr(spec->name, "dim") != NULL) {
            value->integer = oct_rng_between(rng, -in->shape.rank, in->shape.rank - (in->shape.rank > 0 ? 1 : 0));
        } else {
            value->integer = oct_rng_between(rng, 1, 5);
        }
        break;
    case OCT_ATTRIBUTE_BOOL:
        value->integer = chance(rng, 2);
        break;
    case OCT_ATTRIBUTE_STRING: {
        static const char *const dtypes[] = {"quint8", "qint8", "qint32"}, *const formats[] = {"contiguous",
                                                                                               "channels_last"};
        value->string =
            strcmp(spec->name, "dtype") == 0 ? dtypes[oct_rng_between(rng, 0, 2)] : formats[oct_rng_between(rng, 0, 1)];
        break;
    }
    case OCT_ATTRIBUTE_INTS:
        give_random_ints(rng, c, slot, spec);
        break;
    }
}

static bool is_one_of(const struct oct_op *op, const char *word)
{
    return strstr(op->name, word) != NULL;
}

/// The other inputs of operators with weights; false when the operator has none.
static bool fill_weights(struct oct_rng *rng, const struct oct_op *op, struct oct_golden_case *c)
{
    const struct oct_shape *x = &c->inputs[0].desc.shape;
    bool quantized = oct_dtype_is_quantized(c->inputs[0].desc.dtype);
    enum oct_dtype dtype = quantized ? OCT_DTYPE_QINT8 : OCT_DTYPE_FLOAT32;
    int64_t n_out = oct_rng_between(rng, 1, 40);
    if (is_one_of(op, "batch_norm")) {
        c->n_inputs = 5;
        int64_t channels = x->rank > 1 ? x->dims[1] : 1;
        for (size_t i = 1; i < 5; i++) {
            c->inputs[i].absent = i < 3 && chance(rng, 3);
            if (!c->inputs[i].absent) {
                fill_constant(rng, &c->inputs[i], OCT_DTYPE_FLOAT32, (struct oct_shape){1, {channels}});
            }
        }
        return true;
    }
    if (is_one_of(op, "table_lookup")) {
        c->n_inputs = 2;
        fill(rng, &c->inputs[1], OCT_DTYPE_QUINT8, (struct oct_shape){1, {256}});
        c->inputs[1].constant = true;
        return true;
    }
    if (is_one_of(op, "::linear")) {
        int64_t k = x->rank > 0 ? x->dims[x->rank - 1] : 1;
        fill_constant(rng, &c->inputs[1], dtype, (struct oct_shape){2, {n_out, k}});
    } else if (is_one_of(op, "::conv")) {
        int64_t channels = x->rank > 1 ? x->dims[1] : 1, groups = chance(rng, 3) ? channels : 1;
        struct oct_shape shape = {.dims = {groups * oct_rng_between(rng, 1, 3), channels / groups}};
        shape.dims[0] = groups == 1 ? n_out : shape.dims[0];
        shape.rank = op->image_rank > 0 ? op->image_rank : 4;
        for (int32_t d = 2; d < shape.rank; d++) {
            shape.dims[d] = oct_rng_between(rng, 1, 3);
        }
        fill_constant(rng, &c->inputs[1], dtype, shape);
        size_t slot = c->n_attributes++;
        c->attributes[slot].name = "groups";
        c->attributes[slot].value =
            (struct oct_attribute){.present = true, .type = OCT_ATTRIBUTE_INT, .integer = groups};
    } else {
        return false;
    }
    c->n_inputs = 3;
    c->inputs[2].absent = chance(rng, 3);
    if (!c->inputs[2].absent) {
        fill_constant(rng, &c->inputs[2], OCT_DTYPE_FLOAT32, (struct oct_shape){1, {c->inputs[1].desc.shape.dims[0]}});
    }
    return true;
}

/// A shape that broadcasts with `shape`.
static struct oct_shape narrowed(struct oct_rng *rng, struct oct_shape shape)
{
    int32_t dropped = chance(rng, 3) ? (int32_t)oct_rng_between(rng, 0, shape.rank) : 0;
    struct oct_shape narrow = {.rank = shape.rank - dropped};
    for (int32_t d = 0; d < narrow.rank; d++) {
        narrow.dims[d] = chance(rng, 4) ? 1 : shape.dims[d + dropped];
    }
    return narrow;
}

static void random_case(struct oct_rng *rng, const struct oct_op *op, struct oct_golden_case *c)
{
    memset(c, 0, sizeof *c);
    c->op = op->name;
    c->name = "random";
    c->relative = 1e-4;
    enum oct_dtype dtype = random_dtype(rng, op);
    struct oct_shape shape = random_shape(rng, op);
    c->n_inputs = 1;
    fill(rng, &c->inputs[0], dtype, shape);
    if (!fill_weights(rng, op, c)) {
        c->n_inputs = (op->flags & OCT_OP_VARIADIC) ? (size_t)oct_rng_between(rng, 1, 3) : op->max_inputs;
        for (size_t i = 1; i < c->n_inputs; i++) {
            struct oct_shape other = shape;
            if ((op->flags & OCT_OP_VARIADIC) == 0) {
                other = narrowed(rng, shape);
            }
            fill(rng, &c->inputs[i], dtype, other);
            if (chance(rng, 3)) {
                c->inputs[i].desc.qparams = c->inputs[0].desc.qparams;
            }
        }
    }
    for (const struct oct_attribute_spec *spec = op->attributes; spec->name != NULL; spec++) {
        if (strcmp(spec->name, "groups") != 0 && (spec->required || chance(rng, 2))) {
            give_attribute(rng, c, spec);
        }
    }
}

static void expect_reason(const struct oct_op *op, enum oct_status status, const struct oct_error *error, int try)
{
    ck_assert_msg((status == OCT_ERR_INVALID || status == OCT_ERR_UNSUPPORTED || status == OCT_ERR_LIMIT) &&
                      error->status == status && error->message[0] != '\0',
                  "%s, try %d: %s '%s'", op->name, try, oct_status_name(status), error->message);
}

START_TEST(legal_nodes_run_as_the_reference)
{
    const struct oct_op *op = TABLE[_i];
    struct oct_rng rng = {(uint64_t)_i + 1};
    int legal = 0;
    const int draws = oct_sweep_draws(TRIES), tries = draws > 2 * LEGAL_ONE_IN ? draws : 2 * LEGAL_ONE_IN;
    for (int try = 0; try < tries; try++) {
        struct oct_golden_case c;
        random_case(&rng, op, &c);
        struct oct_op_subject subject;
        struct oct_error error = OCT_ERROR_INIT;
        enum oct_status status = oct_subject_init(&subject, op, &c, &error);
        if (status == OCT_OK) {
            legal++;
            char *answer = oct_subject_reference(&subject, OCT_FORMAT_CONTIGUOUS, OCT_FORMAT_CONTIGUOUS);
            c.output.desc = subject.output; // what class F is held against
            c.output.bytes = subject.output_bytes;
            c.output.data = answer;
            (void)oct_subject_check_runs(&subject, answer);
        } else {
            expect_reason(op, status, &error, try);
        }
        oct_subject_deinit(&subject);
        oct_golden_unload(&c);
    }
    ck_assert_msg(legal >= tries / LEGAL_ONE_IN, "%s: only %d of %d tries were legal", op->name, legal, tries);
}
END_TEST

static struct oct_tensor_desc hostile_desc(struct oct_rng *rng)
{
    static const int64_t extents[] = {0, 1, 2, 3, 4, -1, -1, -7, 1 << 20, (int64_t)1 << 40, INT64_MAX, -INT64_MAX};
    static const enum oct_dtype dtypes[] = {OCT_DTYPE_FLOAT32, OCT_DTYPE_QUINT8, OCT_DTYPE_QINT8,
                                            OCT_DTYPE_QINT32,  OCT_DTYPE_INT64,  OCT_DTYPE_BOOL};
    struct oct_tensor_desc desc = {.dtype = dtypes[oct_rng_between(rng, 0, chance(rng, 4) ? 5 : 2)]};
    desc.shape.rank = (int32_t)oct_rng_between(rng, 0, chance(rng, 4) ? OCT_MAX_RANK : 4);
    for (int32_t d = 0; d < desc.shape.rank; d++) {
        desc.shape.dims[d] = extents[oct_rng_between(rng, 0, chance(rng, 3) ? 11 : 5)];
    }
    if (oct_dtype_is_quantized(desc.dtype)) {
        desc.qparams.scheme = OCT_QSCHEME_PER_TENSOR_AFFINE;
        desc.qparams.scale = 0.1;
    }
    return desc;
}

/// Shapes as large as int64 allows, any dtype, inputs missing: an answer or a reason, never undefined behaviour.
START_TEST(hostile_descriptions_are_survived)
{
    static float zeros[64];
    const struct oct_op *op = TABLE[_i];
    struct oct_rng rng = {(uint64_t)_i + 1000};
    for (int try = 0; try < HOSTILE_TRIES; try++) {
        struct oct_golden_case c;
        memset(&c, 0, sizeof c);
        c.inputs[0].desc = hostile_desc(&rng);
        for (const struct oct_attribute_spec *spec = op->attributes; spec->name != NULL; spec++) {
            if (spec->required || chance(&rng, 2)) {
                give_attribute(&rng, &c, spec);
            }
        }
        for (size_t i = 0; i < c.n_attributes; i++) { // and sometimes numbers from the edge of their range
            struct oct_attribute *value = &c.attributes[i].value;
            for (size_t k = 0; value->type == OCT_ATTRIBUTE_INTS && k < value->count; k++) {
                c.integers[i][k] = chance(&rng, 6) ? INT32_MAX : c.integers[i][k];
            }
        }
        struct octi_region region;
        octi_region_init(&region, NULL);
        struct oct_attribute *attributes;
        struct oct_error error = OCT_ERROR_INIT;
        enum oct_status status = octi_attributes_match(op, c.attributes, c.n_attributes, &region, &attributes, &error);
        if (status == OCT_OK) {
            struct oct_tensor_desc descs[OCT_GOLDEN_MAX_INPUTS], output;
            const struct oct_tensor_desc *inputs[OCT_GOLDEN_MAX_INPUTS] = {NULL};
            struct oct_view views[OCT_GOLDEN_MAX_INPUTS];
            const struct oct_view *constants[OCT_GOLDEN_MAX_INPUTS] = {NULL};
            memset(&output, 0, sizeof output);
            size_t n = (op->flags & OCT_OP_VARIADIC) ? (size_t)oct_rng_between(&rng, 1, 4) : op->max_inputs;
            for (size_t i = 0; i < n; i++) {
                descs[i] = i == 0 ? c.inputs[0].desc : hostile_desc(&rng);
                if (i > 0 && chance(&rng, 2)) {
                    descs[i] = descs[0];
                }
                inputs[i] = chance(&rng, 12) ? NULL : &descs[i];
                int64_t elements;
                if (inputs[i] != NULL && !oct_shape_has_batch(&descs[i].shape) && !chance(&rng, 3) &&
                    oct_shape_elements(&descs[i].shape, 1, &elements) == OCT_OK && elements <= 32) {
                    views[i] = oct_view_dense(&descs[i], 1, zeros);
                    constants[i] = &views[i];
                }
            }
            struct oct_op_infer_call call = {op, attributes, n, inputs, constants, 1, &output, NULL, &error};
            status = op->infer(&call);
            if (status == OCT_OK) {
                ck_assert_int_ge(output.shape.rank, 0);
                ck_assert_int_le(output.shape.rank, OCT_MAX_RANK);
                ck_assert_int_lt(output.dtype, OCT_DTYPE_COUNT);
                for (int32_t d = 0; d < output.shape.rank; d++) {
                    ck_assert_int_gt(output.shape.dims[d], INT64_MIN);
                }
                bool quantized = oct_dtype_is_quantized(output.dtype);
                ck_assert_int_eq(output.qparams.scheme, quantized ? OCT_QSCHEME_PER_TENSOR_AFFINE : OCT_QSCHEME_NONE);
            }
        }
        if (status != OCT_OK) {
            expect_reason(op, status, &error, try);
        }
        octi_region_deinit(&region);
    }
}
END_TEST

/// A plan whose memory ends at any point gets OCT_ERR_NOMEM and a reason from `prepare`.
START_TEST(prepare_reports_every_failed_allocation)
{
    const struct oct_op *op = TABLE[_i];
    struct oct_rng rng = {(uint64_t)_i + 1};
    struct oct_golden_case c;
    struct oct_op_subject subject;
    struct oct_error error = OCT_ERROR_INIT;
    random_case(&rng, op, &c);
    while (oct_subject_init(&subject, op, &c, &error) != OCT_OK) {
        oct_subject_deinit(&subject);
        oct_golden_unload(&c);
        random_case(&rng, op, &c);
        oct_error_clear(&error);
    }
    bool succeeded = op->prepare == NULL;
    for (size_t n = 0; !succeeded; n++) {
        struct oct_chaos chaos;
        oct_chaos_init(&chaos, n);
        struct octi_region plan;
        octi_region_init(&plan, &chaos.allocator);
        oct_error_clear(&error);
        struct oct_op_prepare_call call = {
            .op = op,
            .attributes = subject.attributes,
            .n_inputs = c.n_inputs,
            .inputs = subject.input_list,
            .constants = subject.constant_list,
            .n_outputs = 1,
            .outputs = &subject.output,
            .max_rows = 8,
            .plan_memory = &plan,
            .error = &error,
        };
        enum oct_status status = op->prepare(&call);
        succeeded = !chaos.failed;
        ck_assert_status(chaos.failed ? OCT_ERR_NOMEM : OCT_OK, status);
        ck_assert_msg(!chaos.failed || error.message[0] != '\0', "%s gives no reason", op->name);
        octi_region_deinit(&plan);
        ck_assert_uint_eq(chaos.live, 0);
    }
    oct_subject_deinit(&subject);
    oct_golden_unload(&c);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *random = oct_case(suite, "random nodes");
    tcase_add_loop_test(random, legal_nodes_run_as_the_reference, 0, N_TABLE);
    tcase_add_loop_test(random, hostile_descriptions_are_survived, 0, N_TABLE);
    tcase_add_loop_test(random, prepare_reports_every_failed_allocation, 0, N_TABLE);
}

OCT_CHECK_MAIN("random nodes", add_tests)
