/// A node with a weight (linear, convolution) outside any graph: descriptors, data, and the calls that a plan would
/// make.
#ifndef OCTET_TESTS_ENGINE_OPS_WEIGHTED_CASE_H
#define OCTET_TESTS_ENGINE_OPS_WEIGHTED_CASE_H

#include <stdlib.h>
#include <string.h>

#include "engine/base/region.h"
#include "engine/kernels/family.h"
#include "octet/cpu.h"
#include "octet/op.h"
#include "tests/support/chaos.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#define WEIGHTED_MAX_CHANNELS 256

struct weighted_case {
    const struct oct_op *op;
    struct oct_attribute attributes[OCT_OP_MAX_ATTRIBUTES];
    size_t n_attributes;
    int64_t arrays[8][3]; ///< of attribute i
    struct oct_tensor_desc x, weight, bias, y;
    bool has_bias;
    double scales[WEIGHTED_MAX_CHANNELS];
    int64_t zero_points[WEIGHTED_MAX_CHANNELS];
    void *weight_data;
    float bias_data[WEIGHTED_MAX_CHANNELS];
};

static inline void add_ints(struct weighted_case *c, const int64_t *values, size_t n)
{
    size_t i = c->n_attributes++;
    memcpy(c->arrays[i], values, n * sizeof *values);
    c->attributes[i] = (struct oct_attribute){.present = true, .type = OCT_ATTRIBUTE_INTS, .count = n};
}

static inline void add_pair(struct weighted_case *c, int64_t first, int64_t second)
{
    const int64_t pair[2] = {first, second};
    add_ints(c, pair, 2);
}

static inline void add_int(struct weighted_case *c, int64_t value)
{
    c->attributes[c->n_attributes++] =
        (struct oct_attribute){.present = true, .type = OCT_ATTRIBUTE_INT, .integer = value};
}

static inline void add_float(struct weighted_case *c, double value)
{
    c->attributes[c->n_attributes++] =
        (struct oct_attribute){.present = true, .type = OCT_ATTRIBUTE_FLOAT, .number = value};
}

static inline struct oct_tensor_desc make_desc(enum oct_dtype dtype, int32_t rank, const int64_t *dims)
{
    struct oct_tensor_desc desc = {.dtype = dtype, .shape = {.rank = rank}};
    memcpy(desc.shape.dims, dims, (size_t)rank * sizeof *dims);
    return desc;
}

static inline struct oct_tensor_desc
make_quantized_desc(enum oct_dtype dtype, int32_t rank, const int64_t *dims, double scale, int64_t zero_point)
{
    struct oct_tensor_desc desc = make_desc(dtype, rank, dims);
    desc.qparams =
        (struct oct_qparams){.scheme = OCT_QSCHEME_PER_TENSOR_AFFINE, .scale = scale, .zero_point = zero_point};
    return desc;
}

/// Points the case at its own arrays, which a copy of it does not do.
static inline void settle_case(struct weighted_case *c)
{
    for (size_t i = 0; i < c->n_attributes; i++) {
        if (c->attributes[i].type == OCT_ATTRIBUTE_INTS) {
            c->attributes[i].integers = c->arrays[i];
        }
    }
    if (c->weight.qparams.scheme == OCT_QSCHEME_PER_CHANNEL_AFFINE) {
        c->weight.qparams.scales = c->scales;
        c->weight.qparams.zero_points = c->zero_points;
    }
}

static inline enum oct_status infer_case(struct weighted_case *c, struct oct_error *error)
{
    settle_case(c);
    const struct oct_tensor_desc *inputs[3] = {&c->x, &c->weight, c->has_bias ? &c->bias : NULL};
    struct oct_view weight = oct_view_dense(&c->weight, 1, c->weight_data);
    struct oct_view bias = oct_view_dense(&c->bias, 1, c->bias_data);
    const struct oct_view *constants[3] = {NULL, &weight, c->has_bias ? &bias : NULL};
    struct oct_op_infer_call call = {.op = c->op, .attributes = c->attributes, .n_inputs = 3, .inputs = inputs};
    call.constants = constants;
    call.n_outputs = 1;
    call.outputs = &c->y;
    call.error = error;
    return c->op->infer(&call);
}

/// Parts one after the other, last first: whatever depends on their order or overlaps comes out wrong.
static inline void run_parts_backwards(void *context, size_t count, oct_task_fn task, void *argument)
{
    *(size_t *)context += 1;
    for (size_t i = count; i-- > 0;) {
        task(argument, i, count);
    }
}

static inline struct oct_op_run_call
make_run(const struct weighted_case *c, const struct oct_view *inputs, const struct oct_view *y)
{
    struct oct_op_run_call call = {.attributes = c->attributes, .n_inputs = 3, .inputs = inputs};
    call.n_outputs = 1;
    call.outputs = y;
    return call;
}

static inline void make_inputs(const struct weighted_case *c, int64_t rows, void *x, struct oct_view *inputs)
{
    inputs[0] = oct_view_dense(&c->x, rows, x);
    inputs[1] = oct_view_dense(&c->weight, 1, c->weight_data);
    struct oct_tensor_desc none = {.dtype = OCT_DTYPE_FLOAT32};
    inputs[2] =
        c->has_bias ? oct_view_dense(&c->bias, 1, (void *)(uintptr_t)c->bias_data) : (struct oct_view){.desc = none};
}

/// What the reference says for x, in y's format.
static inline void run_reference(const struct weighted_case *c, int64_t rows, void *x, void *y)
{
    struct oct_view inputs[3];
    make_inputs(c, rows, x, inputs);
    struct oct_view out = oct_view_dense(&c->y, rows, y);
    struct oct_op_run_call call = make_run(c, inputs, &out);
    c->op->reference(&call);
}

struct prepared_run {
    const char *kernel; ///< NULL: the reference is to run, and has not
    bool class_f;
};

/// Prepares for `features` and runs into `y` (guarded, of `y_bytes`); `width` > 1 lends an executor.
/// `*splits` counts uses of the executor.
static inline struct prepared_run run_prepared(const struct weighted_case *c,
                                               int64_t rows,
                                               void *x,
                                               struct oct_guard *y,
                                               uint64_t features,
                                               size_t width,
                                               size_t *splits)
{
    struct octi_region region;
    octi_region_init(&region, NULL);
    struct oct_error error = OCT_ERROR_INIT;
    const struct oct_tensor_desc *inputs[3] = {&c->x, &c->weight, c->has_bias ? &c->bias : NULL};
    struct oct_view views[3];
    make_inputs(c, rows, x, views);
    const struct oct_view *constants[3] = {NULL, &views[1], c->has_bias ? &views[2] : NULL};
    struct oct_op_prepare_call prepare = {.op = c->op, .attributes = c->attributes, .n_inputs = 3, .inputs = inputs};
    prepare.constants = constants;
    prepare.n_outputs = 1;
    prepare.outputs = &c->y;
    prepare.cpu_features = features;
    prepare.max_rows = rows;
    prepare.plan_memory = &region;
    prepare.error = &error;
    ck_assert_ok(c->op->prepare(&prepare), &error);
    struct prepared_run result = {prepare.run != NULL ? prepare.kernel : NULL, prepare.class_f};
    if (prepare.run != NULL) {
        *splits = 0;
        struct oct_executor executor = {.context = splits, .width = width, .parallel = run_parts_backwards};
        size_t scratch_bytes = prepare.scratch_bytes + (size_t)rows * prepare.scratch_row_bytes;
        struct oct_guard scratch = oct_guard_create(scratch_bytes + 1);
        struct oct_view out = oct_view_dense(&c->y, rows, y->data);
        struct oct_op_run_call call = make_run(c, views, &out);
        call.state = prepare.state;
        call.scratch = scratch.data;
        call.executor = width > 1 ? &executor : NULL;
        prepare.run(&call);
        ck_assert(oct_guard_intact(&scratch));
        oct_guard_destroy(&scratch);
    }
    octi_region_deinit(&region);
    return result;
}

/// Preparing reports OCT_ERR_NOMEM at whichever allocation is refused, and leaves nothing behind.
static inline void check_prepare_out_of_memory(struct weighted_case *c)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(infer_case(c, &error), &error);
    bool channels_last = (c->op->flags & OCT_OP_CHANNELS_LAST) != 0;
    c->x.format = c->y.format = channels_last ? OCT_FORMAT_CHANNELS_LAST : OCT_FORMAT_CONTIGUOUS;
    struct oct_view views[3];
    make_inputs(c, 1, NULL, views);
    const struct oct_tensor_desc *inputs[3] = {&c->x, &c->weight, c->has_bias ? &c->bias : NULL};
    const struct oct_view *constants[3] = {NULL, &views[1], c->has_bias ? &views[2] : NULL};
    for (size_t n = 0;; n++) {
        struct oct_chaos chaos;
        oct_chaos_init(&chaos, n);
        struct octi_region region;
        octi_region_init(&region, &chaos.allocator);
        struct oct_op_prepare_call call = {.op = c->op, .attributes = c->attributes, .n_inputs = 3, .inputs = inputs};
        call.constants = constants;
        call.n_outputs = 1;
        call.outputs = &c->y;
        call.max_rows = 1;
        call.plan_memory = &region;
        call.error = &error;
        enum oct_status status = c->op->prepare(&call);
        octi_region_deinit(&region);
        ck_assert_uint_eq(chaos.live, 0);
        if (!chaos.failed) {
            ck_assert_status_ok(status);
            ck_assert_uint_gt(n, 2);
            return;
        }
        ck_assert_status(OCT_ERR_NOMEM, status);
        oct_error_clear(&error);
    }
}

/// Levels of isa.def that this machine executes, lowest first; returns how many.
static inline size_t levels_here(uint64_t masks[OCTI_ISA_COUNT])
{
    size_t n = 0;
    for (int isa = 0; isa < OCTI_ISA_COUNT; isa++) {
        const uint64_t mask = octi_isa_required((enum octi_isa)isa);
        if ((mask & ~oct_cpu_detect()) == 0) {
            masks[n++] = mask;
        }
    }
    return n;
}

#endif
