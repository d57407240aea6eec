/// Golden rows: inputs stored in the file, and the digests their outputs must have.
#include "proto/octet/graph_json.h"

#include "octet/model.h"
#include "proto/json/path.h"
#include "proto/octet/hex.h"

#include <string.h>

static void *allocate_zeroed(const struct oct_allocator *allocator, size_t n_bytes)
{
    void *memory = allocator->allocate(allocator->context, n_bytes, OCT_ALIGN);
    if (memory != NULL) {
        memset(memory, 0, n_bytes);
    }
    return memory;
}

static enum oct_status no_memory(struct oct_error *error)
{
    return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the golden rows");
}

void octi_golden_deinit(struct oct_octet_file *file)
{
    const struct oct_allocator *allocator = file->allocator;
    struct oct_octet_golden *golden = &file->golden;
    if (file->graph == NULL) {
        return; // golden rows are read after the graph
    }
    size_t n_inputs = oct_graph_input_count(file->graph), n_outputs = oct_graph_output_count(file->graph);
    for (size_t i = 0; golden->inputs != NULL && golden->input_bytes != NULL && i < n_inputs; i++) {
        void *bytes = (void *)(uintptr_t)golden->inputs[i];
        if (bytes != NULL) {
            allocator->release(allocator->context, bytes, golden->input_bytes[i]);
        }
    }
    allocator->release(allocator->context, (void *)golden->inputs, n_inputs * sizeof *golden->inputs);
    allocator->release(allocator->context, golden->input_bytes, n_inputs * sizeof *golden->input_bytes);
    allocator->release(allocator->context, golden->output_sha256, n_outputs * sizeof *golden->output_sha256);
    *golden = (struct oct_octet_golden){.present = false};
}

/// The tensor must have the input's dtype and shape; where that has N, its rows are those of the inputs before.
static enum oct_status check_tensor(const struct octi_container_tensor *tensor,
                                    const struct oct_tensor_desc *desc,
                                    struct oct_octet_golden *golden,
                                    struct oct_error *error)
{
    bool batched = oct_shape_has_batch(&desc->shape);
    bool fits = tensor->storage == octi_storage_of(desc->dtype) && tensor->shape.rank == desc->shape.rank;
    for (int i = batched ? 1 : 0; fits && i < desc->shape.rank; i++) {
        fits = tensor->shape.dims[i] == desc->shape.dims[i];
    }
    if (fits && batched) {
        int64_t rows = tensor->shape.dims[0];
        fits = rows >= 1 && rows <= INT32_MAX && (golden->rows == 0 || golden->rows == rows);
        golden->rows = rows;
    }
    if (fits) {
        return OCT_OK;
    }
    char got[128], expected[128];
    oct_shape_format(&tensor->shape, got, sizeof got);
    oct_shape_format(&desc->shape, expected, sizeof expected);
    return oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE,
                         "tensor '%.64s' is %s of %s, expected %s of %s with the rows of the other inputs",
                         tensor->name, got, octi_storage_name(tensor->storage), expected,
                         octi_storage_name(octi_storage_of(desc->dtype)));
}

static enum oct_status read_input(const struct oct_json *inputs,
                                  const struct octi_container *container,
                                  struct oct_octet_file *file,
                                  size_t index,
                                  struct oct_error *error)
{
    struct oct_value_info input = oct_graph_value(file->graph, oct_graph_input(file->graph, index));
    const struct oct_json *value = oct_json_get(inputs, input.name);
    const struct octi_container_tensor *tensor = NULL;
    const char *name;
    enum oct_status status;
    if (!oct_json_is_string(value, &name, NULL)) {
        status = octi_fail_type(value, NULL, "a tensor's name", error);
    } else if ((tensor = octi_container_find(container, name)) == NULL) {
        status =
            oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE, "the file has no tensor '%.100s'", name);
    } else {
        status = check_tensor(tensor, &input.desc, &file->golden, error);
    }
    if (status != OCT_OK) {
        octi_path_prefix(error, "inputs.%s", input.name);
        return status;
    }
    uint8_t *copy = file->allocator->allocate(file->allocator->context, tensor->n_bytes, OCT_ALIGN);
    if (copy == NULL) {
        return no_memory(error);
    }
    file->golden.inputs[index] = copy;
    file->golden.input_bytes[index] = tensor->n_bytes;
    return octi_container_copy(container, tensor, copy, error);
}

static enum oct_status
read_digest(const struct oct_json *digests, struct oct_octet_file *file, size_t index, struct oct_error *error)
{
    const char *name = oct_graph_output_name(file->graph, index), *text;
    const struct oct_json *value = oct_json_get(digests, name);
    size_t length;
    if (!oct_json_is_string(value, &text, &length) ||
        !octi_hex_read(text, length, file->golden.output_sha256[index], OCT_SHA256_BYTES)) {
        (void)octi_fail_type(value, NULL, "64 hexadecimal digits", error);
        octi_path_prefix(error, "outputs_sha256.%s", name);
        return OCT_ERR_INVALID;
    }
    return OCT_OK;
}

/// Nothing but one member per input or output.
static enum oct_status
check_count(const struct oct_json *object, const char *key, size_t expected, struct oct_error *error)
{
    if (oct_json_type(object) != OCT_JSON_OBJECT) {
        return octi_fail_type(object, key, "an object", error);
    }
    if (oct_json_count(object) != expected) {
        return oct_error_set(error, OCT_ERR_INVALID, key, OCT_POSITION_NONE,
                             "%zu members, expected one for each of %zu", oct_json_count(object), expected);
    }
    return OCT_OK;
}

static enum oct_status read_members(const struct oct_json *object,
                                    const struct octi_container *container,
                                    struct oct_octet_file *file,
                                    struct oct_error *error)
{
    static const char *const keys[] = {"inputs", "outputs_sha256", NULL};
    struct oct_octet_golden *golden = &file->golden;
    size_t n_inputs = oct_graph_input_count(file->graph), n_outputs = oct_graph_output_count(file->graph);
    enum oct_status status = octi_check_keys(object, keys, error);
    if (status == OCT_OK) {
        status = check_count(oct_json_get(object, "inputs"), "inputs", n_inputs, error);
    }
    if (status == OCT_OK) {
        status = check_count(oct_json_get(object, "outputs_sha256"), "outputs_sha256", n_outputs, error);
    }
    if (status != OCT_OK) {
        return status;
    }
    golden->inputs = allocate_zeroed(file->allocator, n_inputs * sizeof *golden->inputs);
    golden->input_bytes = allocate_zeroed(file->allocator, n_inputs * sizeof *golden->input_bytes);
    golden->output_sha256 = allocate_zeroed(file->allocator, n_outputs * sizeof *golden->output_sha256);
    if (golden->inputs == NULL || golden->input_bytes == NULL || golden->output_sha256 == NULL) {
        return no_memory(error);
    }
    for (size_t i = 0; i < n_inputs && status == OCT_OK; i++) {
        status = read_input(oct_json_get(object, "inputs"), container, file, i, error);
    }
    for (size_t i = 0; i < n_outputs && status == OCT_OK; i++) {
        status = read_digest(oct_json_get(object, "outputs_sha256"), file, i, error);
    }
    if (golden->rows == 0) {
        golden->rows = 1; // no input has a batch
    }
    golden->present = true;
    return status;
}

enum oct_status octi_golden_read(const struct oct_json *golden,
                                 const struct octi_container *container,
                                 struct oct_octet_file *file,
                                 struct oct_error *error)
{
    if (golden == NULL) {
        return OCT_OK;
    }
    enum oct_status status = read_members(golden, container, file, error);
    if (status != OCT_OK) {
        octi_path_prefix(error, "golden");
    }
    return status;
}
