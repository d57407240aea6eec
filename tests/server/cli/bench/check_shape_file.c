#include "server/cli/bench/shape_file.h"

#include <stdio.h>
#include <string.h>

#include "tests/server/cli/bench/shapes.h"

#define FILE_OF(cases) "{\"name\": \"s\", \"source\": \"t\", \"cases\": " cases "}"
#define CASE_OF(rest)  FILE_OF("[{\"name\": \"a\", \"row\": \"r\", \"count\": 1, " rest "}]")
#define IMAGE          "\"op\": \"conv2d\", \"batch\": 1, \"in\": [8, 8], \"channels\": 4, \"out_channels\": 6"
#define WINDOW         "\"kernel\": [3, 3], \"stride\": [1, 1], \"padding\": [1, 1]"

/// A file, and what the refusal says of it.
struct fault {
    const char *text;
    enum oct_status status;
    const char *says;
};

static const struct fault faults[] = {
    {"", OCT_ERR_CORRUPT, ""},
    {"{\"name\": \"s\",}", OCT_ERR_CORRUPT, ""},
    {"[]", OCT_ERR_INVALID, "name"},
    {"{\"name\": 3}", OCT_ERR_INVALID, "name"},
    {"{\"name\": \"s\", \"source\": \"t\"}", OCT_ERR_INVALID, "cases"},
    {"{\"name\": \"s\", \"cases\": []}", OCT_ERR_INVALID, "source"},
    {FILE_OF("{}"), OCT_ERR_INVALID, "array of cases"},
    {FILE_OF("[]"), OCT_ERR_INVALID, "array of cases"},
    {FILE_OF("[7]"), OCT_ERR_INVALID, "cases[0]"},
    {FILE_OF("[{}]"), OCT_ERR_INVALID, "cases[0].name"},
    {"{\"name\": \"s\", \"source\": \"t\", \"more\": 1, \"cases\": [{\"name\": \"a\", \"row\": \"r\", \"count\": 1, "
     "\"op\": \"lut\", \"elements\": 5}]}",
     OCT_ERR_INVALID, "only"},
    {CASE_OF("\"op\": \"fly\""), OCT_ERR_INVALID, "cases[0].op"},
    {CASE_OF("\"op\": 1"), OCT_ERR_INVALID, "cases[0].op"},
    {CASE_OF("\"op\": \"lut\", \"elements\": 0"), OCT_ERR_INVALID, "cases[0].elements"},
    {CASE_OF("\"op\": \"lut\", \"elements\": 1e3"), OCT_ERR_INVALID, "cases[0].elements"},
    {CASE_OF("\"op\": \"lut\", \"elements\": 1000000000000"), OCT_ERR_INVALID, "cases[0].elements"},
    {CASE_OF("\"op\": \"lut\", \"elements\": 8, \"rows\": 1"), OCT_ERR_INVALID, "1 of the members"},
    {CASE_OF("\"op\": \"lut\", \"elements\": 8, \"relu\": true"), OCT_ERR_INVALID, "cases[0].relu"},
    {CASE_OF("\"op\": \"add\", \"elements\": 8, \"relu\": 1"), OCT_ERR_INVALID, "cases[0].relu"},
    {CASE_OF("\"op\": \"concat\", \"elements\": 8"), OCT_ERR_INVALID, "cases[0].inputs"},
    {CASE_OF("\"op\": \"concat\", \"elements\": 8, \"inputs\": 9"), OCT_ERR_INVALID, "cases[0].inputs"},
    {CASE_OF("\"op\": \"linear\", \"rows\": 1, \"in_features\": 4"), OCT_ERR_INVALID, "cases[0].out_features"},
    {CASE_OF(IMAGE ", " WINDOW ", \"dilation\": [1, 1]"), OCT_ERR_INVALID, "cases[0].groups"},
    {CASE_OF(IMAGE ", " WINDOW ", \"dilation\": [1, 1], \"groups\": 4"), OCT_ERR_INVALID, "divisor"},
    {CASE_OF(IMAGE ", " WINDOW ", \"dilation\": [1, 0], \"groups\": 2"), OCT_ERR_INVALID, "cases[0].dilation[1]"},
    {CASE_OF(IMAGE ", " WINDOW ", \"dilation\": [1], \"groups\": 2"), OCT_ERR_INVALID, "array of 2"},
    {CASE_OF("\"op\": \"conv3d\", \"batch\": 1, \"in\": [8, 8]"), OCT_ERR_INVALID, "cases[0].in"},
    {FILE_OF("[{\"name\": \"a\", \"row\": \"r\", \"count\": 1, \"op\": \"lut\", \"elements\": 8}, "
             "{\"name\": \"a\", \"row\": \"r\", \"count\": 1, \"op\": \"lut\", \"elements\": 9}]"),
     OCT_ERR_INVALID, "cases[1].name"},
    {FILE_OF("[{\"name\": \"0123456789012345678901234567890123456789012345678901234567890123456789\"}]"),
     OCT_ERR_INVALID, "cases[0].name"},
};

START_TEST(a_fault_is_refused_with_its_place)
{
    const struct fault *fault = &faults[_i];
    struct oct_bench_shapes shapes;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(fault->status, oct_bench_shapes_parse(fault->text, strlen(fault->text), &shapes, &error));
    ck_assert_error_says(&error, fault->says);
    if (fault->status == OCT_ERR_CORRUPT) {
        ck_assert_int_ge(error.position, 0);
    }
    ck_assert_ptr_null(shapes.cases);
}
END_TEST

START_TEST(sizes_are_bounded)
{
    static char text[OCT_BENCH_MAX_FILE_BYTES + 2];
    struct oct_bench_shapes shapes;
    struct oct_error error = OCT_ERROR_INIT;
    memset(text, ' ', sizeof(text));
    ck_assert_status(OCT_ERR_LIMIT, oct_bench_shapes_parse(text, sizeof(text), &shapes, &error));
    oct_error_clear(&error);
    size_t length = (size_t)snprintf(text, sizeof(text), "{\"name\": \"s\", \"source\": \"t\", \"cases\": [0");
    for (size_t i = 0; i < OCT_BENCH_MAX_CASES; ++i) {
        text[length++] = ',';
        text[length++] = '0';
    }
    memcpy(text + length, "]}", 2);
    ck_assert_status(OCT_ERR_LIMIT, oct_bench_shapes_parse(text, length + 2, &shapes, &error));
    ck_assert_error_says(&error, "2049 cases");
}
END_TEST

START_TEST(a_missing_file_is_told_with_its_path)
{
    struct oct_bench_shapes shapes;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_NOT_FOUND, oct_bench_shapes_read("tests/bench/shapes/none", &shapes, &error));
    ck_assert_error_says(&error, "tests/bench/shapes/none");
}
END_TEST

START_TEST(every_member_arrives)
{
    struct oct_bench_shapes shapes = shapes_of(
        "\"op\": \"conv2d\", \"relu\": true, \"batch\": 2, \"in\": [9, 8], \"channels\": 4, \"out_channels\": 6,"
        "\"kernel\": [3, 5], \"stride\": [1, 2], \"padding\": [0, 2], \"dilation\": [2, 1], \"groups\": 2");
    const struct oct_bench_case *shape = &shapes.cases[0];
    ck_assert_str_eq(shapes.name, "set");
    ck_assert_uint_eq(shapes.n_cases, 1);
    ck_assert_str_eq(shape->name, "a");
    ck_assert_str_eq(shape->row, "r");
    ck_assert(shape->relu);
    ck_assert_int_eq(shape->op, OCT_BENCH_CONV2D);
    ck_assert_int_eq(shape->batch, 2);
    ck_assert_uint_eq(shape->n_dimensions, 2);
    ck_assert_int_eq(shape->in[0], 9);
    ck_assert_int_eq(shape->in[1], 8);
    ck_assert_int_eq(shape->channels, 4);
    ck_assert_int_eq(shape->out_channels, 6);
    ck_assert_int_eq(shape->kernel[1], 5);
    ck_assert_int_eq(shape->stride[1], 2);
    ck_assert_int_eq(shape->padding[1], 2);
    ck_assert_int_eq(shape->dilation[0], 2);
    ck_assert_int_eq(shape->groups, 2);
    oct_bench_shapes_deinit(&shapes);
}
END_TEST

static size_t n_cases, n_layers;

static void count(const struct oct_bench_shapes *shapes)
{
    n_cases += shapes->n_cases;
    for (size_t i = 0; i < shapes->n_cases; ++i) {
        n_layers += (size_t)shapes->cases[i].count;
    }
    if (strcmp(shapes->name, "resnet50") == 0) {
        size_t weighted = 0;
        for (size_t i = 0; i < shapes->n_cases; ++i) {
            enum oct_bench_form form = oct_bench_op_info(shapes->cases[i].op)->form;
            bool has_weights = form == OCT_BENCH_FORM_CONV || form == OCT_BENCH_FORM_LINEAR;
            weighted += has_weights ? (size_t)shapes->cases[i].count : 0;
        }
        ck_assert_uint_eq(weighted, 54); // 53 convolutions and the last layer
    }
}

START_TEST(every_shape_file_of_the_tree_is_read)
{
    n_cases = n_layers = 0;
    shapes_each(count);
    ck_assert_uint_gt(n_cases, 400);
    ck_assert_uint_gt(n_layers, n_cases);
}
END_TEST

static void add(Suite *suite)
{
    TCase *files = oct_case(suite, "shape_file");
    tcase_add_loop_test(files, a_fault_is_refused_with_its_place, 0, (int)(sizeof(faults) / sizeof(faults[0])));
    tcase_add_test(files, sizes_are_bounded);
    tcase_add_test(files, a_missing_file_is_told_with_its_path);
    tcase_add_test(files, every_member_arrives);
    tcase_add_test(files, every_shape_file_of_the_tree_is_read);
}

OCT_CHECK_MAIN("server/cli/bench/shape_file", add)
