/// The golden vectors of tests/vectors: cases that real PyTorch answered. For tests: any fault ends the program with a
/// message.
#ifndef OCTET_TESTS_SUPPORT_GOLDEN_H
#define OCTET_TESTS_SUPPORT_GOLDEN_H

#include "octet/graph.h"

#define OCT_GOLDEN_MAX_INPUTS 8

struct oct_golden_tensor {
    bool absent; ///< an optional input that is not given
    bool constant;
    struct oct_tensor_desc desc;
    void *data; ///< dense, row-major, malloced
    size_t bytes;
    double *scales; ///< per channel, malloced; `desc` points to them
    int64_t *zero_points;
};

/// One case. Strings and attributes are borrowed from the golden set.
struct oct_golden_case {
    const char *op, *name;
    struct oct_attribute_given attributes[OCT_OP_MAX_ATTRIBUTES];
    int64_t integers[OCT_OP_MAX_ATTRIBUTES][OCT_MAX_RANK]; ///< what array attributes point to
    size_t n_attributes;
    struct oct_golden_tensor inputs[OCT_GOLDEN_MAX_INPUTS];
    size_t n_inputs;
    struct oct_golden_tensor output;
    size_t off_by_one; ///< quantized output: how many integers may differ, by 1
    double relative;   ///< float output: largest difference over the largest absolute value
};

struct oct_golden;

struct oct_golden *oct_golden_open(void);
void oct_golden_close(struct oct_golden *golden);
size_t oct_golden_count(const struct oct_golden *golden);
/// The operator of case `index`, without loading it.
const char *oct_golden_op(const struct oct_golden *golden, size_t index);
/// Fills `out`, which must not be moved afterwards.
void oct_golden_load(const struct oct_golden *golden, size_t index, struct oct_golden_case *out);
void oct_golden_unload(struct oct_golden_case *golden_case);

/// Fills attributes, integers and n_attributes from a JSON object, as a model file has them; empties the rest. Strings
/// are borrowed from the document.
struct oct_json;
void oct_golden_read_attributes(const struct oct_json *object, struct oct_golden_case *out);

/// Compares `data`, dense and row-major, with the case's answer under its tolerance. On false `message` says what
/// differs.
bool oct_golden_agrees(const struct oct_golden_case *golden_case,
                       const void *data,
                       char *message,
                       size_t message_bytes);

#endif
