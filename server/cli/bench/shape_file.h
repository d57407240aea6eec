/// Shape files: which layers a bench measures, as tests/bench/shapes/README.md describes them. A file is hostile like
/// any other: bounded, every member checked, nothing unknown accepted. Threads: [one].
#ifndef OCTET_SERVER_CLI_BENCH_SHAPE_FILE_H
#define OCTET_SERVER_CLI_BENCH_SHAPE_FILE_H

#include "octet/status.h"

#define OCT_BENCH_MAX_FILE_BYTES ((size_t)1 << 20)
#define OCT_BENCH_MAX_CASES      2048
#define OCT_BENCH_NAME_BYTES     64
#define OCT_BENCH_MAX_DIMENSIONS 3
#define OCT_BENCH_MAX_INPUTS     8

enum oct_bench_op {
#define OCT_BENCH_OP(id, name, form, dimensions, op, relu) OCT_BENCH_##id,
#include "server/cli/bench/operations.def"
#undef OCT_BENCH_OP
    OCT_BENCH_OP_COUNT
};

enum oct_bench_form {
    OCT_BENCH_FORM_CONV,        ///< an image, a window, weights
    OCT_BENCH_FORM_LINEAR,      ///< rows by weights
    OCT_BENCH_FORM_POOL,        ///< an image and a window
    OCT_BENCH_FORM_GLOBAL_POOL, ///< an image
    OCT_BENCH_FORM_IMAGE,       ///< an image, elements moved
    OCT_BENCH_FORM_ELEMENTS,    ///< an image or a row of elements, element by element
};

/// A row of operations.def. Strings are static.
struct oct_bench_op_info {
    const char *name;
    enum oct_bench_form form;
    size_t n_dimensions;       ///< of the images it takes; 0: none, or any
    const char *operator_name; ///< of the registry
    const char *with_relu;     ///< of the registry; NULL: there is none
};
const struct oct_bench_op_info *oct_bench_op_info(enum oct_bench_op op);

/// One case. Members that its form has not are 0.
struct oct_bench_case {
    char name[OCT_BENCH_NAME_BYTES];
    char row[OCT_BENCH_NAME_BYTES]; ///< of the table of targets; groups results
    enum oct_bench_op op;
    bool relu;
    int64_t count;       ///< how often the network has this layer
    int64_t batch;       ///< images; of elements and linear layers 1
    size_t n_dimensions; ///< of the image; 0: no image
    int64_t in[OCT_BENCH_MAX_DIMENSIONS];
    int64_t channels, out_channels, groups;
    int64_t kernel[OCT_BENCH_MAX_DIMENSIONS], stride[OCT_BENCH_MAX_DIMENSIONS];
    int64_t padding[OCT_BENCH_MAX_DIMENSIONS], dilation[OCT_BENCH_MAX_DIMENSIONS];
    int64_t rows, in_features, out_features;
    int64_t elements;
    int64_t inputs; ///< tensors that are joined
};

struct oct_bench_shapes {
    char name[OCT_BENCH_NAME_BYTES];
    size_t n_cases;
    struct oct_bench_case *cases;
};

/// Parses the text of a file. Errors: OCT_ERR_CORRUPT (JSON; with the byte position), OCT_ERR_INVALID (a member, named
/// as "cases[3].kernel[1]"), OCT_ERR_LIMIT, OCT_ERR_NOMEM. On failure nothing is left behind.
OCT_NODISCARD enum oct_status
oct_bench_shapes_parse(const char *text, size_t n_bytes, struct oct_bench_shapes *shapes, struct oct_error *error);
/// Reads and parses. Errors: as above and OCT_ERR_NOT_FOUND, OCT_ERR_IO; prefixed with the path.
OCT_NODISCARD enum oct_status
oct_bench_shapes_read(const char *path, struct oct_bench_shapes *shapes, struct oct_error *error);
void oct_bench_shapes_deinit(struct oct_bench_shapes *shapes);

#endif
