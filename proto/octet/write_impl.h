/// What the two halves of writing share: the list of tensors, which the graph's text names. Threads: [one].
#ifndef OCTET_PROTO_OCTET_WRITE_IMPL_H
#define OCTET_PROTO_OCTET_WRITE_IMPL_H

#include "octet/proto/json.h"
#include "octet/proto/octet_file.h"
#include "proto/octet/storage.h"

struct octi_written_tensor {
    char name[OCT_GRAPH_MAX_NAME_BYTES + 1];
    enum octi_storage storage;
    struct oct_shape shape;
    const void *data;
    size_t n_bytes;
    size_t begin; ///< offset in the data
};

/// Tensors stand in the order of the graph's constants, each followed by its scales and zero points when it has them
/// per channel; then the golden inputs.
struct octi_octet_writer {
    const struct oct_octet_file *file;
    const struct oct_graph *graph;
    struct octi_written_tensor *tensors;
    size_t n_tensors, capacity;
    size_t data_bytes;
};

/// Appends the graph's JSON and a terminator. Errors: OCT_ERR_LIMIT, OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status octi_octet_put_graph(const struct octi_octet_writer *writer, struct oct_buffer *text);
/// A member that is a string.
void octi_octet_put_pair(struct oct_json_writer *json, const char *key, const char *value);

#endif
