/// The `.octet` container and graph: FORMAT.md in proto/octet, read and written.
///
/// Reading never trusts a number: every offset and product is checked before use, and nothing is allocated in
/// proportion to what a file merely declares. Threads: [one] per call; no shared state.
#ifndef OCTET_PROTO_OCTET_FILE_H
#define OCTET_PROTO_OCTET_FILE_H

#include "octet/buffer.h"
#include "octet/graph.h"

#define OCT_OCTET_MAX_HEADER_BYTES ((size_t)64 << 20)
#define OCT_OCTET_MAX_GRAPH_BYTES  ((size_t)16 << 20)
#define OCT_OCTET_MAX_TENSORS      65536
#define OCT_OCTET_FORMAT_VERSION   1

/// One golden pair: `input` bytes per graph input, `output_sha256` per graph output.
struct oct_octet_golden {
    bool present;
    int64_t rows;
    const uint8_t **inputs; ///< one per graph input, dense
    size_t *input_bytes;
    uint8_t (*output_sha256)[32]; ///< one per graph output
};

/// All a file says. Owned; free with oct_octet_file_destroy.
struct oct_octet_file {
    const struct oct_allocator *allocator;
    struct oct_graph *graph; ///< finished
    char *producer;          ///< never NULL
    size_t n_labels;
    char **labels;
    struct oct_octet_golden golden;
};

/// @param bytes  the whole file, borrowed for the call
/// @param registry  borrowed; must outlive the graph
/// Errors: OCT_ERR_CORRUPT (container or JSON; position is the byte offset in the file), OCT_ERR_INVALID (graph;
/// `where` is the path in the graph), OCT_ERR_UNSUPPORTED (format version, operator, dtype), OCT_ERR_LIMIT,
/// OCT_ERR_NOMEM.
OCT_API OCT_NODISCARD enum oct_status oct_octet_read(const void *bytes,
                                                     size_t n_bytes,
                                                     const struct oct_allocator *allocator,
                                                     const struct oct_op_registry *registry,
                                                     struct oct_octet_file **file,
                                                     struct oct_error *error);
/// The same for a file of n_bytes bytes that `source` reads, which must outlive the file's graph and all plans' making:
/// its large weights are read when they are packed (oct_graph_defer_constant). Errors also of `source`.
OCT_API OCT_NODISCARD enum oct_status oct_octet_read_from(const struct oct_constant_source *source,
                                                          uint64_t n_bytes,
                                                          const struct oct_allocator *allocator,
                                                          const struct oct_op_registry *registry,
                                                          struct oct_octet_file **file,
                                                          struct oct_error *error);
OCT_API void oct_octet_file_destroy(struct oct_octet_file *file); ///< NULL is allowed

/// Writes graph, producer, labels and golden as a complete file. Reading it back gives an equal graph.
OCT_API OCT_NODISCARD enum oct_status
oct_octet_write(const struct oct_octet_file *file, struct oct_buffer *out, struct oct_error *error);

#endif
