// The calls that need no model: health, metrics, the description, the console; and the table of calls itself.
#include <stdio.h>
#include <string.h>

#include "octet/proto/json.h"
#include "server/http/routes.h"
#include "server/http/services.h"
#include "server/metrics/metrics.h"
#include "server/pool/clock.h"
#include "tests/support/loopback.h"
#include "tests/support/oct_check.h"

struct site {
    struct oct_metrics *metrics;
    struct oct_services *services;
    struct oct_http_server *server;
    struct oct_loopback client;
};

static void open_site(struct site *site)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status_ok(oct_metrics_create(&site->metrics));
    struct oct_services_options services = {
        .metrics = site->metrics, .workers = 1, .unpinned = true, .version = "1.2.3"};
    ck_assert_ok(oct_services_create(&services, &site->services, &error), &error);
    struct oct_http_options options = {.address = "127.0.0.1", .context = site->services, .metrics = site->metrics};
    options.routes = oct_http_routes(&options.n_routes);
    ck_assert_ok(oct_http_server_start(&options, &site->server, &error), &error);
    ck_assert(oct_loopback_open(&site->client, oct_http_server_port(site->server)));
}

static void close_site(struct site *site)
{
    oct_loopback_close(&site->client);
    oct_services_stop(site->services, oct_clock_us() + 1000000);
    oct_http_server_stop(site->server, oct_clock_us() + 1000000);
    oct_http_server_destroy(site->server);
    oct_services_destroy(site->services);
    oct_metrics_destroy(site->metrics);
}

static void ask(struct site *site, const char *method, const char *path, struct oct_loopback_reply *reply)
{
    char text[512];
    (void)snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n", method, path);
    ck_assert(oct_loopback_send_text(&site->client, text));
    ck_assert_msg(oct_loopback_read(&site->client, false, reply), "%s %s: no answer", method, path);
}

static void expect(struct site *site, const char *path, int status, const char *type, const char *body)
{
    struct oct_loopback_reply reply;
    ask(site, "GET", path, &reply);
    ck_assert_msg(reply.status == status, "%s: %d %s", path, reply.status, reply.body);
    char value[128];
    ck_assert(oct_loopback_header(&reply, "Content-Type", value, sizeof value));
    ck_assert_str_eq(value, type);
    if (body != NULL) {
        ck_assert_str_eq(reply.body, body);
    }
    oct_loopback_reply_deinit(&reply);
}

static void wait_ready(struct site *site)
{
    for (int i = 0; i < 500 && !oct_services_ready(site->services, NULL); i++) {
        ck_assert(!oct_loopback_has_data(&site->client, 10));
    }
    ck_assert(oct_services_ready(site->services, NULL));
}

START_TEST(health_tells_life_and_readiness)
{
    struct site site;
    open_site(&site);
    wait_ready(&site);
    expect(&site, "/livez", 200, "application/json", "{\"live\":true}");
    expect(&site, "/readyz", 200, "application/json", "{\"ready\":true}");
    expect(&site, "/healthz", 200, "application/json", "{\"ready\":true}");
    oct_services_drain(site.services);
    expect(&site, "/readyz", 503, "application/json", "{\"ready\":false,\"reason\":\"draining\"}");
    expect(&site, "/livez", 200, "application/json", "{\"live\":true}");
    close_site(&site);
}
END_TEST

START_TEST(metrics_are_text_that_counts_requests)
{
    struct site site;
    open_site(&site);
    expect(&site, "/livez", 200, "application/json", NULL);
    struct oct_loopback_reply reply;
    ask(&site, "GET", "/metrics", &reply);
    ck_assert_int_eq(reply.status, 200);
    char value[128];
    ck_assert(oct_loopback_header(&reply, "Content-Type", value, sizeof value));
    ck_assert_str_eq(value, "text/plain; version=0.0.4; charset=utf-8");
    ck_assert_ptr_nonnull(strstr(reply.body, "\noctet_http_requests_total "));
    oct_loopback_reply_deinit(&reply);
    close_site(&site);
}
END_TEST

START_TEST(the_description_names_every_call)
{
    struct site site;
    open_site(&site);
    struct oct_loopback_reply reply;
    ask(&site, "GET", "/openapi.json", &reply);
    ck_assert_int_eq(reply.status, 200);
    struct oct_json_document *document;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_json_parse(reply.body, reply.n_body, reply.n_body, &document, &error), &error);
    const struct oct_json *root = oct_json_root(document);
    const char *version;
    size_t length;
    ck_assert(oct_json_is_string(oct_json_get(oct_json_get(root, "info"), "version"), &version, &length));
    ck_assert_str_eq(version, "1.2.3");
    const struct oct_json *paths = oct_json_get(root, "paths");
    size_t n;
    const struct oct_http_route *routes = oct_http_routes(&n);
    for (size_t i = 0; i < n; i++) {
        char method[16] = "";
        for (size_t k = 0; routes[i].method[k] != '\0'; k++) {
            method[k] = (char)(routes[i].method[k] + ('a' - 'A'));
        }
        const struct oct_json *operation = oct_json_get(oct_json_get(paths, routes[i].pattern), method);
        ck_assert_msg(operation != NULL, "%s %s is not described", routes[i].method, routes[i].pattern);
        ck_assert_ptr_nonnull(oct_json_get(operation, "summary"));
        ck_assert_ptr_nonnull(oct_json_get(operation, "responses"));
    }
    oct_json_destroy(document);
    oct_loopback_reply_deinit(&reply);
    close_site(&site);
}
END_TEST

START_TEST(the_console_is_one_page_without_foreign_resources)
{
    struct site site;
    open_site(&site);
    struct oct_loopback_reply reply;
    ask(&site, "GET", "/", &reply);
    ck_assert_int_eq(reply.status, 200);
    char value[512];
    ck_assert(oct_loopback_header(&reply, "Content-Type", value, sizeof value));
    ck_assert_str_eq(value, "text/html; charset=utf-8");
    ck_assert(oct_loopback_header(&reply, "Content-Security-Policy", value, sizeof value));
    ck_assert_ptr_nonnull(strstr(value, "default-src 'none'"));
    ck_assert(strncmp(reply.body, "<!doctype html>", 15) == 0);
    ck_assert_ptr_nonnull(strstr(reply.body, "</html>"));
    ck_assert_ptr_null(strstr(reply.body, "http://"));
    ck_assert_ptr_null(strstr(reply.body, "https://"));
    ck_assert_ptr_null(strstr(reply.body, "innerHTML"));
    oct_loopback_reply_deinit(&reply);
    close_site(&site);
}
END_TEST

START_TEST(every_call_of_the_table_is_reached)
{
    struct site site;
    open_site(&site);
    size_t n;
    const struct oct_http_route *routes = oct_http_routes(&n);
    for (size_t i = 0; i < n; i++) {
        char path[128];
        size_t length = 0;
        for (const char *at = routes[i].pattern; *at != '\0' && length + 2 < sizeof path; at++) {
            if (*at == '{') {
                path[length++] = '7';
                at = strchr(at, '}');
            } else {
                path[length++] = *at;
            }
        }
        path[length] = '\0';
        struct oct_loopback_reply reply;
        ask(&site, routes[i].method, path, &reply);
        ck_assert_msg(reply.status != 405 && reply.status != 500 && strstr(reply.body, "no such call") == NULL,
                      "%s %s: %d %s", routes[i].method, path, reply.status, reply.body);
        ck_assert_msg(reply.status < 400 || strncmp(reply.body, "{", 1) == 0, "%s %s: %s", routes[i].method, path,
                      reply.body);
        oct_loopback_reply_deinit(&reply);
    }
    close_site(&site);
}
END_TEST

static void add(Suite *suite)
{
    TCase *pages = oct_case(suite, "pages");
    tcase_add_test(pages, health_tells_life_and_readiness);
    tcase_add_test(pages, metrics_are_text_that_counts_requests);
    tcase_add_test(pages, the_description_names_every_call);
    tcase_add_test(pages, the_console_is_one_page_without_foreign_resources);
    tcase_add_test(pages, every_call_of_the_table_is_reached);
}

OCT_CHECK_MAIN("server/http/handlers/pages", add)
