#include "server/cli/arrays.h"

#include <stdio.h>
#include <string.h>

#include "server/cli/file.h"

/// As much as a file of arrays may have; what an array needs is bounded by the model anyway.
#define MAX_ARRAY_BYTES ((size_t)8 << 30)

/// The input of `plan` that `argument` names, with its path; the only input when it names none.
static enum oct_status
find_input(const struct oct_plan *plan, struct oct_cli_array *array, size_t *index, struct oct_error *error)
{
    const char *equals = strchr(array->argument, '=');
    size_t n_inputs = oct_plan_input_count(plan);
    for (size_t i = 0; i < n_inputs && equals != NULL; ++i) {
        const char *name = oct_plan_input(plan, i)->name;
        if (strlen(name) == (size_t)(equals - array->argument) &&
            memcmp(name, array->argument, (size_t)(equals - array->argument)) == 0) {
            array->path = equals + 1;
            *index = i;
            return OCT_OK;
        }
    }
    if (n_inputs == 1) {
        array->path = array->argument;
        *index = 0;
        return OCT_OK;
    }
    return oct_error_set(error, OCT_ERR_INVALID, array->argument, OCT_POSITION_NONE,
                         "the model has %zu inputs: name one as in --input %s=FILE", n_inputs,
                         oct_plan_input(plan, 0)->name);
}

static enum oct_status
check_array(const struct oct_npy *array, const struct oct_port *port, int64_t *rows, struct oct_error *error)
{
    enum oct_dtype expected_type = oct_npy_storage_type(port->desc.dtype);
    if (array->dtype != expected_type) {
        return oct_error_set(error, OCT_ERR_INVALID, port->name, OCT_POSITION_NONE, "expected %s, got %s",
                             oct_dtype_name(expected_type), oct_dtype_name(array->dtype));
    }
    int64_t array_rows = port->batched && array->shape.rank > 0 ? array->shape.dims[0] : 1;
    struct oct_shape expected = oct_shape_at(&port->desc.shape, array_rows);
    if (!oct_shape_equal(&expected, &array->shape) || array_rows < 1) {
        char expected_text[256], got_text[256];
        oct_shape_format(&port->desc.shape, expected_text, sizeof(expected_text));
        oct_shape_format(&array->shape, got_text, sizeof(got_text));
        return oct_error_set(error, OCT_ERR_INVALID, port->name, OCT_POSITION_NONE,
                             "expected the shape %s with at least one row, got %s", expected_text, got_text);
    }
    if (port->batched && *rows != 0 && *rows != array_rows) {
        return oct_error_set(error, OCT_ERR_INVALID, port->name, OCT_POSITION_NONE,
                             "%lld rows, but another input has %lld", (long long)array_rows, (long long)*rows);
    }
    if (port->batched) {
        *rows = array_rows;
    }
    return OCT_OK;
}

enum oct_status oct_cli_arrays_bind(struct oct_cli_array *arrays,
                                    size_t n_arrays,
                                    const struct oct_plan *plan,
                                    const uint8_t **inputs,
                                    int64_t *rows,
                                    struct oct_error *error)
{
    size_t n_inputs = oct_plan_input_count(plan);
    for (size_t i = 0; i < n_inputs; ++i) {
        inputs[i] = NULL;
    }
    *rows = 0;
    for (size_t i = 0; i < n_arrays; ++i) {
        struct oct_cli_array *array = &arrays[i];
        size_t index = 0;
        oct_buffer_deinit(&array->file);
        oct_buffer_init(&array->file, NULL, MAX_ARRAY_BYTES);
        enum oct_status status = find_input(plan, array, &index, error);
        if (status == OCT_OK && inputs[index] != NULL) {
            return oct_error_set(error, OCT_ERR_INVALID, oct_plan_input(plan, index)->name, OCT_POSITION_NONE,
                                 "given twice");
        }
        if (status == OCT_OK) {
            status = oct_cli_file_read(array->path, &array->file, error);
        }
        if (status == OCT_OK) {
            status = oct_npy_parse(array->file.data, array->file.length, &array->array, error);
        }
        if (status == OCT_OK) {
            status = check_array(&array->array, oct_plan_input(plan, index), rows, error);
        }
        if (status != OCT_OK) {
            oct_error_prefix(error, "--input %s", array->argument);
            return status;
        }
        inputs[index] = array->array.data;
    }
    for (size_t i = 0; i < n_inputs; ++i) {
        if (inputs[i] == NULL) {
            return oct_error_set(error, OCT_ERR_INVALID, oct_plan_input(plan, i)->name, OCT_POSITION_NONE,
                                 "missing; give it as --input %s=FILE", oct_plan_input(plan, i)->name);
        }
    }
    *rows = *rows == 0 ? 1 : *rows;
    return OCT_OK;
}

void oct_cli_arrays_deinit(struct oct_cli_array *arrays, size_t n_arrays)
{
    for (size_t i = 0; i < n_arrays; ++i) {
        oct_buffer_deinit(&arrays[i].file);
    }
}
