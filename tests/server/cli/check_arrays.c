#include "server/cli/arrays.h"

#include <string.h>

#include "tests/server/cli/folder.h"

/// a float32 [N, 2] and b quint8 [N, 3], not connected: only the ports matter here.
static struct oct_plan *make_plan(void)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_op_registry *registry = NULL;
    struct oct_graph *graph = NULL;
    struct oct_plan *plan = NULL;
    oct_value_id a = OCT_VALUE_NONE, b = OCT_VALUE_NONE;
    const struct oct_tensor_desc a_desc = {.dtype = OCT_DTYPE_FLOAT32,
                                           .shape = {.rank = 2, .dims = {OCT_DIM_BATCH, 2}}};
    const struct oct_tensor_desc b_desc = {.dtype = OCT_DTYPE_QUINT8,
                                           .shape = {.rank = 2, .dims = {OCT_DIM_BATCH, 3}},
                                           .qparams = {.scheme = OCT_QSCHEME_PER_TENSOR_AFFINE, .scale = 0.5}};
    ck_assert_ok(oct_op_registry_create(NULL, &registry, &error), &error);
    ck_assert_ok(oct_graph_create(NULL, registry, &graph, &error), &error);
    ck_assert_ok(oct_graph_add_input(graph, "a", &a_desc, &a, &error), &error);
    ck_assert_ok(oct_graph_add_input(graph, "b", &b_desc, &b, &error), &error);
    ck_assert_ok(oct_graph_add_output(graph, "y", a, &error), &error);
    ck_assert_ok(oct_graph_add_output(graph, "z", b, &error), &error);
    ck_assert_ok(oct_graph_finish(graph, &error), &error);
    const struct oct_plan_options options = oct_plan_options_default();
    ck_assert_ok(oct_plan_create(graph, &options, &plan, &error), &error);
    oct_graph_destroy(graph);
    oct_op_registry_destroy(registry);
    return plan;
}

static char folder[FOLDER_PATH_BYTES];
static char a_argument[FOLDER_PATH_BYTES + 80], b_argument[FOLDER_PATH_BYTES + 80];

/// Writes a file and the argument that names it.
static void write_array(const char *name, enum oct_dtype dtype, int64_t rows, int64_t columns, char *argument)
{
    static const uint8_t zeros[256];
    char path[FOLDER_PATH_BYTES + 64], file_name[32];
    const struct oct_shape shape = {.rank = 2, .dims = {rows, columns}};
    struct oct_buffer file;
    oct_buffer_init(&file, NULL, 4096);
    ck_assert_status_ok(oct_npy_write_header(dtype, &shape, &file));
    ck_assert_status_ok(oct_buffer_append(&file, zeros, (size_t)(rows * columns) * oct_dtype_bytes(dtype)));
    snprintf(file_name, sizeof(file_name), "%s.npy", name);
    folder_write(folder_join(folder, file_name, path), file.data, file.length);
    oct_buffer_deinit(&file);
    snprintf(argument, FOLDER_PATH_BYTES + 80, "%s=%s", name, path);
}

static enum oct_status bind(const struct oct_plan *plan, size_t n_arrays, int64_t *rows, struct oct_error *error)
{
    const uint8_t *inputs[2] = {NULL, NULL};
    struct oct_cli_array arrays[2] = {{.argument = a_argument}, {.argument = b_argument}};
    enum oct_status status = oct_cli_arrays_bind(arrays, n_arrays, plan, inputs, rows, error);
    if (status == OCT_OK) {
        ck_assert_ptr_eq(inputs[0], arrays[0].array.data);
        ck_assert_ptr_eq(inputs[1], arrays[1].array.data);
    }
    oct_cli_arrays_deinit(arrays, 2);
    return status;
}

static struct oct_plan *plan;

static void set_up(void)
{
    folder_make(folder);
    plan = make_plan();
}

static void tear_down(void)
{
    oct_plan_release(plan);
    folder_remove(folder);
}

START_TEST(named_arrays_find_their_inputs)
{
    struct oct_error error = OCT_ERROR_INIT;
    int64_t rows = 0;
    write_array("a", OCT_DTYPE_FLOAT32, 5, 2, a_argument);
    write_array("b", OCT_DTYPE_UINT8, 5, 3, b_argument); // a quantized input takes its integers
    ck_assert_ok(bind(plan, 2, &rows, &error), &error);
    ck_assert_int_eq(rows, 5);
}
END_TEST

START_TEST(what_does_not_fit_is_named)
{
    static const struct {
        enum oct_dtype a_type, b_type;
        int64_t a_rows, a_columns, b_rows, b_columns;
        const char *says;
    } cases[] = {
        {OCT_DTYPE_FLOAT64, OCT_DTYPE_UINT8, 5, 2, 5, 3, "expected float32, got float64"},
        {OCT_DTYPE_FLOAT32, OCT_DTYPE_INT8, 5, 2, 5, 3, "expected uint8, got int8"},
        {OCT_DTYPE_FLOAT32, OCT_DTYPE_UINT8, 5, 3, 5, 3, "got [5, 3]"},
        {OCT_DTYPE_FLOAT32, OCT_DTYPE_UINT8, 5, 2, 4, 3, "4 rows, but another input has 5"},
        {OCT_DTYPE_FLOAT32, OCT_DTYPE_UINT8, 0, 2, 0, 3, "at least one row"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct oct_error error = OCT_ERROR_INIT;
        int64_t rows = 0;
        write_array("a", cases[i].a_type, cases[i].a_rows, cases[i].a_columns, a_argument);
        write_array("b", cases[i].b_type, cases[i].b_rows, cases[i].b_columns, b_argument);
        ck_assert_status(OCT_ERR_INVALID, bind(plan, 2, &rows, &error));
        ck_assert_error_says(&error, cases[i].says);
        ck_assert_error_says(&error, "--input ");
    }
}
END_TEST

START_TEST(an_input_without_an_array_or_an_array_without_a_name_is_told)
{
    struct oct_error error = OCT_ERROR_INIT;
    int64_t rows = 0;
    write_array("a", OCT_DTYPE_FLOAT32, 1, 2, a_argument);
    ck_assert_status(OCT_ERR_INVALID, bind(plan, 1, &rows, &error));
    ck_assert_error_says(&error, "--input b=FILE");
    oct_error_clear(&error);
    snprintf(b_argument, sizeof(b_argument), "somewhere.npy");
    ck_assert_status(OCT_ERR_INVALID, bind(plan, 2, &rows, &error));
    ck_assert_error_says(&error, "the model has 2 inputs");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *arrays = oct_case(suite, "arrays");
    tcase_add_checked_fixture(arrays, set_up, tear_down);
    tcase_add_test(arrays, named_arrays_find_their_inputs);
    tcase_add_test(arrays, what_does_not_fit_is_named);
    tcase_add_test(arrays, an_input_without_an_array_or_an_array_without_a_name_is_told);
}

OCT_CHECK_MAIN("server/cli/arrays", add_tests)
