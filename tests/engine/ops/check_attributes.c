/// Matching what a model file gives with what an operator asks for.
#include "engine/ops/attributes.h"
#include "engine/ops/op_support.h"
#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"

#include <math.h>
#include <string.h>

enum { COUNT, RATIO, EXACT, MODE, PAIR, LIST, N_SPECS };

static const struct oct_attribute_spec SPECS[] = {
    [COUNT] = {.name = "count", .type = OCT_ATTRIBUTE_INT, .required = true, .minimum = 1, .maximum = 8, .doc = "d"},
    [RATIO] = {.name = "ratio",
               .type = OCT_ATTRIBUTE_FLOAT,
               .has_default = true,
               .default_number = 0.5,
               .minimum = 0,
               .maximum = 1,
               .doc = "d"},
    [EXACT] = {.name = "exact", .type = OCT_ATTRIBUTE_BOOL, .has_default = true, .default_number = 1, .doc = "d"},
    [MODE] = {.name = "mode", .type = OCT_ATTRIBUTE_STRING, .doc = "d"},
    [PAIR] = {.name = "pair",
              .type = OCT_ATTRIBUTE_INTS,
              .has_default = true,
              .default_number = 3,
              .minimum = 0,
              .maximum = 9,
              .min_count = 2,
              .max_count = 2,
              .broadcast_count = 2,
              .doc = "d"},
    [LIST] = {.name = "list", .type = OCT_ATTRIBUTE_INTS, .minimum = -5, .maximum = 5, .max_count = 3, .doc = "d"},
    [N_SPECS] = {.name = NULL},
};
static const struct oct_op OP = {.name = "custom::op", .attributes = SPECS};

static struct oct_attribute_given integer(const char *name, int64_t value)
{
    return (struct oct_attribute_given){name, {.present = true, .type = OCT_ATTRIBUTE_INT, .integer = value}};
}

static struct oct_attribute_given number(const char *name, double value)
{
    return (struct oct_attribute_given){name, {.present = true, .type = OCT_ATTRIBUTE_FLOAT, .number = value}};
}

static struct oct_attribute_given truth(const char *name, bool value)
{
    return (struct oct_attribute_given){name, {.present = true, .type = OCT_ATTRIBUTE_BOOL, .integer = value}};
}

static struct oct_attribute_given text(const char *name, const char *value)
{
    return (struct oct_attribute_given){name, {.present = true, .type = OCT_ATTRIBUTE_STRING, .string = value}};
}

static struct oct_attribute_given integers(const char *name, const int64_t *values, size_t n)
{
    return (struct oct_attribute_given){name,
                                        {.present = true, .type = OCT_ATTRIBUTE_INTS, .integers = values, .count = n}};
}

static struct oct_attribute_given null(const char *name)
{
    return (struct oct_attribute_given){name, {.present = false}};
}

START_TEST(defaults_fill_what_is_absent)
{
    struct octi_region region;
    octi_region_init(&region, NULL);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_attribute_given given[] = {integer("count", 4), null("ratio")};
    struct oct_attribute *a;
    ck_assert_ok(octi_attributes_match(&OP, given, 2, &region, &a, &error), &error);
    ck_assert(a[COUNT].present && a[COUNT].integer == 4);
    ck_assert(a[RATIO].present && a[RATIO].number == 0.5);
    ck_assert(a[EXACT].present && a[EXACT].integer == 1);
    ck_assert(!a[MODE].present);
    ck_assert(a[PAIR].present && a[PAIR].count == 2 && a[PAIR].integers[0] == 3 && a[PAIR].integers[1] == 3);
    ck_assert(!a[LIST].present);
    octi_region_deinit(&region);
}
END_TEST

START_TEST(values_are_taken_over_and_copied)
{
    struct octi_region region;
    octi_region_init(&region, NULL);
    struct oct_error error = OCT_ERROR_INIT;
    int64_t pair[] = {7, 2}, list[] = {-5, 0, 5};
    char mode[] = "fast";
    struct oct_attribute_given given[] = {
        integers("list", list, 3), text("mode", mode),
        truth("exact", false),     integer("ratio", 1), // an integer where a number is asked for
        integers("pair", pair, 2), integer("count", 1),
    };
    struct oct_attribute *a;
    ck_assert_ok(octi_attributes_match(&OP, given, 6, &region, &a, &error), &error);
    memset(mode, 'x', sizeof mode - 1);
    pair[0] = list[0] = 99;
    ck_assert_str_eq(a[MODE].string, "fast");
    ck_assert_int_eq(a[RATIO].type, OCT_ATTRIBUTE_FLOAT);
    ck_assert(a[RATIO].number == 1.0);
    ck_assert_int_eq(a[EXACT].integer, 0);
    ck_assert(a[PAIR].integers[0] == 7 && a[PAIR].integers[1] == 2);
    ck_assert(a[LIST].count == 3 && a[LIST].integers[0] == -5 && a[LIST].integers[2] == 5);
    octi_region_deinit(&region);
}
END_TEST

START_TEST(single_integer_is_repeated_where_the_row_asks_for_it)
{
    struct octi_region region;
    octi_region_init(&region, NULL);
    struct oct_error error = OCT_ERROR_INIT;
    const int64_t one[] = {6};
    for (int form = 0; form < 2; form++) {
        struct oct_attribute_given given[] = {
            integer("count", 1),
            form == 0 ? integer("pair", 6) : integers("pair", one, 1),
            integer("list", -2),
        };
        struct oct_attribute *a;
        ck_assert_ok(octi_attributes_match(&OP, given, 3, &region, &a, &error), &error);
        ck_assert(a[PAIR].count == 2 && a[PAIR].integers[0] == 6 && a[PAIR].integers[1] == 6);
        ck_assert(a[LIST].count == 1 && a[LIST].integers[0] == -2);
    }
    octi_region_deinit(&region);
}
END_TEST

struct refusal {
    struct oct_attribute_given given[2];
    size_t n_given;
    const char *says[3];
};

START_TEST(faults_are_refused_with_place_and_expectation)
{
    static const int64_t three[] = {1, 2, 3}, four[] = {1, 2, 3, 4}, far[] = {1, 10};
    const struct refusal refusals[] = {
        {{integer("count", 1), integer("cuont", 1)}, 2, {"cuont", "count, ratio", "custom::op"}},
        {{integer("count", 1), integer(NULL, 1)}, 2, {"unknown"}},
        {{integer("count", 1), integer("count", 1)}, 2, {"attributes.count", "twice"}},
        {{integer("pair", 1)}, 1, {"attributes.count", "missing", "an integer"}},
        {{null("count")}, 1, {"attributes.count", "missing"}},
        {{number("count", 1.0)}, 1, {"attributes.count", "a number", "expected an integer"}},
        {{integer("count", 0)}, 1, {"attributes.count", "is 0", "1 to 8"}},
        {{integer("count", 9)}, 1, {"is 9", "1 to 8"}},
        {{integer("count", INT64_MIN)}, 1, {"1 to 8"}},
        {{integer("count", 1), number("ratio", NAN)}, 2, {"attributes.ratio", "0 to 1"}},
        {{integer("count", 1), number("ratio", INFINITY)}, 2, {"0 to 1"}},
        {{integer("count", 1), integer("ratio", 2)}, 2, {"is 2", "0 to 1"}},
        {{integer("count", 1), text("ratio", "1")}, 2, {"a string", "expected a number"}},
        {{integer("count", 1), integer("exact", 1)}, 2, {"attributes.exact", "true or false"}},
        {{integer("count", 1), integer("mode", 1)}, 2, {"attributes.mode", "a string"}},
        {{integer("count", 1), text("mode", NULL)}, 2, {"attributes.mode"}},
        {{integer("count", 1), integers("pair", three, 3)}, 2, {"attributes.pair", "3 elements", "expected 2"}},
        {{integer("count", 1), integers("pair", three, 0)}, 2, {"0 elements", "expected 2"}},
        {{integer("count", 1), integers("pair", far, 2)}, 2, {"attributes.pair", "is 10", "0 to 9"}},
        {{integer("count", 1), integers("list", four, 4)}, 2, {"4 elements", "0 to 3"}},
        {{integer("count", 1), integers("list", NULL, 2)}, 2, {"attributes.list"}},
        {{integer("count", 1), integers("list", NULL, SIZE_MAX)}, 2, {"attributes.list"}},
        {{integer("count", 1), number("list", 1.5)}, 2, {"attributes.list", "an array of integers"}},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct octi_region region;
        octi_region_init(&region, NULL);
        struct oct_error error = OCT_ERROR_INIT;
        struct oct_attribute *a = NULL;
        enum oct_status status =
            octi_attributes_match(&OP, refusals[i].given, refusals[i].n_given, &region, &a, &error);
        ck_assert_msg(status == OCT_ERR_INVALID, "refusal %zu: %s", i, oct_status_name(status));
        ck_assert_ptr_null(a);
        for (size_t t = 0; t < 3 && refusals[i].says[t] != NULL; t++) {
            ck_assert_error_says(&error, refusals[i].says[t]);
        }
        octi_region_deinit(&region);
    }
}
END_TEST

START_TEST(operator_without_attributes_takes_none)
{
    struct octi_region region;
    octi_region_init(&region, NULL);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_attribute *a = NULL;
    ck_assert_ok(octi_attributes_match(&octi_op_relu, NULL, 0, &region, &a, &error), &error);
    ck_assert_ptr_nonnull(a);
    struct oct_attribute_given given = integer("alpha", 1);
    ck_assert_status(OCT_ERR_INVALID, octi_attributes_match(&octi_op_relu, &given, 1, &region, &a, &error));
    ck_assert_error_says(&error, "takes no attributes");
    octi_region_deinit(&region);
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
    bool succeeded = false;
    for (size_t n = 0; !succeeded; n++) {
        struct oct_chaos chaos;
        oct_chaos_init(&chaos, n);
        struct octi_region region;
        octi_region_init(&region, &chaos.allocator);
        struct oct_error error = OCT_ERROR_INIT;
        // A list too long for the region's shared block and a string of the same kind: each allocates.
        static char long_mode[9000];
        memset(long_mode, 'm', sizeof long_mode - 1);
        struct oct_attribute_given given[] = {integer("count", 1), text("mode", long_mode)};
        struct oct_attribute *a;
        enum oct_status status = octi_attributes_match(&OP, given, 2, &region, &a, &error);
        succeeded = !chaos.failed;
        ck_assert_status(chaos.failed ? OCT_ERR_NOMEM : OCT_OK, status);
        octi_region_deinit(&region);
        ck_assert_uint_eq(chaos.live, 0);
        ck_assert_uint_lt(n, 100);
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *matching = oct_case(suite, "matching");
    tcase_add_test(matching, defaults_fill_what_is_absent);
    tcase_add_test(matching, values_are_taken_over_and_copied);
    tcase_add_test(matching, single_integer_is_repeated_where_the_row_asks_for_it);
    tcase_add_test(matching, faults_are_refused_with_place_and_expectation);
    tcase_add_test(matching, operator_without_attributes_takes_none);
    tcase_add_test(matching, every_failed_allocation_is_reported);
}

OCT_CHECK_MAIN("attribute matching", add_tests)
