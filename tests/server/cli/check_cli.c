#include "tests/server/cli/capture.h"

static const char *const commands[] = {
#define OCT_COMMAND(function, name, summary) name,
#include "server/cli/commands.def"
#undef OCT_COMMAND
};

static struct capture run;

START_TEST(the_help_lists_every_command)
{
    CAPTURE(&run, "--help");
    ck_assert_int_eq(run.exit_code, 0);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); ++i) {
        ck_assert_holds(run.out, commands[i]);
    }
    CAPTURE(&run, "--version");
    ck_assert_str_eq(run.out, "octet " OCTET_VERSION "\n");
}
END_TEST

START_TEST(every_command_explains_itself)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); ++i) {
        char usage[64];
        CAPTURE(&run, commands[i], "--help");
        ck_assert_int_eq(run.exit_code, 0);
        snprintf(usage, sizeof(usage), "usage: octet %s", commands[i]);
        ck_assert_holds(run.out, usage);
        ck_assert_holds(run.out, "flags:");
        ck_assert_str_eq(run.err, "");
    }
}
END_TEST

START_TEST(no_line_of_help_is_wider_than_100_columns)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); ++i) {
        CAPTURE(&run, commands[i], "--help");
        const char *flags = strstr(run.out, "flags:");
        ck_assert_ptr_nonnull(flags);
        for (const char *line = flags; *line != 0; line += strcspn(line, "\n") + 1) {
            ck_assert_msg(strcspn(line, "\n") <= 100, "%s: %.120s", commands[i], line);
        }
    }
}
END_TEST

START_TEST(an_unknown_command_is_an_error)
{
    CAPTURE(&run, "bogus");
    ck_assert_int_eq(run.exit_code, 2);
    ck_assert_holds(run.err, "no command 'bogus'");
    const char *const none[] = {NULL};
    capture_run(&run, none);
    ck_assert_int_eq(run.exit_code, 2);
    ck_assert_holds(run.err, "usage:");
}
END_TEST

START_TEST(output_that_cannot_be_written_is_an_error)
{
    int saved = dup(STDOUT_FILENO);
    int full = open("/dev/full", O_WRONLY);
    ck_assert_int_ge(full, 0);
    fflush(stdout);
    dup2(full, STDOUT_FILENO);
    struct oct_buffer out;
    oct_buffer_init(&out, NULL, 100);
    ck_assert_status_ok(oct_buffer_printf(&out, "text"));
    int exit_code = oct_cli_print("test", &out);
    clearerr(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(full);
    ck_assert_int_eq(exit_code, oct_status_exit_code(OCT_ERR_IO));
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *commands_case = oct_case(suite, "commands");
    tcase_add_test(commands_case, the_help_lists_every_command);
    tcase_add_test(commands_case, every_command_explains_itself);
    tcase_add_test(commands_case, no_line_of_help_is_wider_than_100_columns);
    tcase_add_test(commands_case, an_unknown_command_is_an_error);
    tcase_add_test(commands_case, output_that_cannot_be_written_is_an_error);
}

OCT_CHECK_MAIN("server/cli/cli", add_tests)
