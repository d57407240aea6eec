#include "server/app/app.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "tests/server/cli/folder.h"
#include "tests/support/loopback.h"

static struct oct_config config;
static char folder[FOLDER_PATH_BYTES];
static int log_fd;

/// TMPDIR is a folder of the test, so that what the server leaves there is seen.
static void set_up(void)
{
    folder_make(folder);
    ck_assert_int_eq(setenv("TMPDIR", folder, 1), 0);
    log_fd = open("/dev/null", O_WRONLY);
    ck_assert_int_ge(log_fd, 0);
    oct_config_init(&config);
    config.server_port = 0;
    config.workers_count = 1;
}

static void tear_down(void)
{
    close(log_fd);
    ck_assert_int_eq(setenv("TMPDIR", "/tmp", 1), 0);
    folder_remove(folder);
}

static struct oct_app *create(void)
{
    struct oct_app *app = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_app_create(&config, log_fd, &app, &error), &error);
    return app;
}

static void *run(void *app)
{
    oct_app_run(app);
    return NULL;
}

static bool folder_is_empty(void)
{
    size_t n_entries = 0;
    DIR *entries = opendir(folder);
    ck_assert_ptr_nonnull(entries);
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        n_entries += entry->d_name[0] != '.';
    }
    closedir(entries);
    return n_entries == 0;
}

/// The status of a GET on a connection of its own; 0 when there is none. `closes`: the answer said so.
static int get(uint16_t port, const char *request, bool *closes)
{
    struct oct_loopback client;
    struct oct_loopback_reply reply = {0};
    char value[32];
    if (!oct_loopback_open(&client, port)) {
        return 0;
    }
    bool answered = oct_loopback_send_text(&client, request) && oct_loopback_read(&client, false, &reply);
    int status = answered ? reply.status : 0;
    if (closes != NULL) {
        *closes = answered && oct_loopback_header(&reply, "Connection", value, sizeof(value)) &&
                  strcasecmp(value, "close") == 0;
    }
    oct_loopback_reply_deinit(&reply);
    oct_loopback_close(&client);
    return status;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

static void wait_until_ready(uint16_t port)
{
    for (int i = 0; i < 2000; ++i) {
        if (get(port, GET("/readyz"), NULL) == 200) {
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    ck_abort_msg("not ready");
}

START_TEST(it_serves_the_shipped_models_and_leaves_nothing_behind)
{
    pthread_t thread;
    snprintf(config.models_directory, sizeof(config.models_directory), "configs/models");
    struct oct_app *app = create();
    uint16_t port = oct_app_port(app);
    ck_assert_uint_ne(port, 0);
    ck_assert_int_eq(get(port, GET("/livez"), NULL), 200); // before anything runs on this thread
    ck_assert_int_eq(pthread_create(&thread, NULL, run, app), 0);
    wait_until_ready(port);
    ck_assert_int_eq(get(port, GET("/v2/models/fashion-mnist"), NULL), 200);
    ck_assert(!folder_is_empty()); // the temporary store
    oct_app_stop(app);
    oct_app_stop(app);
    pthread_join(thread, NULL);
    ck_assert_int_eq(get(port, GET("/livez"), NULL), 0);
    oct_app_destroy(app);
    ck_assert(folder_is_empty());
}
END_TEST

START_TEST(a_term_signal_drains_first)
{
    pthread_t thread;
    bool closes = false;
    config.server_drain_delay_ms = 1500;
    struct oct_app *app = create();
    uint16_t port = oct_app_port(app);
    ck_assert_int_eq(pthread_create(&thread, NULL, run, app), 0);
    wait_until_ready(port);
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
    int status = 200;
    for (int i = 0; i < 200 && status == 200; ++i) {
        status = get(port, GET("/readyz"), &closes);
    }
    ck_assert_int_eq(status, 503);
    ck_assert(closes);
    ck_assert_int_eq(get(port, GET("/livez"), NULL), 200); // still taken
    pthread_join(thread, NULL);
    oct_app_destroy(app);
}
END_TEST

START_TEST(a_token_is_needed_where_there_is_a_token_file_and_a_hangup_reads_it_again)
{
    pthread_t thread;
    static const char *const former =
        "DELETE /models/none HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer former-token-of-24-chars\r\n\r\n";
    static const char *const next =
        "DELETE /models/none HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer another-token-of-24-char\r\n\r\n";
    char path[FOLDER_PATH_BYTES + 64];
    folder_write(folder_join(folder, "token", path), "former-token-of-24-chars\n", 25);
    ck_assert_int_eq(chmod(path, 0600), 0);
    snprintf(config.management_token_file, sizeof(config.management_token_file), "%.1000s", path);
    struct oct_app *app = create();
    uint16_t port = oct_app_port(app);
    ck_assert_int_eq(pthread_create(&thread, NULL, run, app), 0);
    wait_until_ready(port);
    ck_assert_int_eq(get(port, "DELETE /models/none HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", NULL), 401);
    ck_assert_int_eq(get(port, next, NULL), 401);
    ck_assert_int_eq(get(port, former, NULL), 404);

    folder_write(path, "another-token-of-24-char\n", 25);
    ck_assert_int_eq(kill(getpid(), SIGHUP), 0);
    int status = 401;
    for (int i = 0; i < 400 && status == 401; ++i) {
        status = get(port, next, NULL);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    ck_assert_int_eq(status, 404);
    ck_assert_int_eq(get(port, former, NULL), 401);

    folder_write(path, "short\n", 6); // no good: the former stays in force
    ck_assert_int_eq(kill(getpid(), SIGHUP), 0);
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    ck_assert_int_eq(get(port, next, NULL), 404);
    oct_app_stop(app);
    pthread_join(thread, NULL);
    oct_app_destroy(app);
}
END_TEST

START_TEST(what_cannot_start_leaves_nothing_behind)
{
    struct oct_app *app = create(), *second = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    config.server_port = oct_app_port(app);
    ck_assert_status(OCT_ERR_IO, oct_app_create(&config, log_fd, &second, &error)); // the port is taken
    oct_app_destroy(app);

    config.server_port = 0;
    snprintf(config.management_token_file, sizeof(config.management_token_file), "/no/such/token");
    ck_assert_status(OCT_ERR_NOT_FOUND, oct_app_create(&config, log_fd, &second, NULL));
    config.management_token_file[0] = 0;
    snprintf(config.models_store, sizeof(config.models_store), "/dev/null/store");
    ck_assert_status(OCT_ERR_IO, oct_app_create(&config, log_fd, &second, NULL));
    config.models_store[0] = 0;
    snprintf(config.cpu_isa, sizeof(config.cpu_isa), "mmx");
    ck_assert_status(OCT_ERR_INVALID, oct_app_create(&config, log_fd, &second, NULL));
    ck_assert(folder_is_empty());
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *app = oct_case(suite, "app");
    tcase_add_checked_fixture(app, set_up, tear_down);
    tcase_add_test(app, it_serves_the_shipped_models_and_leaves_nothing_behind);
    tcase_add_test(app, a_term_signal_drains_first);
    tcase_add_test(app, a_token_is_needed_where_there_is_a_token_file_and_a_hangup_reads_it_again);
    tcase_add_test(app, what_cannot_start_leaves_nothing_behind);
}

OCT_CHECK_MAIN("server/app/app", add_tests)
