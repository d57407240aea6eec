#include <math.h>
#include <stdio.h>

#include "octet/proto/json.h"
#include "tests/proto/infer/infer_plans.h"
#include "tests/support/chaos.h"

static const float yf[4] = {0.1f, 0, -1.5f, 3e-8f};
static const float yd[6] = {1, 2, 3, 4, 5, 6};
static const uint8_t ys[2] = {0x80, 0x7F};
static const uint8_t yq[6] = {0, 1, 2, 253, 254, 255};
static const float yc[4] = {1, 2, 3, 4};
static const uint8_t *const outputs[] = {(const uint8_t *)yf, (const uint8_t *)yd, ys, yq, (const uint8_t *)yc};
static const struct oct_infer_answer sample = {
    .model = "m\"", .version = "3", .id = "generated", .rows = 2, .outputs = outputs};

#define INPUTS "\"inputs\":[{\"name\":\"c\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}]"

static void assert_answer(const char *body, const char *expected)
{
    struct oct_model *model = oct_open_many();
    struct oct_infer_request *request = oct_parse_body(body, strlen(body), OCT_INFER_NO_HEADER_LENGTH);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_buffer out;
    size_t header_length = 0;
    oct_buffer_init(&out, NULL, 65536);
    ck_assert_ok(oct_infer_answer_write(request, oct_model_plan(model), &sample, &out, &header_length, &error), &error);
    ck_assert_uint_eq(header_length, OCT_INFER_NO_HEADER_LENGTH);
    ck_assert_status_ok(oct_buffer_append(&out, "", 1));
    ck_assert_str_eq((const char *)out.data, expected);
    oct_buffer_deinit(&out);
    oct_infer_request_destroy(request);
    oct_model_close(model);
}

START_TEST(the_protocols_answer_is_flat_and_carries_everything)
{
    assert_answer("{\"id\":\"mine\"," INPUTS "}",
                  "{\"model_name\":\"m\\\"\",\"model_version\":\"3\",\"id\":\"mine\",\"outputs\":["
                  "{\"name\":\"yf\",\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[0.1,0.0,-1.5,3e-8]},"
                  "{\"name\":\"yd\",\"datatype\":\"FP32\",\"shape\":[2,3],\"data\":[1.0,2.0,3.0,4.0,5.0,6.0]},"
                  "{\"name\":\"ys\",\"datatype\":\"INT8\",\"shape\":[2,1],\"data\":[-128,127]},"
                  "{\"name\":\"yq\",\"datatype\":\"UINT8\",\"shape\":[2,3],\"data\":[0,1,2,253,254,255]},"
                  "{\"name\":\"yc\",\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[1.0,2.0,3.0,4.0]}]}");
}
END_TEST

START_TEST(outputs_come_as_asked_for_and_an_id_is_given_when_none_was)
{
    assert_answer("{" INPUTS
                  ",\"outputs\":[{\"name\":\"ys\"},{\"name\":\"yf\",\"parameters\":{\"binary_data\":false}}]}",
                  "{\"model_name\":\"m\\\"\",\"model_version\":\"3\",\"id\":\"generated\",\"outputs\":["
                  "{\"name\":\"ys\",\"datatype\":\"INT8\",\"shape\":[2,1],\"data\":[-128,127]},"
                  "{\"name\":\"yf\",\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[0.1,0.0,-1.5,3e-8]}]}");
}
END_TEST

START_TEST(the_shorthands_answer_is_nested)
{
    assert_answer(
        "{\"inputs\":{\"f\":[1]},\"outputs\":[\"yq\",\"ys\",\"yf\"]}",
        "{\"model\":\"m\\\"\",\"version\":\"3\",\"outputs\":{\"yq\":[[0,1,2],[253,254,255]],\"ys\":[[-128],[127]],"
        "\"yf\":[[0.1,0.0],[-1.5,3e-8]]}}");
}
END_TEST

START_TEST(binary_outputs_follow_the_json_in_its_order)
{
    static const char body[] =
        "{" INPUTS ",\"outputs\":[{\"name\":\"yq\"},{\"name\":\"ys\",\"parameters\":{\"binary_data\":false}},"
        "{\"name\":\"yf\",\"parameters\":{\"binary_data\":true}}],\"parameters\":{\"binary_data_output\":true}}";
    static const char json[] =
        "{\"model_name\":\"m\\\"\",\"model_version\":\"3\",\"id\":\"generated\",\"outputs\":["
        "{\"name\":\"yq\",\"datatype\":\"UINT8\",\"shape\":[2,3],\"parameters\":{\"binary_data_size\":6}},"
        "{\"name\":\"ys\",\"datatype\":\"INT8\",\"shape\":[2,1],\"data\":[-128,127]},"
        "{\"name\":\"yf\",\"datatype\":\"FP32\",\"shape\":[2,2],\"parameters\":{\"binary_data_size\":16}}]}";
    struct oct_model *model = oct_open_many();
    struct oct_infer_request *request = oct_parse_body(body, sizeof body - 1, OCT_INFER_NO_HEADER_LENGTH);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_buffer out;
    size_t header_length;
    oct_buffer_init(&out, NULL, 65536);
    ck_assert_status_ok(oct_buffer_append(&out, "before", 6)); // the length counts from where the answer begins
    ck_assert_ok(oct_infer_answer_write(request, oct_model_plan(model), &sample, &out, &header_length, &error), &error);
    ck_assert_uint_eq(header_length, sizeof json - 1);
    ck_assert_uint_eq(out.length, 6 + header_length + sizeof yq + sizeof yf);
    ck_assert_mem_eq(out.data + 6, json, header_length);
    ck_assert_mem_eq(out.data + 6 + header_length, yq, sizeof yq);
    ck_assert_mem_eq(out.data + 6 + header_length + sizeof yq, yf, sizeof yf);
    oct_buffer_deinit(&out);
    oct_infer_request_destroy(request);
    oct_model_close(model);
}
END_TEST

START_TEST(a_value_json_cannot_show_is_named_and_binary_passes_it)
{
    struct oct_model *model =
        oct_open_plan("{'name':'x','dtype':'float32','shape':['N',3]}",
                      "{'op':'aten::relu','inputs':['x'],'outputs':['y']}", "{'name':'y','value':'y'}");
    static const float specials[3] = {INFINITY, -INFINITY, NAN};
    for (size_t i = 0; i < 3; i++) {
        float values[6] = {0, 1, 2, 3, specials[i], 5};
        const uint8_t *const y = (const uint8_t *)values;
        struct oct_infer_answer answer = {.model = "m", .version = "1", .rows = 2, .outputs = &y};
        for (int shorthand = 0; shorthand < 2; shorthand++) {
            const char *body = shorthand ? "{\"inputs\":{\"x\":[1]}}" : "{" INPUTS "}";
            struct oct_infer_request *request = oct_parse_body(body, strlen(body), OCT_INFER_NO_HEADER_LENGTH);
            struct oct_error error = OCT_ERROR_INIT;
            struct oct_buffer out;
            size_t header_length;
            oct_buffer_init(&out, NULL, 65536);
            ck_assert_status(OCT_ERR_INVALID, oct_infer_answer_write(request, oct_model_plan(model), &answer, &out,
                                                                     &header_length, &error));
            ck_assert_error_says(&error, "element 4");
            ck_assert_str_eq(error.where, "y");
            oct_buffer_deinit(&out);
            oct_infer_request_destroy(request);
        }
        struct oct_infer_request *request = oct_parse_body("raw", 3, 0);
        struct oct_buffer out;
        size_t header_length;
        oct_buffer_init(&out, NULL, 65536);
        ck_assert_status_ok(
            oct_infer_answer_write(request, oct_model_plan(model), &answer, &out, &header_length, NULL));
        ck_assert_mem_eq(out.data + header_length, values, sizeof values);
        oct_buffer_deinit(&out);
        oct_infer_request_destroy(request);
    }
    oct_model_close(model);
}
END_TEST

START_TEST(the_answers_floats_read_back_bit_for_bit)
{
    struct oct_model *model =
        oct_open_plan("{'name':'x','dtype':'float32','shape':['N',1000]}",
                      "{'op':'aten::relu','inputs':['x'],'outputs':['y']}", "{'name':'y','value':'y'}");
    float *values = malloc(3000 * sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t bits = i * 2654435761u & 0xBFFFFFFFu; // finite: one exponent bit stays clear
        memcpy(&values[i], &bits, sizeof bits);
    }
    const uint8_t *const y = (const uint8_t *)values;
    struct oct_infer_answer answer = {.model = "m", .version = "1", .rows = 3, .outputs = &y};
    static const char body[] = "{\"inputs\":{\"x\":[1]}}";
    struct oct_infer_request *request = oct_parse_body(body, sizeof body - 1, OCT_INFER_NO_HEADER_LENGTH);
    struct oct_buffer out;
    size_t header_length;
    oct_buffer_init(&out, NULL, 1 << 20);
    ck_assert_status_ok(oct_infer_answer_write(request, oct_model_plan(model), &answer, &out, &header_length, NULL));
    struct oct_json_document *document;
    ck_assert_status_ok(oct_json_parse((const char *)out.data, out.length, 1 << 20, &document, NULL));
    const struct oct_json *rows = oct_json_get(oct_json_get(oct_json_root(document), "outputs"), "y");
    ck_assert_uint_eq(oct_json_count(rows), 3);
    for (size_t i = 0; i < 3000; i++) {
        double number;
        ck_assert(oct_json_is_number(oct_json_at(oct_json_at(rows, i / 1000), i % 1000), &number));
        float back = (float)number;
        ck_assert_mem_eq(&back, &values[i], sizeof back);
    }
    oct_json_destroy(document);
    oct_buffer_deinit(&out);
    oct_infer_request_destroy(request);
    free(values);
    oct_model_close(model);
}
END_TEST

START_TEST(the_buffers_bound_and_memory_are_respected)
{
    static const char body[] = "{" INPUTS "}";
    struct oct_model *model = oct_open_many();
    struct oct_infer_request *request = oct_parse_body(body, sizeof body - 1, OCT_INFER_NO_HEADER_LENGTH);
    struct oct_buffer out;
    size_t header_length;
    oct_buffer_init(&out, NULL, 65536);
    ck_assert_status_ok(oct_infer_answer_write(request, oct_model_plan(model), &sample, &out, &header_length, NULL));
    size_t needed = out.length;
    oct_buffer_deinit(&out);
    for (size_t max = 0; max < needed; max++) {
        oct_buffer_init(&out, NULL, max);
        ck_assert_status(OCT_ERR_LIMIT,
                         oct_infer_answer_write(request, oct_model_plan(model), &sample, &out, &header_length, NULL));
        oct_buffer_deinit(&out);
    }
    for (size_t n = 0;; n++) {
        struct oct_chaos chaos;
        oct_chaos_init(&chaos, n);
        oct_buffer_init(&out, &chaos.allocator, 65536);
        enum oct_status status =
            oct_infer_answer_write(request, oct_model_plan(model), &sample, &out, &header_length, NULL);
        oct_buffer_deinit(&out);
        ck_assert_uint_eq(chaos.live, 0);
        if (!chaos.failed) {
            ck_assert_status_ok(status);
            ck_assert_uint_gt(n, 1);
            break;
        }
        ck_assert_status(OCT_ERR_NOMEM, status);
    }
    oct_infer_request_destroy(request);
    oct_model_close(model);
}
END_TEST

static void add(Suite *suite)
{
    TCase *answers = oct_case(suite, "answers");
    tcase_add_test(answers, the_protocols_answer_is_flat_and_carries_everything);
    tcase_add_test(answers, outputs_come_as_asked_for_and_an_id_is_given_when_none_was);
    tcase_add_test(answers, the_shorthands_answer_is_nested);
    tcase_add_test(answers, binary_outputs_follow_the_json_in_its_order);
    tcase_add_test(answers, a_value_json_cannot_show_is_named_and_binary_passes_it);
    tcase_add_test(answers, the_answers_floats_read_back_bit_for_bit);
    tcase_add_test(answers, the_buffers_bound_and_memory_are_respected);
}

OCT_CHECK_MAIN("proto/infer/answer", add)
