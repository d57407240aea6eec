#include "engine/kernels/panel/panel.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

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
    octi_panels_pack(&vnni, octi_quads_at(0), &source, columns, 2, 10, &panel, memory, NULL, &packed);
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
    octi_panels_pack(&signed_bytes, octi_quads_at(0), &source, columns, 2, 10, &panel, memory, NULL, &packed);
    const int32_t *start = (const int32_t *)(const void *)memory;
    ck_assert_int_eq(start[0], (128 - 10) * 6);
    ck_assert_int_eq(start[1], (128 - 10) * -300 + 3 * 10 * 7);
    free(memory);
}
END_TEST

START_TEST(sums_over_some_taps_start_as_if_there_were_no_others)
{
    enum { COLUMNS = 41, TAPS = 6, DEPTH = 9 };
    const struct octi_panel_geometry signed_bytes = {
        .nr = 16, .nr_min = 8, .kr = 4, .k_align = 4, .lanes = 1, .x_offset = 128};
    const struct octi_panel_geometry *const layouts[] = {&vnni, &by_sixteen, &plain, &signed_bytes};
    struct oct_rng rng = {17};
    int8_t weights[COLUMNS][TAPS][DEPTH];
    oct_rng_bytes(&rng, weights, sizeof weights);
    struct octi_panel_column columns[COLUMNS];
    for (int j = 0; j < COLUMNS; j++) {
        columns[j] =
            (struct octi_panel_column){.multiplier = 1.0f, .zero_point = (int32_t)oct_rng_between(&rng, -9, 9)};
    }
    const int32_t taps[] = {0, 2, 3, 5, 1};
    const struct octi_tap_set sets[] = {{taps, 4}, {taps + 4, 1}, {taps, 0}};
    for (size_t l = 0; l < 4; l++) {
        const struct octi_panel_geometry *layout = layouts[l];
        struct octi_panel_source source = {
            .weights = &weights[0][0][0], .column_stride = TAPS * DEPTH, .x_stride = DEPTH, .channel_stride = 1};
        source.window_height = 1;
        source.window_width = TAPS;
        source.channels = DEPTH;
        size_t bytes = 0;
        ck_assert(octi_panel_bytes(layout, COLUMNS, TAPS, DEPTH, &bytes));
        char *memory = calloc(1, bytes);
        const size_t positions = octi_panel_positions(layout, COLUMNS);
        uint32_t sums[TAPS * 64], *given = calloc(3 * positions, sizeof *given);
        struct octi_panel panels[8];
        struct octi_panels packed;
        const struct octi_panel_starts starts = {3, sets, positions, sums, given};
        octi_panels_pack(layout, octi_quads_at(0), &source, columns, COLUMNS, 33, panels, memory, &starts, &packed);
        for (size_t i = 0; i < packed.n_panels * 64; i++) {
            const struct octi_panel *panel = &panels[i / 64];
            const size_t column = i % 64 < panel->width ? octi_panel_column_at(layout, panel->width, i % 64) : panel->n;
            for (size_t s = 0; s < 3 && column < panel->n; s++) {
                int32_t sum = 0;
                for (size_t k = 0; k < sets[s].n * DEPTH; k++) {
                    sum += weights[panel->first + column][sets[s].taps[k / DEPTH]][k % DEPTH];
                }
                const int32_t none = 33 * columns[panel->first + column].zero_point * (int32_t)(sets[s].n * DEPTH);
                ck_assert_int_eq((int32_t)given[s * positions + panel->first + i % 64],
                                 (layout->x_offset - 33) * sum + none);
            }
        }
        free(given);
        free(memory);
    }
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
    octi_panels_pack(&plain, octi_quads_at(0), &source, &column, 1, 1, &panel, memory, NULL, &packed);
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

/// The contract, read word by word: every byte of one panel.
static void pack_plainly(const struct octi_panel_geometry *geometry,
                         const struct octi_panel_source *source,
                         const struct octi_panel_column *columns,
                         int32_t x_zero_point,
                         const struct octi_panel *panel,
                         unsigned char *bytes)
{
    size_t taps = octi_panel_taps(source), k = octi_panel_depth(source), kr = geometry->kr;
    size_t padded = (k + geometry->k_align - 1) / geometry->k_align * geometry->k_align;
    for (size_t position = 0; position < panel->width; position++) {
        size_t column = octi_panel_column_at(geometry, panel->width, position);
        if (column >= panel->n) {
            continue;
        }
        int64_t sum = 0;
        for (size_t t = 0; t < taps; t++) {
            for (size_t i = 0; i < k; i++) {
                size_t y = source->depthwise  ? i / source->window_width
                           : source->row_taps ? t
                                              : t / source->window_width;
                size_t x = source->depthwise  ? i % source->window_width
                           : source->row_taps ? i / source->channels
                                              : t % source->window_width;
                size_t c = source->depthwise ? 0 : source->row_taps ? i % source->channels : i;
                int8_t w = source->weights[(int64_t)(panel->first + column) * source->column_stride +
                                           (int64_t)y * source->y_stride + (int64_t)x * source->x_stride +
                                           (int64_t)c * source->channel_stride];
                size_t at = (t * padded + i / kr * kr) * panel->width + position * kr + i % kr;
                if (geometry->quads > 0) {
                    at = ((t * k + column % k) * (panel->width / k) + column / k) * k + i;
                }
                if (geometry->tails) {
                    size_t whole = k / kr * kr, tail = taps * whole + t * (k - whole) + i - whole;
                    size_t element = i < whole ? t * whole + i : tail;
                    at = element / kr * kr * panel->width + position * kr + element % kr;
                }
                bytes[octi_panel_header_bytes(panel->width) + at] = (unsigned char)w;
                sum += w;
            }
        }
        const struct octi_panel_column *given = &columns[panel->first + column];
        int32_t start =
            (int32_t)(x_zero_point * ((int64_t)(taps * k) * given->zero_point - sum) + geometry->x_offset * sum);
        memcpy(bytes + 4 * position, &start, 4);
        memcpy(bytes + 4 * (panel->width + position), &given->bias, 4);
        memcpy(bytes + 4 * (2 * panel->width + position), &given->multiplier, 4);
        memcpy(bytes + 4 * (3 * panel->width + position), &given->zero_point, 4);
    }
}

START_TEST(every_byte_is_what_the_contract_says)
{
    static const struct octi_panel_geometry geometries[] = {
        {.nr = 64, .nr_min = 16, .kr = 4, .k_align = 4, .lanes = 4},
        {.nr = 64, .nr_min = 16, .kr = 4, .k_align = 64, .lanes = 4},
        {.nr = 128, .nr_min = 16, .kr = 4, .k_align = 8, .lanes = 1, .x_offset = 128},
        {.nr = 16, .nr_min = 16, .kr = 2, .k_align = 2, .lanes = 2},
        {.nr = 16, .nr_min = 4, .kr = 1, .k_align = 1, .lanes = 1},
        {.nr = 64, .nr_min = 64, .kr = 4, .k_align = 4, .lanes = 4, .quads = 1},
        {.nr = 64, .nr_min = 64, .kr = 4, .k_align = 4, .lanes = 4, .quads = 2},
        {.nr = 64, .nr_min = 64, .kr = 4, .k_align = 4, .lanes = 4, .quads = 4},
        {.nr = 64, .nr_min = 16, .kr = 4, .k_align = 4, .lanes = 4, .tails = true},
    };
    struct oct_rng rng = {(uint64_t)_i + 1};
    const struct octi_panel_geometry *geometry = &geometries[_i % 9];
    for (int round = 0; round < 60; round++) {
        size_t n = (size_t)oct_rng_between(&rng, 1, 150), h = (size_t)oct_rng_between(&rng, 1, 3);
        size_t w = (size_t)oct_rng_between(&rng, 1, 3), c = (size_t)oct_rng_between(&rng, 1, round % 2 ? 8 : 140);
        int kind = (int)oct_rng_between(&rng, 0, 3);
        if (geometry->quads > 0) {
            kind = 0;
            c = 4 * geometry->quads;
        }
        c = kind == 1 ? 1 : c;
        bool innermost = oct_rng_between(&rng, 0, 1); // channels, as channels-last weights have them
        struct octi_panel_source source = {.column_stride = (int64_t)(h * w * c) + oct_rng_between(&rng, 0, 3)};
        source.channel_stride = innermost ? 1 : (int64_t)(h * w);
        source.x_stride = innermost ? (int64_t)c : 1;
        source.y_stride = source.x_stride * (int64_t)w;
        source.window_height = h;
        source.window_width = w;
        source.channels = c;
        source.depthwise = kind == 1;
        source.row_taps = kind == 2;
        int8_t *weights = malloc(n * (size_t)source.column_stride);
        oct_rng_bytes(&rng, weights, n * (size_t)source.column_stride);
        source.weights = weights;
        struct octi_panel_column columns[150];
        for (size_t i = 0; i < n; i++) {
            columns[i] = (struct octi_panel_column){oct_rng_float(&rng, -1, 1), oct_rng_float(&rng, 0, 1),
                                                    (int32_t)oct_rng_between(&rng, -3, 3)};
        }
        size_t bytes;
        ck_assert(octi_panel_bytes(geometry, n, octi_panel_taps(&source), octi_panel_depth(&source), &bytes));
        unsigned char *got = malloc(bytes), *expected = calloc(1, bytes);
        memset(got, 0xa5, bytes); // all of it is written
        struct octi_panel *panels = calloc(octi_panel_count(geometry, n), sizeof *panels);
        struct octi_panels packed;
        octi_panels_pack(geometry, octi_quads_at(0), &source, columns, n, 131, panels, got, NULL, &packed);
        for (size_t p = 0; p < packed.n_panels; p++) {
            size_t at = (size_t)((const unsigned char *)panels[p].bytes - got);
            pack_plainly(geometry, &source, columns, 131, &panels[p], expected + at);
        }
        ck_assert_mem_eq(got, expected, bytes);
        free(panels);
        free(expected);
        free(got);
        free(weights);
    }
}
END_TEST

struct fetched {
    const int8_t *weights; // [columns][DEPTH]
    int8_t memory[128 * 8];
    size_t next, fails_at;
};

static const int8_t *fetch(void *context, size_t first, size_t n)
{
    struct fetched *fetched = context;
    ck_assert_uint_eq(first, fetched->next);
    fetched->next = first + n;
    memcpy(fetched->memory, fetched->weights + first * 8, n * 8);
    return first < fetched->fails_at ? fetched->memory : NULL;
}

START_TEST(columns_may_be_fetched_panel_by_panel)
{
    enum { COLUMNS = 150, DEPTH = 8, BYTES = 8192 };
    static const struct octi_panel_geometry geometry = {.nr = 64, .nr_min = 16, .kr = 4, .k_align = 4, .lanes = 4};
    static int8_t weights[COLUMNS * DEPTH];
    static _Alignas(64) unsigned char memory[2][BYTES];
    struct oct_rng rng = {5};
    oct_rng_bytes(&rng, weights, sizeof weights);
    struct octi_panel_column columns[COLUMNS] = {{0.0f, 0.0f, 0}};
    struct fetched fetched = {.weights = weights, .fails_at = SIZE_MAX};
    struct octi_panel_source source = {.weights = weights, .column_stride = DEPTH, .channel_stride = 1};
    source.window_height = source.window_width = 1;
    source.channels = DEPTH;
    struct octi_panel panels[4];
    struct octi_panels packed;
    size_t bytes;
    ck_assert(octi_panel_bytes(&geometry, COLUMNS, 1, DEPTH, &bytes));
    ck_assert_uint_le(bytes, BYTES);
    ck_assert(
        octi_panels_pack(&geometry, octi_quads_at(0), &source, columns, COLUMNS, 3, panels, memory[0], NULL, &packed));
    source.weights = NULL;
    source.fetch = fetch;
    source.fetch_context = &fetched;
    ck_assert(
        octi_panels_pack(&geometry, octi_quads_at(0), &source, columns, COLUMNS, 3, panels, memory[1], NULL, &packed));
    ck_assert_uint_eq(fetched.next, COLUMNS);
    ck_assert_mem_eq(memory[0], memory[1], bytes);
    fetched.next = 0;
    fetched.fails_at = 64;
    ck_assert(
        !octi_panels_pack(&geometry, octi_quads_at(0), &source, columns, COLUMNS, 3, panels, memory[1], NULL, &packed));
}
END_TEST

static void add(Suite *suite)
{
    TCase *layout = oct_case(suite, "layout");
    tcase_add_test(layout, positions_are_a_permutation_of_the_columns);
    tcase_add_test(layout, packing_instructions_end_in_natural_order);
    tcase_add_test(layout, remainders_take_the_narrower_panels);
    tcase_add_test(layout, sizes_that_overflow_are_refused);
    tcase_add_test(layout, columns_may_be_fetched_panel_by_panel);
    tcase_add_test(layout, header_and_weights_lie_where_the_contract_says);
    tcase_add_test(layout, what_kernels_take_off_activations_is_back_in_the_start);
    tcase_add_test(layout, sums_over_some_taps_start_as_if_there_were_no_others);
    tcase_add_loop_test(layout, every_byte_is_what_the_contract_says, 0, 18);
    tcase_add_test(layout, row_taps_run_through_a_row_of_the_window_channels_innermost);
    tcase_add_test(layout, a_flat_window_is_one_tap);
}

OCT_CHECK_MAIN("panels", add)
