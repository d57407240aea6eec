/// The safetensors container: which tensors a file holds and where, and the text of its graph.
///
/// Knows nothing of graphs. The header is scanned, never built as a document: what reading allocates is one record and
/// the name per tensor that is really there, and the graph's text. Spans point into the file's bytes, which must
/// outlive the container, or stay in the file. Threads: [one].
#ifndef OCTET_PROTO_OCTET_CONTAINER_H
#define OCTET_PROTO_OCTET_CONTAINER_H

#include "octet/buffer.h"
#include "octet/graph.h"
#include "proto/json/scan.h"
#include "proto/octet/storage.h"

struct octi_container_tensor {
    const char *name;
    enum octi_storage storage;
    struct oct_shape shape;
    const uint8_t *data; ///< not aligned; NULL: in the container's source
    uint64_t offset;     ///< of the data in the file
    size_t n_bytes;
    // while reading:
    size_t name_offset;
    size_t begin, end;
    size_t position; ///< of the entry in the file
};

/// What small tensors are read through: many of a kind lie side by side.
#define OCTI_CONTAINER_WINDOW 16384
struct octi_container_windows;

struct octi_container {
    const struct oct_constant_source *source; ///< of the file, or NULL: all of it is in memory
    uint64_t n_bytes;                         ///< of the file
    struct octi_container_windows *windows;   ///< where there is a source
    const struct oct_allocator *allocator;    ///< its own
    size_t n_tensors;
    struct octi_container_tensor *tensors; ///< by name
    const char *graph;                     ///< terminated; NULL: the file has none
    size_t graph_bytes;
    struct octi_json_text graph_source; ///< the same where it stands in the file, for positions
    struct oct_buffer tensor_memory, name_memory, graph_memory, header_memory;
};

/// Errors: OCT_ERR_CORRUPT (with the position in the file), OCT_ERR_UNSUPPORTED (dtype), OCT_ERR_LIMIT, OCT_ERR_NOMEM.
/// To be deinited in any case.
OCT_NODISCARD enum oct_status octi_container_init(struct octi_container *container,
                                                  const void *bytes,
                                                  size_t n_bytes,
                                                  const struct oct_allocator *allocator,
                                                  struct oct_error *error);
/// The same for a file of which no more than the header is in memory, read by `source`, which must outlive the
/// container. Errors also of `source`.
OCT_NODISCARD enum oct_status octi_container_init_from(struct octi_container *container,
                                                       const struct oct_constant_source *source,
                                                       uint64_t n_bytes,
                                                       const struct oct_allocator *allocator,
                                                       struct oct_error *error);
/// The bytes of a tensor of at most OCTI_CONTAINER_WINDOW, until the next call. Errors of the source.
OCT_NODISCARD enum oct_status octi_container_peek(const struct octi_container *container,
                                                  const struct octi_container_tensor *tensor,
                                                  const uint8_t **bytes,
                                                  struct oct_error *error);
/// Copies a tensor's bytes. Errors of the source.
OCT_NODISCARD enum oct_status octi_container_copy(const struct octi_container *container,
                                                  const struct octi_container_tensor *tensor,
                                                  void *bytes,
                                                  struct oct_error *error);
void octi_container_deinit(struct octi_container *container);
/// NULL when there is none of that name.
const struct octi_container_tensor *octi_container_find(const struct octi_container *container, const char *name);

#endif
