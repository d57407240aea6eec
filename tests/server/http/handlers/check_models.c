// The calls that register, list, describe and remove models, over real HTTP.
#include "tests/server/http/handlers/model_site.h"

START_TEST(a_model_is_registered_listed_described_and_removed)
{
    struct site site;
    site_open(&site, true);
    site_expect(&site, "GET", "/models", "", 200, "{\"models\":[]}");
    site_expect(&site, "GET", "/models/tiny", "", 404, "{\"error\":");
    ck_assert_int_eq(site_upload(&site, "name=tiny", TINY_RELU, "a"), 201);
    ck_assert_int_eq(site_upload(&site, "name=tiny", TINY_RELU, "a"), 200);
    ck_assert_int_eq(site_upload(&site, "name=tiny", TINY_RELU, "b"), 201);
    ck_assert_int_eq(site_upload(&site, "name=tiny&version=1", TINY_RELU, "b"), 409);
    site_expect(&site, "GET", "/models", "", 200, "{\"version\":\"2\",\"state\":\"ready\",\"default\":true");
    site_expect(&site, "GET", "/models/tiny", "", 200, "{\"model\":\"tiny\",\"version\":\"2\",\"state\":\"ready\"");
    site_expect(&site, "GET", "/models/tiny/versions/1", "", 200, "\"version\":\"1\",\"state\":\"ready\"");
    site_expect(&site, "GET", "/models/tiny", "", 200,
                "\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,4]");
    site_expect(&site, "GET", "/models/tiny", "", 200, "\"rows_independent\":true");
    site_expect(&site, "GET", "/models/tiny", "", 200, "\"op\":\"aten::relu\"");
    site_expect(&site, "GET", "/models/tiny", "", 200, "\"stats\":{\"requests\":0");
    site_expect(&site, "DELETE", "/models/tiny/versions/2", "", 200, "\"versions_deleted\":1");
    site_expect(&site, "GET", "/models/tiny", "", 200, "\"version\":\"1\"");
    site_expect(&site, "DELETE", "/models/tiny", "", 200, "\"state\":\"deleted\"");
    site_expect(&site, "GET", "/models/tiny", "", 404, "{\"error\":");
    site_expect(&site, "DELETE", "/models/tiny", "", 404, "{\"error\":");
    site_expect(&site, "GET", "/models", "", 200, "{\"models\":[]}");
    ck_assert_int_eq(site_upload(&site, "name=tiny", TINY_RELU, "b"), 201);
    site_expect(&site, "GET", "/models/tiny", "", 200, "\"version\":\"3\"");
    site_close(&site);
}
END_TEST

START_TEST(the_answer_to_an_upload_says_what_was_made)
{
    struct site site;
    struct oct_loopback_reply reply;
    struct oct_buffer bytes;
    char expected[64];
    site_open(&site, true);
    tiny_model_write(TINY_RELU, "a", &bytes);
    site_ask(&site, "POST", "/models?name=tiny&version=41", "", bytes.data, bytes.length, &reply);
    ck_assert_int_eq(reply.status, 201);
    ck_assert_ptr_nonnull(strstr(reply.body, "{\"model\":\"tiny\",\"version\":\"41\",\"sha256\":\""));
    ck_assert_ptr_nonnull(strstr(reply.body, "\"state\":\"ready\""));
    snprintf(expected, sizeof expected, "\"bytes\":%zu", bytes.length);
    ck_assert_ptr_nonnull(strstr(reply.body, expected));
    oct_loopback_reply_deinit(&reply);
    site_ask(&site, "POST", "/models?name=tiny&version=41", "", bytes.data, bytes.length, &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_ptr_nonnull(strstr(reply.body, "\"state\":\"unchanged\""));
    oct_loopback_reply_deinit(&reply);
    oct_buffer_deinit(&bytes);
    site_close(&site);
}
END_TEST

START_TEST(bad_uploads_are_refused_with_the_reason)
{
    struct site site;
    site_open(&site, true);
    site_expect(&site, "POST", "/models", "x", 400, "name: missing");
    site_expect(&site, "POST", "/models?name=..", "x", 400, "model name");
    site_expect(&site, "POST", "/models?name=a%2Fb", "x", 400, "model name");
    site_expect(&site, "POST", "/models?name=m&version=zero", "x", 400, "model version");
    site_expect(&site, "POST", "/models?name=m", "this is no model at all", 422, "{\"error\":\"");
    site_expect(&site, "POST", "/models?name=m", "", 422, "{\"error\":\"");
    struct oct_loopback_reply reply;
    site_ask_text(&site, "POST", "/models?name=m", "this is no model at all", &reply);
    ck_assert_msg(strstr(reply.body, site.root) == NULL, "a path of ours is shown: %s", reply.body);
    oct_loopback_reply_deinit(&reply);
    site_expect(&site, "GET", "/models", "", 200, "{\"models\":[]}");
    site_expect(&site, "GET", "/models/m/versions/x", "", 400, "model version");
    site_expect(&site, "DELETE", "/models/m/versions/0", "", 400, "model version");
    site_close(&site);
}
END_TEST

START_TEST(without_a_store_uploads_say_so)
{
    struct site site;
    site_open(&site, false);
    ck_assert_int_eq(site_upload(&site, "name=tiny", TINY_RELU, "a"), 501);
    site_close(&site);
}
END_TEST

/// Waits until the shell command succeeds inside the site's folder.
static bool comes_true(struct site *site, const char *test)
{
    char command[256];
    snprintf(command, sizeof command, "cd '%s/store' && %s", site->root, test);
    for (int i = 0; i < 300; i++) {
        if (system(command) == 0) {
            return true;
        }
        ck_assert(!oct_loopback_has_data(&site->client, 10));
    }
    return false;
}

START_TEST(an_upload_cut_short_leaves_nothing)
{
    struct site site;
    struct oct_loopback other;
    site_open(&site, true);
    ck_assert(oct_loopback_open(&other, oct_http_server_port(site.server)));
    ck_assert(oct_loopback_send_text(
        &other, "POST /models?name=m HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nonly so much"));
    ck_assert(comes_true(&site, "test -n \"$(find tmp -size +0)\""));
    oct_loopback_close(&other);
    ck_assert(comes_true(&site, "test -z \"$(ls tmp)\""));
    site_expect(&site, "GET", "/models", "", 200, "{\"models\":[]}");
    site_close(&site);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *models = oct_case(suite, "models");
    tcase_add_test(models, a_model_is_registered_listed_described_and_removed);
    tcase_add_test(models, the_answer_to_an_upload_says_what_was_made);
    tcase_add_test(models, bad_uploads_are_refused_with_the_reason);
    tcase_add_test(models, without_a_store_uploads_say_so);
    tcase_add_test(models, an_upload_cut_short_leaves_nothing);
}

OCT_CHECK_MAIN("server/http/handlers/models", add_tests)
