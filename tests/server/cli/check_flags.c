#include "tests/server/cli/capture.h"

struct seen {
    size_t n;
    size_t flags[16];
    const char *values[16];
};

static enum oct_status note(void *context, size_t flag, const char *value, struct oct_error *error)
{
    struct seen *seen = context;
    seen->flags[seen->n] = flag;
    seen->values[seen->n] = value;
    seen->n += 1;
    if (value != NULL && value[0] == '!') {
        return oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE, "no exclamations");
    }
    return OCT_OK;
}

/// Parses `words` (ended by NULL) with standard error thrown away, and shows what was printed there in `err`.
static int parse(struct seen *seen, const char *const *words, char ***positional, char err[CAPTURE_BYTES])
{
    static const struct oct_cli_flag flags[] = {{"size", "N", "a size"}, {"loud", NULL, "a switch"}};
    static char *argv[16];
    const struct oct_cli_syntax syntax = {.command = "test",
                                          .arguments = "ONE [TWO]",
                                          .about = "About.",
                                          .flags = flags,
                                          .n_flags = 2,
                                          .min_positional = 1,
                                          .max_positional = 2,
                                          .set = note,
                                          .context = seen};
    int argc = 0, saved = -1;
    seen->n = 0;
    for (; words[argc] != NULL; ++argc) {
        argv[argc] = (char *)words[argc]; // parsed, never written
    }
    argv[argc] = NULL;
    int fd = capture_begin(stderr, STDERR_FILENO, &saved);
    int parsed = oct_cli_parse(&syntax, argc, argv, positional);
    capture_end(stderr, STDERR_FILENO, saved, fd, err);
    return parsed;
}

static char err[CAPTURE_BYTES];

START_TEST(flags_and_arguments_may_be_mixed)
{
    struct seen seen;
    char **positional = NULL;
    const char *const words[] = {"test", "a", "--loud", "--size=3", "b", "--size", "4", NULL};
    ck_assert_int_eq(parse(&seen, words, &positional, err), 2);
    ck_assert_str_eq(positional[0], "a");
    ck_assert_str_eq(positional[1], "b");
    ck_assert_ptr_null(positional[2]);
    ck_assert_uint_eq(seen.n, 3);
    ck_assert_uint_eq(seen.flags[0], 1);
    ck_assert_ptr_null(seen.values[0]);
    ck_assert_str_eq(seen.values[1], "3");
    ck_assert_str_eq(seen.values[2], "4");
}
END_TEST

START_TEST(every_mistake_is_told_with_where_to_look)
{
    static const struct {
        const char *words[6];
        const char *says;
    } cases[] = {
        {{"test", "a", "--lound", NULL}, "--lound"},
        {{"test", "a", "-x", NULL}, "no such flag"},
        {{"test", "a", "--size", NULL}, "a value is missing after --size"},
        {{"test", "a", "--loud=1", NULL}, "--loud=1"},
        {{"test", NULL}, "an argument is missing: ONE [TWO]"},
        {{"test", "a", "b", "c", NULL}, "one argument too many: c"},
        {{"test", "a", "--size", "!", NULL}, "--size: no exclamations"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct seen seen;
        char **positional = NULL;
        int parsed = parse(&seen, cases[i].words, &positional, err);
        ck_assert_int_lt(parsed, OCT_CLI_HELP_SHOWN);
        ck_assert_int_eq(oct_cli_parse_exit_code(parsed), 2);
        ck_assert_holds(err, cases[i].says);
        ck_assert_holds(err, "octet test: ");
    }
}
END_TEST

START_TEST(numbers_are_whole_and_bounded)
{
    uint64_t number = 7;
    ck_assert_status_ok(oct_cli_number("0", 0, 9, &number, NULL));
    ck_assert_uint_eq(number, 0);
    ck_assert_status_ok(oct_cli_number("18446744073709551615", 0, UINT64_MAX, &number, NULL));
    static const char *const bad[] = {"", "10", "-1", "+1", " 1", "1 ", "1.0", "0x1", "18446744073709551616"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_status(OCT_ERR_INVALID, oct_cli_number(bad[i], 0, 9, &number, &error));
        ck_assert_error_says(&error, "from 0 to 9");
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *parsing = oct_case(suite, "parsing");
    tcase_add_test(parsing, flags_and_arguments_may_be_mixed);
    tcase_add_test(parsing, every_mistake_is_told_with_where_to_look);
    tcase_add_test(parsing, numbers_are_whole_and_bounded);
}

OCT_CHECK_MAIN("server/cli/flags", add_tests)
