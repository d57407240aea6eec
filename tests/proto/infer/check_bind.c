#include <math.h>
#include <stdio.h>

#include "tests/proto/infer/infer_plans.h"
#include "tests/support/chaos.h"

#define F "{\"name\":\"f\",\"shape\":[2,2],\"datatype\":\"FP32\",\"data\":[1,2.5,-3,1e10]}"
#define Q "{\"name\":\"q\",\"shape\":[2,3],\"datatype\":\"UINT8\",\"data\":[[0,1,2],[253,254.0,255]]}"
#define S "{\"name\":\"s\",\"shape\":[2,1],\"datatype\":\"INT8\",\"data\":[-128,127]}"
#define C "{\"name\":\"c\",\"shape\":[2,2],\"datatype\":\"FP32\",\"data\":[NaN,Infinity,-Infinity,0]}"

START_TEST(each_input_becomes_dense_bytes_of_its_type)
{
    static const char body[] = "{\"inputs\":[" C "," S "," Q "," F "],\"outputs\":[\"yq\"]}";
    struct oct_model *model = oct_open_many();
    struct oct_infer_request *request = oct_parse_body(body, sizeof body - 1, OCT_INFER_NO_HEADER_LENGTH);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_infer_request_bind(request, oct_model_plan(model), &error), &error);
    ck_assert_int_eq(request->rows, 2);
    float values[4];
    ck_assert_uint_eq(request->bound_bytes[0], sizeof values);
    memcpy(values, request->bound[0], sizeof values);
    ck_assert(values[0] == 1 && values[1] == 2.5f && values[2] == -3 && values[3] == 1e10f);
    ck_assert_uint_eq(request->bound_bytes[1], 6);
    ck_assert_mem_eq(request->bound[1], "\x00\x01\x02\xfd\xfe\xff", 6);
    ck_assert_mem_eq(request->bound[2], "\x80\x7f", 2);
    memcpy(values, request->bound[3], sizeof values);
    ck_assert(isnan(values[0]) && values[1] == INFINITY && values[2] == -INFINITY && values[3] == 0);
    oct_infer_request_destroy(request);
    oct_model_close(model);
}
END_TEST

static struct oct_model *open_quantized(void)
{
    return oct_open_plan("{'name':'q','dtype':'quint8','shape':['N',3],'scale':0.5,'zero_point':10}",
                         "{'op':'aten::dequantize','inputs':['q'],'outputs':['y']}", "{'name':'y','value':'y'}");
}

START_TEST(real_numbers_for_a_quantized_input_are_quantized)
{
    struct oct_model *model = open_quantized();
    struct oct_error error = OCT_ERROR_INIT;
    static const char text[] =
        "{\"inputs\":[{\"name\":\"q\",\"shape\":[2,3],\"datatype\":\"FP32\",\"data\":[0,0.25,0.75,-1e9,1e9,-4.9]}]}";
    struct oct_infer_request *request = oct_parse_body(text, sizeof text - 1, OCT_INFER_NO_HEADER_LENGTH);
    ck_assert_ok(oct_infer_request_bind(request, oct_model_plan(model), &error), &error);
    ck_assert_mem_eq(request->bound[0], "\x0a\x0a\x0c\x00\xff\x00", 6); // halves to even: 0.5 -> 0, 1.5 -> 2
    oct_infer_request_destroy(request);

    static const float values[6] = {0, 0.25f, 0.75f, -1e9f, 1e9f, -4.9f};
    char binary[256];
    int json = snprintf(binary, sizeof binary,
                        "{\"inputs\":[{\"name\":\"q\",\"shape\":[2,3],\"datatype\":\"FP32\",\"parameters\":{\"binary_"
                        "data_size\":24}}]}");
    memcpy(binary + json, values, sizeof values);
    request = oct_parse_body(binary, (size_t)json + sizeof values, (size_t)json);
    ck_assert_ok(oct_infer_request_bind(request, oct_model_plan(model), &error), &error);
    ck_assert_mem_eq(request->bound[0], "\x0a\x0a\x0c\x00\xff\x00", 6);
    oct_infer_request_destroy(request);
    oct_model_close(model);
}
END_TEST

START_TEST(more_numbers_than_a_chunk_are_quantized_in_order)
{
    struct oct_model *model = open_quantized();
    struct oct_error error = OCT_ERROR_INIT;
    size_t rows = 400, n = 0;
    char *body = malloc(64 + rows * 3 * 8);
    ck_assert_ptr_nonnull(body);
    n += (size_t)sprintf(body, "{\"inputs\":[{\"name\":\"q\",\"shape\":[%zu,3],\"datatype\":\"FP32\",\"data\":[", rows);
    for (size_t i = 0; i < rows * 3; i++) {
        n += (size_t)sprintf(body + n, "%s%g", i > 0 ? "," : "", (double)(i % 200) * 0.5);
    }
    n += (size_t)sprintf(body + n, "]}]}");
    struct oct_infer_request *request = oct_parse_body(body, n, OCT_INFER_NO_HEADER_LENGTH);
    ck_assert_ok(oct_infer_request_bind(request, oct_model_plan(model), &error), &error);
    ck_assert_int_eq(request->rows, (int64_t)rows); // more than max_rows: these rows are independent
    for (size_t i = 0; i < rows * 3; i++) {
        ck_assert_uint_eq(request->bound[0][i], 10 + i % 200);
    }
    oct_infer_request_destroy(request);
    free(body);
    oct_model_close(model);
}
END_TEST

START_TEST(binary_tensors_of_the_declared_type_stay_views_of_the_body)
{
    static const char body[] = "{\"inputs\":[{\"name\":\"q\",\"shape\":[1,3],\"datatype\":\"UINT8\",\"parameters\":{"
                               "\"binary_data_size\":3}}]}\x01\x02\x03";
    struct oct_model *model = open_quantized();
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_infer_request *request = oct_parse_body(body, sizeof body - 1, sizeof body - 4);
    ck_assert_ok(oct_infer_request_bind(request, oct_model_plan(model), &error), &error);
    ck_assert_ptr_eq(request->bound[0], (const uint8_t *)body + sizeof body - 4);
    oct_infer_request_destroy(request);

    request = oct_parse_body("abcdef", 6, 0); // raw: the size gives the rows
    ck_assert_ok(oct_infer_request_bind(request, oct_model_plan(model), &error), &error);
    ck_assert_int_eq(request->rows, 2);
    ck_assert_uint_eq(request->bound_bytes[0], 6);
    oct_infer_request_destroy(request);
    for (size_t length = 0; length < 6; length++) {
        if (length == 3) {
            continue;
        }
        request = oct_parse_body("abcdef", length, 0);
        oct_error_clear(&error);
        ck_assert_status(OCT_ERR_INVALID, oct_infer_request_bind(request, oct_model_plan(model), &error));
        ck_assert_error_says(&error, "unexpected size for input");
        oct_infer_request_destroy(request);
    }
    oct_model_close(model);
    model = oct_open_many();
    request = oct_parse_body("abcdef", 6, 0);
    oct_error_clear(&error);
    ck_assert_status(OCT_ERR_INVALID, oct_infer_request_bind(request, oct_model_plan(model), &error));
    ck_assert_error_says(&error, "one input");
    oct_infer_request_destroy(request);
    oct_model_close(model);
}
END_TEST

START_TEST(the_shorthand_speaks_in_the_inputs_own_type)
{
    static const char body[] = "{\"inputs\":{\"q\":[[1,2,3],[4,5,6]]}}", real[] = "{\"inputs\":{\"q\":[[1,2,0.5]]}}";
    struct oct_model *model = open_quantized();
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_infer_request *request = oct_parse_body(body, sizeof body - 1, OCT_INFER_NO_HEADER_LENGTH);
    ck_assert_ok(oct_infer_request_bind(request, oct_model_plan(model), &error), &error);
    ck_assert_mem_eq(request->bound[0], "\1\2\3\4\5\6", 6);
    oct_infer_request_destroy(request);
    request = oct_parse_body(real, sizeof real - 1, OCT_INFER_NO_HEADER_LENGTH);
    ck_assert_status(OCT_ERR_INVALID, oct_infer_request_bind(request, oct_model_plan(model), &error));
    ck_assert_error_says(&error, "0.5 is not an integer");
    ck_assert_int_eq(error.position, (int64_t)(strstr(real, "0.5") - real));
    oct_infer_request_destroy(request);
    oct_model_close(model);
}
END_TEST

static const struct {
    const char *inputs;
    enum oct_status status;
    const char *says;
    const char *at; ///< the text at the position; NULL: none
} faults[] = {
    {Q "," S "," C, OCT_ERR_INVALID, "input 'f' is missing", NULL},
    {"{\"name\":\"g\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}", OCT_ERR_INVALID,
     "no input 'g'; it has 'f', 'q', 's', 'c'", NULL},
    {F "," F, OCT_ERR_INVALID, "'f' stands twice", NULL},
    {"{\"name\":\"f\",\"shape\":[2,2],\"datatype\":\"FP64\",\"data\":[1,2,3,4]}", OCT_ERR_INVALID,
     "got FP64, expected FP32", NULL},
    {"{\"name\":\"f\",\"shape\":[2,2],\"datatype\":\"INT32\",\"data\":[1,2,3,4]}", OCT_ERR_INVALID, "inputs.f.datatype",
     NULL},
    {"{\"name\":\"q\",\"shape\":[1,3],\"datatype\":\"INT8\",\"data\":[1,2,3]}", OCT_ERR_INVALID,
     "got INT8, expected UINT8", NULL},
    {"{\"name\":\"s\",\"shape\":[1,1],\"datatype\":\"UINT8\",\"data\":[1]}", OCT_ERR_INVALID,
     "got UINT8, expected INT8", NULL},
    {"{\"name\":\"f\",\"shape\":[2],\"datatype\":\"FP32\",\"data\":[1,2]}", OCT_ERR_INVALID, "got [2], expected [N, 2]",
     NULL},
    {"{\"name\":\"f\",\"shape\":[2,3],\"datatype\":\"FP32\",\"data\":[1,2,3,4,5,6]}", OCT_ERR_INVALID,
     "got [2, 3], expected [N, 2]", NULL},
    {"{\"name\":\"c\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[1,2]}", OCT_ERR_INVALID, "expected [2, 2]", NULL},
    {"{\"name\":\"f\",\"shape\":[0,2],\"datatype\":\"FP32\",\"data\":[]}", OCT_ERR_INVALID, "at least one", NULL},
    {F ",{\"name\":\"s\",\"shape\":[3,1],\"datatype\":\"INT8\",\"data\":[1,2,3]}", OCT_ERR_INVALID,
     "3 rows, the inputs before have 2", NULL},
    {"{\"name\":\"f\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[1,3.5e38]}", OCT_ERR_INVALID,
     "3.5e38 is out of range", "3.5e38"},
    {"{\"name\":\"f\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[1,true]}", OCT_ERR_INVALID,
     "true is not a number", "true"},
    {"{\"name\":\"q\",\"shape\":[1,3],\"datatype\":\"UINT8\",\"data\":[1,2,256]}", OCT_ERR_INVALID,
     "256 is out of range (datatype UINT8)", "256"},
    {"{\"name\":\"s\",\"shape\":[1,1],\"datatype\":\"INT8\",\"data\":[-129]}", OCT_ERR_INVALID, "inputs.s.data",
     "-129"},
    {"{\"name\":\"q\",\"shape\":[1,3],\"datatype\":\"UINT8\",\"data\":[1,2,NaN]}", OCT_ERR_INVALID, "NaN is not finite",
     "NaN"},
    {"{\"name\":\"q\",\"shape\":[1,3],\"datatype\":\"FP32\",\"data\":[1,2,NaN]}", OCT_ERR_INVALID, "NaN is not finite",
     "NaN"},
    {"{\"name\":\"q\",\"shape\":[1,3],\"datatype\":\"FP32\",\"data\":[-Infinity,2,0]}", OCT_ERR_INVALID,
     "-Infinity is not finite", "-Infinity"},
};

START_TEST(what_does_not_fit_the_model_is_refused_by_name)
{
    char body[1024];
    struct oct_model *model = oct_open_many();
    struct oct_error error = OCT_ERROR_INIT;
    int n = snprintf(body, sizeof body, "{\"inputs\":[%s]}", faults[_i].inputs);
    struct oct_infer_request *request = oct_parse_body(body, (size_t)n, OCT_INFER_NO_HEADER_LENGTH);
    enum oct_status status = oct_infer_request_bind(request, oct_model_plan(model), &error);
    ck_assert_msg(status == faults[_i].status, "%s: %s: %s", body, oct_status_name(status), error.message);
    ck_assert_error_says(&error, faults[_i].says);
    if (faults[_i].at != NULL) {
        ck_assert_int_eq(error.position, (int64_t)(strstr(body, faults[_i].at) - body));
    }
    oct_infer_request_destroy(request);
    oct_model_close(model);
}
END_TEST

START_TEST(outputs_that_do_not_exist_are_refused_before_anything_runs)
{
    static const char body[] = "{\"inputs\":{\"q\":[[1,2,3]]},\"outputs\":[\"y\",\"nope\"]}";
    struct oct_model *model = open_quantized();
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_infer_request *request = oct_parse_body(body, sizeof body - 1, OCT_INFER_NO_HEADER_LENGTH);
    ck_assert_status(OCT_ERR_INVALID, oct_infer_request_bind(request, oct_model_plan(model), &error));
    ck_assert_error_says(&error, "no output 'nope'; it has 'y'");
    oct_infer_request_destroy(request);
    oct_model_close(model);
}
END_TEST

START_TEST(a_batch_that_cannot_be_cut_must_fit_at_once)
{
    struct oct_model *model = oct_open_plan(
        "{'name':'x','dtype':'float32','shape':['N',1]}",
        "{'op':'aten::softmax','inputs':['x'],'outputs':['y'],'attributes':{'dim':0}}", "{'name':'y','value':'y'}");
    char body[512];
    struct oct_error error = OCT_ERROR_INIT;
    for (int64_t rows = OCT_PLAN_DEFAULT_MAX_ROWS; rows <= OCT_PLAN_DEFAULT_MAX_ROWS + 1; rows++) {
        size_t n = (size_t)sprintf(body, "{\"inputs\":{\"x\":[");
        for (int64_t i = 0; i < rows; i++) {
            n += (size_t)sprintf(body + n, "%s[1]", i > 0 ? "," : "");
        }
        n += (size_t)sprintf(body + n, "]}}");
        struct oct_infer_request *request = oct_parse_body(body, n, OCT_INFER_NO_HEADER_LENGTH);
        bool fits = rows <= OCT_PLAN_DEFAULT_MAX_ROWS;
        ck_assert_status(fits ? OCT_OK : OCT_ERR_LIMIT, oct_infer_request_bind(request, oct_model_plan(model), &error));
        oct_infer_request_destroy(request);
    }
    ck_assert_error_says(&error, "cannot be cut");
    oct_model_close(model);
}
END_TEST

START_TEST(binary_floats_that_cannot_be_quantized_are_named)
{
    static const float values[3] = {0, INFINITY, 1};
    char body[256];
    struct oct_model *model = open_quantized();
    struct oct_error error = OCT_ERROR_INIT;
    int json = snprintf(body, sizeof body,
                        "{\"inputs\":[{\"name\":\"q\",\"shape\":[1,3],\"datatype\":\"FP32\",\"parameters\":{\"binary_"
                        "data_size\":12}}]}");
    memcpy(body + json, values, sizeof values);
    struct oct_infer_request *request = oct_parse_body(body, (size_t)json + sizeof values, (size_t)json);
    ck_assert_status(OCT_ERR_INVALID, oct_infer_request_bind(request, oct_model_plan(model), &error));
    ck_assert_error_says(&error, "element 1");
    ck_assert_int_eq(error.position, json + 4);
    oct_infer_request_destroy(request);
    oct_model_close(model);
}
END_TEST

START_TEST(running_out_of_memory_anywhere_leaves_nothing)
{
    static const char body[] = "{\"inputs\":[" F "," Q "," S "," C "]}";
    struct oct_model *model = oct_open_many();
    for (size_t n = 0;; n++) {
        struct oct_chaos chaos;
        struct oct_infer_request *request;
        oct_chaos_init(&chaos, n);
        enum oct_status status = oct_infer_request_parse(&chaos.allocator, (const uint8_t *)body, sizeof body - 1,
                                                         OCT_INFER_NO_HEADER_LENGTH, &request, NULL);
        if (status == OCT_OK) {
            status = oct_infer_request_bind(request, oct_model_plan(model), NULL);
        }
        oct_infer_request_destroy(request);
        ck_assert_uint_eq(chaos.live, 0);
        if (!chaos.failed) {
            ck_assert_status_ok(status);
            ck_assert_uint_gt(n, 10);
            break;
        }
        ck_assert_status(OCT_ERR_NOMEM, status);
    }
    oct_model_close(model);
}
END_TEST

static void add(Suite *suite)
{
    TCase *legal = oct_case(suite, "legal requests");
    tcase_add_test(legal, each_input_becomes_dense_bytes_of_its_type);
    tcase_add_test(legal, real_numbers_for_a_quantized_input_are_quantized);
    tcase_add_test(legal, more_numbers_than_a_chunk_are_quantized_in_order);
    tcase_add_test(legal, binary_tensors_of_the_declared_type_stay_views_of_the_body);
    tcase_add_test(legal, the_shorthand_speaks_in_the_inputs_own_type);
    TCase *hostile = oct_case(suite, "hostile requests");
    tcase_add_loop_test(hostile, what_does_not_fit_the_model_is_refused_by_name, 0,
                        (int)(sizeof faults / sizeof faults[0]));
    tcase_add_test(hostile, outputs_that_do_not_exist_are_refused_before_anything_runs);
    tcase_add_test(hostile, a_batch_that_cannot_be_cut_must_fit_at_once);
    tcase_add_test(hostile, binary_floats_that_cannot_be_quantized_are_named);
    tcase_add_test(hostile, running_out_of_memory_anywhere_leaves_nothing);
}

OCT_CHECK_MAIN("proto/infer/bind", add)
