/// A whole server (services, HTTP, a store of its own) on a port of its own, for black-box tests of the calls about
/// models.
#ifndef OCTET_TESTS_SERVER_HTTP_HANDLERS_MODEL_SITE_H
#define OCTET_TESTS_SERVER_HTTP_HANDLERS_MODEL_SITE_H

#include <stdio.h>
#include <string.h>

#include "octet/proto/json.h"
#include "server/http/routes.h"
#include "server/http/services.h"
#include "server/metrics/metrics.h"
#include "server/pool/clock.h"
#include "tests/server/models/tiny_model.h"
#include "tests/support/loopback.h"

struct site {
    char root[64];
    struct oct_metrics *metrics;
    struct oct_services *services;
    struct oct_http_server *server;
    struct oct_loopback client;
};

static inline void site_open(struct site *site, bool with_store)
{
    struct oct_error error = OCT_ERROR_INIT;
    char store[80];
    snprintf(site->root, sizeof site->root, "/tmp/octet-site-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(site->root));
    snprintf(store, sizeof store, "%s/store", site->root);
    ck_assert_status_ok(oct_metrics_create(&site->metrics));
    const struct oct_services_options services = {.metrics = site->metrics,
                                                  .workers = 2,
                                                  .unpinned = true,
                                                  .version = "1.2.3",
                                                  .store_dir = with_store ? store : NULL,
                                                  .max_batch_rows = 8};
    ck_assert_ok(oct_services_create(&services, &site->services, &error), &error);
    struct oct_http_options options = {.address = "127.0.0.1", .context = site->services, .metrics = site->metrics};
    options.routes = oct_http_routes(&options.n_routes);
    ck_assert_ok(oct_http_server_start(&options, &site->server, &error), &error);
    ck_assert(oct_loopback_open(&site->client, oct_http_server_port(site->server)));
    for (int i = 0; i < 1000 && !oct_services_ready(site->services, NULL); i++) {
        ck_assert(!oct_loopback_has_data(&site->client, 10));
    }
    ck_assert(oct_services_ready(site->services, NULL));
}

static inline void site_close(struct site *site)
{
    char command[128];
    oct_loopback_close(&site->client);
    oct_services_stop(site->services, oct_clock_us() + 5000000);
    oct_http_server_stop(site->server, oct_clock_us() + 5000000);
    oct_http_server_destroy(site->server);
    oct_services_destroy(site->services);
    oct_metrics_destroy(site->metrics);
    snprintf(command, sizeof command, "rm -rf '%s'", site->root);
    ck_assert_int_eq(system(command), 0);
}

/// One call on the site's connection. `headers` are whole lines, or "".
static inline void site_ask(struct site *site,
                            const char *method,
                            const char *path,
                            const char *headers,
                            const void *body,
                            size_t n_body,
                            struct oct_loopback_reply *reply)
{
    char head[1024];
    int length = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: t\r\n%sContent-Length: %zu\r\n\r\n", method, path,
                          headers, n_body);
    ck_assert(length > 0 && (size_t)length < sizeof head);
    ck_assert(oct_loopback_send_text(&site->client, head));
    ck_assert(n_body == 0 || oct_loopback_send(&site->client, body, n_body));
    ck_assert_msg(oct_loopback_read(&site->client, false, reply), "%s %s: no answer", method, path);
}

static inline void site_ask_text(
    struct site *site, const char *method, const char *path, const char *body, struct oct_loopback_reply *reply)
{
    site_ask(site, method, path, "", body, strlen(body), reply);
}

/// Asks, and expects the status and that the body holds `part`.
static inline void
site_expect(struct site *site, const char *method, const char *path, const char *body, int status, const char *part)
{
    struct oct_loopback_reply reply;
    site_ask_text(site, method, path, body, &reply);
    ck_assert_msg(reply.status == status && strstr(reply.body, part) != NULL, "%s %s %s: %d %s, expected %d and '%s'",
                  method, path, body, reply.status, reply.body, status, part);
    oct_loopback_reply_deinit(&reply);
}

/// Uploads a tiny model; returns the status code.
static inline int site_upload(struct site *site, const char *query, enum tiny_kind kind, const char *label)
{
    struct oct_loopback_reply reply;
    struct oct_buffer bytes;
    char path[128];
    snprintf(path, sizeof path, "/models?%s", query);
    tiny_model_write(kind, label, &bytes);
    site_ask(site, "POST", path, "", bytes.data, bytes.length, &reply);
    oct_buffer_deinit(&bytes);
    int status = reply.status;
    oct_loopback_reply_deinit(&reply);
    return status;
}

#endif
