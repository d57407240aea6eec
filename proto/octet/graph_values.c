/// Inputs and constants of a graph.
#include "proto/octet/graph_reader.h"

#include <stdio.h>
#include <string.h>

// -------------------------------------------------------------------------------------------------------- inputs

static enum oct_status
read_shape(struct octi_graph_reader *reader, const struct oct_json *object, struct oct_shape *shape)
{
    const struct oct_json *dims;
    enum oct_status status = octi_get_array(object, "shape", false, OCT_MAX_RANK, &dims, reader->error);
    for (size_t i = 0; status == OCT_OK && i < oct_json_count(dims); i++) {
        const struct oct_json *dim = oct_json_at(dims, i);
        const char *name;
        int64_t count;
        if (oct_json_is_integer(dim, &count) && count > 0) {
            shape->dims[i] = count;
        } else if (i == 0 && oct_json_is_string(dim, &name, NULL) && strcmp(name, "N") == 0) {
            shape->dims[i] = OCT_DIM_BATCH;
            reader->has_batch = true;
        } else {
            char where[32];
            snprintf(where, sizeof where, "shape[%zu]", i);
            return oct_error_set(reader->error, OCT_ERR_INVALID, where, OCT_POSITION_NONE,
                                 "expected a positive integer%s",
                                 i == 0 ? " or \"N\"" : "; \"N\" stands in dimension 0 only");
        }
        shape->rank = (int32_t)i + 1;
    }
    return status;
}

static enum oct_status
read_per_tensor(struct octi_graph_reader *reader, const struct oct_json *object, struct oct_qparams *qparams)
{
    qparams->scheme = OCT_QSCHEME_PER_TENSOR_AFFINE;
    enum oct_status status = octi_get_number(object, "scale", &qparams->scale, reader->error);
    return status == OCT_OK ? octi_get_integer(object, "zero_point", &qparams->zero_point, reader->error) : status;
}

enum oct_status octi_graph_read_input(struct octi_graph_reader *reader, const struct oct_json *object, size_t index)
{
    static const char *const plain_keys[] = {"name", "dtype", "shape", NULL};
    static const char *const quantized_keys[] = {"name", "dtype", "shape", "scale", "zero_point", NULL};
    struct oct_tensor_desc desc = {.format = OCT_FORMAT_CONTIGUOUS};
    const char *name;
    oct_value_id value;
    enum oct_status status = octi_get_dtype(object, &desc.dtype, reader->error);
    if (status == OCT_OK) {
        status =
            octi_check_keys(object, oct_dtype_is_quantized(desc.dtype) ? quantized_keys : plain_keys, reader->error);
    }
    if (status == OCT_OK) {
        status = octi_get_string(object, "name", &name, reader->error);
    }
    if (status == OCT_OK) {
        status = read_shape(reader, object, &desc.shape);
    }
    if (status == OCT_OK && oct_dtype_is_quantized(desc.dtype)) {
        status = read_per_tensor(reader, object, &desc.qparams);
    }
    if (status != OCT_OK) {
        return octi_graph_reader_at(reader, status, "inputs", index);
    }
    status = oct_graph_add_input(reader->graph, name, &desc, &value, reader->error);
    return status == OCT_OK ? OCT_OK : octi_graph_reader_place(reader, status, "inputs", index);
}

// ----------------------------------------------------------------------------------------------------- constants

static enum oct_status find_tensor(struct octi_graph_reader *reader,
                                   const char *name,
                                   const char *where,
                                   const struct octi_container_tensor **tensor)
{
    *tensor = octi_container_find(reader->container, name);
    return *tensor != NULL ? OCT_OK
                           : oct_error_set(reader->error, OCT_ERR_INVALID, where, OCT_POSITION_NONE,
                                           "the file has no tensor '%.100s'", name);
}

/// The per-channel array of `key`, widened to 8 bytes an element; to be released by the caller, also after a failure.
static enum oct_status read_channels(struct octi_graph_reader *reader,
                                     const struct oct_json *object,
                                     const char *key,
                                     enum octi_storage wide,
                                     enum octi_storage narrow,
                                     size_t n,
                                     void **out)
{
    const struct octi_container_tensor *tensor;
    const char *name;
    enum oct_status status = octi_get_string(object, key, &name, reader->error);
    if (status == OCT_OK) {
        status = find_tensor(reader, name, key, &tensor);
    }
    if (status != OCT_OK) {
        return status;
    }
    if ((tensor->storage != wide && tensor->storage != narrow) || tensor->shape.rank != 1 ||
        (uint64_t)tensor->shape.dims[0] != n) {
        char shape[128];
        oct_shape_format(&tensor->shape, shape, sizeof shape);
        return oct_error_set(reader->error, OCT_ERR_INVALID, key, OCT_POSITION_NONE,
                             "tensor '%.64s' is %s of %s, expected [%zu] of %s or %s", name, shape,
                             octi_storage_name(tensor->storage), n, octi_storage_name(wide), octi_storage_name(narrow));
    }
    *out = reader->allocator->allocate(reader->allocator->context, n * 8 + 1, OCT_ALIGN);
    if (*out == NULL) {
        return oct_error_set(reader->error, OCT_ERR_NOMEM, key, OCT_POSITION_NONE,
                             "no memory for per-channel parameters");
    }
    // Narrow ones are read to the end of the array, from where none is overwritten before it has been widened.
    const uint8_t *narrow_ones = (const uint8_t *)*out + 4 * n;
    status = octi_container_copy(reader->container, tensor, tensor->storage == wide ? *out : (uint8_t *)*out + 4 * n,
                                 reader->error);
    for (size_t i = 0; i < n && status == OCT_OK && tensor->storage != wide; i++) {
        if (wide == OCTI_STORAGE_F64) {
            float scale;
            memcpy(&scale, narrow_ones + 4 * i, 4);
            ((double *)*out)[i] = (double)scale;
        } else {
            int32_t zero_point;
            memcpy(&zero_point, narrow_ones + 4 * i, 4);
            ((int64_t *)*out)[i] = zero_point;
        }
    }
    return status;
}

static enum oct_status add_constant(struct octi_graph_reader *reader,
                                    const char *name,
                                    const struct oct_tensor_desc *desc,
                                    const struct octi_container_tensor *tensor)
{
    oct_value_id value;
    const struct oct_constant_source *source = reader->container->source;
    if (source != NULL && tensor->n_bytes > OCTI_CONTAINER_WINDOW) {
        return oct_graph_defer_constant(reader->graph, name, desc, source, tensor->offset, tensor->n_bytes, &value,
                                        reader->error);
    }
    const uint8_t *bytes;
    enum oct_status status = octi_container_peek(reader->container, tensor, &bytes, reader->error);
    return status == OCT_OK
               ? oct_graph_add_constant(reader->graph, name, desc, bytes, tensor->n_bytes, &value, reader->error)
               : status;
}

/// Adds the constant when its parameters are per channel.
static enum oct_status add_per_channel(struct octi_graph_reader *reader,
                                       const struct oct_json *object,
                                       const char *name,
                                       struct oct_tensor_desc *desc,
                                       const struct octi_container_tensor *tensor,
                                       size_t index)
{
    int64_t axis;
    void *scales = NULL, *zero_points = NULL;
    bool built = false;
    enum oct_status status = octi_get_integer(object, "axis", &axis, reader->error);
    if (status == OCT_OK && (axis < 0 || axis >= desc->shape.rank)) {
        status = oct_error_set(reader->error, OCT_ERR_INVALID, "axis", OCT_POSITION_NONE, "%lld is no dimension of %d",
                               (long long)axis, desc->shape.rank);
    }
    size_t n = status == OCT_OK ? (size_t)desc->shape.dims[axis] : 0;
    if (status == OCT_OK && n > tensor->n_bytes) { // an empty tensor may declare any length of a dimension
        status = oct_error_set(reader->error, OCT_ERR_INVALID, "axis", OCT_POSITION_NONE, "the tensor has no elements");
    }
    if (status == OCT_OK) {
        status = read_channels(reader, object, "scales", OCTI_STORAGE_F64, OCTI_STORAGE_F32, n, &scales);
    }
    if (status == OCT_OK) {
        status = read_channels(reader, object, "zero_points", OCTI_STORAGE_I64, OCTI_STORAGE_I32, n, &zero_points);
    }
    if (status == OCT_OK) {
        desc->qparams = (struct oct_qparams){.scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE,
                                             .axis = (int32_t)axis,
                                             .channels = n,
                                             .scales = scales,
                                             .zero_points = zero_points};
        built = true;
        status = add_constant(reader, name, desc, tensor);
    }
    reader->allocator->release(reader->allocator->context, scales, n * 8 + 1);
    reader->allocator->release(reader->allocator->context, zero_points, n * 8 + 1);
    if (status == OCT_OK) {
        return OCT_OK;
    }
    return built ? octi_graph_reader_place(reader, status, "constants", index)
                 : octi_graph_reader_at(reader, status, "constants", index);
}

/// The keys that go with the dtype and its scheme.
static enum oct_status check_constant_keys(const struct oct_json *object,
                                           enum oct_dtype dtype,
                                           enum oct_qscheme *scheme,
                                           struct oct_error *error)
{
    static const char *const plain[] = {"name", "dtype", NULL};
    static const char *const per_tensor[] = {"name", "dtype", "qscheme", "scale", "zero_point", NULL};
    static const char *const per_channel[] = {"name", "dtype", "qscheme", "axis", "scales", "zero_points", NULL};
    const char *name;
    *scheme = OCT_QSCHEME_NONE;
    if (!oct_dtype_is_quantized(dtype)) {
        return octi_check_keys(object, plain, error);
    }
    enum oct_status status = octi_get_string(object, "qscheme", &name, error);
    if (status != OCT_OK) {
        return status;
    }
    if (strcmp(name, oct_qscheme_name(OCT_QSCHEME_PER_TENSOR_AFFINE)) == 0) {
        *scheme = OCT_QSCHEME_PER_TENSOR_AFFINE;
        return octi_check_keys(object, per_tensor, error);
    }
    if (strcmp(name, oct_qscheme_name(OCT_QSCHEME_PER_CHANNEL_AFFINE)) == 0) {
        *scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE;
        return octi_check_keys(object, per_channel, error);
    }
    return oct_error_set(error, OCT_ERR_UNSUPPORTED, "qscheme", OCT_POSITION_NONE,
                         "'%.48s': there are per_tensor_affine and per_channel_affine", name);
}

enum oct_status octi_graph_read_constant(struct octi_graph_reader *reader, const struct oct_json *object, size_t index)
{
    struct oct_tensor_desc desc = {.format = OCT_FORMAT_CONTIGUOUS};
    const struct octi_container_tensor *tensor = NULL;
    const char *name;
    enum oct_qscheme scheme = OCT_QSCHEME_NONE;
    enum oct_status status = octi_get_dtype(object, &desc.dtype, reader->error);
    if (status == OCT_OK) {
        status = check_constant_keys(object, desc.dtype, &scheme, reader->error);
    }
    if (status == OCT_OK) {
        status = octi_get_string(object, "name", &name, reader->error);
    }
    if (status == OCT_OK) {
        status = find_tensor(reader, name, "name", &tensor);
    }
    if (status == OCT_OK && tensor->storage != octi_storage_of(desc.dtype)) {
        status = oct_error_set(reader->error, OCT_ERR_INVALID, "dtype", OCT_POSITION_NONE,
                               "%s is stored as %s, the tensor is %s", oct_dtype_name(desc.dtype),
                               octi_storage_name(octi_storage_of(desc.dtype)), octi_storage_name(tensor->storage));
    }
    if (status == OCT_OK && scheme == OCT_QSCHEME_PER_TENSOR_AFFINE) {
        status = read_per_tensor(reader, object, &desc.qparams);
    }
    if (status != OCT_OK) {
        return octi_graph_reader_at(reader, status, "constants", index);
    }
    desc.shape = tensor->shape;
    if (scheme == OCT_QSCHEME_PER_CHANNEL_AFFINE) {
        return add_per_channel(reader, object, name, &desc, tensor, index);
    }
    status = add_constant(reader, name, &desc, tensor);
    return status == OCT_OK ? OCT_OK : octi_graph_reader_place(reader, status, "constants", index);
}
