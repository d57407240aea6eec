/// Between the graph's JSON and a graph: what graph_read.c and golden.c share. Threads: [one].
#ifndef OCTET_PROTO_OCTET_GRAPH_JSON_H
#define OCTET_PROTO_OCTET_GRAPH_JSON_H

#include "octet/proto/json.h"
#include "octet/proto/octet_file.h"
#include "proto/octet/container.h"

#define OCTI_OCTET_MAX_TEXT_BYTES 256 ///< producer, and each label
#define OCTI_OCTET_MAX_LABELS     65536

/// Builds the graph that `root` describes over the container's tensors. When building fails with a symbolic batch, it
/// is tried once more with N = 1 (a model traced for one row, say, that reshapes to a fixed size).
/// @param error  not NULL
/// Errors: OCT_ERR_INVALID, OCT_ERR_UNSUPPORTED, OCT_ERR_LIMIT, OCT_ERR_NOMEM; `where` is the path in the graph.
/// Those of the container's source.
OCT_NODISCARD enum oct_status octi_graph_read(const struct oct_json *root,
                                              const struct octi_container *container,
                                              const struct oct_allocator *allocator,
                                              const struct oct_op_registry *registry,
                                              struct oct_graph **graph,
                                              struct oct_error *error);

/// Reads `golden` into `file`, whose graph is there. What has been read when it fails belongs to `file`.
/// @param golden  the object of the graph's JSON; NULL: absent
OCT_NODISCARD enum oct_status octi_golden_read(const struct oct_json *golden,
                                               const struct octi_container *container,
                                               struct oct_octet_file *file,
                                               struct oct_error *error);
void octi_golden_deinit(struct oct_octet_file *file);

/// Bound keys of an object: reports a missing or an unknown one. `keys` is NULL-terminated; a key that begins with '?'
/// may be absent. Reports when `value` is no object.
OCT_NODISCARD enum oct_status
octi_check_keys(const struct oct_json *value, const char *const *keys, struct oct_error *error);
/// Reports "expected X, found Y" (or "missing") for the value of `key`. Returns OCT_ERR_INVALID.
enum oct_status
octi_fail_type(const struct oct_json *value, const char *key, const char *expected, struct oct_error *error);

#endif
