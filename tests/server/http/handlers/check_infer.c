// Predictions over real HTTP: the protocol's body, the shorthand, binary tensors, and everything that is refused.
#include "tests/server/http/handlers/model_site.h"

#define LENGTH_HEADER "Inference-Header-Content-Length"

static void open_with_model(struct site *site)
{
    site_open(site, true);
    ck_assert_int_eq(site_upload(site, "name=tiny", TINY_RELU, "a"), 201);
}

START_TEST(the_shorthand_answers_in_kind)
{
    struct site site;
    open_with_model(&site);
    site_expect(&site, "POST", "/infer", "{\"model\":\"tiny\",\"inputs\":{\"x\":[[1,-2,3.5,-4],[0,5,-6,7]]}}", 200,
                "{\"model\":\"tiny\",\"version\":\"1\",\"outputs\":{\"y\":[[1.0,0.0,3.5,0.0],[0.0,5.0,0.0,7.0]]}}");
    site_close(&site);
}
END_TEST

START_TEST(the_protocol_body_answers_in_kind)
{
    static const char body[] = "{\"id\":\"i7\",\"model_name\":\"ignored\",\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],"
                               "\"datatype\":\"FP32\",\"data\":[1,-2,3,-4]}]}";
    struct site site;
    open_with_model(&site);
    site_expect(&site, "POST", "/v2/models/tiny/infer", body, 200, "\"model_name\":\"tiny\"");
    site_expect(&site, "POST", "/v2/models/tiny/infer", body, 200, "\"id\":\"i7\"");
    site_expect(&site, "POST", "/v2/models/tiny/versions/1/infer", body, 200, "\"model_version\":\"1\"");
    site_expect(&site, "POST", "/v2/models/tiny/infer",
                "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[[1,-2,3,-4]]}]}", 200,
                "\"id\":\""); // one is made when none is given
    struct oct_loopback_reply reply;
    char value[64];
    site_ask_text(&site, "POST", "/v2/models/tiny/infer", body, &reply);
    ck_assert(oct_loopback_header(&reply, "Content-Type", value, sizeof value));
    ck_assert_str_eq(value, "application/json");
    ck_assert(!oct_loopback_header(&reply, LENGTH_HEADER, value, sizeof value));
    oct_loopback_reply_deinit(&reply);
    site_close(&site);
}
END_TEST

START_TEST(binary_tensors_come_and_go)
{
    static const char head[] = "{\"inputs\":[{\"name\":\"x\",\"shape\":[2,4],\"datatype\":\"FP32\",\"parameters\":"
                               "{\"binary_data_size\":32}}],\"parameters\":{\"binary_data_output\":true}}";
    const float input[8] = {1, -1, 2, -2, -3, 3, -4, 4};
    const float expected[8] = {1, 0, 2, 0, 0, 3, 0, 4};
    char body[sizeof head - 1 + sizeof input];
    char header[64];
    char value[64];
    struct site site;
    struct oct_loopback_reply reply;
    memcpy(body, head, sizeof head - 1);
    memcpy(body + sizeof head - 1, input, sizeof input);
    snprintf(header, sizeof header, LENGTH_HEADER ": %zu\r\n", sizeof head - 1);
    open_with_model(&site);
    site_ask(&site, "POST", "/v2/models/tiny/infer", header, body, sizeof body, &reply);
    ck_assert_msg(reply.status == 200, "%d %s", reply.status, reply.body);
    ck_assert(oct_loopback_header(&reply, "Content-Type", value, sizeof value));
    ck_assert_str_eq(value, "application/octet-stream");
    ck_assert(oct_loopback_header(&reply, LENGTH_HEADER, value, sizeof value));
    size_t length = strtoul(value, NULL, 10);
    ck_assert_uint_eq(reply.n_body, length + sizeof expected);
    ck_assert_mem_eq(reply.body + length, expected, sizeof expected);
    oct_loopback_reply_deinit(&reply);
    site_close(&site);
}
END_TEST

START_TEST(header_lengths_are_read_strictly)
{
    static const char *const values[] = {"-1", "+1", "1x", "0x10", "1000", "99999999999999999999999", "1 2"};
    static const char body[] = "{\"inputs\":[]}";
    struct site site;
    open_with_model(&site);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct oct_loopback_reply reply;
        char header[96];
        snprintf(header, sizeof header, LENGTH_HEADER ": %s\r\n", values[i]);
        site_ask(&site, "POST", "/v2/models/tiny/infer", header, body, sizeof body - 1, &reply);
        ck_assert_msg(reply.status == 400 && strstr(reply.body, LENGTH_HEADER) != NULL, "'%s': %d %s", values[i],
                      reply.status, reply.body);
        oct_loopback_reply_deinit(&reply);
    }
    site_close(&site);
}
END_TEST

START_TEST(what_is_wrong_with_a_request_is_named)
{
    static const struct {
        const char *body;
        int status;
        const char *part;
    } table[] = {
        {"", 400, "{\"error\":\""},
        {"{", 400, "{\"error\":\""},
        {"{\"inputs\":{\"x\":[[1,2,3,4]]}}", 400, "model: missing"},
        {"{\"model\":\"none\",\"inputs\":{\"x\":[[1,2,3,4]]}}", 404, "there is no model 'none'"},
        {"{\"model\":\"../tiny\",\"inputs\":{\"x\":[[1,2,3,4]]}}", 404, "there is no model"},
        {"{\"model\":\"tiny\",\"version\":\"9\",\"inputs\":{\"x\":[[1,2,3,4]]}}", 404, "there is no version 9"},
        {"{\"model\":\"tiny\",\"version\":\"new\",\"inputs\":{\"x\":[[1,2,3,4]]}}", 400, "model version"},
        {"{\"model\":\"tiny\",\"inputs\":{\"z\":[[1,2,3,4]]}}", 400, "z"},
        {"{\"model\":\"tiny\",\"inputs\":{\"x\":[[1,2,3]]}}", 400, "x"},
        {"{\"model\":\"tiny\",\"inputs\":{\"x\":[]}}", 400, "{\"error\":\""},
        // Infinity passes a float input, and JSON cannot say it back.
        {"{\"model\":\"tiny\",\"inputs\":{\"x\":[[1,Infinity,3,4]]}}", 400, "y"},
    };
    struct site site;
    open_with_model(&site);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        site_expect(&site, "POST", "/infer", table[i].body, table[i].status, table[i].part);
    }
    site_expect(&site, "POST", "/infer", "{\"model\":\"tiny\",\"version\":\"\",\"inputs\":{\"x\":[[1,2,3,4]]}}", 200,
                "y");
    site_close(&site);
}
END_TEST

START_TEST(requests_for_many_rows_are_answered_whole)
{
    struct site site;
    struct oct_buffer body;
    struct oct_loopback_reply reply;
    open_with_model(&site);
    oct_buffer_init(&body, NULL, (size_t)1 << 20);
    ck_assert_status_ok(oct_buffer_printf(&body, "{\"model\":\"tiny\",\"inputs\":{\"x\":["));
    for (int i = 0; i < 100; i++) { // max_batch_rows is 8
        ck_assert_status_ok(oct_buffer_printf(&body, "%s[%d,-1,-1,%d]", i == 0 ? "" : ",", i, i * 2));
    }
    ck_assert_status_ok(oct_buffer_printf(&body, "]}}"));
    site_ask(&site, "POST", "/infer", "", body.data, body.length, &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_ptr_nonnull(strstr(reply.body, "[[0.0,0.0,0.0,0.0],[1.0,0.0,0.0,2.0]"));
    ck_assert_ptr_nonnull(strstr(reply.body, "[99.0,0.0,0.0,198.0]]"));
    oct_loopback_reply_deinit(&reply);
    oct_buffer_deinit(&body);
    site_close(&site);
}
END_TEST

START_TEST(while_stopping_predictions_are_unavailable)
{
    struct site site;
    struct oct_loopback_reply reply;
    char value[16];
    open_with_model(&site);
    oct_services_stop(site.services, 0);
    site_ask_text(&site, "POST", "/infer", "{\"model\":\"tiny\",\"inputs\":{\"x\":[[1,2,3,4]]}}", &reply);
    ck_assert_int_eq(reply.status, 503);
    ck_assert(oct_loopback_header(&reply, "Retry-After", value, sizeof value));
    ck_assert_str_eq(value, "1");
    oct_loopback_reply_deinit(&reply);
    site_close(&site);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *infer = oct_case(suite, "infer");
    tcase_add_test(infer, the_shorthand_answers_in_kind);
    tcase_add_test(infer, the_protocol_body_answers_in_kind);
    tcase_add_test(infer, binary_tensors_come_and_go);
    tcase_add_test(infer, header_lengths_are_read_strictly);
    tcase_add_test(infer, what_is_wrong_with_a_request_is_named);
    tcase_add_test(infer, requests_for_many_rows_are_answered_whole);
    tcase_add_test(infer, while_stopping_predictions_are_unavailable);
}

OCT_CHECK_MAIN("server/http/handlers/infer", add_tests)
