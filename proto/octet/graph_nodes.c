/// Nodes of a graph.
#include "proto/json/path.h"
#include "proto/octet/graph_reader.h"

#include <stdio.h>

#define MAX_NODE_INTEGERS 1024 // of all array attributes of one node together; the largest take a few per dimension

/// A node's arguments for the builder.
struct node_arguments {
    oct_value_id inputs[OCT_OP_MAX_INPUTS];
    const char *outputs[OCT_OP_MAX_OUTPUTS];
    struct oct_attribute_given attributes[OCT_OP_MAX_ATTRIBUTES];
    int64_t integers[MAX_NODE_INTEGERS];
    size_t n_inputs, n_outputs, n_attributes, n_integers;
};

static enum oct_status fail_member(struct octi_graph_reader *reader,
                                   const struct oct_json *value,
                                   const char *array,
                                   size_t index,
                                   const char *expected)
{
    (void)octi_fail_type(value, NULL, expected, reader->error);
    octi_path_prefix(reader->error, "%s[%zu]", array, index);
    return OCT_ERR_INVALID;
}

static enum oct_status
read_node_values(struct octi_graph_reader *reader, const struct oct_json *object, struct node_arguments *arguments)
{
    const struct oct_json *names;
    const char *name;
    enum oct_status status = octi_get_array(object, "inputs", false, OCT_OP_MAX_INPUTS, &names, reader->error);
    for (size_t i = 0; status == OCT_OK && i < oct_json_count(names); i++) {
        const struct oct_json *value = oct_json_at(names, i);
        oct_value_id id = OCT_VALUE_NONE;
        if (oct_json_is_string(value, &name, NULL)) {
            id = oct_graph_find(reader->graph, name);
            if (id == OCT_VALUE_NONE) {
                char where[32];
                snprintf(where, sizeof where, "inputs[%zu]", i);
                return oct_error_set(reader->error, OCT_ERR_INVALID, where, OCT_POSITION_NONE,
                                     "'%.100s' is no graph input, constant or output of an earlier node", name);
            }
        } else if (oct_json_type(value) != OCT_JSON_NULL) {
            return fail_member(reader, value, "inputs", i, "a value's name or null");
        }
        arguments->inputs[arguments->n_inputs++] = id;
    }
    if (status == OCT_OK) {
        status = octi_get_array(object, "outputs", false, OCT_OP_MAX_OUTPUTS, &names, reader->error);
    }
    for (size_t i = 0; status == OCT_OK && i < oct_json_count(names); i++) {
        if (!oct_json_is_string(oct_json_at(names, i), &arguments->outputs[arguments->n_outputs++], NULL)) {
            return fail_member(reader, oct_json_at(names, i), "outputs", i, "a string");
        }
    }
    return status;
}

static enum oct_status read_integers(struct octi_graph_reader *reader,
                                     const struct oct_json *array,
                                     const char *name,
                                     struct node_arguments *arguments,
                                     struct oct_attribute *attribute)
{
    size_t n = oct_json_count(array);
    if (n > MAX_NODE_INTEGERS - arguments->n_integers) {
        return oct_error_set(reader->error, OCT_ERR_LIMIT, name, OCT_POSITION_NONE, "more than %d integers in one node",
                             MAX_NODE_INTEGERS);
    }
    attribute->type = OCT_ATTRIBUTE_INTS;
    attribute->integers = arguments->integers + arguments->n_integers;
    attribute->count = n;
    for (size_t i = 0; i < n; i++) {
        if (!oct_json_is_integer(oct_json_at(array, i), &arguments->integers[arguments->n_integers++])) {
            return fail_member(reader, oct_json_at(array, i), name, i, "an integer");
        }
    }
    return OCT_OK;
}

static enum oct_status read_attribute(struct octi_graph_reader *reader,
                                      const struct oct_json *value,
                                      const char *name,
                                      struct node_arguments *arguments)
{
    struct oct_attribute attribute = {.present = true};
    bool flag = false;
    switch (oct_json_type(value)) {
    case OCT_JSON_NULL:
        attribute.present = false;
        break;
    case OCT_JSON_BOOL:
        attribute.type = OCT_ATTRIBUTE_BOOL;
        (void)oct_json_is_bool(value, &flag);
        attribute.integer = flag;
        break;
    case OCT_JSON_INTEGER:
        attribute.type = OCT_ATTRIBUTE_INT;
        (void)oct_json_is_integer(value, &attribute.integer);
        attribute.number = (double)attribute.integer;
        break;
    case OCT_JSON_REAL:
        attribute.type = OCT_ATTRIBUTE_FLOAT;
        (void)oct_json_is_number(value, &attribute.number);
        break;
    case OCT_JSON_STRING:
        attribute.type = OCT_ATTRIBUTE_STRING;
        (void)oct_json_is_string(value, &attribute.string, NULL);
        break;
    case OCT_JSON_ARRAY: {
        enum oct_status status = read_integers(reader, value, name, arguments, &attribute);
        if (status != OCT_OK) {
            return status;
        }
        break;
    }
    case OCT_JSON_OBJECT:
        return octi_fail_type(value, name, "a number, a boolean, a string, an array of integers or null",
                              reader->error);
    }
    arguments->attributes[arguments->n_attributes++] = (struct oct_attribute_given){name, attribute};
    return OCT_OK;
}

static enum oct_status
read_attributes(struct octi_graph_reader *reader, const struct oct_json *object, struct node_arguments *arguments)
{
    const struct oct_json *attributes = oct_json_get(object, "attributes");
    if (attributes == NULL) {
        return OCT_OK;
    }
    if (oct_json_type(attributes) != OCT_JSON_OBJECT) {
        return octi_fail_type(attributes, "attributes", "an object", reader->error);
    }
    if (oct_json_count(attributes) > OCT_OP_MAX_ATTRIBUTES) {
        return oct_error_set(reader->error, OCT_ERR_LIMIT, "attributes", OCT_POSITION_NONE,
                             "%zu attributes, no operator takes more than %d", oct_json_count(attributes),
                             OCT_OP_MAX_ATTRIBUTES);
    }
    for (size_t i = 0; i < oct_json_count(attributes); i++) {
        const char *name;
        const struct oct_json *value = oct_json_member(attributes, i, &name);
        enum oct_status status = read_attribute(reader, value, name, arguments);
        if (status != OCT_OK) {
            octi_path_prefix(reader->error, "attributes");
            return status;
        }
    }
    return OCT_OK;
}

enum oct_status octi_graph_read_node(struct octi_graph_reader *reader, const struct oct_json *object, size_t index)
{
    static const char *const keys[] = {"?name", "op", "inputs", "outputs", "?attributes", NULL};
    struct node_arguments arguments;
    arguments.n_inputs = arguments.n_outputs = arguments.n_attributes = arguments.n_integers = 0;
    const char *name = "", *op;
    enum oct_status status = octi_check_keys(object, keys, reader->error);
    if (status == OCT_OK && oct_json_get(object, "name") != NULL) {
        status = octi_get_string(object, "name", &name, reader->error);
    }
    if (status == OCT_OK) {
        status = octi_get_string(object, "op", &op, reader->error);
    }
    if (status == OCT_OK) {
        status = read_node_values(reader, object, &arguments);
    }
    if (status == OCT_OK) {
        status = read_attributes(reader, object, &arguments);
    }
    if (status != OCT_OK) {
        return octi_graph_reader_at(reader, status, "nodes", index);
    }
    status = oct_graph_add_node(reader->graph, name, op, arguments.inputs, arguments.n_inputs, arguments.attributes,
                                arguments.n_attributes, arguments.outputs, arguments.n_outputs, NULL, reader->error);
    return status == OCT_OK ? OCT_OK : octi_graph_reader_place(reader, status, "nodes", index);
}
