#include "proto/octet/container.h"

#include "octet/proto/octet_file.h"

#include <stdlib.h>
#include <string.h>

#define LENGTH_BYTES     8
#define MIN_HEADER_BYTES ((size_t)2)

// A reader goes through scales, zero points, biases and small weights by turns.
#define N_WINDOWS 4

struct window {
    uint64_t begin; // in the file
    size_t n;       // bytes read
    uint8_t bytes[OCTI_CONTAINER_WINDOW];
};

struct octi_container_windows {
    size_t next; // to be given up
    struct window windows[N_WINDOWS];
};

struct reader {
    struct octi_json_scanner scanner;
    struct octi_container *container;
    size_t data_bytes; ///< after the header
    bool has_metadata;
};

static bool fail_at(struct reader *reader, enum oct_status status, size_t position, const char *message)
{
    return octi_json_fail(&reader->scanner, status, position, "%s", message);
}

static bool fail_here(struct reader *reader, enum oct_status status, const char *message)
{
    return fail_at(reader, status, octi_json_position(&reader->scanner), message);
}

static bool append(struct reader *reader, struct oct_buffer *buffer, const void *bytes, size_t n_bytes)
{
    enum oct_status status = oct_buffer_append(buffer, bytes, n_bytes);
    return status == OCT_OK || fail_here(reader, status, "no memory for the file's header");
}

static bool append_text(struct reader *reader, struct oct_buffer *buffer, const struct octi_json_text *text)
{
    enum oct_status status = oct_buffer_reserve(buffer, text->n_bytes + 1);
    if (status != OCT_OK) {
        return fail_here(reader, status, "no memory for the file's header");
    }
    octi_json_unescape(text, (char *)buffer->data + buffer->length);
    buffer->length += text->n_bytes;
    buffer->data[buffer->length++] = '\0';
    return true;
}

// ------------------------------------------------------------------------------------------------------ metadata

static bool read_metadata(struct reader *reader)
{
    struct octi_json_scanner *scanner = &reader->scanner;
    struct octi_container *container = reader->container;
    struct octi_json_text key, value;
    if (reader->has_metadata) {
        return fail_here(reader, OCT_ERR_CORRUPT, "__metadata__ stands twice");
    }
    reader->has_metadata = true;
    if (!octi_json_object_open(scanner)) {
        return false;
    }
    while (octi_json_object_next(scanner, &key)) {
        if (!octi_json_scan_text(scanner, &value)) {
            return false;
        }
        if (!octi_json_text_is(&key, "octet")) {
            continue;
        }
        if (container->graph != NULL) {
            return fail_at(reader, OCT_ERR_CORRUPT, key.position, "__metadata__.octet stands twice");
        }
        if (value.n_bytes > OCT_OCTET_MAX_GRAPH_BYTES) {
            return octi_json_fail(scanner, OCT_ERR_LIMIT, value.position,
                                  "the graph has %zu bytes, at most %zu are read", value.n_bytes,
                                  OCT_OCTET_MAX_GRAPH_BYTES);
        }
        if (!append_text(reader, &container->graph_memory, &value)) {
            return false;
        }
        container->graph = (const char *)container->graph_memory.data;
        container->graph_bytes = value.n_bytes;
        container->graph_source = value;
    }
    return scanner->status == OCT_OK;
}

// ------------------------------------------------------------------------------------------------------- tensors

static bool read_name(struct reader *reader, const struct octi_json_text *key, struct octi_container_tensor *tensor)
{
    struct oct_buffer *names = &reader->container->name_memory;
    if (key->n_bytes == 0 || key->n_bytes > OCT_GRAPH_MAX_NAME_BYTES) {
        return octi_json_fail(&reader->scanner, OCT_ERR_CORRUPT, key->position,
                              "a tensor's name has 1 to %d bytes, this one %zu", OCT_GRAPH_MAX_NAME_BYTES,
                              key->n_bytes);
    }
    tensor->name_offset = names->length;
    if (!append_text(reader, names, key)) {
        return false;
    }
    for (size_t i = tensor->name_offset; i < names->length - 1; i++) {
        if (names->data[i] < 0x20 || names->data[i] == 0x7F) {
            return fail_at(reader, OCT_ERR_CORRUPT, key->position, "a control character in a tensor's name");
        }
    }
    return true;
}

static bool read_storage(struct reader *reader, struct octi_container_tensor *tensor)
{
    struct octi_json_text text;
    if (!octi_json_scan_text(&reader->scanner, &text)) {
        return false;
    }
    for (int i = 0; i < OCTI_STORAGE_COUNT; i++) {
        if (octi_json_text_is(&text, octi_storage_name((enum octi_storage)i))) {
            tensor->storage = (enum octi_storage)i;
            return true;
        }
    }
    return octi_json_fail(&reader->scanner, OCT_ERR_UNSUPPORTED, text.position,
                          "dtype '%.*s': there are F64, F32, I64, I32, I16, I8, U8, BOOL",
                          (int)(text.raw_bytes < 16 ? text.raw_bytes : 16), (const char *)text.raw);
}

static bool read_shape(struct reader *reader, struct oct_shape *shape)
{
    struct octi_json_scanner *scanner = &reader->scanner;
    if (!octi_json_array_open(scanner)) {
        return false;
    }
    while (octi_json_array_next(scanner)) {
        if (shape->rank == OCT_MAX_RANK) {
            return fail_here(reader, OCT_ERR_LIMIT, "more than 8 dimensions");
        }
        int64_t dim;
        if (!octi_json_scan_int64(scanner, &dim)) {
            return false;
        }
        if (dim < 0) {
            return fail_here(reader, OCT_ERR_CORRUPT, "a negative dimension");
        }
        shape->dims[shape->rank++] = dim;
    }
    return scanner->status == OCT_OK;
}

static bool read_offsets(struct reader *reader, struct octi_container_tensor *tensor)
{
    struct octi_json_scanner *scanner = &reader->scanner;
    int64_t offsets[2];
    size_t n = 0;
    if (!octi_json_array_open(scanner)) {
        return false;
    }
    while (octi_json_array_next(scanner)) {
        if (n == 2) {
            return fail_here(reader, OCT_ERR_CORRUPT, "data_offsets has two elements");
        }
        if (!octi_json_scan_int64(scanner, &offsets[n++])) {
            return false;
        }
    }
    if (scanner->status != OCT_OK) {
        return false;
    }
    if (n != 2 || offsets[0] < 0 || offsets[0] > offsets[1]) {
        return fail_here(reader, OCT_ERR_CORRUPT, "data_offsets are [begin, end] with 0 <= begin <= end");
    }
    if ((uint64_t)offsets[1] > reader->data_bytes) {
        return octi_json_fail(scanner, OCT_ERR_CORRUPT, octi_json_position(scanner),
                              "data_offsets end at %lld, but the file has %zu bytes of data", (long long)offsets[1],
                              reader->data_bytes);
    }
    tensor->begin = (size_t)offsets[0];
    tensor->end = (size_t)offsets[1];
    return true;
}

static bool check_size(struct reader *reader, const struct octi_container_tensor *tensor)
{
    int64_t n_elements, n_bytes;
    if (oct_shape_elements(&tensor->shape, 1, &n_elements) != OCT_OK ||
        __builtin_mul_overflow(n_elements, (int64_t)octi_storage_bytes(tensor->storage), &n_bytes)) {
        return fail_at(reader, OCT_ERR_CORRUPT, tensor->position,
                       "the shape has more elements than any memory can hold");
    }
    if ((uint64_t)n_bytes != tensor->end - tensor->begin) {
        return octi_json_fail(&reader->scanner, OCT_ERR_CORRUPT, tensor->position,
                              "the shape asks for %lld bytes, data_offsets give %zu", (long long)n_bytes,
                              tensor->end - tensor->begin);
    }
    return true;
}

static bool read_entry(struct reader *reader, const struct octi_json_text *key)
{
    static const char *const members[] = {"dtype", "shape", "data_offsets"};
    struct octi_json_scanner *scanner = &reader->scanner;
    struct octi_container_tensor tensor = {.position = key->position};
    struct octi_json_text member;
    unsigned seen = 0;
    if (!read_name(reader, key, &tensor) || !octi_json_object_open(scanner)) {
        return false;
    }
    while (octi_json_object_next(scanner, &member)) {
        unsigned which = 0;
        while (which < 3 && !octi_json_text_is(&member, members[which])) {
            which++;
        }
        if (which == 3 || (seen & 1u << which) != 0) {
            return fail_at(reader, OCT_ERR_CORRUPT, member.position,
                           "expected dtype, shape and data_offsets, once each");
        }
        seen |= 1u << which;
        bool read = which == 0   ? read_storage(reader, &tensor)
                    : which == 1 ? read_shape(reader, &tensor.shape)
                                 : read_offsets(reader, &tensor);
        if (!read) {
            return false;
        }
    }
    if (scanner->status == OCT_OK && seen != 7) {
        return fail_at(reader, OCT_ERR_CORRUPT, key->position, "expected dtype, shape and data_offsets, once each");
    }
    if (scanner->status != OCT_OK || !check_size(reader, &tensor)) {
        return false;
    }
    if (reader->container->n_tensors == OCT_OCTET_MAX_TENSORS) {
        return fail_at(reader, OCT_ERR_LIMIT, key->position, "more than 65536 tensors");
    }
    reader->container->n_tensors++;
    return append(reader, &reader->container->tensor_memory, &tensor, sizeof tensor);
}

static bool read_header(struct reader *reader)
{
    struct octi_json_scanner *scanner = &reader->scanner;
    struct octi_json_text key;
    if (*scanner->at != '{') { // safetensors allows no white space in front
        return fail_here(reader, OCT_ERR_CORRUPT, "the header begins with '{'; is this a safetensors file?");
    }
    if (!octi_json_object_open(scanner)) {
        return false;
    }
    while (octi_json_object_next(scanner, &key)) {
        if (!(octi_json_text_is(&key, "__metadata__") ? read_metadata(reader) : read_entry(reader, &key))) {
            return false;
        }
    }
    return octi_json_scan_end(scanner);
}

// --------------------------------------------------------------------------------------------------- the whole

static int by_place(const void *left, const void *right)
{
    const struct octi_container_tensor *a = left, *b = right;
    if (a->begin != b->begin) {
        return a->begin < b->begin ? -1 : 1;
    }
    return a->end < b->end ? -1 : a->end > b->end;
}

static int by_name(const void *left, const void *right)
{
    const struct octi_container_tensor *a = left, *b = right;
    return strcmp(a->name, b->name);
}

/// Every byte of the data belongs to exactly one tensor.
static bool check_coverage(struct reader *reader)
{
    struct octi_container *container = reader->container;
    size_t covered = 0;
    if (container->n_tensors > 0) {
        qsort(container->tensors, container->n_tensors, sizeof container->tensors[0], by_place);
    }
    for (size_t i = 0; i < container->n_tensors; i++) {
        const struct octi_container_tensor *tensor = &container->tensors[i];
        if (tensor->begin != covered) {
            return octi_json_fail(
                &reader->scanner, OCT_ERR_CORRUPT, tensor->position,
                "tensor '%s' begins at byte %zu of the data, %s byte %zu", tensor->name, tensor->begin,
                tensor->begin < covered ? "overlapping another that ends at" : "leaving a hole from", covered);
        }
        covered = tensor->end;
    }
    if (covered != reader->data_bytes) {
        return octi_json_fail(&reader->scanner, OCT_ERR_CORRUPT, octi_json_position(&reader->scanner) + covered,
                              "the tensors end at byte %zu of the data, the file goes on to byte %zu", covered,
                              reader->data_bytes);
    }
    return true;
}

static bool check_names(struct reader *reader)
{
    struct octi_container *container = reader->container;
    if (container->n_tensors > 0) {
        qsort(container->tensors, container->n_tensors, sizeof container->tensors[0], by_name);
    }
    for (size_t i = 1; i < container->n_tensors; i++) {
        const struct octi_container_tensor *a = &container->tensors[i - 1], *b = &container->tensors[i];
        if (strcmp(a->name, b->name) == 0) {
            return octi_json_fail(&reader->scanner, OCT_ERR_CORRUPT,
                                  a->position > b->position ? a->position : b->position, "tensor '%s' stands twice",
                                  a->name);
        }
    }
    return true;
}

/// Length of the header that a file of n_bytes bytes, LENGTH_BYTES at least, begins with.
static enum oct_status
header_length(const uint8_t *bytes, uint64_t n_bytes, size_t *header_bytes, struct oct_error *error)
{
    uint64_t length;
    memcpy(&length, bytes, sizeof length);
    if (length > OCT_OCTET_MAX_HEADER_BYTES && length <= n_bytes - LENGTH_BYTES) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, 0, "a header of %llu bytes, at most %zu are read",
                             (unsigned long long)length, OCT_OCTET_MAX_HEADER_BYTES);
    }
    if (length < MIN_HEADER_BYTES || length > n_bytes - LENGTH_BYTES) {
        return oct_error_set(error, OCT_ERR_CORRUPT, NULL, 0,
                             "the first 8 bytes give a header of %llu bytes, the file has %llu after them: not a "
                             ".octet file, or cut short",
                             (unsigned long long)length, (unsigned long long)(n_bytes - LENGTH_BYTES));
    }
    *header_bytes = (size_t)length;
    return OCT_OK;
}

static void begin(struct octi_container *container, const struct oct_allocator *allocator)
{
    *container = (struct octi_container){.n_tensors = 0};
    oct_buffer_init(&container->tensor_memory, allocator, OCT_OCTET_MAX_TENSORS * sizeof *container->tensors);
    // No more than the header's own bytes, a terminator for each name, and the graph's.
    oct_buffer_init(&container->name_memory, allocator, OCT_OCTET_MAX_HEADER_BYTES + OCT_OCTET_MAX_TENSORS);
    oct_buffer_init(&container->graph_memory, allocator, OCT_OCTET_MAX_GRAPH_BYTES + 1);
    oct_buffer_init(&container->header_memory, allocator, OCT_OCTET_MAX_HEADER_BYTES);
}

static enum oct_status check_size_of_file(uint64_t n_bytes, struct oct_error *error)
{
    return n_bytes >= LENGTH_BYTES + MIN_HEADER_BYTES && n_bytes <= SIZE_MAX
               ? OCT_OK
               : oct_error_set(error, OCT_ERR_CORRUPT, NULL, (int64_t)n_bytes,
                               "%llu bytes are too short for a .octet file", (unsigned long long)n_bytes);
}

/// @param data  what is behind the header, or NULL
static enum oct_status read_container(struct octi_container *container,
                                      const uint8_t *header,
                                      size_t length,
                                      const uint8_t *data,
                                      uint64_t n_bytes,
                                      struct oct_error *error)
{
    struct reader reader = {.container = container, .data_bytes = (size_t)n_bytes - LENGTH_BYTES - length};
    octi_json_scan_init(&reader.scanner, header, length, LENGTH_BYTES, error);
    reader.scanner.wrong_type = OCT_ERR_CORRUPT;
    if (!read_header(&reader)) {
        return reader.scanner.status;
    }
    container->tensors = (struct octi_container_tensor *)(void *)container->tensor_memory.data;
    for (size_t i = 0; i < container->n_tensors; i++) {
        struct octi_container_tensor *tensor = &container->tensors[i];
        tensor->name = (const char *)container->name_memory.data + tensor->name_offset;
        tensor->data = data != NULL ? data + tensor->begin : NULL;
        tensor->offset = LENGTH_BYTES + length + tensor->begin;
        tensor->n_bytes = tensor->end - tensor->begin;
    }
    if (!check_coverage(&reader) || !check_names(&reader)) {
        return reader.scanner.status;
    }
    return OCT_OK;
}

enum oct_status octi_container_init(struct octi_container *container,
                                    const void *bytes,
                                    size_t n_bytes,
                                    const struct oct_allocator *allocator,
                                    struct oct_error *error)
{
    size_t length = 0;
    begin(container, allocator);
    enum oct_status status = check_size_of_file(n_bytes, error);
    if (status == OCT_OK) {
        status = header_length(bytes, n_bytes, &length, error);
    }
    if (status != OCT_OK) {
        return status;
    }
    const uint8_t *header = (const uint8_t *)bytes + LENGTH_BYTES;
    return read_container(container, header, length, header + length, n_bytes, error);
}

enum oct_status octi_container_init_from(struct octi_container *container,
                                         const struct oct_constant_source *source,
                                         uint64_t n_bytes,
                                         const struct oct_allocator *allocator,
                                         struct oct_error *error)
{
    size_t length = 0;
    uint8_t first[LENGTH_BYTES];
    begin(container, allocator);
    container->source = source;
    container->n_bytes = n_bytes;
    container->allocator = allocator != NULL ? allocator : oct_allocator_default();
    container->windows =
        container->allocator->allocate(container->allocator->context, sizeof *container->windows, OCT_ALIGN);
    if (container->windows == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the file's tensors");
    }
    container->windows->next = 0;
    for (size_t i = 0; i < N_WINDOWS; i++) {
        container->windows->windows[i].begin = 0;
        container->windows->windows[i].n = 0;
    }
    enum oct_status status = check_size_of_file(n_bytes, error);
    if (status == OCT_OK) {
        status = source->read(source->context, 0, first, LENGTH_BYTES, error);
    }
    if (status == OCT_OK) {
        status = header_length(first, n_bytes, &length, error);
    }
    if (status == OCT_OK) {
        status = oct_buffer_reserve(&container->header_memory, length);
        status = status == OCT_OK
                     ? source->read(source->context, LENGTH_BYTES, container->header_memory.data, length, error)
                     : oct_error_set(error, status, NULL, OCT_POSITION_NONE, "no memory for the file's header");
    }
    if (status != OCT_OK) {
        return status;
    }
    return read_container(container, container->header_memory.data, length, NULL, n_bytes, error);
}

static bool holds(const struct window *window, const struct octi_container_tensor *tensor)
{
    return tensor->offset >= window->begin && tensor->offset + tensor->n_bytes <= window->begin + window->n;
}

// A window that begins with the tensor, which no other has.
static enum oct_status
open_window(const struct octi_container *container, uint64_t begin, struct window **opened, struct oct_error *error)
{
    struct window *window = &container->windows->windows[container->windows->next];
    const uint64_t left = container->n_bytes - begin;
    const size_t n = left < OCTI_CONTAINER_WINDOW ? (size_t)left : OCTI_CONTAINER_WINDOW;
    container->windows->next = (container->windows->next + 1) % N_WINDOWS;
    window->begin = begin;
    window->n = 0;
    enum oct_status status = container->source->read(container->source->context, begin, window->bytes, n, error);
    if (status == OCT_OK) {
        window->n = n;
        *opened = window;
    }
    return status;
}

enum oct_status octi_container_peek(const struct octi_container *container,
                                    const struct octi_container_tensor *tensor,
                                    const uint8_t **bytes,
                                    struct oct_error *error)
{
    *bytes = tensor->data;
    if (container->source == NULL) {
        return OCT_OK;
    }
    struct window *window = NULL;
    for (size_t i = 0; i < N_WINDOWS && window == NULL; i++) {
        window = holds(&container->windows->windows[i], tensor) ? &container->windows->windows[i] : NULL;
    }
    enum oct_status status = window != NULL ? OCT_OK : open_window(container, tensor->offset, &window, error);
    if (status == OCT_OK) {
        *bytes = window->bytes + (tensor->offset - window->begin);
    }
    return status;
}

enum oct_status octi_container_copy(const struct octi_container *container,
                                    const struct octi_container_tensor *tensor,
                                    void *bytes,
                                    struct oct_error *error)
{
    if (container->source != NULL && tensor->n_bytes > OCTI_CONTAINER_WINDOW) {
        return container->source->read(container->source->context, tensor->offset, bytes, tensor->n_bytes, error);
    }
    const uint8_t *from;
    enum oct_status status = octi_container_peek(container, tensor, &from, error);
    if (status == OCT_OK && tensor->n_bytes > 0) {
        memcpy(bytes, from, tensor->n_bytes);
    }
    return status;
}

void octi_container_deinit(struct octi_container *container)
{
    oct_buffer_deinit(&container->tensor_memory);
    oct_buffer_deinit(&container->name_memory);
    oct_buffer_deinit(&container->graph_memory);
    oct_buffer_deinit(&container->header_memory);
    if (container->windows != NULL) {
        container->allocator->release(container->allocator->context, container->windows, sizeof *container->windows);
    }
    *container = (struct octi_container){.n_tensors = 0};
}

const struct octi_container_tensor *octi_container_find(const struct octi_container *container, const char *name)
{
    struct octi_container_tensor wanted = {.name = name};
    return container->n_tensors == 0
               ? NULL
               : bsearch(&wanted, container->tensors, container->n_tensors, sizeof wanted, by_name);
}
