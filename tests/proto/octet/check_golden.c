#include <stdio.h>
#include <string.h>

#include "octet/proto/octet_file.h"
#include "tests/support/oct_check.h"
#include "tests/support/octet_builder.h"

#define GRAPH_BYTES 8192
#define DIGEST      "0123456789abcdefABCDEF00000000000000000000000000000000000000ffff"

static struct oct_op_registry *new_registry(void)
{
    struct oct_op_registry *registry;
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    return registry;
}

START_TEST(golden_rows_are_read_and_held_against_the_inputs)
{
    static const struct {
        const char *golden;
        enum oct_status status;
        const char *says;
    } cases[] = {
        {"{'inputs':{'x':'g'},'outputs_sha256':{'y':'" DIGEST "'}}", OCT_OK, ""},
        {"{'inputs':{'x':'w'},'outputs_sha256':{'y':'" DIGEST "'}}", OCT_ERR_INVALID, "golden.inputs.x"},
        {"{'inputs':{'x':'gone'},'outputs_sha256':{'y':'" DIGEST "'}}", OCT_ERR_INVALID, "no tensor 'gone'"},
        {"{'inputs':{'z':'g'},'outputs_sha256':{'y':'" DIGEST "'}}", OCT_ERR_INVALID, "missing"},
        {"{'inputs':{},'outputs_sha256':{'y':'" DIGEST "'}}", OCT_ERR_INVALID, "golden.inputs"},
        {"{'inputs':{'x':'g'},'outputs_sha256':{'y':'12'}}", OCT_ERR_INVALID, "golden.outputs_sha256.y"},
        {"{'inputs':{'x':'g'},'outputs_sha256':{'y':7}}", OCT_ERR_INVALID, "golden.outputs_sha256.y"},
        {"{'inputs':{'x':'g'}}", OCT_ERR_INVALID, "golden.outputs_sha256"},
        {"{'inputs':{'x':'g'},'outputs_sha256':{'y':'" DIGEST "'},'more':1}", OCT_ERR_INVALID, "'more'"},
        {"7", OCT_ERR_INVALID, "golden"},
    };
    static const float rows[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct oct_op_registry *registry = new_registry();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char graph[GRAPH_BYTES], extra[512];
        struct oct_octet_builder builder;
        struct oct_buffer bytes;
        struct oct_octet_file *file;
        struct oct_error error = OCT_ERROR_INIT;
        snprintf(extra, sizeof extra, ",'golden':%s", cases[i].golden);
        snprintf(graph, sizeof graph, OCT_OCTET_SAMPLE_GRAPH, extra);
        oct_octet_builder_init(&builder);
        oct_octet_sample_tensors(&builder);
        oct_octet_builder_add(&builder, "g", "F32", "[2,4]", rows, sizeof rows);
        oct_octet_builder_finish(&builder, graph, &bytes);
        ck_assert_status(cases[i].status, oct_octet_read(bytes.data, bytes.length, NULL, registry, &file, &error));
        ck_assert_error_says(&error, cases[i].says);
        if (cases[i].status == OCT_OK) {
            ck_assert(file->golden.present);
            ck_assert_int_eq(file->golden.rows, 2);
            ck_assert_uint_eq(file->golden.input_bytes[0], sizeof rows);
            ck_assert_mem_eq(file->golden.inputs[0], rows, sizeof rows);
            ck_assert_uint_eq(file->golden.output_sha256[0][0], 0x01);
            ck_assert_uint_eq(file->golden.output_sha256[0][8], 0xAB);
            ck_assert_uint_eq(file->golden.output_sha256[0][31], 0xFF);
        }
        oct_octet_file_destroy(file);
        oct_buffer_deinit(&bytes);
        oct_octet_builder_deinit(&builder);
    }
    oct_op_registry_destroy(registry);
}
END_TEST

static void add(Suite *suite)
{
    TCase *golden = oct_case(suite, "golden rows");
    tcase_add_test(golden, golden_rows_are_read_and_held_against_the_inputs);
}

OCT_CHECK_MAIN("proto/octet/golden", add)
