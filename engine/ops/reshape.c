#include "engine/base/checked.h"
#include "engine/ops/attributes.h"
#include "engine/ops/copying.h"
#include "engine/ops/extent.h"
#include "engine/ops/op_support.h"

#include <stdio.h>

/// Eight dimensions of twenty digits, with commas.
#define TEXT_BYTES 192

enum { TARGET };

static bool report_mismatch(struct oct_op_infer_call *call, const struct oct_shape *in, const struct oct_shape *target)
{
    char from[TEXT_BYTES], to[TEXT_BYTES] = "";
    oct_shape_format(in, from, sizeof from);
    size_t used = 0;
    for (int32_t d = 0; d < target->rank && used < sizeof to; d++) {
        int n = snprintf(to + used, sizeof to - used, "%s%lld", d > 0 ? ", " : "", (long long)target->dims[d]);
        used += n > 0 ? (size_t)n : 0;
    }
    // Where the sizes agree for one batch only, the graph may be tried again with that batch.
    bool open = oct_shape_has_batch(in);
    return octi_infer_fail(call, open ? OCT_ERR_UNSUPPORTED : OCT_ERR_INVALID, "shape %s cannot become [%s]%s", from,
                           to, open ? " for every batch N" : ": another number of elements");
}

/// The dimension that -1 stands for: the input's extent over that of the other dimensions.
static bool find_open_dim(struct oct_op_infer_call *call,
                          const struct oct_shape *in,
                          struct octi_extent extent,
                          int64_t known,
                          struct oct_shape *target,
                          int32_t open)
{
    if (known == 0 || extent.factor % known != 0) {
        return report_mismatch(call, in, target);
    }
    extent.factor /= known;
    return octi_extent_dim(call, extent, &target->dims[open]);
}

static enum oct_status infer(struct oct_op_infer_call *call)
{
    if (!octi_copying_infer(call)) {
        return octi_infer_failed(call);
    }
    const struct oct_shape *in = &call->inputs[0]->shape;
    const struct oct_attribute *list = &call->attributes[TARGET];
    struct oct_shape target = {.rank = (int32_t)list->count};
    int32_t open = -1;
    int64_t known = 1;
    for (int32_t d = 0; d < target.rank; d++) {
        target.dims[d] = list->integers[d];
        if (target.dims[d] == -1) {
            if (open >= 0) {
                octi_infer_fail(call, OCT_ERR_INVALID, "-1 stands in dimensions %d and %d, expected once", (int)open,
                                (int)d);
                return octi_infer_failed(call);
            }
            open = d;
        } else if (!octi_mul_int64(known, target.dims[d], &known)) {
            octi_infer_fail(call, OCT_ERR_LIMIT, "the number of elements does not fit 63 bits");
            return octi_infer_failed(call);
        }
    }
    struct octi_extent extent;
    bool fits = octi_extent_of(call, in, 0, in->rank, &extent);
    if (fits && open >= 0) {
        fits = find_open_dim(call, in, extent, known, &target, open);
    } else if (fits && (extent.power > 0 || extent.factor != known)) {
        fits = report_mismatch(call, in, &target);
    }
    if (!fits) {
        return octi_infer_failed(call);
    }
    if (!octi_batch_leads(in) || !octi_batch_leads(&target)) {
        call->mixes_rows = "reshapes so that the batch is not the first dimension before or after";
    }
    call->outputs[0].shape = target;
    return OCT_OK;
}

#define TARGET_ROW(name_)                                                                                              \
    {                                                                                                                  \
        .name = (name_), .type = OCT_ATTRIBUTE_INTS, .required = true, .minimum = -1.0,                                \
        .maximum = 9007199254740992.0, /* 2^53: more elements than any tensor has, and exact as a double */            \
            .min_count = 0, .max_count = OCT_MAX_RANK,                                                                 \
        .doc = "the new dimensions; one may be -1: what remains, or the batch"                                         \
    }

const struct oct_op octi_op_reshape = {
    .name = "aten::reshape",
    .covers = (const char *const[]){"aten::reshape", NULL},
    .doc = "The same elements in row-major order under another shape. Moves nothing.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "any -> same",
    .flags = OCT_OP_VIEW,
    .attributes = (const struct oct_attribute_spec[]){[TARGET] = TARGET_ROW("shape"), OCTI_ATTRIBUTES_END},
    .infer = infer,
    .reference = octi_copying_reference_in_order,
    .prepare = octi_copying_prepare_in_order,
};

const struct oct_op octi_op_view = {
    .name = "aten::view",
    .covers = (const char *const[]){"aten::view", "aten::_unsafe_view", NULL},
    .doc = "As aten::reshape: tensors here have no strides that could forbid a view.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "any -> same",
    .flags = OCT_OP_VIEW,
    .attributes = (const struct oct_attribute_spec[]){[TARGET] = TARGET_ROW("size"), OCTI_ATTRIBUTES_END},
    .infer = infer,
    .reference = octi_copying_reference_in_order,
    .prepare = octi_copying_prepare_in_order,
};
