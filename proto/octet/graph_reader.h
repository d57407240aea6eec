/// What the files of graph reading share: the members of the JSON by type, and the builder they feed. Threads: [one].
#ifndef OCTET_PROTO_OCTET_GRAPH_READER_H
#define OCTET_PROTO_OCTET_GRAPH_READER_H

#include "proto/octet/graph_json.h"

struct octi_graph_reader {
    const struct octi_container *container;
    const struct oct_allocator *allocator;
    struct oct_graph *graph;
    bool has_batch; ///< some input has an "N"
    struct oct_error *error;
};

/// The member `key` of that type; OCT_ERR_INVALID with the key as place when it is another or missing.
OCT_NODISCARD enum oct_status
octi_get_string(const struct oct_json *object, const char *key, const char **out, struct oct_error *error);
OCT_NODISCARD enum oct_status
octi_get_number(const struct oct_json *object, const char *key, double *out, struct oct_error *error);
OCT_NODISCARD enum oct_status
octi_get_integer(const struct oct_json *object, const char *key, int64_t *out, struct oct_error *error);
/// Of at most `max` elements (OCT_ERR_LIMIT); NULL when `optional` and absent.
OCT_NODISCARD enum oct_status octi_get_array(const struct oct_json *object,
                                             const char *key,
                                             bool optional,
                                             size_t max,
                                             const struct oct_json **out,
                                             struct oct_error *error);
/// The member "dtype". OCT_ERR_UNSUPPORTED for a name there is not.
OCT_NODISCARD enum oct_status
octi_get_dtype(const struct oct_json *object, enum oct_dtype *dtype, struct oct_error *error);

/// Puts a report of the graph builder under its path: nodes[3].attributes.stride (node 'conv' (quantized::conv2d)).
/// Returns `status`.
enum oct_status
octi_graph_reader_place(struct octi_graph_reader *reader, enum oct_status status, const char *array, size_t index);
/// The same for a report of this reader.
enum oct_status
octi_graph_reader_at(struct octi_graph_reader *reader, enum oct_status status, const char *array, size_t index);

/// Element `index` of "inputs", "constants", "nodes" into the graph.
OCT_NODISCARD enum oct_status
octi_graph_read_input(struct octi_graph_reader *reader, const struct oct_json *object, size_t index);
OCT_NODISCARD enum oct_status
octi_graph_read_constant(struct octi_graph_reader *reader, const struct oct_json *object, size_t index);
OCT_NODISCARD enum oct_status
octi_graph_read_node(struct octi_graph_reader *reader, const struct oct_json *object, size_t index);

#endif
