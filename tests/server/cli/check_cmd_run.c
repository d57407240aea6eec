#include "server/cli/npy.h"
#include "tests/server/cli/capture.h"
#include "tests/server/cli/folder.h"
#include "tests/server/models/tiny_model.h"

static struct capture run;
static char folder[FOLDER_PATH_BYTES];
static char model_path[FOLDER_PATH_BYTES + 64], input_path[FOLDER_PATH_BYTES + 64], output_path[FOLDER_PATH_BYTES + 64];

static void write_model(enum tiny_kind kind)
{
    struct oct_buffer model;
    oct_buffer_init(&model, NULL, (size_t)1 << 20);
    tiny_model_write(kind, "label", &model);
    folder_write(folder_join(folder, "tiny.octet", model_path), model.data, model.length);
    oct_buffer_deinit(&model);
}

/// x[r][c] = r + c / 4 with every second row negative.
static float value_at(int64_t row, int64_t column)
{
    float value = (float)row + (float)column / 4.0f;
    return row % 2 == 0 ? value : -value;
}

static void write_input(int64_t rows, int64_t columns)
{
    struct oct_buffer file;
    const struct oct_shape shape = {.rank = 2, .dims = {rows, columns}};
    oct_buffer_init(&file, NULL, (size_t)1 << 20);
    ck_assert_status_ok(oct_npy_write_header(OCT_DTYPE_FLOAT32, &shape, &file));
    for (int64_t i = 0; i < rows * columns; ++i) {
        float value = value_at(i / columns, i % columns);
        ck_assert_status_ok(oct_buffer_append(&file, &value, sizeof(value)));
    }
    folder_write(folder_join(folder, "x.npy", input_path), file.data, file.length);
    oct_buffer_deinit(&file);
}

static void read_output(struct oct_buffer *file, struct oct_npy *array)
{
    char path[FOLDER_PATH_BYTES + 64];
    struct oct_error error = OCT_ERROR_INIT;
    oct_buffer_init(file, NULL, (size_t)1 << 20);
    FILE *stream = fopen(folder_join(folder, "out/y.npy", path), "rb");
    ck_assert_ptr_nonnull(stream);
    char bytes[4096];
    size_t n_read;
    while ((n_read = fread(bytes, 1, sizeof(bytes), stream)) > 0) {
        ck_assert_status_ok(oct_buffer_append(file, bytes, n_read));
    }
    fclose(stream);
    ck_assert_ok(oct_npy_parse(file->data, file->length, array, &error), &error);
}

static void set_up(void)
{
    folder_make(folder);
    folder_join(folder, "out", output_path);
    folder_join(folder, "x.npy", input_path);
}

static void tear_down(void)
{
    folder_remove(folder);
}

START_TEST(more_rows_than_a_batch_are_run_in_slices_in_their_order)
{
    struct oct_buffer file;
    struct oct_npy array;
    write_model(TINY_RELU);
    write_input(71, TINY_COLUMNS); // two full batches of 32 and a rest
    CAPTURE(&run, "run", model_path, "--input", input_path, "--output-dir", output_path, "--json");
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    ck_assert_holds(run.out, "\"rows\":71");
    read_output(&file, &array);
    ck_assert_int_eq(array.shape.dims[0], 71);
    for (int64_t i = 0; i < 71 * TINY_COLUMNS; ++i) {
        float got = 0, x = value_at(i / TINY_COLUMNS, i % TINY_COLUMNS);
        memcpy(&got, array.data + (size_t)i * sizeof(got), sizeof(got));
        ck_assert_float_eq(got, x > 0 ? x : 0);
    }
    oct_buffer_deinit(&file);
}
END_TEST

START_TEST(rows_that_mix_are_run_together_however_many)
{
    struct oct_buffer file;
    struct oct_npy array;
    write_model(TINY_SOFTMAX);
    write_input(40, TINY_COLUMNS); // more than the batch of 32
    CAPTURE(&run, "run", model_path, "--input", input_path, "--output-dir", output_path);
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    read_output(&file, &array);
    for (int64_t column = 0; column < TINY_COLUMNS; ++column) {
        double sum = 0;
        for (int64_t row = 0; row < 40; ++row) {
            float got = 0;
            memcpy(&got, array.data + (size_t)(row * TINY_COLUMNS + column) * sizeof(got), sizeof(got));
            sum += (double)got;
        }
        ck_assert_double_eq_tol(sum, 1.0, 1e-5);
    }
    oct_buffer_deinit(&file);
    CAPTURE(&run, "run", model_path, "--input", input_path, "--max-rows", "32");
    ck_assert_int_eq(run.exit_code, oct_status_exit_code(OCT_ERR_LIMIT)); // asked for in so many words
    ck_assert_holds(run.err, "40 rows");
}
END_TEST

START_TEST(golden_rows_are_recorded_and_checked_from_then_on)
{
    char golden_path[FOLDER_PATH_BYTES + 64];
    write_model(TINY_RELU);
    write_input(3, TINY_COLUMNS);
    folder_join(folder, "golden.octet", golden_path);
    CAPTURE(&run, "run", model_path, "--input", input_path, "--record-golden", golden_path);
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    CAPTURE(&run, "inspect", golden_path);
    ck_assert_holds(run.out, "golden     passed");
    CAPTURE(&run, "inspect", model_path);
    ck_assert_holds(run.out, "golden     absent");
    write_input(33, TINY_COLUMNS);
    CAPTURE(&run, "run", model_path, "--input", input_path, "--record-golden", golden_path);
    ck_assert_int_eq(run.exit_code, oct_status_exit_code(OCT_ERR_LIMIT));
}
END_TEST

START_TEST(mistakes_are_told_and_have_their_exit_code)
{
    char none[FOLDER_PATH_BYTES + 64], named[FOLDER_PATH_BYTES + 80];
    write_model(TINY_RELU);
    write_input(2, TINY_COLUMNS);
    snprintf(named, sizeof(named), "x=%s", input_path);
    CAPTURE(&run, "run", model_path, "--input", named);
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    CAPTURE(&run, "run", model_path);
    ck_assert_int_eq(run.exit_code, 2);
    ck_assert_holds(run.err, "x: missing");
    CAPTURE(&run, "run", model_path, "--input", named, "--input", input_path);
    ck_assert_int_eq(run.exit_code, 2);
    ck_assert_holds(run.err, "given twice");
    CAPTURE(&run, "run", folder_join(folder, "none", none), "--input", input_path);
    ck_assert_int_eq(run.exit_code, oct_status_exit_code(OCT_ERR_NOT_FOUND));
    CAPTURE(&run, "run", input_path, "--input", input_path); // an array is no model
    ck_assert_int_eq(run.exit_code, oct_status_exit_code(OCT_ERR_CORRUPT));
    CAPTURE(&run, "run", model_path, "--input", model_path); // and a model no array
    ck_assert_int_eq(run.exit_code, oct_status_exit_code(OCT_ERR_CORRUPT));
    ck_assert_holds(run.err, "NUMPY");
    write_input(2, TINY_COLUMNS + 1);
    CAPTURE(&run, "run", model_path, "--input", input_path);
    ck_assert_int_eq(run.exit_code, 2);
    ck_assert_holds(run.err, "expected the shape [N, 4]");
    CAPTURE(&run, "run", model_path, "--input", input_path, "--isa", "mmx");
    ck_assert_int_eq(run.exit_code, 2);
    ck_assert_holds(run.err, "mmx");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *runs = oct_case(suite, "runs");
    tcase_add_checked_fixture(runs, set_up, tear_down);
    tcase_add_test(runs, more_rows_than_a_batch_are_run_in_slices_in_their_order);
    tcase_add_test(runs, rows_that_mix_are_run_together_however_many);
    tcase_add_test(runs, golden_rows_are_recorded_and_checked_from_then_on);
    tcase_add_test(runs, mistakes_are_told_and_have_their_exit_code);
}

OCT_CHECK_MAIN("server/cli/cmd_run", add_tests)
