#include "proto/octet/graph_json.h"

#include "proto/json/path.h"

#include <string.h>

/// A position in the graph's text becomes one in the file, whose header has that text as an escaped string.
static void move_position(const struct octi_container *container, struct oct_error *error)
{
    octi_path_prefix(error, "__metadata__.octet");
    if (error->position >= 0) {
        const struct octi_json_text *source = &container->graph_source;
        error->position = (int64_t)(source->position + octi_json_raw_offset(source, (size_t)error->position));
    }
}

static char *copy_text(const struct oct_allocator *allocator, const char *text)
{
    size_t n_bytes = strlen(text) + 1;
    char *copy = allocator->allocate(allocator->context, n_bytes, OCT_ALIGN);
    if (copy != NULL) {
        memcpy(copy, text, n_bytes);
    }
    return copy;
}

/// A string of at most OCTI_OCTET_MAX_TEXT_BYTES, copied.
static enum oct_status
read_text(const struct oct_json *value, struct oct_octet_file *file, char **out, struct oct_error *error)
{
    const char *text;
    size_t length;
    if (!oct_json_is_string(value, &text, &length)) {
        return octi_fail_type(value, NULL, "a string", error);
    }
    if (length > OCTI_OCTET_MAX_TEXT_BYTES) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "%zu bytes, at most %d are read", length,
                             OCTI_OCTET_MAX_TEXT_BYTES);
    }
    *out = copy_text(file->allocator, text);
    return *out != NULL ? OCT_OK : oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for a text");
}

static enum oct_status read_producer(const struct oct_json *root, struct oct_octet_file *file, struct oct_error *error)
{
    const struct oct_json *value = oct_json_get(root, "producer");
    if (value == NULL) {
        file->producer = copy_text(file->allocator, "");
        return file->producer != NULL
                   ? OCT_OK
                   : oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for a text");
    }
    enum oct_status status = read_text(value, file, &file->producer, error);
    if (status != OCT_OK) {
        octi_path_prefix(error, "producer");
    }
    return status;
}

/// One label per class: the first output's last dimension.
static enum oct_status
check_label_count(const struct oct_json *labels, const struct oct_octet_file *file, struct oct_error *error)
{
    struct oct_value_info output = oct_graph_value(file->graph, oct_graph_output(file->graph, 0));
    const struct oct_shape *shape = &output.desc.shape;
    int64_t n_classes = shape->rank > 0 ? shape->dims[shape->rank - 1] : 1;
    size_t n_labels = oct_json_count(labels);
    if (n_labels > OCTI_OCTET_MAX_LABELS) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "%zu labels, at most %d are read", n_labels,
                             OCTI_OCTET_MAX_LABELS);
    }
    if ((int64_t)n_labels != n_classes) {
        return oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE,
                             "%zu labels, the last dimension of the first output is %lld", n_labels,
                             (long long)n_classes);
    }
    return OCT_OK;
}

static enum oct_status
read_label_array(const struct oct_json *labels, struct oct_octet_file *file, struct oct_error *error)
{
    if (oct_json_type(labels) != OCT_JSON_ARRAY) {
        return octi_fail_type(labels, NULL, "an array", error);
    }
    enum oct_status status = check_label_count(labels, file, error);
    if (status != OCT_OK || oct_json_count(labels) == 0) {
        return status;
    }
    size_t n_bytes = oct_json_count(labels) * sizeof *file->labels;
    file->labels = file->allocator->allocate(file->allocator->context, n_bytes, OCT_ALIGN);
    if (file->labels == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the labels");
    }
    memset(file->labels, 0, n_bytes);
    file->n_labels = oct_json_count(labels);
    for (size_t i = 0; i < file->n_labels && status == OCT_OK; i++) {
        status = read_text(oct_json_at(labels, i), file, &file->labels[i], error);
        if (status != OCT_OK) {
            octi_path_prefix(error, "[%zu]", i);
        }
    }
    return status;
}

static enum oct_status read_labels(const struct oct_json *root, struct oct_octet_file *file, struct oct_error *error)
{
    const struct oct_json *labels = oct_json_get(root, "labels");
    enum oct_status status = labels != NULL ? read_label_array(labels, file, error) : OCT_OK;
    if (status != OCT_OK) {
        octi_path_prefix(error, "labels");
    }
    return status;
}

static enum oct_status check_version(const struct oct_json *root, struct oct_error *error)
{
    const struct oct_json *value = oct_json_get(root, "format_version");
    int64_t version;
    if (!oct_json_is_integer(value, &version)) {
        return octi_fail_type(value, "format_version", "an integer", error);
    }
    if (version != OCT_OCTET_FORMAT_VERSION) {
        return oct_error_set(error, OCT_ERR_UNSUPPORTED, "format_version", OCT_POSITION_NONE,
                             "version %lld, this reader knows %d", (long long)version, OCT_OCTET_FORMAT_VERSION);
    }
    return OCT_OK;
}

static enum oct_status read_root(const struct oct_json *root,
                                 const struct octi_container *container,
                                 const struct oct_op_registry *registry,
                                 struct oct_octet_file *file,
                                 struct oct_error *error)
{
    static const char *const keys[] = {"format_version", "?producer", "inputs",  "?constants", "nodes",
                                       "outputs",        "?labels",   "?golden", NULL};
    if (oct_json_type(root) != OCT_JSON_OBJECT) {
        return octi_fail_type(root, NULL, "an object", error);
    }
    // The version first: a later one may have members that this reader does not know.
    enum oct_status status = check_version(root, error);
    if (status == OCT_OK) {
        status = octi_check_keys(root, keys, error);
    }
    if (status == OCT_OK) {
        status = read_producer(root, file, error);
    }
    if (status == OCT_OK) {
        status = octi_graph_read(root, container, file->allocator, registry, &file->graph, error);
    }
    if (status == OCT_OK) {
        status = read_labels(root, file, error);
    }
    return status == OCT_OK ? octi_golden_read(oct_json_get(root, "golden"), container, file, error) : status;
}

static enum oct_status read_graph_text(const struct octi_container *container,
                                       const struct oct_op_registry *registry,
                                       struct oct_octet_file *file,
                                       struct oct_error *error)
{
    struct oct_json_document *document;
    if (container->graph == NULL) {
        return oct_error_set(error, OCT_ERR_CORRUPT, "__metadata__.octet", OCT_POSITION_NONE,
                             "missing: a safetensors file, but not a .octet model");
    }
    enum oct_status status =
        oct_json_parse(container->graph, container->graph_bytes, OCT_OCTET_MAX_GRAPH_BYTES, &document, error);
    if (status != OCT_OK) {
        move_position(container, error);
        return status;
    }
    status = read_root(oct_json_root(document), container, registry, file, error);
    oct_json_destroy(document);
    return status;
}

/// @param source  NULL: the file is in `bytes`
static enum oct_status read_file(const void *bytes,
                                 const struct oct_constant_source *source,
                                 uint64_t n_bytes,
                                 const struct oct_allocator *allocator,
                                 const struct oct_op_registry *registry,
                                 struct oct_octet_file **file,
                                 struct oct_error *error)
{
    *file = NULL;
    allocator = allocator != NULL ? allocator : oct_allocator_default();
    struct oct_error report = OCT_ERROR_INIT; // reading goes by it: paths, the second attempt at a graph
    struct octi_container container;
    struct oct_octet_file *made = NULL;
    enum oct_status status = source != NULL
                                 ? octi_container_init_from(&container, source, n_bytes, allocator, &report)
                                 : octi_container_init(&container, bytes, (size_t)n_bytes, allocator, &report);
    if (status == OCT_OK) {
        made = allocator->allocate(allocator->context, sizeof *made, OCT_ALIGN);
        if (made == NULL) {
            status = oct_error_set(&report, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the model");
        }
    }
    if (status == OCT_OK) {
        *made = (struct oct_octet_file){.allocator = allocator};
        status = read_graph_text(&container, registry, made, &report);
    }
    octi_container_deinit(&container);
    if (status == OCT_OK) {
        *file = made;
        return OCT_OK;
    }
    oct_octet_file_destroy(made);
    if (error != NULL && error->status == OCT_OK) {
        *error = report;
    }
    return status;
}

enum oct_status oct_octet_read(const void *bytes,
                               size_t n_bytes,
                               const struct oct_allocator *allocator,
                               const struct oct_op_registry *registry,
                               struct oct_octet_file **file,
                               struct oct_error *error)
{
    return read_file(bytes, NULL, n_bytes, allocator, registry, file, error);
}

enum oct_status oct_octet_read_from(const struct oct_constant_source *source,
                                    uint64_t n_bytes,
                                    const struct oct_allocator *allocator,
                                    const struct oct_op_registry *registry,
                                    struct oct_octet_file **file,
                                    struct oct_error *error)
{
    return read_file(NULL, source, n_bytes, allocator, registry, file, error);
}

static void release_text(const struct oct_allocator *allocator, char *text)
{
    if (text != NULL) {
        allocator->release(allocator->context, text, strlen(text) + 1);
    }
}

void oct_octet_file_destroy(struct oct_octet_file *file)
{
    if (file == NULL) {
        return;
    }
    const struct oct_allocator *allocator = file->allocator;
    octi_golden_deinit(file);
    for (size_t i = 0; i < file->n_labels; i++) {
        release_text(allocator, file->labels[i]);
    }
    allocator->release(allocator->context, file->labels, file->n_labels * sizeof *file->labels);
    release_text(allocator, file->producer);
    oct_graph_destroy(file->graph);
    allocator->release(allocator->context, file, sizeof *file);
}
