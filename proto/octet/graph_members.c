/// Members of the graph's JSON, and where in it an error lies.
#include "proto/json/path.h"
#include "proto/octet/graph_reader.h"

#include <stdio.h>
#include <string.h>

enum oct_status
octi_fail_type(const struct oct_json *value, const char *key, const char *expected, struct oct_error *error)
{
    if (value == NULL) {
        return oct_error_set(error, OCT_ERR_INVALID, key, OCT_POSITION_NONE, "missing; expected %s", expected);
    }
    return oct_error_set(error, OCT_ERR_INVALID, key, OCT_POSITION_NONE, "expected %s, found %s", expected,
                         oct_json_type_name(oct_json_type(value)));
}

static bool is_known(const char *key, const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        if (strcmp(key, **keys == '?' ? *keys + 1 : *keys) == 0) {
            return true;
        }
    }
    return false;
}

enum oct_status octi_check_keys(const struct oct_json *value, const char *const *keys, struct oct_error *error)
{
    if (oct_json_type(value) != OCT_JSON_OBJECT) {
        return octi_fail_type(value, NULL, "an object", error);
    }
    for (size_t i = 0; i < oct_json_count(value); i++) { // ends at the first unknown key: keys are unique
        const char *key;
        (void)oct_json_member(value, i, &key);
        if (!is_known(key, keys)) {
            return oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE, "unknown member '%.64s'", key);
        }
    }
    for (; *keys != NULL; keys++) {
        if (**keys != '?' && oct_json_get(value, *keys) == NULL) {
            return oct_error_set(error, OCT_ERR_INVALID, *keys, OCT_POSITION_NONE, "missing");
        }
    }
    return OCT_OK;
}

enum oct_status
octi_get_string(const struct oct_json *object, const char *key, const char **out, struct oct_error *error)
{
    const struct oct_json *value = oct_json_get(object, key);
    return oct_json_is_string(value, out, NULL) ? OCT_OK : octi_fail_type(value, key, "a string", error);
}

enum oct_status octi_get_number(const struct oct_json *object, const char *key, double *out, struct oct_error *error)
{
    const struct oct_json *value = oct_json_get(object, key);
    return oct_json_is_number(value, out) ? OCT_OK : octi_fail_type(value, key, "a number", error);
}

enum oct_status octi_get_integer(const struct oct_json *object, const char *key, int64_t *out, struct oct_error *error)
{
    const struct oct_json *value = oct_json_get(object, key);
    return oct_json_is_integer(value, out) ? OCT_OK : octi_fail_type(value, key, "an integer", error);
}

enum oct_status octi_get_array(const struct oct_json *object,
                               const char *key,
                               bool optional,
                               size_t max,
                               const struct oct_json **out,
                               struct oct_error *error)
{
    *out = oct_json_get(object, key);
    if (*out == NULL && optional) {
        return OCT_OK;
    }
    if (oct_json_type(*out) != OCT_JSON_ARRAY) {
        return octi_fail_type(*out, key, "an array", error);
    }
    if (oct_json_count(*out) > max) {
        return oct_error_set(error, OCT_ERR_LIMIT, key, OCT_POSITION_NONE, "%zu elements, at most %zu are read",
                             oct_json_count(*out), max);
    }
    return OCT_OK;
}

enum oct_status octi_get_dtype(const struct oct_json *object, enum oct_dtype *dtype, struct oct_error *error)
{
    const char *name;
    enum oct_status status = octi_get_string(object, "dtype", &name, error);
    if (status == OCT_OK && oct_dtype_parse(name, strlen(name), dtype) != OCT_OK) {
        status =
            oct_error_set(error, OCT_ERR_UNSUPPORTED, "dtype", OCT_POSITION_NONE, "there is no dtype '%.32s'", name);
    }
    return status;
}

/// Cuts who the builder speaks of ("node 'conv' (quantized::conv2d): attributes.stride") from `where`, leaving the
/// place within.
static void split_who(char *where, char *who, size_t who_bytes)
{
    who[0] = '\0';
    if (strchr(where, '\'') == NULL) {
        return;
    }
    const char *end = strstr(where, "): ");
    end = end != NULL ? end : strstr(where, "': ");
    size_t length = end != NULL ? (size_t)(end - where) + 1 : strlen(where);
    snprintf(who, who_bytes, " (%.*s)", (int)length, where);
    const char *within = end != NULL ? where + length + 2 : where + length;
    memmove(where, within, strlen(within) + 1);
}

enum oct_status
octi_graph_reader_place(struct octi_graph_reader *reader, enum oct_status status, const char *array, size_t index)
{
    char who[OCT_ERROR_WHERE_BYTES + 4], *where = reader->error->where;
    split_who(where, who, sizeof who);
    octi_path_prefix(reader->error, "%s[%zu]", array, index);
    size_t length = strlen(where);
    snprintf(where + length, sizeof reader->error->where - length, "%s", who);
    return status;
}

enum oct_status
octi_graph_reader_at(struct octi_graph_reader *reader, enum oct_status status, const char *array, size_t index)
{
    octi_path_prefix(reader->error, "%s[%zu]", array, index);
    return status;
}
