/// Any bytes as a model file. An input that begins with '{' is taken for the graph's text and put into a file with a
/// few tensors: a mutation of a whole file hardly ever gets past its header.
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "octet/octet.h"
#include "octet/proto/json.h"
#include "octet/proto/octet_file.h"

#define MAX_FILE_BYTES ((size_t)4 << 20)
#define BUDGET_BYTES   ((uint64_t)64 << 20) ///< of reading, many times what these files hold

static const char tensors[] = ",\"w.scales\":{\"dtype\":\"F64\",\"shape\":[3],\"data_offsets\":[0,24]},"
                              "\"w.zero_points\":{\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[24,48]},"
                              "\"b\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[48,60]},"
                              "\"g\":{\"dtype\":\"F32\",\"shape\":[1,4],\"data_offsets\":[60,76]},"
                              "\"w\":{\"dtype\":\"I8\",\"shape\":[3,4],\"data_offsets\":[76,88]},"
                              "\"k\":{\"dtype\":\"I8\",\"shape\":[3,2,2,1],\"data_offsets\":[88,100]}}";

static void wrap(const uint8_t *graph, size_t size, struct oct_buffer *file)
{
    static const double scales[3] = {0.5, 0.25, 1};
    uint8_t data[100] = {0};
    struct oct_buffer header;
    struct oct_json_writer writer;
    char *text = malloc(size + 1); // a NUL within ends it
    FUZZ_EXPECT(text != NULL);
    memcpy(text, graph, size);
    text[size] = '\0';
    memcpy(data, scales, sizeof scales);
    memset(data + 76, 0x31, 24);
    oct_buffer_init(&header, NULL, MAX_FILE_BYTES);
    oct_json_writer_init(&writer, &header, 0);
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "__metadata__");
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "octet");
    oct_json_string(&writer, text);
    oct_json_object_end(&writer);
    oct_json_object_end(&writer);
    FUZZ_EXPECT(oct_json_writer_finish(&writer) == OCT_OK);
    header.length--; // the tensors go before the closing brace
    FUZZ_EXPECT(oct_buffer_append(&header, tensors, sizeof tensors - 1) == OCT_OK);
    uint64_t length = header.length;
    FUZZ_EXPECT(oct_buffer_append(file, &length, sizeof length) == OCT_OK);
    FUZZ_EXPECT(oct_buffer_append(file, header.data, header.length) == OCT_OK);
    FUZZ_EXPECT(oct_buffer_append(file, data, sizeof data) == OCT_OK);
    oct_buffer_deinit(&header);
    free(text);
}

/// What was read is written, and reads back.
static void check_round_trip(const struct oct_octet_file *file, const struct oct_op_registry *registry)
{
    struct oct_buffer written, again;
    struct oct_octet_file *copy;
    struct oct_error error = OCT_ERROR_INIT;
    oct_buffer_init(&written, NULL, MAX_FILE_BYTES);
    oct_buffer_init(&again, NULL, MAX_FILE_BYTES);
    FUZZ_EXPECT(oct_octet_write(file, &written, &error) == OCT_OK);
    enum oct_status status = oct_octet_read(written.data, written.length, NULL, registry, &copy, &error);
    if (status != OCT_OK) {
        fprintf(stderr, "%s: %s: %s\n", oct_status_name(status), error.where, error.message);
    }
    FUZZ_EXPECT(status == OCT_OK);
    FUZZ_EXPECT(oct_octet_write(copy, &again, &error) == OCT_OK);
    FUZZ_EXPECT(written.length == again.length && memcmp(written.data, again.data, written.length) == 0);
    oct_octet_file_destroy(copy);
    oct_buffer_deinit(&written);
    oct_buffer_deinit(&again);
}

static void make_plan(const struct oct_graph *graph)
{
    struct oct_plan_options options = oct_plan_options_default();
    struct oct_plan *plan;
    struct oct_error error = OCT_ERROR_INIT;
    options.budget_bytes = BUDGET_BYTES;
    options.max_rows = 2;
    enum oct_status status = oct_plan_create(graph, &options, &plan, &error);
    FUZZ_EXPECT(status != OCT_ERR_INTERNAL);
    if (status == OCT_OK) {
        oct_plan_release(plan);
    } else {
        FUZZ_EXPECT(error.status == status);
    }
}

struct bytes {
    const uint8_t *data;
    size_t size;
};

// A source that nobody may ask for more than it has.
static enum oct_status read_bytes(void *context, uint64_t offset, void *bytes, size_t n_bytes, struct oct_error *error)
{
    const struct bytes *all = context;
    (void)error;
    FUZZ_EXPECT(offset <= all->size && n_bytes <= all->size - offset);
    memcpy(bytes, all->data + offset, n_bytes);
    return OCT_OK;
}

// Read piece by piece it is the same file.
static void
read_from(const uint8_t *data, size_t size, const struct oct_op_registry *registry, enum oct_status expected)
{
    struct bytes all = {data, size};
    const struct oct_constant_source source = {&all, read_bytes};
    struct oct_octet_file *file;
    struct oct_error error = OCT_ERROR_INIT;
    FUZZ_EXPECT(oct_octet_read_from(&source, size, NULL, registry, &file, &error) == expected);
    if (expected == OCT_OK) {
        make_plan(file->graph);
    }
    oct_octet_file_destroy(file);
}

static void read_file(const uint8_t *data, size_t size)
{
    struct oct_op_registry *registry;
    struct oct_budget budget;
    struct oct_octet_file *file;
    struct oct_error error = OCT_ERROR_INIT;
    FUZZ_EXPECT(oct_op_registry_create(NULL, &registry, NULL) == OCT_OK);
    oct_budget_init(&budget, NULL, BUDGET_BYTES);
    enum oct_status status = oct_octet_read(data, size, &budget.allocator, registry, &file, &error);
    FUZZ_EXPECT(status != OCT_ERR_NOMEM && status != OCT_ERR_INTERNAL);
    if (status == OCT_OK) {
        check_round_trip(file, registry);
        make_plan(file->graph);
    } else {
        FUZZ_EXPECT(file == NULL && error.status == status && error.message[0] != '\0');
        FUZZ_EXPECT(error.position <= (int64_t)size);
    }
    if (status != OCT_ERR_LIMIT) { // of the budget, which is for what is read whole
        read_from(data, size, registry, status);
    }
    oct_octet_file_destroy(file);
    FUZZ_EXPECT(budget.live_bytes == 0);
    oct_op_registry_destroy(registry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == '{' && size < MAX_FILE_BYTES / 8) {
        struct oct_buffer file;
        oct_buffer_init(&file, NULL, MAX_FILE_BYTES);
        wrap(data, size, &file);
        read_file(file.data, file.length);
        oct_buffer_deinit(&file);
    } else {
        read_file(data, size);
    }
    return 0;
}
