/// Runs a command as the process would, with what it prints caught in memory. For tests of server/cli.
/// Standard output and error are process-wide: one capture at a time.
#ifndef OCTET_TESTS_SERVER_CLI_CAPTURE_H
#define OCTET_TESTS_SERVER_CLI_CAPTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/cli/cli.h"
#include "tests/support/oct_check.h"

#define CAPTURE_BYTES         65536
#define CAPTURE_MAX_ARGUMENTS 24

struct capture {
    int exit_code;
    char out[CAPTURE_BYTES];
    char err[CAPTURE_BYTES];
};

/// An unnamed file that takes the place of descriptor `target`; `saved` gets the former one.
static inline int capture_begin(FILE *stream, int target, int *saved)
{
    char path[] = "/tmp/octet-capture-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    unlink(path);
    fflush(stream);
    *saved = dup(target);
    ck_assert_int_ge(*saved, 0);
    ck_assert_int_ge(dup2(fd, target), 0);
    return fd;
}

static inline void capture_end(FILE *stream, int target, int saved, int fd, char text[CAPTURE_BYTES])
{
    fflush(stream);
    ck_assert_int_ge(dup2(saved, target), 0);
    close(saved);
    ssize_t n_read = pread(fd, text, CAPTURE_BYTES - 1, 0);
    text[n_read > 0 ? n_read : 0] = 0;
    close(fd);
}

/// `words`: the command line behind "octet", ended by NULL.
static inline void capture_run(struct capture *capture, const char *const *words)
{
    char *argv[CAPTURE_MAX_ARGUMENTS + 2];
    char texts[CAPTURE_MAX_ARGUMENTS][512];
    int argc = 1, saved_out = -1, saved_err = -1;
    argv[0] = (char[]){"octet"};
    for (; words[argc - 1] != NULL; ++argc) {
        ck_assert_int_le(argc, CAPTURE_MAX_ARGUMENTS);
        snprintf(texts[argc - 1], sizeof(texts[0]), "%s", words[argc - 1]);
        argv[argc] = texts[argc - 1];
    }
    argv[argc] = NULL;
    int out = capture_begin(stdout, STDOUT_FILENO, &saved_out);
    int err = capture_begin(stderr, STDERR_FILENO, &saved_err);
    capture->exit_code = oct_cli_main(argc, argv);
    capture_end(stdout, STDOUT_FILENO, saved_out, out, capture->out);
    capture_end(stderr, STDERR_FILENO, saved_err, err, capture->err);
}

#define CAPTURE(capture, ...) capture_run(capture, (const char *const[]){__VA_ARGS__, NULL})

#define ck_assert_holds(text, part) ck_assert_msg(strstr(text, part) != NULL, "'%s' does not hold '%s'", text, part)

/// The model that the tests of commands use.
#define SHIPPED "configs/models/fashion-mnist.octet"

#endif
