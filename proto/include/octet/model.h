/// Model files opened: bytes in, a ready plan out. This is the door of liboctet.
///
/// Opening reads and checks the file, builds and compiles the graph, and runs the golden inputs if the file has any. No
/// file is mapped: one that somebody truncates is an error and does not kill the process. Large weights are read when
/// they are packed, each once, and nothing but the plan holds them; for its digest, and for other plans of its graph,
/// an open model keeps the file open. Threads: open and close are [one]; an open model may be read from any thread.
#ifndef OCTET_MODEL_H
#define OCTET_MODEL_H

#include "octet/octet.h"

#define OCT_SHA256_BYTES         32
#define OCT_MODEL_MAX_FILE_BYTES ((uint64_t)2 << 30)

struct oct_model;

struct oct_model_options {
    struct oct_plan_options plan;
    const struct oct_op_registry *registry; ///< NULL: the built-in operators; else must outlive the model
    uint64_t max_file_bytes;                ///< 0: OCT_MODEL_MAX_FILE_BYTES
    bool skip_golden;
};
OCT_API struct oct_model_options oct_model_options_default(void);

/// Opens a `.octet` file. @param options  NULL: the defaults
/// Errors: OCT_ERR_NOT_FOUND, OCT_ERR_IO, OCT_ERR_LIMIT (file or budget), OCT_ERR_CORRUPT (container, graph JSON;
/// position is the byte offset), OCT_ERR_INVALID (graph), OCT_ERR_UNSUPPORTED (operator, format version),
/// OCT_ERR_NOMEM, OCT_ERR_INTERNAL (golden outputs differ). On failure nothing is left behind.
OCT_API OCT_NODISCARD enum oct_status oct_model_open(const char *path,
                                                     const struct oct_model_options *options,
                                                     struct oct_model **model,
                                                     struct oct_error *error);
/// The same from memory; `bytes` are borrowed for the call only.
OCT_API OCT_NODISCARD enum oct_status oct_model_open_bytes(const void *bytes,
                                                           size_t n_bytes,
                                                           const struct oct_model_options *options,
                                                           struct oct_model **model,
                                                           struct oct_error *error);
/// NULL is allowed. Sessions that still have the plan bound keep the plan alive, not the model.
OCT_API void oct_model_close(struct oct_model *model);

/// Borrowed; retain the plan to keep it beyond the model.
OCT_API struct oct_plan *oct_model_plan(const struct oct_model *model);
/// The graph as the file has it, before rewriting. Large weights have no data (oct_graph_defer_constant).
OCT_API const struct oct_graph *oct_model_graph(const struct oct_model *model);
/// May be empty, never NULL.
OCT_API const char *oct_model_producer(const struct oct_model *model);
OCT_API size_t oct_model_label_count(const struct oct_model *model);
OCT_API const char *oct_model_label(const struct oct_model *model, size_t index);
OCT_API uint64_t oct_model_file_bytes(const struct oct_model *model);
/// SHA-256 of the file's bytes, worked out by each call: milliseconds for tens of megabytes, which opening need not
/// wait for. Errors: OCT_ERR_NOMEM, OCT_ERR_IO.
OCT_API OCT_NODISCARD enum oct_status oct_model_sha256(const struct oct_model *model, uint8_t digest[OCT_SHA256_BYTES]);
/// What became of the golden rows: "passed", "absent", "skipped: class F", "skipped".
OCT_API const char *oct_model_golden(const struct oct_model *model);

#endif
