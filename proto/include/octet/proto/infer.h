/// Inference requests and answers: the Open Inference Protocol body, its binary tensor extension, and Octet's
/// shorthand.
///
/// A body becomes a request in two steps. `parse` looks at the bytes alone: it checks the JSON to the last byte, finds
/// the fields, and leaves tensor data where it lies (a span of the body), so the model need not be known. `bind` holds
/// the request against a plan's signature and yields, for each of the plan's inputs, dense bytes in the declared dtype:
/// numbers are scanned straight into them, binary tensors stay views of the body. No document is ever built for tensor
/// data.
///
/// All bytes are hostile; every count, depth and product is bounded. Threads: [one] per request; no shared state.
#ifndef OCTET_PROTO_INFER_H
#define OCTET_PROTO_INFER_H

#include "octet/buffer.h"
#include "octet/plan.h"

#define OCT_INFER_MAX_DEPTH        64
#define OCT_INFER_MAX_TENSORS      256 ///< inputs or requested outputs of one request
#define OCT_INFER_MAX_NAME_BYTES   256
#define OCT_INFER_MAX_ID_BYTES     256
#define OCT_INFER_NO_HEADER_LENGTH SIZE_MAX

/// Datatypes on the wire: rows of datatypes.def, name (FP32, UINT8 ...) with the engine's dtypes it may carry.
enum oct_datatype {
#define OCT_DATATYPE(name, bytes) OCT_DATATYPE_##name,
#include "octet/proto/datatypes.def"
#undef OCT_DATATYPE
    OCT_DATATYPE_COUNT
};
OCT_API const char *oct_datatype_name(enum oct_datatype datatype);
OCT_API size_t oct_datatype_bytes(enum oct_datatype datatype);
/// How a value of `dtype` is shown: float32 FP32, quint8 UINT8, qint8 INT8, qint32 INT32, ...
OCT_API enum oct_datatype oct_datatype_of(enum oct_dtype dtype);

enum oct_infer_form {
    OCT_INFER_FORM_OIP,       ///< "inputs" is an array of tensors
    OCT_INFER_FORM_SHORTHAND, ///< "inputs" is an object name -> nested array
};

struct oct_infer_input {
    const char *name;
    bool has_datatype; ///< always for OIP
    enum oct_datatype datatype;
    bool has_shape;         ///< always for OIP; for the shorthand the nesting of the data
    struct oct_shape shape; ///< concrete
    bool binary;            ///< `data` is raw little-endian bytes; else the text of a JSON array
    const uint8_t *data;    ///< a span of the body
    size_t n_bytes;
    size_t n_elements; ///< counted in the text
    size_t position;   ///< of `data` in the body, for messages
};

struct oct_infer_output {
    const char *name;
    int binary; ///< -1: not said, 0, 1
};

/// Owned strings and arrays; tensor data borrowed from the body, which must live as long as the request.
struct oct_infer_request {
    const struct oct_allocator *allocator;
    enum oct_infer_form form;
    const char *id;      ///< NULL when absent
    const char *model;   ///< `model` or `model_name`; NULL when absent
    const char *version; ///< as text; NULL when absent
    size_t n_inputs;
    struct oct_infer_input *inputs;
    size_t n_outputs; ///< 0: all
    struct oct_infer_output *outputs;
    bool binary_data_output; ///< the default for outputs that do not say
    bool raw_body;           ///< header length 0: the whole body is the single input, every output binary
    uint64_t timeout_us;     ///< `parameters.timeout`; 0: none
    // after bind:
    int64_t rows;
    const uint8_t **bound; ///< one per plan input: dense bytes in the declared dtype, not necessarily aligned
    size_t *bound_bytes;
    void *owned; ///< storage of strings and converted tensors
};

/// @param header_length  value of Inference-Header-Content-Length, or OCT_INFER_NO_HEADER_LENGTH
/// Errors: OCT_ERR_CORRUPT (syntax; position), OCT_ERR_INVALID (a field missing, of the wrong type, twice; sizes that
/// do not match), OCT_ERR_LIMIT, OCT_ERR_UNSUPPORTED (BYTES, FP16, BF16; classification, shared memory), OCT_ERR_NOMEM.
OCT_API OCT_NODISCARD enum oct_status oct_infer_request_parse(const struct oct_allocator *allocator,
                                                              const uint8_t *body,
                                                              size_t n_bytes,
                                                              size_t header_length,
                                                              struct oct_infer_request **request,
                                                              struct oct_error *error);
/// Checks names, datatypes, shapes and row counts against `plan` and makes `bound`. An FP32 tensor for a quantized
/// input is quantized with its parameters; an integer tensor must have the input's own storage type. NaN and Infinity
/// are accepted for float inputs (tokens NaN, Infinity, -Infinity) and refused for quantized ones. Text may give
/// integers as 1 or 1.0. Errors: OCT_ERR_INVALID (input missing, unknown, twice; datatype; shape; count; value out of
/// range, with its position), OCT_ERR_LIMIT (rows over INT32_MAX; rows over max_rows when rows are not independent),
/// OCT_ERR_NOMEM.
OCT_API OCT_NODISCARD enum oct_status
oct_infer_request_bind(struct oct_infer_request *request, const struct oct_plan *plan, struct oct_error *error);
OCT_API void oct_infer_request_destroy(struct oct_infer_request *request); ///< NULL is allowed

/// What an answer says beside the tensors.
struct oct_infer_answer {
    const char *model;
    const char *version;
    const char *id; ///< for a request that has none; NULL: the answer has none either
    int64_t rows;
    const uint8_t *const *outputs; ///< one per plan output: dense bytes in the declared dtype
};
/// The body of the answer in the request's form. JSON numbers of float outputs read back to the same float32.
/// @param[out] header_length  bytes of JSON in front of binary tensors, or OCT_INFER_NO_HEADER_LENGTH when all is JSON
/// Errors: OCT_ERR_INVALID (an output asked for does not exist; a value that JSON cannot show: named with its index),
/// OCT_ERR_LIMIT and OCT_ERR_NOMEM of the buffer.
OCT_API OCT_NODISCARD enum oct_status oct_infer_answer_write(const struct oct_infer_request *request,
                                                             const struct oct_plan *plan,
                                                             const struct oct_infer_answer *answer,
                                                             struct oct_buffer *body,
                                                             size_t *header_length,
                                                             struct oct_error *error);

#endif
