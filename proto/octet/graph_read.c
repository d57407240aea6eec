/// DESIGN. The reader trusts nothing but adds little of its own: it turns members into arguments of the graph builder,
/// which checks shapes, names, attributes and order. What is checked here is what the builder cannot see: types of
/// members, unknown members (a misspelling must not be ignored), and that a constant's tensor is in the file with the
/// dtype it should have.
#include "proto/octet/graph_reader.h"

static enum oct_status read_output(struct octi_graph_reader *reader, const struct oct_json *object, size_t index)
{
    static const char *const keys[] = {"name", "value", NULL};
    const char *name, *value;
    oct_value_id id = OCT_VALUE_NONE;
    enum oct_status status = octi_check_keys(object, keys, reader->error);
    if (status == OCT_OK) {
        status = octi_get_string(object, "name", &name, reader->error);
    }
    if (status == OCT_OK) {
        status = octi_get_string(object, "value", &value, reader->error);
    }
    if (status == OCT_OK) {
        id = oct_graph_find(reader->graph, value);
        if (id == OCT_VALUE_NONE) {
            status = oct_error_set(reader->error, OCT_ERR_INVALID, "value", OCT_POSITION_NONE,
                                   "'%.100s' is no graph input, constant or output of a node", value);
        }
    }
    if (status != OCT_OK) {
        return octi_graph_reader_at(reader, status, "outputs", index);
    }
    status = oct_graph_add_output(reader->graph, name, id, reader->error);
    return status == OCT_OK ? OCT_OK : octi_graph_reader_place(reader, status, "outputs", index);
}

static enum oct_status build(struct octi_graph_reader *reader, const struct oct_json *root)
{
    static const struct {
        const char *key;
        bool optional;
        size_t max;
        enum oct_status (*read)(struct octi_graph_reader *, const struct oct_json *, size_t);
    } parts[] = {
        {"inputs", false, OCT_GRAPH_MAX_INPUTS, octi_graph_read_input},
        {"constants", true, OCT_OCTET_MAX_TENSORS, octi_graph_read_constant},
        {"nodes", false, OCT_GRAPH_MAX_NODES, octi_graph_read_node},
        {"outputs", false, OCT_GRAPH_MAX_OUTPUTS, read_output},
    };
    for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++) {
        const struct oct_json *array;
        enum oct_status status =
            octi_get_array(root, parts[part].key, parts[part].optional, parts[part].max, &array, reader->error);
        for (size_t i = 0; status == OCT_OK && i < oct_json_count(array); i++) {
            status = parts[part].read(reader, oct_json_at(array, i), i);
        }
        if (status != OCT_OK) {
            return status;
        }
    }
    return oct_graph_finish(reader->graph, reader->error);
}

/// @param fixed_because  NULL: N stays symbolic
static enum oct_status build_fresh(struct octi_graph_reader *reader,
                                   const struct oct_json *root,
                                   const struct oct_op_registry *registry,
                                   const char *fixed_because)
{
    enum oct_status status = oct_graph_create(reader->allocator, registry, &reader->graph, reader->error);
    if (status != OCT_OK) {
        return status;
    }
    if (fixed_because != NULL) {
        oct_graph_fix_batch(reader->graph, 1, fixed_because);
    }
    status = build(reader, root);
    if (status != OCT_OK) {
        oct_graph_destroy(reader->graph);
        reader->graph = NULL;
    }
    return status;
}

enum oct_status octi_graph_read(const struct oct_json *root,
                                const struct octi_container *container,
                                const struct oct_allocator *allocator,
                                const struct oct_op_registry *registry,
                                struct oct_graph **graph,
                                struct oct_error *error)
{
    struct octi_graph_reader reader = {.container = container, .allocator = allocator, .error = error};
    enum oct_status status = build_fresh(&reader, root, registry, NULL);
    if (status != OCT_OK && status != OCT_ERR_NOMEM && status != OCT_ERR_IO && reader.has_batch) {
        // The first report stands unless N = 1 works: it speaks of the file as it was written.
        char reason[OCT_ERROR_MESSAGE_BYTES];
        struct oct_error second = OCT_ERROR_INIT;
        (void)oct_error_format(error, reason, sizeof reason);
        reader.error = &second;
        enum oct_status fixed = build_fresh(&reader, root, registry, reason);
        if (fixed == OCT_OK || fixed == OCT_ERR_NOMEM || fixed == OCT_ERR_IO) {
            *error = second;
            status = fixed;
        }
    }
    *graph = reader.graph;
    return status;
}
