/// Check's interface, as far as the tests of the engine use it, in one header: where Check itself is not to be had,
/// which is every machine that is only emulated. Tests run in the program's own process, so that a crash ends the
/// program; a failed one is left at once and named.
#ifndef OCTET_TESTS_SUPPORT_BARE_CHECK_H
#define OCTET_TESTS_SUPPORT_BARE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bare_test {
    const char *name;
    void (*run)(int);
};

typedef struct bare_entry {
    const struct bare_test *test;
    int first, end; // of its loop
    struct bare_entry *next;
} bare_entry;

/// A suite, its cases and its runner are one list of tests.
typedef struct bare_list {
    const char *name;
    bare_entry *tests, **last;
    int ran, failed;
} bare_list;
typedef bare_list Suite;
typedef bare_list TCase;
typedef bare_list SRunner;

enum { CK_NORMAL };

static jmp_buf bare_out_of_test;

__attribute__((format(printf, 4, 5), noreturn)) static inline void
bare_fail(const char *file, int line, const char *expression, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%s:%d: '%s' failed: ", file, line, expression);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    longjmp(bare_out_of_test, 1);
}

// What a test may see of the loop it runs in, as Check names it.
#define START_TEST(name)                                                                                               \
    static void name##_body(int _i);                                                                                   \
    static const struct bare_test name##_test = {#name, name##_body};                                                  \
    static const struct bare_test *const name = &name##_test;                                                          \
    static void name##_body(int _i __attribute__((unused)))
#define END_TEST

#define ck_assert_msg(expression, ...)                                                                                 \
    do {                                                                                                               \
        if (!(expression)) {                                                                                           \
            bare_fail(__FILE__, __LINE__, #expression, __VA_ARGS__);                                                   \
        }                                                                                                              \
    } while (0)
#define ck_assert(expression) ck_assert_msg(expression, "it is not so")

#define BARE_COMPARE(type, format, a, operator, b)                                                                     \
    do {                                                                                                               \
        const type bare_a = (type)(a);                                                                                 \
        const type bare_b = (type)(b);                                                                                 \
        if (!(bare_a operator bare_b)) {                                                                               \
            bare_fail(__FILE__, __LINE__, #a " " #operator" " #b, format " and " format, bare_a, bare_b);              \
        }                                                                                                              \
    } while (0)
#define ck_assert_uint_eq(a, b)   BARE_COMPARE(uintmax_t, "%ju", a, ==, b)
#define ck_assert_uint_ne(a, b)   BARE_COMPARE(uintmax_t, "%ju", a, !=, b)
#define ck_assert_uint_lt(a, b)   BARE_COMPARE(uintmax_t, "%ju", a, <, b)
#define ck_assert_uint_le(a, b)   BARE_COMPARE(uintmax_t, "%ju", a, <=, b)
#define ck_assert_uint_gt(a, b)   BARE_COMPARE(uintmax_t, "%ju", a, >, b)
#define ck_assert_uint_ge(a, b)   BARE_COMPARE(uintmax_t, "%ju", a, >=, b)
#define ck_assert_int_eq(a, b)    BARE_COMPARE(intmax_t, "%jd", a, ==, b)
#define ck_assert_int_ne(a, b)    BARE_COMPARE(intmax_t, "%jd", a, !=, b)
#define ck_assert_int_lt(a, b)    BARE_COMPARE(intmax_t, "%jd", a, <, b)
#define ck_assert_int_le(a, b)    BARE_COMPARE(intmax_t, "%jd", a, <=, b)
#define ck_assert_int_gt(a, b)    BARE_COMPARE(intmax_t, "%jd", a, >, b)
#define ck_assert_int_ge(a, b)    BARE_COMPARE(intmax_t, "%jd", a, >=, b)
#define ck_assert_float_eq(a, b)  BARE_COMPARE(double, "%.9g", a, ==, b)
#define ck_assert_double_eq(a, b) BARE_COMPARE(double, "%.17g", a, ==, b)
#define ck_assert_double_le(a, b) BARE_COMPARE(double, "%.17g", a, <=, b)
#define ck_assert_ptr_eq(a, b)    BARE_COMPARE(void *, "%p", a, ==, b)
#define ck_assert_ptr_ne(a, b)    BARE_COMPARE(void *, "%p", a, !=, b)
#define ck_assert_ptr_null(a)     BARE_COMPARE(void *, "%p", a, ==, NULL)
#define ck_assert_ptr_nonnull(a)  BARE_COMPARE(void *, "%p", a, !=, NULL)
#define ck_assert_str_eq(a, b)    ck_assert_msg(strcmp(a, b) == 0, "\"%s\" and \"%s\"", a, b)
#define ck_assert_str_ne(a, b)    ck_assert_msg(strcmp(a, b) != 0, "both are \"%s\"", a)
#define ck_assert_mem_eq(a, b, n) ck_assert_msg(memcmp(a, b, n) == 0, "the bytes differ")

static inline Suite *suite_create(const char *name)
{
    Suite *suite = calloc(1, sizeof *suite);
    if (suite == NULL) {
        abort();
    }
    suite->name = name;
    suite->last = &suite->tests;
    return suite;
}

static inline TCase *tcase_create(const char *name)
{
    return suite_create(name);
}

// Whoever starts the program bounds its time.
static inline void tcase_set_timeout(TCase *test_case, double seconds)
{
    (void)test_case;
    (void)seconds;
}

static inline void tcase_add_loop_test(TCase *test_case, const struct bare_test *test, int first, int end)
{
    bare_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        abort();
    }
    *entry = (bare_entry){.test = test, .first = first, .end = end};
    *test_case->last = entry;
    test_case->last = &entry->next;
}

static inline void tcase_add_test(TCase *test_case, const struct bare_test *test)
{
    tcase_add_loop_test(test_case, test, 0, 1);
}

// Cases are filled after they are added: the suite keeps them as entries without a test.
static inline void suite_add_tcase(Suite *suite, TCase *test_case)
{
    bare_entry *entry = calloc(1, sizeof *entry + sizeof test_case);
    if (entry == NULL) {
        abort();
    }
    memcpy(entry + 1, &test_case, sizeof test_case);
    *suite->last = entry;
    suite->last = &entry->next;
}

static inline SRunner *srunner_create(Suite *suite)
{
    return suite;
}

__attribute__((noinline)) static bool bare_passes(const struct bare_test *test, int i)
{
    if (setjmp(bare_out_of_test) != 0) {
        return false;
    }
    test->run(i);
    return true;
}

static inline void bare_run_case(SRunner *runner, const TCase *test_case)
{
    for (const bare_entry *entry = test_case->tests; entry != NULL; entry = entry->next) {
        for (int i = entry->first; i < entry->end; i++) {
            runner->ran++;
            if (!bare_passes(entry->test, i)) {
                runner->failed++;
                printf("%s:%s:%d: failed\n", test_case->name, entry->test->name, i);
            }
        }
    }
}

static inline void srunner_run_all(SRunner *runner, int verbosity)
{
    (void)verbosity;
    printf("Running suite(s): %s\n", runner->name);
    for (const bare_entry *entry = runner->tests; entry != NULL; entry = entry->next) {
        const TCase *test_case;
        memcpy(&test_case, entry + 1, sizeof test_case);
        bare_run_case(runner, test_case);
    }
    int passed = runner->ran - runner->failed;
    printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n", runner->ran > 0 ? 100 * passed / runner->ran : 0, runner->ran,
           runner->failed);
}

static inline int srunner_ntests_failed(const SRunner *runner)
{
    return runner->failed;
}

static inline int srunner_ntests_run(const SRunner *runner)
{
    return runner->ran;
}

// The program ends here.
static inline void srunner_free(SRunner *runner)
{
    (void)runner;
}

#endif
