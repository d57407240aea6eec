#include <stdio.h>
#include <string.h>

#include "octet/proto/infer.h"
#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"

static enum oct_status parse(
    const char *body, size_t n_bytes, size_t header_length, struct oct_infer_request **request, struct oct_error *error)
{
    return oct_infer_request_parse(NULL, (const uint8_t *)body, n_bytes, header_length, request, error);
}

/// A body of JSON alone.
static struct oct_infer_request *parse_json(const char *body)
{
    struct oct_infer_request *request;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(parse(body, strlen(body), OCT_INFER_NO_HEADER_LENGTH, &request, &error), &error);
    return request;
}

// What tritonclient[http] sends, to the byte.
static const char triton_binary[] =
    "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"INT8\",\"parameters\":{\"binary_data_size\":4}}],"
    "\"parameters\":{\"binary_data_output\":true}}\x01\xfe\x03\x04";
static const char triton_mixed[] = "{\"id\":\"id1\",\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"INT8\","
                                   "\"parameters\":{\"binary_data_size\":4}}],"
                                   "\"outputs\":[{\"name\":\"y\",\"parameters\":{\"binary_data\":false}}],"
                                   "\"parameters\":{\"timeout\":2000}}\x01\xfe\x03\x04";
static const char triton_json[] =
    "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[1.5,-2.0,2.999999892949745e-08,4.0]}]"
    ","
    "\"outputs\":[{\"name\":\"y\",\"parameters\":{\"binary_data\":false}}],\"parameters\":{\"a\":1}}";

START_TEST(the_bytes_of_tritonclient_are_understood)
{
    struct oct_infer_request *request;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_uint_eq(sizeof triton_binary - 1, 138);
    ck_assert_ok(parse(triton_binary, 138, 134, &request, &error), &error);
    ck_assert_uint_eq(request->n_inputs, 1);
    ck_assert(request->inputs[0].binary && request->binary_data_output);
    ck_assert_int_eq(request->inputs[0].datatype, OCT_DATATYPE_INT8);
    ck_assert_uint_eq(request->inputs[0].n_bytes, 4);
    ck_assert_uint_eq(request->inputs[0].n_elements, 4);
    ck_assert_mem_eq(request->inputs[0].data, "\x01\xfe\x03\x04", 4);
    ck_assert_uint_eq(request->inputs[0].position, 134);
    ck_assert_uint_eq(request->n_outputs, 0);
    ck_assert_ptr_null(request->id);
    oct_infer_request_destroy(request);

    ck_assert_ok(parse(triton_mixed, sizeof triton_mixed - 1, 194, &request, &error), &error);
    ck_assert_str_eq(request->id, "id1");
    ck_assert_uint_eq(request->timeout_us, 2000);
    ck_assert_uint_eq(request->n_outputs, 1);
    ck_assert_str_eq(request->outputs[0].name, "y");
    ck_assert_int_eq(request->outputs[0].binary, 0);
    oct_infer_request_destroy(request);

    request = parse_json(triton_json);
    ck_assert_int_eq(request->form, OCT_INFER_FORM_OIP);
    ck_assert_int_eq(request->inputs[0].shape.rank, 2);
    ck_assert_uint_eq(request->inputs[0].n_elements, 4);
    ck_assert_int_eq(request->inputs[0].data[0], '[');
    oct_infer_request_destroy(request);
    // The C++ client sends the header length with all-JSON bodies, too.
    ck_assert_ok(parse(triton_json, sizeof triton_json - 1, sizeof triton_json - 1, &request, &error), &error);
    oct_infer_request_destroy(request);

    static const char bytes[] =
        "{\"inputs\":[{\"name\":\"s\",\"shape\":[2],\"datatype\":\"BYTES\",\"parameters\":{\"binary_data_size\":10}}],"
        "\"outputs\":[{\"name\":\"y\",\"parameters\":{\"classification\":3,\"binary_data\":true}}],"
        "\"parameters\":{\"sequence_id\":7,\"sequence_start\":true,\"sequence_end\":false,\"priority\":1}}"
        "\x02\0\0\0ab\0\0\0\0";
    ck_assert_status(OCT_ERR_UNSUPPORTED, parse(bytes, sizeof bytes - 1, 258, &request, &error));
    ck_assert_error_says(&error, "BYTES");
}
END_TEST

START_TEST(members_other_servers_know_are_skipped)
{
    struct oct_infer_request *request = parse_json(
        "{\"model_name\":\"m\",\"model_version\":3,\"raw_input_contents\":[{}],\"id\":\"\\u00e9\","
        "\"parameters\":{\"headers\":{\"a\":[1,{}]},\"content_type\":\"np\",\"priority\":1,\"sequence_id\":\"s\"},"
        "\"inputs\":[{\"data\":[[1,2],[3,4]],\"parameters\":{\"content_type\":\"np\",\"x\":null},\"extra\":[[],{}],"
        "\"datatype\":\"FP32\",\"shape\":[2,2],\"name\":\"x\"}],\"outputs\":[\"a\",{\"name\":\"b\",\"tags\":{}}]}");
    ck_assert_str_eq(request->model, "m");
    ck_assert_str_eq(request->version, "3");
    ck_assert_str_eq(request->id, "\xC3\xA9");
    ck_assert_uint_eq(request->n_outputs, 2);
    ck_assert_str_eq(request->outputs[0].name, "a");
    ck_assert_int_eq(request->outputs[1].binary, -1);
    ck_assert_uint_eq(request->inputs[0].n_elements, 4);
    oct_infer_request_destroy(request);
}
END_TEST

START_TEST(the_shorthand_takes_its_shape_from_the_nesting)
{
    struct oct_infer_request *request =
        parse_json(" {\"model\":\"m\",\"version\":\"2\",\"inputs\":{\"x\":[[[1,2,3]],[[4,5,6]]],\"z\":[7]}} ");
    ck_assert_int_eq(request->form, OCT_INFER_FORM_SHORTHAND);
    ck_assert_str_eq(request->model, "m");
    ck_assert_str_eq(request->version, "2");
    ck_assert_uint_eq(request->n_inputs, 2);
    ck_assert(request->inputs[0].has_shape && !request->inputs[0].has_datatype);
    ck_assert_int_eq(request->inputs[0].shape.rank, 3);
    ck_assert_int_eq(request->inputs[0].shape.dims[0], 2);
    ck_assert_int_eq(request->inputs[0].shape.dims[1], 1);
    ck_assert_int_eq(request->inputs[0].shape.dims[2], 3);
    ck_assert_str_eq(request->inputs[1].name, "z");
    oct_infer_request_destroy(request);
}
END_TEST

START_TEST(header_length_zero_means_a_raw_body)
{
    struct oct_infer_request *request;
    ck_assert_status_ok(parse("abcd", 4, 0, &request, NULL));
    ck_assert(request->raw_body && request->binary_data_output);
    ck_assert_uint_eq(request->n_inputs, 1);
    ck_assert_uint_eq(request->inputs[0].n_bytes, 4);
    oct_infer_request_destroy(request);
    oct_infer_request_destroy(NULL);
}
END_TEST

#define INPUT "{\"name\":\"x\",\"shape\":[2],\"datatype\":\"FP32\",\"data\":[1,2]}"

static const struct {
    const char *body;
    enum oct_status status;
    const char *says;
} faults[] = {
    {"", OCT_ERR_CORRUPT, "end of the text"},
    {"[]", OCT_ERR_INVALID, "expected an object, found an array"},
    {"{}", OCT_ERR_INVALID, "missing"},
    {"{\"inputs\":[" INPUT "]", OCT_ERR_CORRUPT, "',' or '}'"},
    {"{\"inputs\":[" INPUT "]} x", OCT_ERR_CORRUPT, "nothing after"},
    {"{\"inputs\":[" INPUT "],\"inputs\":[]}", OCT_ERR_INVALID, "twice"},
    {"{\"inputs\":5}", OCT_ERR_INVALID, "expected an array, found a number"},
    {"{\"inputs\":[5]}", OCT_ERR_INVALID, "inputs[0]"},
    {"{\"inputs\":[" INPUT ",{}]}", OCT_ERR_INVALID, "inputs[1].name"},
    {"{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"data\":[1,2]}]}", OCT_ERR_INVALID, "inputs[0].shape"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[2],\"data\":[1,2]}]}", OCT_ERR_INVALID, "inputs[0].datatype"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[2],\"datatype\":\"FP32\"}]}", OCT_ERR_INVALID, "inputs[0].data"},
    {"{\"inputs\":[{\"name\":7,\"shape\":[2],\"datatype\":\"FP32\",\"data\":[1,2]}]}", OCT_ERR_INVALID,
     "inputs[0].name"},
    {"{\"inputs\":[{\"name\":\"x\",\"name\":\"x\"}]}", OCT_ERR_INVALID, "inputs[0].name"},
    {"{\"inputs\":[{\"shape\":[2],\"shape\":[2]}]}", OCT_ERR_INVALID, "inputs[0].shape"},
    {"{\"inputs\":[{\"datatype\":\"FP32\",\"datatype\":\"FP32\"}]}", OCT_ERR_INVALID, "inputs[0].datatype"},
    {"{\"inputs\":[{\"data\":[],\"data\":[]}]}", OCT_ERR_INVALID, "inputs[0].data"},
    {"{\"inputs\":[{\"parameters\":{},\"parameters\":{}}]}", OCT_ERR_INVALID, "inputs[0].parameters"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[3],\"datatype\":\"FP32\",\"data\":[1,2]}]}", OCT_ERR_INVALID,
     "the shape is [3]"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[4],\"datatype\":\"FP32\",\"data\":[[1,2],[3,4]]}]}", OCT_ERR_INVALID,
     "nested as [2, 2]"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[2,1],\"datatype\":\"FP32\",\"data\":[[1,2]]}]}", OCT_ERR_INVALID,
     "nested as [1, 2]"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[-1,2],\"datatype\":\"FP32\",\"data\":[1,2]}]}", OCT_ERR_INVALID,
     "inputs[0].shape"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[2.5],\"datatype\":\"FP32\",\"data\":[1,2]}]}", OCT_ERR_INVALID,
     "fraction"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":2,\"datatype\":\"FP32\",\"data\":[1,2]}]}", OCT_ERR_INVALID,
     "expected an array"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[1,1,1,1,1,1,1,1,2],\"datatype\":\"FP32\",\"data\":[1,2]}]}",
     OCT_ERR_LIMIT, "8 dimensions"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[4294967296,4294967296],\"datatype\":\"FP32\",\"data\":[1,2]}]}",
     OCT_ERR_LIMIT, "more elements"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[2305843009213693952],\"datatype\":\"FP64\",\"data\":[1,2]}]}",
     OCT_ERR_LIMIT, "more elements"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[2],\"datatype\":\"FLOAT\",\"data\":[1,2]}]}", OCT_ERR_INVALID,
     "'FLOAT' is no datatype"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[2],\"datatype\":\"FP16\",\"data\":[1,2]}]}", OCT_ERR_UNSUPPORTED, "FP16"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[2],\"datatype\":\"BF16\",\"data\":[1,2]}]}", OCT_ERR_UNSUPPORTED, "BF16"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"data\":[\"text\"],\"datatype\":\"BYTES\"}]}", OCT_ERR_UNSUPPORTED,
     "BYTES"},
    {"{\"inputs\":[{\"name\":\"x\",\"parameters\":{\"binary_data_size\":4},\"shape\":[1],\"datatype\":\"FP32\","
     "\"data\":[1]}]}",
     OCT_ERR_INVALID, "one or the other"},
    {"{\"inputs\":[{\"name\":\"x\",\"parameters\":{\"binary_data_size\":4},\"shape\":[1],\"datatype\":\"FP32\"}]}",
     OCT_ERR_INVALID, "Inference-Header-Content-Length"},
    {"{\"inputs\":[{\"parameters\":{\"binary_data_size\":-4}}]}", OCT_ERR_INVALID,
     "inputs[0].parameters.binary_data_size"},
    {"{\"inputs\":[{\"parameters\":{\"binary_data_size\":1,\"binary_data_size\":1}}]}", OCT_ERR_INVALID, "twice"},
    {"{\"inputs\":[{\"parameters\":{\"binary_data_size\":\"4\"}}]}", OCT_ERR_INVALID, "expected an integer"},
    {"{\"inputs\":[{\"parameters\":{\"shared_memory_region\":\"r\"}}]}", OCT_ERR_UNSUPPORTED, "shared memory"},
    {"{\"inputs\":[{\"parameters\":7}]}", OCT_ERR_INVALID, "inputs[0].parameters"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[2],\"datatype\":\"FP32\",\"data\":[1,,2]}]}", OCT_ERR_CORRUPT,
     "inputs[0].data"},
    {"{\"inputs\":[{\"name\":\"x\",\"shape\":[2],\"datatype\":\"FP32\",\"data\":[1,null]}]}", OCT_ERR_INVALID,
     "expected a number, found null"},
    {"{\"inputs\":[" INPUT "],\"outputs\":{}}", OCT_ERR_INVALID, "outputs"},
    {"{\"inputs\":[" INPUT "],\"outputs\":[{}]}", OCT_ERR_INVALID, "outputs[0].name"},
    {"{\"inputs\":[" INPUT "],\"outputs\":[7]}", OCT_ERR_INVALID, "outputs[0]"},
    {"{\"inputs\":[" INPUT "],\"outputs\":[\"y\",{\"name\":\"y\"}]}", OCT_ERR_INVALID, "outputs[1]"},
    {"{\"inputs\":[" INPUT "],\"outputs\":[{\"name\":\"y\",\"parameters\":{\"binary_data\":1}}]}", OCT_ERR_INVALID,
     "outputs[0].parameters.binary_data"},
    {"{\"inputs\":[" INPUT "],\"outputs\":[{\"name\":\"y\",\"parameters\":{\"classification\":3}}]}",
     OCT_ERR_UNSUPPORTED, "classification"},
    {"{\"inputs\":[" INPUT "],\"outputs\":[{\"name\":\"y\",\"parameters\":{\"shared_memory_region\":\"r\"}}]}",
     OCT_ERR_UNSUPPORTED, "shared memory"},
    {"{\"inputs\":[" INPUT "],\"id\":7}", OCT_ERR_INVALID, "id"},
    {"{\"inputs\":[" INPUT "],\"id\":\"a\",\"id\":\"b\"}", OCT_ERR_INVALID, "twice"},
    {"{\"inputs\":[" INPUT "],\"model\":\"a\",\"model_name\":\"b\"}", OCT_ERR_INVALID, "twice"},
    {"{\"inputs\":[" INPUT "],\"version\":1.5}", OCT_ERR_INVALID, "version"},
    {"{\"inputs\":[" INPUT "],\"version\":1,\"version\":2}", OCT_ERR_INVALID, "twice"},
    {"{\"inputs\":[" INPUT "],\"parameters\":[]}", OCT_ERR_INVALID, "parameters"},
    {"{\"inputs\":[" INPUT "],\"parameters\":{},\"parameters\":{}}", OCT_ERR_INVALID, "twice"},
    {"{\"inputs\":[" INPUT "],\"parameters\":{\"timeout\":-1}}", OCT_ERR_INVALID, "parameters.timeout"},
    {"{\"inputs\":[" INPUT "],\"parameters\":{\"timeout\":\"1s\"}}", OCT_ERR_INVALID, "parameters.timeout"},
    {"{\"inputs\":[" INPUT "],\"parameters\":{\"binary_data_output\":1}}", OCT_ERR_INVALID,
     "parameters.binary_data_output"},
    {"{\"inputs\":{\"x\":5}}", OCT_ERR_INVALID, "inputs.x"},
    {"{\"inputs\":{\"x\":[[1],[2,3]]}}", OCT_ERR_INVALID, "differ"},
    {"{\"inputs\":{\"x\":[1]},\"parameters\":{\"binary_data_output\":true}}", OCT_ERR_INVALID, "binary outputs"},
    {"{\"inputs\":{\"x\":[1]},\"outputs\":[{\"name\":\"y\",\"parameters\":{\"binary_data\":true}}]}", OCT_ERR_INVALID,
     "binary outputs"},
};

START_TEST(every_fault_is_named_with_its_path)
{
    struct oct_infer_request *request;
    struct oct_error error = OCT_ERROR_INIT;
    const char *body = faults[_i].body;
    enum oct_status status = parse(body, strlen(body), OCT_INFER_NO_HEADER_LENGTH, &request, &error);
    ck_assert_msg(status == faults[_i].status, "%s: %s: %s: %s", body, oct_status_name(status), error.where,
                  error.message);
    ck_assert_ptr_null(request);
    ck_assert_error_says(&error, faults[_i].says);
    ck_assert_int_ge(error.position, 0);
    ck_assert_int_le(error.position, (int64_t)strlen(body));
    ck_assert_status(faults[_i].status, parse(body, strlen(body), OCT_INFER_NO_HEADER_LENGTH, &request, NULL));
}
END_TEST

START_TEST(binary_sizes_must_match_to_the_byte)
{
    struct oct_infer_request *request;
    struct oct_error error = OCT_ERROR_INIT;
    size_t n = sizeof triton_binary - 1;
    ck_assert_status(OCT_ERR_INVALID, parse(triton_binary, n - 1, 134, &request, &error));
    ck_assert_error_says(&error, "unexpected size for input");
    oct_error_clear(&error);
    char longer[160];
    memcpy(longer, triton_binary, n);
    longer[n] = 'x';
    ck_assert_status(OCT_ERR_INVALID, parse(longer, n + 1, 134, &request, &error));
    ck_assert_error_says(&error, "unexpected additional input data");
    oct_error_clear(&error);
    ck_assert_status(OCT_ERR_INVALID, parse(triton_binary, n, n + 1, &request, &error));
    ck_assert_error_says(&error, "in range");
    ck_assert_status(OCT_ERR_CORRUPT, parse(triton_binary, n, 133, &request, NULL));
    ck_assert_status(OCT_ERR_CORRUPT, parse(triton_binary, n, 135, &request, NULL));
    static const char lying[] = "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"INT16\","
                                "\"parameters\":{\"binary_data_size\":4}}]}abcd";
    oct_error_clear(&error);
    ck_assert_status(OCT_ERR_INVALID, parse(lying, sizeof lying - 1, sizeof lying - 5, &request, &error));
    ck_assert_error_says(&error, "has 8 bytes, got 4");
}
END_TEST

START_TEST(every_truncation_of_a_body_is_refused)
{
    const char *const bodies[] = {triton_json, triton_mixed};
    for (size_t b = 0; b < 2; b++) {
        size_t n = b == 0 ? sizeof triton_json - 1 : 194;
        for (size_t length = b; length < n; length++) { // a header of length 0 would be a raw body
            struct oct_infer_request *request;
            char *cut = malloc(length + 1); // of its own, so that a read beyond is seen
            ck_assert_ptr_nonnull(cut);
            memcpy(cut, bodies[b], length);
            enum oct_status status = parse(cut, length, b == 0 ? OCT_INFER_NO_HEADER_LENGTH : length, &request, NULL);
            ck_assert_msg(status == OCT_ERR_CORRUPT, "%.*s: %s", (int)length, cut, oct_status_name(status));
            free(cut);
        }
    }
}
END_TEST

START_TEST(counts_lengths_and_depth_are_bounded)
{
    size_t capacity = 64 * (OCT_INFER_MAX_TENSORS + 2);
    char *body = malloc(capacity);
    ck_assert_ptr_nonnull(body);
    struct oct_infer_request *request;
    struct oct_error error = OCT_ERROR_INIT;
    for (size_t extra = 0; extra < 2; extra++) {
        size_t n = (size_t)sprintf(body, "{\"inputs\":{");
        for (size_t i = 0; i < OCT_INFER_MAX_TENSORS + extra; i++) {
            n += (size_t)sprintf(body + n, "%s\"x%zu\":[1]", i > 0 ? "," : "", i);
        }
        n += (size_t)sprintf(body + n, "}}");
        ck_assert_status(extra ? OCT_ERR_LIMIT : OCT_OK, parse(body, n, OCT_INFER_NO_HEADER_LENGTH, &request, NULL));
        if (!extra) {
            ck_assert_uint_eq(request->n_inputs, OCT_INFER_MAX_TENSORS);
            ck_assert_str_eq(request->inputs[100].name, "x100");
        }
        oct_infer_request_destroy(request);
        n = (size_t)sprintf(body, "{\"outputs\":[");
        for (size_t i = 0; i < OCT_INFER_MAX_TENSORS + extra; i++) {
            n += (size_t)sprintf(body + n, "%s\"y%zu\"", i > 0 ? "," : "", i);
        }
        n += (size_t)sprintf(body + n, "],\"inputs\":{\"x\":[1]}}");
        ck_assert_status(extra ? OCT_ERR_LIMIT : OCT_OK, parse(body, n, OCT_INFER_NO_HEADER_LENGTH, &request, NULL));
        oct_infer_request_destroy(request);
        n = (size_t)sprintf(body, "{\"inputs\":{\"x\":[1]},\"id\":\"%0*d\"}", (int)(OCT_INFER_MAX_ID_BYTES + extra), 7);
        ck_assert_status(extra ? OCT_ERR_LIMIT : OCT_OK, parse(body, n, OCT_INFER_NO_HEADER_LENGTH, &request, NULL));
        oct_infer_request_destroy(request);
        n = (size_t)sprintf(body, "{\"inputs\":{\"%0*d\":[1]}}", (int)(OCT_INFER_MAX_NAME_BYTES + extra), 7);
        ck_assert_status(extra ? OCT_ERR_LIMIT : OCT_OK, parse(body, n, OCT_INFER_NO_HEADER_LENGTH, &request, NULL));
        oct_infer_request_destroy(request);
    }
    size_t prefix = (size_t)sprintf(body, "{\"x\":");
    memset(body + prefix, '[', 10000);
    ck_assert_status(OCT_ERR_LIMIT, parse(body, prefix + 10000, OCT_INFER_NO_HEADER_LENGTH, &request, &error));
    ck_assert_error_says(&error, "nested deeper than 64");
    prefix = (size_t)sprintf(body, "{\"inputs\":{\"x\":");
    memset(body + prefix, '[', 10000);
    ck_assert_status(OCT_ERR_LIMIT, parse(body, prefix + 10000, OCT_INFER_NO_HEADER_LENGTH, &request, NULL));
    free(body);
}
END_TEST

START_TEST(running_out_of_memory_anywhere_leaves_nothing)
{
    static const char body[] =
        "{\"model\":\"m\",\"version\":3,\"id\":\"i\",\"inputs\":{\"a\":[1],\"b\":[1],\"c\":[1],\"d\":[1],\"e\":[1]},"
        "\"outputs\":[\"y\"]}";
    for (size_t n = 0;; n++) {
        struct oct_chaos chaos;
        struct oct_infer_request *request;
        struct oct_error error = OCT_ERROR_INIT;
        oct_chaos_init(&chaos, n);
        enum oct_status status = oct_infer_request_parse(&chaos.allocator, (const uint8_t *)body, sizeof body - 1,
                                                         OCT_INFER_NO_HEADER_LENGTH, &request, &error);
        oct_infer_request_destroy(request);
        ck_assert_uint_eq(chaos.live, 0);
        if (!chaos.failed) {
            ck_assert_ok(status, &error);
            ck_assert_uint_gt(n, 8);
            break;
        }
        ck_assert_status(OCT_ERR_NOMEM, status);
        ck_assert_status(OCT_ERR_NOMEM, error.status);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *legal = oct_case(suite, "legal bodies");
    tcase_add_test(legal, the_bytes_of_tritonclient_are_understood);
    tcase_add_test(legal, members_other_servers_know_are_skipped);
    tcase_add_test(legal, the_shorthand_takes_its_shape_from_the_nesting);
    tcase_add_test(legal, header_length_zero_means_a_raw_body);
    TCase *hostile = oct_case(suite, "hostile bodies");
    tcase_add_loop_test(hostile, every_fault_is_named_with_its_path, 0, (int)(sizeof faults / sizeof faults[0]));
    tcase_add_test(hostile, binary_sizes_must_match_to_the_byte);
    tcase_add_test(hostile, every_truncation_of_a_body_is_refused);
    tcase_add_test(hostile, counts_lengths_and_depth_are_bounded);
    tcase_add_test(hostile, running_out_of_memory_anywhere_leaves_nothing);
}

OCT_CHECK_MAIN("proto/infer/parse", add)
