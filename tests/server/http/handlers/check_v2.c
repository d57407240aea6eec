// The Open Inference Protocol's metadata and health, over real HTTP. Predictions are in check_infer.
#include "tests/server/http/handlers/model_site.h"

START_TEST(the_protocol_describes_server_and_models)
{
    struct site site;
    site_open(&site, true);
    ck_assert_int_eq(site_upload(&site, "name=tiny", TINY_RELU, "a"), 201);
    ck_assert_int_eq(site_upload(&site, "name=tiny", TINY_RELU, "b"), 201);
    site_expect(&site, "GET", "/v2", "", 200,
                "{\"name\":\"octet\",\"version\":\"1.2.3\",\"extensions\":[\"binary_tensor_data\"]}");
    site_expect(&site, "GET", "/v2/health/live", "", 200, "{\"live\":true}");
    site_expect(&site, "GET", "/v2/health/ready", "", 200, "{\"ready\":true}");
    site_expect(&site, "GET", "/v2/models/tiny", "", 200,
                "{\"name\":\"tiny\",\"versions\":[\"1\",\"2\"],\"platform\":\"octet_int8\","
                "\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,4]}],"
                "\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP32\",\"shape\":[-1,4]}]}");
    site_expect(&site, "GET", "/v2/models/tiny/versions/2", "", 200, "\"name\":\"tiny\"");
    site_expect(&site, "GET", "/v2/models/tiny/ready", "", 200, "{\"name\":\"tiny\",\"ready\":true}");
    site_expect(&site, "GET", "/v2/models/tiny/versions/1/ready", "", 200, "{\"name\":\"tiny\",\"ready\":true}");
    site_expect(&site, "GET", "/v2/models/none", "", 404, "there is no model 'none'");
    site_expect(&site, "GET", "/v2/models/none/ready", "", 404, "{\"error\":");
    site_expect(&site, "GET", "/v2/models/tiny/versions/3", "", 404, "there is no version 3");
    oct_services_drain(site.services);
    site_expect(&site, "GET", "/v2/health/ready", "", 503, "{\"ready\":false}");
    site_expect(&site, "GET", "/v2/health/live", "", 200, "{\"live\":true}");
    site_close(&site);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *v2 = oct_case(suite, "v2");
    tcase_add_test(v2, the_protocol_describes_server_and_models);
}

OCT_CHECK_MAIN("server/http/handlers/v2", add_tests)
