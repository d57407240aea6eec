#include "tests/support/op_subject.h"

#include "engine/ops/attributes.h"
#include "octet/cpu.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"

#include <string.h>

#define MESSAGE_BYTES 256

enum oct_status oct_subject_infer(struct oct_op_subject *s, struct oct_error *error)
{
    struct oct_op_infer_call call = {
        .op = s->op,
        .attributes = s->attributes,
        .n_inputs = s->c->n_inputs,
        .inputs = s->input_list,
        .constants = s->constant_list,
        .n_outputs = 1,
        .outputs = &s->output,
        .error = error,
    };
    memset(&s->output, 0, sizeof s->output);
    enum oct_status status = s->op->infer(&call);
    s->mixes_rows = call.mixes_rows;
    return status;
}

enum oct_status oct_subject_init(struct oct_op_subject *s,
                                 const struct oct_op *op,
                                 const struct oct_golden_case *c,
                                 struct oct_error *error)
{
    memset(s, 0, sizeof *s);
    s->op = op;
    s->c = c;
    octi_region_init(&s->region, NULL);
    enum oct_status status =
        octi_attributes_match(op, c->attributes, c->n_attributes, &s->region, &s->attributes, error);
    if (status != OCT_OK) {
        return status;
    }
    for (size_t i = 0; i < c->n_inputs; i++) {
        const struct oct_golden_tensor *input = &c->inputs[i];
        if (input->absent) {
            continue;
        }
        s->inputs[i] = input->desc;
        s->input_list[i] = &s->inputs[i];
        if (input->constant) {
            void *copy = octi_region_alloc(&s->region, input->bytes);
            ck_assert_ptr_nonnull(copy);
            memcpy(copy, input->data, input->bytes);
            s->constants[i] = oct_view_dense(&input->desc, 1, copy);
            s->constant_list[i] = &s->constants[i];
        }
    }
    status = oct_subject_infer(s, error);
    if (status == OCT_OK) {
        ck_assert_status_ok(oct_tensor_bytes(&s->output, 1, &s->output_bytes));
    }
    return status;
}

void oct_subject_deinit(struct oct_op_subject *s)
{
    octi_region_deinit(&s->region);
}

/// Copies between dense tensors of two formats.
static void convert(const struct oct_tensor_desc *desc,
                    void *to,
                    enum oct_memory_format to_format,
                    const void *from,
                    enum oct_memory_format from_format)
{
    struct oct_tensor_desc to_desc = *desc, from_desc = *desc;
    to_desc.format = to_format;
    from_desc.format = from_format;
    struct oct_view to_view = oct_view_dense(&to_desc, 1, to);
    struct oct_view from_view = oct_view_dense(&from_desc, 1, (void *)(uintptr_t)from);
    oct_view_copy(&to_view, &from_view);
}

/// What one run is to be made with.
struct setting {
    enum oct_memory_format in, out;             ///< of activations that have a choice
    const struct oct_op_prepare_call *prepared; ///< NULL: the reference
    const struct oct_executor *executor;
    bool in_place;
};

/// As the planner chooses: an operand of another rank than the output broadcasts, and stays contiguous.
static enum oct_memory_format
format_of(const struct oct_op_subject *s, const struct oct_tensor_desc *desc, enum oct_memory_format wanted)
{
    int32_t rank = desc->shape.rank;
    const unsigned flags = s->op->flags;
    bool has_choice = (flags & OCT_OP_CHANNELS_LAST) ? oct_op_is_image(s->op, rank) : oct_format_applies(rank);
    if ((flags & (OCT_OP_ANY_FORMAT | OCT_OP_STRIDED)) == OCT_OP_ANY_FORMAT) {
        has_choice = has_choice && rank == s->output.shape.rank;
    }
    return has_choice ? wanted : OCT_FORMAT_CONTIGUOUS;
}

/// Runs the subject between guard bytes and leaves the output, row-major, in `out`.
static void run(struct oct_op_subject *s, const struct setting *setting, void *out)
{
    struct oct_guard guards[OCT_GOLDEN_MAX_INPUTS], result, scratch = {0};
    struct oct_view views[OCT_GOLDEN_MAX_INPUTS];
    memset(views, 0, sizeof views);
    for (size_t i = 0; i < s->c->n_inputs; i++) {
        const struct oct_golden_tensor *input = &s->c->inputs[i];
        if (input->absent) {
            continue;
        }
        struct oct_tensor_desc desc = input->desc;
        if (!input->constant) {
            desc.format = format_of(s, &desc, setting->in);
        }
        guards[i] = oct_guard_create(input->bytes);
        convert(&desc, guards[i].data, desc.format, input->data, OCT_FORMAT_CONTIGUOUS);
        views[i] = oct_view_dense(&desc, 1, guards[i].data);
    }
    struct oct_tensor_desc desc = s->output;
    desc.format = format_of(s, &desc, setting->out);
    result = oct_guard_create(s->output_bytes);
    struct oct_view output = oct_view_dense(&desc, 1, setting->in_place ? guards[0].data : result.data);
    struct oct_op_run_call call = {
        .attributes = s->attributes,
        .n_inputs = s->c->n_inputs,
        .inputs = views,
        .n_outputs = 1,
        .outputs = &output,
        .executor = setting->executor,
    };
    if (setting->prepared != NULL) {
        int64_t rows = s->c->inputs[0].desc.shape.rank > 0 ? s->c->inputs[0].desc.shape.dims[0] : 1;
        scratch =
            oct_guard_create(setting->prepared->scratch_bytes + setting->prepared->scratch_row_bytes * (size_t)rows);
        call.state = setting->prepared->state;
        call.scratch = scratch.data;
        setting->prepared->run(&call);
        ck_assert_msg(oct_guard_intact(&scratch), "%s/%s wrote beyond its scratch", s->c->op, s->c->name);
        oct_guard_destroy(&scratch);
    } else {
        s->op->reference(&call);
    }
    ck_assert_msg(oct_guard_intact(&result), "%s/%s wrote beyond its output", s->c->op, s->c->name);
    convert(&desc, out, OCT_FORMAT_CONTIGUOUS, output.data, desc.format);
    oct_guard_destroy(&result);
    for (size_t i = 0; i < s->c->n_inputs; i++) {
        if (s->c->inputs[i].absent) {
            continue;
        }
        ck_assert_msg(oct_guard_intact(&guards[i]), "%s/%s wrote beyond input %zu", s->c->op, s->c->name, i);
        if (!setting->in_place || i > 0) {
            char *back = malloc(s->c->inputs[i].bytes + 1);
            ck_assert_ptr_nonnull(back);
            convert(&views[i].desc, back, OCT_FORMAT_CONTIGUOUS, guards[i].data, views[i].desc.format);
            ck_assert_msg(memcmp(back, s->c->inputs[i].data, s->c->inputs[i].bytes) == 0, "%s/%s changed input %zu",
                          s->c->op, s->c->name, i);
            free(back);
        }
        oct_guard_destroy(&guards[i]);
    }
}

char *oct_subject_reference(struct oct_op_subject *s, enum oct_memory_format in, enum oct_memory_format out)
{
    char *answer = malloc(s->output_bytes + 1);
    ck_assert_ptr_nonnull(answer);
    run(s, &(struct setting){in, out, NULL, NULL, false}, answer);
    return answer;
}

/// Parts in reverse order on the calling thread: what depends on the order of parts shows.
static void run_backwards(void *context, size_t count, oct_task_fn task, void *argument)
{
    (void)context;
    for (size_t i = count; i-- > 0;) {
        task(argument, i, count);
    }
}

/// The memory formats a plan may give the operator: pairs of input and output format.
static size_t allowed_formats(const struct oct_op *op, enum oct_memory_format (*pairs)[2])
{
    const enum oct_memory_format plain = OCT_FORMAT_CONTIGUOUS, last = OCT_FORMAT_CHANNELS_LAST;
    const unsigned both = OCT_OP_ANY_FORMAT | OCT_OP_STRIDED;
    size_t n = 0;
    for (int in = 0; in < 2; in++) {
        for (int out = 0; out < 2; out++) {
            bool allowed = (op->flags & OCT_OP_CHANNELS_LAST)  ? in && out
                           : (op->flags & both) == both        ? true
                           : (op->flags & OCT_OP_ANY_FORMAT)   ? in == out
                           : (op->flags & OCT_OP_STRIDED) != 0 ? !out
                                                               : !in && !out;
            if (allowed) {
                pairs[n][0] = in ? last : plain;
                pairs[n][1] = out ? last : plain;
                n++;
            }
        }
    }
    return n;
}

static bool may_run_in_place(const struct oct_op_subject *s, const struct setting *setting)
{
    return (s->op->flags & OCT_OP_IN_PLACE) && setting->in == setting->out && !s->c->inputs[0].constant &&
           oct_shape_equal(&s->c->inputs[0].desc.shape, &s->output.shape) &&
           oct_dtype_bytes(s->c->inputs[0].desc.dtype) == oct_dtype_bytes(s->output.dtype);
}

static void compare_run(struct oct_op_subject *s, const struct setting *setting, const char *answer, uint64_t features)
{
    char *other = malloc(s->output_bytes + 1), message[MESSAGE_BYTES] = "other bytes";
    ck_assert_ptr_nonnull(other);
    run(s, setting, other);
    bool same = setting->prepared->class_f ? oct_golden_agrees(s->c, other, message, sizeof message)
                                           : memcmp(answer, other, s->output_bytes) == 0;
    ck_assert_msg(same, "%s/%s, kernel %s, features %llx, formats %d %d, in place %d: %s", s->c->op, s->c->name,
                  setting->prepared->kernel, (unsigned long long)features, (int)setting->in, (int)setting->out,
                  (int)setting->in_place, message);
    free(other);
}

/// Prepares the operator for `features` and one pair of formats, runs it in all ways, compares with the reference.
static size_t
check_prepared(struct oct_op_subject *s, uint64_t features, const enum oct_memory_format *pair, const char *answer)
{
    struct octi_region plan;
    octi_region_init(&plan, NULL);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_tensor_desc inputs[OCT_GOLDEN_MAX_INPUTS], output = s->output;
    const struct oct_tensor_desc *list[OCT_GOLDEN_MAX_INPUTS] = {NULL};
    for (size_t i = 0; i < s->c->n_inputs; i++) {
        if (!s->c->inputs[i].absent) {
            inputs[i] = s->inputs[i];
            inputs[i].format = s->c->inputs[i].constant ? OCT_FORMAT_CONTIGUOUS : format_of(s, &inputs[i], pair[0]);
            list[i] = &inputs[i];
        }
    }
    output.format = format_of(s, &output, pair[1]);
    struct oct_op_prepare_call call = {
        .op = s->op,
        .attributes = s->attributes,
        .n_inputs = s->c->n_inputs,
        .inputs = list,
        .constants = s->constant_list,
        .n_outputs = 1,
        .outputs = &output,
        .cpu_features = features,
        .max_rows = 64,
        .plan_memory = &plan,
        .error = &error,
    };
    ck_assert_ok(s->op->prepare(&call), &error);
    size_t n_runs = 0;
    if (call.run != NULL) {
        ck_assert_ptr_nonnull(call.kernel);
        const struct oct_executor backwards = {NULL, 3, run_backwards};
        struct setting setting = {pair[0], pair[1], &call, NULL, false};
        compare_run(s, &setting, answer, features);
        n_runs++;
        setting.executor = &backwards;
        compare_run(s, &setting, answer, features);
        n_runs++;
        if (may_run_in_place(s, &setting)) {
            setting.in_place = true;
            compare_run(s, &setting, answer, features);
            n_runs++;
            n_runs++;
        }
    }
    octi_region_deinit(&plan);
    return n_runs;
}

size_t oct_subject_check_runs(struct oct_op_subject *s, const char *answer)
{
    static const char *const levels[] = {
#define OCT_ISA(tag, family, required, flags) #tag,
#include "engine/kernels/isa.def"
#undef OCT_ISA
    };
    if (s->op->prepare == NULL) {
        return 0;
    }
    enum oct_memory_format pairs[4][2];
    size_t n_pairs = allowed_formats(s->op, pairs), n_runs = 0;
    ck_assert_uint_gt(n_pairs, 0);
    for (size_t level = 0; level < sizeof levels / sizeof levels[0]; level++) {
        uint64_t mask;
        ck_assert_status_ok(oct_cpu_mask_parse(levels[level], &mask, NULL));
        for (size_t p = 0; p < n_pairs && (mask & ~oct_cpu_detect()) == 0; p++) {
            n_runs += check_prepared(s, mask, pairs[p], answer);
        }
    }
    return n_runs;
}
