#include "proto/infer/request.h"

#include <stdio.h>
#include <string.h>

/// In front of each piece of memory of a request.
struct block {
    struct block *next;
    size_t n_bytes; ///< with this header
};
#define HEADER_BYTES ((size_t)OCT_ALIGN)
_Static_assert(sizeof(struct block) <= OCT_ALIGN, "the memory after the header stays aligned");

static void *no_memory(struct oct_error *error)
{
    oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the request");
    return NULL;
}

void *octi_request_alloc(struct oct_infer_request *request, size_t n_bytes, struct oct_error *error)
{
    size_t total;
    if (__builtin_add_overflow(n_bytes, HEADER_BYTES, &total)) {
        return no_memory(error);
    }
    struct block *block = request->allocator->allocate(request->allocator->context, total, OCT_ALIGN);
    if (block == NULL) {
        return no_memory(error);
    }
    block->next = request->owned;
    block->n_bytes = total;
    request->owned = block;
    return (uint8_t *)block + HEADER_BYTES;
}

void *octi_request_grow(
    struct oct_infer_request *request, void *array, size_t n, size_t element_bytes, struct oct_error *error)
{
    const size_t first = 4;
    bool is_full = n == 0 || (n >= first && (n & (n - 1)) == 0);
    if (!is_full) {
        return array;
    }
    void *grown = octi_request_alloc(request, (n == 0 ? first : 2 * n) * element_bytes, error);
    if (grown != NULL && n > 0) {
        memcpy(grown, array, n * element_bytes);
    }
    return grown;
}

void oct_infer_request_destroy(struct oct_infer_request *request)
{
    if (request == NULL) {
        return;
    }
    const struct oct_allocator *allocator = request->allocator;
    struct block *block = request->owned;
    while (block != NULL) {
        struct block *next = block->next;
        allocator->release(allocator->context, block, block->n_bytes);
        block = next;
    }
    allocator->release(allocator->context, request, sizeof *request);
}

void octi_port_names(const struct oct_plan *plan, bool outputs, char *out, size_t out_bytes)
{
    size_t n = outputs ? oct_plan_output_count(plan) : oct_plan_input_count(plan), length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n && length < out_bytes; i++) {
        const struct oct_port *port = outputs ? oct_plan_output(plan, i) : oct_plan_input(plan, i);
        int written = snprintf(out + length, out_bytes - length, "%s'%s'", i > 0 ? ", " : "", port->name);
        length += written > 0 ? (size_t)written : out_bytes;
    }
}

enum oct_status octi_output_find(const struct oct_plan *plan, const char *name, size_t *index, struct oct_error *error)
{
    for (size_t i = 0; i < oct_plan_output_count(plan); i++) {
        if (strcmp(oct_plan_output(plan, i)->name, name) == 0) {
            *index = i;
            return OCT_OK;
        }
    }
    char names[256];
    octi_port_names(plan, true, names, sizeof names);
    return oct_error_set(error, OCT_ERR_INVALID, "outputs", OCT_POSITION_NONE,
                         "the model has no output '%s'; it has %s", name, names);
}
