/// One node in isolation: an operator bound to attributes and inputs, with the ways a plan may run it.
///
/// What every run has to do is asserted here: equal the reference byte for byte (class F: within the case's tolerance),
/// stay inside its buffers, leave its inputs alone. Threads: [one]; to be used inside a Check test.
#ifndef OCTET_TESTS_SUPPORT_OP_SUBJECT_H
#define OCTET_TESTS_SUPPORT_OP_SUBJECT_H

#include "engine/base/region.h"
#include "tests/support/golden.h"

struct oct_op_subject {
    const struct oct_op *op;
    const struct oct_golden_case *c; ///< its output's data is looked at for class F only
    struct octi_region region;
    struct oct_attribute *attributes;
    struct oct_tensor_desc
        inputs[OCT_GOLDEN_MAX_INPUTS]; ///< as `infer` sees them; may be changed before oct_subject_infer
    struct oct_view constants[OCT_GOLDEN_MAX_INPUTS];
    const struct oct_tensor_desc *input_list[OCT_GOLDEN_MAX_INPUTS];
    const struct oct_view *constant_list[OCT_GOLDEN_MAX_INPUTS];
    struct oct_tensor_desc output; ///< as inferred
    size_t output_bytes;
    const char *mixes_rows;
};

/// Matches the attributes and infers the output. Deinit in any case.
enum oct_status oct_subject_init(struct oct_op_subject *subject,
                                 const struct oct_op *op,
                                 const struct oct_golden_case *c,
                                 struct oct_error *error);
void oct_subject_deinit(struct oct_op_subject *subject);
/// Infers anew from subject->inputs.
enum oct_status oct_subject_infer(struct oct_op_subject *subject, struct oct_error *error);
/// What the reference answers between tensors of these memory formats: row-major, malloced.
char *oct_subject_reference(struct oct_op_subject *subject, enum oct_memory_format in, enum oct_memory_format out);
/// Prepares the operator for every ISA level of this machine and every memory format its flags allow, runs it with and
/// without an executor and in place where that is allowed, and compares with `answer`. Returns how many runs were made.
size_t oct_subject_check_runs(struct oct_op_subject *subject, const char *answer);

#endif
