#include <stdio.h>
#include <string.h>

#include "octet/proto/octet_file.h"
#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"
#include "tests/support/octet_builder.h"

#define MAX_FILE_BYTES ((size_t)1 << 20)
#define DIGEST         "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/// A sample with golden rows and labels, and one with every kind of attribute, parameter and name collision.
static void build(int which, struct oct_buffer *bytes)
{
    static const float rows[8] = {1, -2, 3.5f, 0.25f, 5, 6, 7, 8};
    struct oct_octet_builder builder;
    char graph[8192];
    oct_octet_builder_init(&builder);
    oct_octet_sample_tensors(&builder);
    if (which == 0) {
        oct_octet_builder_add(&builder, "g", "F32", "[2,4]", rows, sizeof rows);
        snprintf(graph, sizeof graph, OCT_OCTET_SAMPLE_GRAPH,
                 ",'labels':['a','b\\n','\xC3\xA9'],'golden':{'inputs':{'x':'g'},'outputs_sha256':{'y':'" DIGEST "'}}");
    } else {
        static const uint8_t image[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
        oct_octet_builder_add(&builder, "p", "U8", "[1,1,4,4]", image, sizeof image);
        snprintf(
            graph, sizeof graph, "%s",
            "{'format_version':1,'inputs':["
            "{'name':'img','dtype':'quint8','shape':['N',1,4,4],'scale':0.1,'zero_point':7},"
            "{'name':'x','dtype':'float32','shape':['N',4]}],"
            "'constants':[{'name':'w','dtype':'qint8','qscheme':'per_channel_affine','axis':0,'scales':'w.scales','"
            "zero_points':'w.zero_points'},"
            "{'name':'w.scales','dtype':'float64'},"
            "{'name':'p','dtype':'quint8','qscheme':'per_tensor_affine','scale':0.30000000000000004,'zero_point':255}],"
            "'nodes':[{'name':'pool','op':'aten::max_pool2d','inputs':['img'],'outputs':['m'],"
            "'attributes':{'kernel_size':[2,2],'stride':null,'ceil_mode':true,'padding':0}},"
            "{'op':'quantized::add','inputs':['m','m'],'outputs':['s'],'attributes':{'scale':1e-3,'zero_point':0}},"
            "{'op':'aten::quantize_per_tensor','inputs':['x'],'outputs':['xq'],'attributes':{'scale':1,'zero_point':1,'"
            "dtype':'quint8'}},"
            "{'op':'quantized::linear','inputs':['xq','w'],'outputs':['h'],'attributes':{'Y_scale_i':0.05,'Y_zero_"
            "point_i':100}}],"
            "'outputs':[{'name':'s','value':'s'},{'name':'again','value':'s'},{'name':'h','value':'h'},{'name':'p','"
            "value':'p'}]}");
    }
    oct_octet_builder_finish(&builder, graph, bytes);
    oct_octet_builder_deinit(&builder);
}

static void assert_same_desc(const struct oct_tensor_desc *a, const struct oct_tensor_desc *b)
{
    ck_assert_int_eq(a->dtype, b->dtype);
    ck_assert(oct_shape_equal(&a->shape, &b->shape));
    ck_assert(oct_qparams_equal(&a->qparams, &b->qparams));
}

static void assert_same_attributes(const struct oct_node_info *a, const struct oct_node_info *b)
{
    for (size_t i = 0; a->op->attributes[i].name != NULL; i++) {
        const struct oct_attribute *left = &a->attributes[i], *right = &b->attributes[i];
        ck_assert_int_eq(left->present, right->present);
        if (!left->present) {
            continue;
        }
        ck_assert_int_eq(left->type, right->type);
        ck_assert_int_eq(left->integer, right->integer);
        ck_assert(left->number == right->number);
        ck_assert_uint_eq(left->count, right->count);
        for (size_t k = 0; k < left->count; k++) {
            ck_assert_int_eq(left->integers[k], right->integers[k]);
        }
        if (left->type == OCT_ATTRIBUTE_STRING) {
            ck_assert_str_eq(left->string, right->string);
        }
    }
}

static void assert_same_graph(const struct oct_graph *a, const struct oct_graph *b)
{
    ck_assert_uint_eq(oct_graph_value_count(a), oct_graph_value_count(b));
    ck_assert_uint_eq(oct_graph_node_count(a), oct_graph_node_count(b));
    ck_assert_uint_eq(oct_graph_input_count(a), oct_graph_input_count(b));
    ck_assert_uint_eq(oct_graph_output_count(a), oct_graph_output_count(b));
    for (oct_value_id id = 0; id < oct_graph_value_count(a); id++) {
        struct oct_value_info left = oct_graph_value(a, id), right = oct_graph_value(b, id);
        ck_assert_str_eq(left.name, right.name);
        ck_assert_int_eq(left.kind, right.kind);
        assert_same_desc(&left.desc, &right.desc);
        if (left.kind == OCT_VALUE_CONSTANT) {
            size_t n_bytes;
            ck_assert_status_ok(oct_tensor_bytes(&left.desc, 1, &n_bytes));
            ck_assert_mem_eq(left.data, right.data, n_bytes);
        }
    }
    for (size_t i = 0; i < oct_graph_node_count(a); i++) {
        struct oct_node_info left = oct_graph_node(a, i), right = oct_graph_node(b, i);
        ck_assert_str_eq(left.name, right.name);
        ck_assert_ptr_eq(left.op, right.op);
        ck_assert_uint_eq(left.n_inputs, right.n_inputs);
        for (size_t k = 0; k < left.n_inputs; k++) {
            ck_assert_uint_eq(left.inputs[k], right.inputs[k]);
        }
        assert_same_attributes(&left, &right);
    }
    for (size_t i = 0; i < oct_graph_output_count(a); i++) {
        ck_assert_str_eq(oct_graph_output_name(a, i), oct_graph_output_name(b, i));
        ck_assert_uint_eq(oct_graph_output(a, i), oct_graph_output(b, i));
    }
}

START_TEST(what_is_written_reads_back_equal)
{
    struct oct_op_registry *registry;
    struct oct_buffer bytes, written, again;
    struct oct_octet_file *first, *second;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    build(_i, &bytes);
    oct_buffer_init(&written, NULL, MAX_FILE_BYTES);
    oct_buffer_init(&again, NULL, MAX_FILE_BYTES);
    ck_assert_ok(oct_octet_read(bytes.data, bytes.length, NULL, registry, &first, &error), &error);
    ck_assert_ok(oct_octet_write(first, &written, &error), &error);
    ck_assert_ok(oct_octet_read(written.data, written.length, NULL, registry, &second, &error), &error);
    assert_same_graph(first->graph, second->graph);
    ck_assert_str_eq(first->producer, second->producer);
    ck_assert_uint_eq(first->n_labels, second->n_labels);
    for (size_t i = 0; i < first->n_labels; i++) {
        ck_assert_str_eq(first->labels[i], second->labels[i]);
    }
    ck_assert_int_eq(first->golden.present, second->golden.present);
    if (first->golden.present) {
        ck_assert_int_eq(first->golden.rows, second->golden.rows);
        ck_assert_mem_eq(first->golden.inputs[0], second->golden.inputs[0], first->golden.input_bytes[0]);
        ck_assert_mem_eq(first->golden.output_sha256, second->golden.output_sha256, 32);
    }
    ck_assert_ok(oct_octet_write(second, &again, &error), &error);
    ck_assert_uint_eq(written.length, again.length);
    ck_assert_mem_eq(written.data, again.data, written.length);
    uint64_t header_bytes;
    memcpy(&header_bytes, written.data, 8);
    ck_assert_uint_eq(header_bytes % 8, 0); // so that the data, largest elements first, is aligned in the file
    oct_octet_file_destroy(first);
    oct_octet_file_destroy(second);
    oct_octet_file_destroy(NULL);
    oct_buffer_deinit(&bytes);
    oct_buffer_deinit(&written);
    oct_buffer_deinit(&again);
    oct_op_registry_destroy(registry);
}
END_TEST

START_TEST(a_file_that_does_not_fit_is_reported)
{
    struct oct_op_registry *registry;
    struct oct_buffer bytes;
    struct oct_octet_file *file;
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    build(0, &bytes);
    ck_assert_status_ok(oct_octet_read(bytes.data, bytes.length, NULL, registry, &file, NULL));
    for (size_t max = 0; max < bytes.length; max += 97) {
        struct oct_buffer small;
        struct oct_error error = OCT_ERROR_INIT;
        oct_buffer_init(&small, NULL, max);
        ck_assert_status(OCT_ERR_LIMIT, oct_octet_write(file, &small, &error));
        ck_assert_status(OCT_ERR_LIMIT, error.status);
        oct_buffer_deinit(&small);
    }
    for (size_t n = 0;; n++) {
        struct oct_chaos chaos;
        struct oct_buffer out;
        oct_chaos_init(&chaos, n);
        oct_buffer_init(&out, &chaos.allocator, MAX_FILE_BYTES);
        enum oct_status status = oct_octet_write(file, &out, NULL);
        oct_buffer_deinit(&out);
        ck_assert_uint_eq(chaos.live, 0);
        if (!chaos.failed) {
            ck_assert_status_ok(status);
            ck_assert_uint_gt(n, 3);
            break;
        }
        ck_assert_status(OCT_ERR_NOMEM, status);
    }
    oct_octet_file_destroy(file);
    oct_buffer_deinit(&bytes);
    oct_op_registry_destroy(registry);
}
END_TEST

static void add(Suite *suite)
{
    TCase *writing = oct_case(suite, "writing");
    tcase_add_loop_test(writing, what_is_written_reads_back_equal, 0, 2);
    tcase_add_test(writing, a_file_that_does_not_fit_is_reported);
}

OCT_CHECK_MAIN("proto/octet/write", add)
