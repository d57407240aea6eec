/// What the files of proto/infer share about a request: its memory and the ports it talks of.
#ifndef OCTET_PROTO_INFER_REQUEST_H
#define OCTET_PROTO_INFER_REQUEST_H

#include "octet/proto/infer.h"

/// Memory that lives as long as the request, OCT_ALIGN aligned, not zeroed. NULL: refused, and reported.
void *octi_request_alloc(struct oct_infer_request *request, size_t n_bytes, struct oct_error *error);
/// Room for one more element in a growing array of `n` elements: the array, moved when it must be. NULL: refused, and
/// reported. The capacity is what doubling from 4 has given.
void *octi_request_grow(
    struct oct_infer_request *request, void *array, size_t n, size_t element_bytes, struct oct_error *error);

/// The plan's output of that name. Errors: OCT_ERR_INVALID.
OCT_NODISCARD enum oct_status
octi_output_find(const struct oct_plan *plan, const char *name, size_t *index, struct oct_error *error);
/// "'x', 'y'", for messages; always terminated.
void octi_port_names(const struct oct_plan *plan, bool outputs, char *out, size_t out_bytes);

#endif
