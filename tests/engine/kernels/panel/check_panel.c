#include "engine/kernels/panel/panel.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/oct_check.h"

static const struct octi_panel_geometry vnni = {.nr = 64, .nr_min = 16, .kr = 4, .k_align = 4, .lanes = 4};
static const struct octi_panel_geometry by_sixteen = {.nr = 64, .nr_min = 16, .kr = 4, .k_align = 4, .lanes = 0};
static const struct octi_panel_geometry plain = {.nr = 16, .nr_min = 4, .kr = 1, .k_align = 1, .lanes = 1};

START_TEST(positions_are_a_permutation_of_the_columns)
{
    const struct octi_panel_geometry *geometries[] = {&vnni, &by_sixteen, &plain};
    for (size_t g = 0; g < 3; g++) {
        for (size_t width = geometries[g]->nr; width >= geometries[g]->nr_min; width /= 2) {
            bool seen[64] = {false};
            for (size_t position = 0; position < width; position++) {
                size_t column = octi_panel_column_at(geometries[g], width, position);
                ck_assert_uint_lt(column, width);
                ck_assert(!seen[column]);
                seen[column] = true;
            }
        }
    }
}
END_TEST

START_TEST(packing_instructions_end_in_natural_order)
{
    // Vector j, lane l, element e of a 64-wide panel is column 16 l + 4 j + e.
    ck_assert_uint_eq(octi_panel_column_at(&vnni, 64, 16 * 2 + 4 * 3 + 1), 16 * 3 + 4 * 2 + 1);
    ck_assert_uint_eq(octi_panel_column_at(&vnni, 32, 16 * 1 + 4 * 2 + 3), 8 * 2 + 4 * 1 + 3);
    ck_assert_uint_eq(octi_panel_column_at(&vnni, 16, 9), 9);
    ck_assert_uint_eq(octi_panel_column_at(&by_sixteen, 32, 8 * 3 + 4 * 1 + 2), 16 * 1 + 4 * 3 + 2);
    ck_assert_uint_eq(octi_panel_column_at(&plain, 16, 11), 11);
}
END_TEST

static void expect_widths(const struct octi_panel_geometry *geometry, size_t n, size_t count, size_t bytes_per_k4)
{
    size_t bytes = 0;
    ck_assert_uint_eq(octi_panel_count(geometry, n), count);
    ck_assert(octi_panel_bytes(geometry, n, 1, 4, &bytes));
    ck_assert_uint_eq(bytes, bytes_per_k4);
}

START_TEST(remainders_take_the_narrower_panels)
{
    // A panel of width w takes 16 w bytes of header and 4 w of weights.
    expect_widths(&vnni, 1, 1, 16 * 20);
    expect_widths(&vnni, 17, 1, 32 * 20);
    expect_widths(&vnni, 33, 2, (32 + 16) * 20);
    expect_widths(&vnni, 48, 2, (32 + 16) * 20);
    expect_widths(&vnni, 49, 1, 64 * 20);
    expect_widths(&vnni, 96, 2, (64 + 32) * 20);
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    size_t bytes;
    ck_assert(!octi_panel_bytes(&vnni, 64, SIZE_MAX / 2, 8, &bytes));
    ck_assert(!octi_panel_bytes(&vnni, 64, 1, SIZE_MAX / 8, &bytes));
    ck_assert(!octi_panel_bytes(&vnni, 64, 1, SIZE_MAX, &bytes));
}
END_TEST

START_TEST(header_and_weights_lie_where_the_contract_says)
{
    // Two columns of two taps of three k each.
    const int8_t weights[2][2][3] = {{{1, 2, 3}, {4, 5, 6}}, {{-1, -2, -3}, {-4, -5, -6}}};
    const struct octi_panel_column columns[2] = {{0.5f, 2.0f, 0}, {-0.5f, 3.0f, 7}};
    struct octi_panel_source source = {
        .weights = &weights[0][0][0], .column_stride = 6, .x_stride = 3, .channel_stride = 1};
    source.window_height = 1;
    source.window_width = 2;
    source.channels = 3;
    size_t bytes = 0;
    ck_assert(octi_panel_bytes(&vnni, 2, 2, 3, &bytes));
    char *memory = calloc(1, bytes);
    struct octi_panel panel;
    struct octi_panels packed;
    octi_panels_pack(&vnni, &source, columns, 2, 10, &panel, memory, &packed);
    ck_assert_uint_eq(packed.n_panels, 1);
    ck_assert_uint_eq(panel.width, 16);
    ck_assert_uint_eq(panel.n, 2);
    ck_assert(packed.weight_zero_points);
    const int32_t *start = (const int32_t *)(const void *)memory;
    ck_assert_int_eq(start[0], -10 * 21);
    ck_assert_int_eq(start[1], 10 * 21 + 6 * 10 * 7);
    ck_assert_int_eq(start[2], 0);
    const float *bias = (const float *)(const void *)(memory + 64);
    ck_assert_float_eq(bias[1], -0.5f);
    ck_assert_float_eq(bias[16], 2.0f); // the multiplier of column 0
    ck_assert_int_eq(start[3 * 16 + 1], 7);
    const int8_t *packed_weights = (const int8_t *)memory + octi_panel_header_bytes(16);
    const int8_t expected[8] = {1, 2, 3, 0, -1, -2, -3, 0};
    ck_assert_mem_eq(packed_weights, expected, 8);
    const int8_t second_tap[8] = {4, 5, 6, 0, -4, -5, -6, 0};
    ck_assert_mem_eq(packed_weights + 64, second_tap, 8);
    free(memory);
}
END_TEST

START_TEST(what_kernels_take_off_activations_is_back_in_the_start)
{
    const struct octi_panel_geometry signed_bytes = {
        .nr = 16, .nr_min = 8, .kr = 4, .k_align = 4, .lanes = 1, .x_offset = 128};
    const int8_t weights[2][3] = {{1, 2, 3}, {-100, -100, -100}};
    const struct octi_panel_column columns[2] = {{0.0f, 1.0f, 0}, {0.0f, 1.0f, 7}};
    struct octi_panel_source source = {.weights = &weights[0][0], .column_stride = 3, .channel_stride = 1};
    source.window_height = 1;
    source.window_width = 1;
    source.channels = 3;
    size_t bytes = 0;
    ck_assert(octi_panel_bytes(&signed_bytes, 2, 1, 3, &bytes));
    char *memory = calloc(1, bytes);
    struct octi_panel panel;
    struct octi_panels packed;
    octi_panels_pack(&signed_bytes, &source, columns, 2, 10, &panel, memory, &packed);
    const int32_t *start = (const int32_t *)(const void *)memory;
    ck_assert_int_eq(start[0], (128 - 10) * 6);
    ck_assert_int_eq(start[1], (128 - 10) * -300 + 3 * 10 * 7);
    free(memory);
}
END_TEST

// One column, [channel][y][x], as PyTorch stores it: 2 channels, a window of 2 rows by 3. All of it channels innermost.
static void check_window_order(struct octi_panel_source source, size_t taps, size_t k)
{
    const int8_t weights[2][2][3] = {{{1, 2, 3}, {4, 5, 6}}, {{11, 12, 13}, {14, 15, 16}}};
    const struct octi_panel_column column = {0.0f, 1.0f, 0};
    source.weights = &weights[0][0][0];
    source.column_stride = 12;
    source.y_stride = 3;
    source.x_stride = 1;
    source.channel_stride = 6;
    source.window_height = 2;
    source.window_width = 3;
    source.channels = 2;
    ck_assert_uint_eq(octi_panel_taps(&source), taps);
    ck_assert_uint_eq(octi_panel_depth(&source), k);
    size_t bytes = 0;
    ck_assert(octi_panel_bytes(&plain, 1, taps, k, &bytes));
    char *memory = calloc(1, bytes);
    struct octi_panel panel;
    struct octi_panels packed;
    octi_panels_pack(&plain, &source, &column, 1, 1, &panel, memory, &packed);
    ck_assert_uint_eq(packed.taps, taps);
    ck_assert_uint_eq(packed.k, k);
    ck_assert_int_eq(*(const int32_t *)(const void *)memory, -102);
    const char *packed_weights = memory + octi_panel_header_bytes(panel.width);
    const char expected[12] = {1, 11, 2, 12, 3, 13, 4, 14, 5, 15, 6, 16};
    for (size_t i = 0; i < 12; i++) {
        ck_assert_int_eq(packed_weights[i * panel.width], expected[i]);
    }
    free(memory);
}

START_TEST(row_taps_run_through_a_row_of_the_window_channels_innermost)
{
    check_window_order((struct octi_panel_source){.row_taps = true}, 2, 6);
}
END_TEST

START_TEST(a_flat_window_is_one_tap)
{
    check_window_order((struct octi_panel_source){.flat = true}, 1, 12);
    check_window_order((struct octi_panel_source){.flat = true, .row_taps = true}, 1, 12);
}
END_TEST

static void add(Suite *suite)
{
    TCase *layout = oct_case(suite, "layout");
    tcase_add_test(layout, positions_are_a_permutation_of_the_columns);
    tcase_add_test(layout, packing_instructions_end_in_natural_order);
    tcase_add_test(layout, remainders_take_the_narrower_panels);
    tcase_add_test(layout, sizes_that_overflow_are_refused);
    tcase_add_test(layout, header_and_weights_lie_where_the_contract_says);
    tcase_add_test(layout, what_kernels_take_off_activations_is_back_in_the_start);
    tcase_add_test(layout, row_taps_run_through_a_row_of_the_window_channels_innermost);
    tcase_add_test(layout, a_flat_window_is_one_tap);
}

OCT_CHECK_MAIN("panels", add)
