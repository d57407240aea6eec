#include "octet/proto/octet_file.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"
#include "tests/support/octet_builder.h"

#define GRAPH_BYTES 8192

static struct oct_op_registry *new_registry(void)
{
    struct oct_op_registry *registry;
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    return registry;
}

/// Reads the sample's tensors with this graph.
static enum oct_status
read_graph(const char *graph, struct oct_octet_file **file, struct oct_op_registry *registry, struct oct_error *error)
{
    struct oct_octet_builder builder;
    struct oct_buffer bytes;
    oct_octet_builder_init(&builder);
    oct_octet_sample_tensors(&builder);
    oct_octet_builder_finish(&builder, graph, &bytes);
    enum oct_status status = oct_octet_read(bytes.data, bytes.length, NULL, registry, file, error);
    oct_buffer_deinit(&bytes);
    oct_octet_builder_deinit(&builder);
    return status;
}

/// The sample's graph with the first `from` replaced by `to`.
static void edit(char *graph, const char *from, const char *to)
{
    char edited[GRAPH_BYTES];
    char *at = strstr(graph, from);
    ck_assert_msg(at != NULL, "the sample has no %s", from);
    snprintf(edited, sizeof edited, "%.*s%s%s", (int)(at - graph), graph, to, at + strlen(from));
    memcpy(graph, edited, sizeof edited);
}

START_TEST(the_sample_is_read_as_it_is_written)
{
    struct oct_octet_file *file;
    struct oct_op_registry *registry = new_registry();
    struct oct_error error = OCT_ERROR_INIT;
    char graph[GRAPH_BYTES];
    snprintf(graph, sizeof graph, OCT_OCTET_SAMPLE_GRAPH, ",'labels':['one','two','thr\xC3\xA9\xC3\xA9']");
    ck_assert_ok(read_graph(graph, &file, registry, &error), &error);
    ck_assert_str_eq(file->producer, "test");
    ck_assert_uint_eq(file->n_labels, 3);
    ck_assert_str_eq(file->labels[2], "thr\xC3\xA9\xC3\xA9");
    ck_assert(!file->golden.present);
    ck_assert_uint_eq(oct_graph_node_count(file->graph), 3);
    struct oct_value_info x = oct_graph_value(file->graph, oct_graph_input(file->graph, 0));
    ck_assert_str_eq(x.name, "x");
    ck_assert_int_eq(x.desc.shape.dims[0], OCT_DIM_BATCH);
    struct oct_value_info w = oct_graph_value(file->graph, oct_graph_find(file->graph, "w"));
    ck_assert_int_eq(w.desc.dtype, OCT_DTYPE_QINT8);
    ck_assert_uint_eq(w.desc.qparams.channels, 3);
    ck_assert(w.desc.qparams.scales[1] == 0.02);
    ck_assert_int_eq(((const int8_t *)w.data)[6], -50);
    struct oct_value_info y = oct_graph_value(file->graph, oct_graph_output(file->graph, 0));
    ck_assert_int_eq(y.desc.dtype, OCT_DTYPE_FLOAT32);
    ck_assert_int_eq(y.desc.shape.dims[1], 3);
    oct_octet_file_destroy(file);
    oct_op_registry_destroy(registry);
}
END_TEST

static const struct {
    const char *from, *to;
    enum oct_status status;
    const char *where; ///< how the place begins
    const char *says;
} faults[] = {
    {"'format_version':1", "'format_version':2", OCT_ERR_UNSUPPORTED, "format_version", "version 2"},
    {"'format_version':1", "'format_version':2,'later':1", OCT_ERR_UNSUPPORTED, "format_version", "version 2"},
    {"'format_version':1,", "", OCT_ERR_INVALID, "format_version", "missing"},
    {"'format_version':1", "'format_version':'1'", OCT_ERR_INVALID, "format_version", "found a string"},
    {"'producer':'test'", "'producer':'test','extra':1", OCT_ERR_INVALID, "", "'extra'"},
    {"'producer':'test'", "'producer':7", OCT_ERR_INVALID, "producer", "expected a string"},
    {"'inputs':[{'name':'x'", "'inputs':7,'outputs':[{'name':'x'", OCT_ERR_CORRUPT, "__metadata__.octet", "twice"},
    {"'inputs':[{'name':'x','dtype':'float32','shape':['N',4]}]", "'inputs':{}", OCT_ERR_INVALID, "inputs",
     "expected an array"},
    {"'inputs':[{'name':'x','dtype':'float32','shape':['N',4]}]", "'inputs':[]", OCT_ERR_INVALID, "nodes[0].inputs[0]",
     "'x'"},
    {"{'name':'x','dtype':'float32','shape':['N',4]}", "5", OCT_ERR_INVALID, "inputs[0]", ""},
    {"['N',4]", "[4,'N']", OCT_ERR_INVALID, "inputs[0].shape[1]", "dimension 0"},
    {"['N',4]", "['M',4]", OCT_ERR_INVALID, "inputs[0].shape[0]", "\"N\""},
    {"['N',4]", "['N',-4]", OCT_ERR_INVALID, "inputs[0].shape[1]", "positive"},
    {"['N',4]", "['N',4.0]", OCT_ERR_INVALID, "inputs[0].shape[1]", "integer"},
    {"['N',4]", "['N',1,1,1,1,1,1,1,4]", OCT_ERR_LIMIT, "inputs[0].shape", "9 elements"},
    {"['N',4]", "['N',4611686018427387904,4611686018427387904]", OCT_ERR_LIMIT, "inputs[0]", ""},
    {"['N',4]", "['N',0]", OCT_ERR_INVALID, "inputs[0].shape[1]", "positive"},
    {"'name':'x','dtype':'float32'", "'name':'x','dtype':'float31'", OCT_ERR_UNSUPPORTED, "inputs[0].dtype", "float31"},
    {"'name':'x','dtype':'float32'", "'name':'x','dtype':'float32','scale':1", OCT_ERR_INVALID, "inputs[0]", "'scale'"},
    {"'name':'x','dtype':'float32'", "'name':'x','dtype':'quint8'", OCT_ERR_INVALID, "inputs[0].scale", "missing"},
    {"'name':'x','dtype':'float32'", "'name':'x','dtype':'quint8','scale':0,'zero_point':1", OCT_ERR_INVALID,
     "inputs[0]", ""},
    {"'name':'x','dtype':'float32'", "'name':'x','dtype':'quint8','scale':1,'zero_point':256", OCT_ERR_INVALID,
     "inputs[0]", ""},
    {"'name':'x','dtype':'float32'", "'name':'','dtype':'float32'", OCT_ERR_INVALID, "inputs[0].name", ""},
    {"'name':'w','dtype':'qint8'", "'name':'v','dtype':'qint8'", OCT_ERR_INVALID, "constants[0].name", "no tensor 'v'"},
    {"'name':'w','dtype':'qint8'", "'name':'w','dtype':'quint8'", OCT_ERR_INVALID, "constants[0].dtype",
     "stored as U8, the tensor is I8"},
    {"'qscheme':'per_channel_affine',", "", OCT_ERR_INVALID, "constants[0].qscheme", "missing"},
    {"per_channel_affine", "per_channel_symmetric", OCT_ERR_UNSUPPORTED, "constants[0].qscheme",
     "per_channel_symmetric"},
    {"per_channel_affine", "per_tensor_affine", OCT_ERR_INVALID, "constants[0]", "'axis'"},
    {"'axis':0", "'axis':2", OCT_ERR_INVALID, "constants[0].axis", "2"},
    {"'axis':0", "'axis':-1", OCT_ERR_INVALID, "constants[0].axis", "-1"},
    {"'axis':0", "'axis':1", OCT_ERR_INVALID, "constants[0].scales", "expected [4]"},
    {"'scales':'w.scales'", "'scales':'w'", OCT_ERR_INVALID, "constants[0].scales", "is [3, 4] of I8"},
    {"'scales':'w.scales'", "'scales':'gone'", OCT_ERR_INVALID, "constants[0].scales", "no tensor 'gone'"},
    {"'zero_points':'w.zero_points'", "'zero_points':'b'", OCT_ERR_INVALID, "constants[0].zero_points", "F32"},
    {"'name':'b','dtype':'float32'", "'name':'w','dtype':'float32'", OCT_ERR_INVALID, "constants[1].dtype", ""},
    {"'name':'b','dtype':'float32'", "'name':'b','dtype':'float32','oops':1", OCT_ERR_INVALID, "constants[1]",
     "'oops'"},
    {"'op':'aten::quantize_per_tensor'", "'op':'aten::quantise'", OCT_ERR_UNSUPPORTED, "nodes[0].op",
     "'aten::quantise'"},
    {"'op':'aten::dequantize'", "'op':'octet::memory_format'", OCT_ERR_UNSUPPORTED, "nodes[2].op", "rewriting"},
    {"'inputs':['x']", "'inputs':['y']", OCT_ERR_INVALID, "nodes[0].inputs[0]", "'y' is no"},
    {"'inputs':['xq','w','b']", "'inputs':['h','w','b']", OCT_ERR_INVALID, "nodes[1].inputs[0]", "'h' is no"},
    {"'inputs':['xq','w','b']", "'inputs':['xq']", OCT_ERR_INVALID, "nodes[1].inputs", ""},
    {"'inputs':['xq','w','b']", "'inputs':['xq','w',3]", OCT_ERR_INVALID, "nodes[1].inputs[2]", "name or null"},
    {"'inputs':['xq','w','b']", "'inputs':[null,'w','b']", OCT_ERR_INVALID, "nodes[1].inputs", ""},
    {"'outputs':['h']", "'outputs':['xq']", OCT_ERR_INVALID, "nodes[1].outputs[0]", "taken"},
    {"'outputs':['h']", "'outputs':[]", OCT_ERR_INVALID, "nodes[1].outputs", ""},
    {"'outputs':['h']", "'outputs':['h','i']", OCT_ERR_INVALID, "nodes[1].outputs", ""},
    {"'outputs':['h']", "'outputs':['h','i','j','k','l']", OCT_ERR_LIMIT, "nodes[1].outputs", ""},
    {"'outputs':['h']", "'outputs':[1]", OCT_ERR_INVALID, "nodes[1].outputs[0]", "expected a string"},
    {"'Y_scale_i':0.05", "'Y_scale':0.05", OCT_ERR_INVALID, "nodes[1].attributes", "Y_scale"},
    {"'Y_scale_i':0.05,", "", OCT_ERR_INVALID, "nodes[1].attributes.Y_scale_i", ""},
    {"'Y_scale_i':0.05", "'Y_scale_i':'0.05'", OCT_ERR_INVALID, "nodes[1].attributes.Y_scale_i", ""},
    {"'Y_scale_i':0.05", "'Y_scale_i':{}", OCT_ERR_INVALID, "nodes[1].attributes.Y_scale_i", "found an object"},
    {"'Y_scale_i':0.05", "'Y_scale_i':[1,2.5]", OCT_ERR_INVALID, "nodes[1].attributes.Y_scale_i[1]",
     "expected an integer"},
    {"'Y_scale_i':0.05", "'Y_scale_i':null", OCT_ERR_INVALID, "nodes[1].attributes.Y_scale_i", ""},
    {"'Y_zero_point_i':100", "'Y_zero_point_i':300", OCT_ERR_INVALID, "nodes[1]", ""},
    {"'Y_zero_point_i':100", "'Y_zero_point_i':100.5", OCT_ERR_INVALID, "nodes[1].attributes.Y_zero_point_i", ""},
    {"'dtype':'quint8'}", "'dtype':'quint9'}", OCT_ERR_INVALID, "nodes[0]", ""},
    {"'op':'aten::dequantize',", "", OCT_ERR_INVALID, "nodes[2].op", "missing"},
    {"'op':'aten::dequantize',", "'op':'aten::dequantize','opset':1,", OCT_ERR_INVALID, "nodes[2]", "'opset'"},
    {"'attributes':{'Y_scale_i'", "'attributes':[{'Y_scale_i'", OCT_ERR_CORRUPT, "__metadata__.octet", ""},
    {"{'name':'y','value':'y'}", "{'name':'y','value':'z'}", OCT_ERR_INVALID, "outputs[0].value", "'z'"},
    {"{'name':'y','value':'y'}", "{'name':'y','value':'y'},{'name':'y','value':'h'}", OCT_ERR_INVALID,
     "outputs[1].name", ""},
    {"{'name':'y','value':'y'}", "{'name':'y'}", OCT_ERR_INVALID, "outputs[0].value", "missing"},
    {"{'name':'y','value':'y'}", "", OCT_ERR_INVALID, "", "at least one"},
    {"'value':'y'}]", "'value':'y'}],'labels':['a']", OCT_ERR_INVALID, "labels", "1 labels"},
    {"'value':'y'}]", "'value':'y'}],'labels':['a','b',3]", OCT_ERR_INVALID, "labels[2]", "expected a string"},
    {"'value':'y'}]", "'value':'y'}],'labels':{}", OCT_ERR_INVALID, "labels", "expected an array"},
    {"'value':'y'}]", "'value':'y'}],'labels':[]", OCT_ERR_INVALID, "labels", "0 labels"},
};

START_TEST(every_fault_is_named_with_its_path)
{
    char graph[GRAPH_BYTES];
    struct oct_octet_file *file;
    struct oct_op_registry *registry = new_registry();
    struct oct_error error = OCT_ERROR_INIT;
    snprintf(graph, sizeof graph, OCT_OCTET_SAMPLE_GRAPH, "");
    edit(graph, faults[_i].from, faults[_i].to);
    enum oct_status status = read_graph(graph, &file, registry, &error);
    ck_assert_msg(status == faults[_i].status, "%s -> %s: %s: %s: %s", faults[_i].from, faults[_i].to,
                  oct_status_name(status), error.where, error.message);
    ck_assert_ptr_null(file);
    ck_assert_msg(strncmp(error.where, faults[_i].where, strlen(faults[_i].where)) == 0,
                  "%s -> %s: '%s' does not begin with '%s' (%s)", faults[_i].from, faults[_i].to, error.where,
                  faults[_i].where, error.message);
    ck_assert_error_says(&error, faults[_i].says);
    oct_op_registry_destroy(registry);
}
END_TEST

START_TEST(a_syntax_error_of_the_graph_is_placed_in_the_file)
{
    char graph[GRAPH_BYTES];
    struct oct_octet_builder builder;
    struct oct_buffer bytes;
    struct oct_octet_file *file;
    struct oct_op_registry *registry = new_registry();
    struct oct_error error = OCT_ERROR_INIT;
    snprintf(graph, sizeof graph, OCT_OCTET_SAMPLE_GRAPH, "");
    edit(graph, "'axis':0", "'axis':@");
    oct_octet_builder_init(&builder);
    oct_octet_builder_finish(&builder, graph, &bytes);
    ck_assert_status(OCT_ERR_CORRUPT, oct_octet_read(bytes.data, bytes.length, NULL, registry, &file, &error));
    ck_assert_int_gt(error.position, 0);
    ck_assert_int_eq(bytes.data[error.position], '@');
    oct_buffer_deinit(&bytes);
    oct_octet_builder_deinit(&builder);
    oct_op_registry_destroy(registry);
}
END_TEST

START_TEST(a_file_without_a_graph_says_so)
{
    struct oct_buffer bytes;
    struct oct_octet_file *file;
    struct oct_op_registry *registry = new_registry();
    struct oct_error error = OCT_ERROR_INIT;
    oct_octet_raw("{'__metadata__':{'format':'pt'}}", "", 0, &bytes);
    ck_assert_status(OCT_ERR_CORRUPT, oct_octet_read(bytes.data, bytes.length, NULL, registry, &file, &error));
    ck_assert_error_says(&error, "not a .octet model");
    oct_buffer_deinit(&bytes);
    oct_octet_raw("{'__metadata__':{'octet':'[]'}}", "", 0, &bytes);
    oct_error_clear(&error);
    ck_assert_status(OCT_ERR_INVALID, oct_octet_read(bytes.data, bytes.length, NULL, registry, &file, &error));
    ck_assert_error_says(&error, "expected an object");
    oct_buffer_deinit(&bytes);
    oct_op_registry_destroy(registry);
}
END_TEST

START_TEST(a_tiny_file_that_declares_terabytes_allocates_nothing_like_it)
{
    char graph[GRAPH_BYTES];
    struct oct_octet_builder builder;
    struct oct_buffer bytes;
    struct oct_octet_file *file;
    struct oct_op_registry *registry = new_registry();
    struct oct_budget budget;
    snprintf(graph, sizeof graph, OCT_OCTET_SAMPLE_GRAPH, "");
    edit(graph, "['N',4]", "['N',1099511627776]");
    oct_octet_builder_init(&builder);
    oct_octet_sample_tensors(&builder);
    oct_octet_builder_finish(&builder, graph, &bytes);
    oct_budget_init(&budget, NULL, (uint64_t)16 << 20);
    struct oct_error error = OCT_ERROR_INIT;
    enum oct_status status = oct_octet_read(bytes.data, bytes.length, &budget.allocator, registry, &file, &error);
    ck_assert_msg(status == OCT_ERR_INVALID || status == OCT_ERR_LIMIT, "%s: %s", oct_status_name(status),
                  error.message);
    ck_assert_uint_lt(budget.peak_bytes, (uint64_t)1 << 20);
    ck_assert_uint_eq(budget.live_bytes, 0);
    oct_buffer_deinit(&bytes);
    oct_octet_builder_deinit(&builder);
    oct_op_registry_destroy(registry);
}
END_TEST

START_TEST(a_batch_that_must_be_one_is_read_with_one_row)
{
    // A reshape that cannot hold for any N: traced with one row.
    static const char graph[] =
        "{'format_version':1,'inputs':[{'name':'x','dtype':'float32','shape':['N',4]}],"
        "'nodes':[{'op':'aten::reshape','inputs':['x'],'outputs':['y'],'attributes':{'shape':[2,2]}}],"
        "'outputs':[{'name':'y','value':'y'}]}";
    struct oct_octet_file *file;
    struct oct_op_registry *registry = new_registry();
    struct oct_error error = OCT_ERROR_INIT;
    const char *reason = NULL;
    ck_assert_ok(read_graph(graph, &file, registry, &error), &error);
    ck_assert_status(OCT_OK, error.status);
    struct oct_value_info x = oct_graph_value(file->graph, oct_graph_input(file->graph, 0));
    ck_assert_int_eq(x.desc.shape.dims[0], 1);
    ck_assert(!oct_graph_rows_independent(file->graph, &reason));
    ck_assert_ptr_nonnull(strstr(reason, "nodes[0]"));
    oct_octet_file_destroy(file);
    oct_op_registry_destroy(registry);
}
END_TEST

#define DIGEST "0123456789abcdefABCDEF00000000000000000000000000000000000000ffff"

START_TEST(running_out_of_memory_anywhere_leaves_nothing)
{
    static const float rows[4] = {1, 2, 3, 4};
    char graph[GRAPH_BYTES];
    struct oct_octet_builder builder;
    struct oct_buffer bytes;
    struct oct_op_registry *registry = new_registry();
    snprintf(graph, sizeof graph, OCT_OCTET_SAMPLE_GRAPH,
             ",'labels':['a','b','c'],'golden':{'inputs':{'x':'g'},'outputs_sha256':{'y':'" DIGEST "'}}");
    oct_octet_builder_init(&builder);
    oct_octet_sample_tensors(&builder);
    oct_octet_builder_add(&builder, "g", "F32", "[1,4]", rows, sizeof rows);
    oct_octet_builder_finish(&builder, graph, &bytes);
    for (size_t n = 0;; n++) {
        struct oct_chaos chaos;
        struct oct_octet_file *file;
        struct oct_error error = OCT_ERROR_INIT;
        oct_chaos_init(&chaos, n);
        enum oct_status status = oct_octet_read(bytes.data, bytes.length, &chaos.allocator, registry, &file, &error);
        if (!chaos.failed) {
            ck_assert_ok(status, &error);
            oct_octet_file_destroy(file);
            ck_assert_uint_eq(chaos.live, 0);
            ck_assert_uint_gt(n, 10);
            break;
        }
        ck_assert_msg(status == OCT_ERR_NOMEM, "request %zu: %s: %s", n, oct_status_name(status), error.message);
        ck_assert_ptr_null(file);
        ck_assert_uint_eq(chaos.live, 0);
    }
    oct_buffer_deinit(&bytes);
    oct_octet_builder_deinit(&builder);
    oct_op_registry_destroy(registry);
}
END_TEST

static void add(Suite *suite)
{
    TCase *legal = oct_case(suite, "legal files");
    tcase_add_test(legal, the_sample_is_read_as_it_is_written);
    tcase_add_test(legal, a_batch_that_must_be_one_is_read_with_one_row);
    TCase *hostile = oct_case(suite, "hostile files");
    tcase_add_loop_test(hostile, every_fault_is_named_with_its_path, 0, (int)(sizeof faults / sizeof faults[0]));
    tcase_add_test(hostile, a_syntax_error_of_the_graph_is_placed_in_the_file);
    tcase_add_test(hostile, a_file_without_a_graph_says_so);
    tcase_add_test(hostile, a_tiny_file_that_declares_terabytes_allocates_nothing_like_it);
    tcase_add_test(hostile, running_out_of_memory_anywhere_leaves_nothing);
}

OCT_CHECK_MAIN("proto/octet/graph_read", add)
