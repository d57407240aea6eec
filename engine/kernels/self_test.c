#include "engine/kernels/self_test.h"

#include <string.h>

#include "octet/cpu.h"
#include "octet/kernels.h"

// Sizes that leave a partial tile in every dimension of every kernel.
#define N_ELEMENTS 150
#define ROWS       7
#define MANY_ROWS  39 // more than two tiles of any kernel
#define COLUMNS    75 // a 64-, 16- and 4-column panel among others
#define DEPTH      22
#define MAX_TAPS   49 // of a depthwise window
#define POSITIONS  16
#define GROUPED    80 // channels of its pixels where groups are whole: COLUMNS rounded up to any group
#define MAX_GROUP  16 // channels
#define GROUP_TAPS 3
#define FILTERED   7  // tiles of a filtered image
#define FILTERED_K 5  // their channels
#define SLACK      64 // what kernels may read past their input
// Of the widest geometry: two panels of 64 columns with 16 header bytes each and 9 taps of 8.
#define PACKED_BYTES 12288
#define MAX_PANELS   32

// A fixed, irregular byte for every index.
static uint8_t noise(size_t i)
{
    return (uint8_t)((i * 2654435761u) >> 13);
}

static void fill(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bytes[i] = noise(i);
    }
}

struct packed {
    _Alignas(64) uint8_t bytes[PACKED_BYTES + SLACK];
    struct octi_panel panels[MAX_PANELS];
    struct octi_panels weights;
};

// COLUMNS columns, asymmetric in every fifth; strides and shape of `source` are given.
static bool pack(struct packed *packed, const struct octi_panel_geometry *geometry, struct octi_panel_source source)
{
    int8_t weights[COLUMNS * MAX_TAPS]; // more than DEPTH or MAX_GROUP * GROUP_TAPS each
    struct octi_panel_column columns[COLUMNS];
    for (size_t i = 0; i < sizeof weights; i++) {
        weights[i] = (int8_t)noise(i + 17);
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        columns[i] = (struct octi_panel_column){.bias = (float)noise(i) - 100.0f, .multiplier = 0.0007f};
        columns[i].zero_point = i % 5 == 0 ? 3 : 0;
    }
    source.weights = weights;
    size_t bytes;
    if (octi_panel_count(geometry, COLUMNS) > MAX_PANELS ||
        !octi_panel_bytes(geometry, COLUMNS, octi_panel_taps(&source), octi_panel_depth(&source), &bytes) ||
        bytes > PACKED_BYTES) {
        return false;
    }
    memset(packed->bytes, 0, sizeof packed->bytes);
    octi_panels_pack(geometry, &source, columns, COLUMNS, 121, packed->panels, packed->bytes, NULL, &packed->weights);
    return true;
}

// Without `zero_points` those of the weights are left out of account, which kernels have faster loops for.
static bool multiply_with(octi_qgemm_fn run,
                          const struct octi_panel_geometry *geometry,
                          struct octi_panel_source source,
                          bool zero_points,
                          struct octi_qgemm_call *call,
                          uint8_t *y)
{
    struct packed packed;
    if (!pack(&packed, geometry, source)) {
        return false;
    }
    packed.weights.weight_zero_points = zero_points;
    call->c = y;
    call->c_stride = COLUMNS;
    call->output = octi_output_make(9, 0, 255, 0);
    for (size_t i = 0; i < packed.weights.n_panels; i++) {
        run(call, &packed.weights, &packed.panels[i]);
    }
    octi_qgemm_done(geometry);
    return true;
}

static bool multiply(octi_qgemm_fn run,
                     const struct octi_panel_geometry *geometry,
                     struct octi_panel_source source,
                     struct octi_qgemm_call *call,
                     uint8_t *y)
{
    return multiply_with(run, geometry, source, true, call, y);
}

static bool same_products(const struct octi_qgemm *record,
                          struct octi_panel_source source,
                          bool zero_points,
                          struct octi_qgemm_call *call)
{
    const struct octi_qgemm *scalar = octi_qgemm_at(0);
    uint8_t expected[MANY_ROWS * COLUMNS] = {0};
    uint8_t got[MANY_ROWS * COLUMNS] = {0};
    return multiply_with(scalar->run, &scalar->geometry, source, zero_points, call, expected) &&
           multiply_with(record->run, &record->geometry, source, zero_points, call, got) &&
           memcmp(expected, got, sizeof got) == 0;
}

static bool rows_self_test(const struct octi_qgemm *record, size_t rows, bool zero_points)
{
    uint8_t x[MANY_ROWS * DEPTH + SLACK];
    fill(x, sizeof x);
    struct octi_qgemm_call call = {.m = rows, .a = x, .a_stride = DEPTH};
    const struct octi_panel_source source = {
        .column_stride = DEPTH, .channel_stride = 1, .window_height = 1, .window_width = 1, .channels = DEPTH};
    return same_products(record, source, zero_points, &call);
}

// Two neighbouring pixels, as a convolution reads them: by a table with padding, to rows in order and in another, or,
// tiles, along output lines.
static bool windows_self_test(const struct octi_qgemm *record, bool zero_points)
{
    enum { TAPS = 2, LINE = 4, LINES = 2, LINE_BYTES = (LINE + TAPS) * DEPTH };
    static const int32_t steps[TAPS] = {0, DEPTH};
    static const int32_t backwards[ROWS] = {6, 5, 4, 3, 2, 1, 0};
    uint8_t x[POSITIONS * DEPTH + SLACK];
    uint8_t padding[DEPTH + SLACK];
    int32_t offsets[TAPS * ROWS];
    fill(x, sizeof x);
    memset(padding, 121, sizeof padding);
    for (size_t i = 0; i < TAPS * ROWS; i++) {
        offsets[i] = i == 3 ? OCTI_QGEMM_PADDING : (int32_t)((i / ROWS + i % ROWS * 2) % POSITIONS * DEPTH);
    }
    const struct octi_panel_source source = {.column_stride = TAPS * DEPTH,
                                             .x_stride = DEPTH,
                                             .channel_stride = 1,
                                             .window_height = 1,
                                             .window_width = TAPS,
                                             .channels = DEPTH};
    struct octi_qgemm_call lines = {.m = LINES * LINE, .a = x, .a_stride = DEPTH, .tap_offsets = steps};
    lines.line = LINE;
    lines.line_stride = LINE_BYTES;
    struct octi_qgemm_call table = {.m = ROWS, .a = x, .offsets = offsets, .offset_stride = ROWS, .padding = padding};
    if (record->geometry.gathered) {
        return same_products(record, source, zero_points, &lines);
    }
    struct octi_qgemm_call scattered = table;
    scattered.c_rows = backwards;
    return same_products(record, source, zero_points, &table) && same_products(record, source, zero_points, &scattered);
}

bool octi_qgemm_self_test(const struct octi_qgemm *record)
{
    bool passed = true;
    for (int zero_points = 0; zero_points < 2 && passed; zero_points++) {
        passed = rows_self_test(record, ROWS, zero_points) && rows_self_test(record, MANY_ROWS, zero_points) &&
                 windows_self_test(record, zero_points);
    }
    return passed;
}

// A window of side x side along output lines of LINE pixels; around an image of LINES x LINES is padding.
static bool window_self_test(const struct octi_qdwconv *record, size_t height, size_t width, size_t x_stride)
{
    enum { LINE = 4, LINES = 4 };
    const struct octi_qdwconv *scalar = octi_qdwconv_at(0);
    uint8_t x[LINES * LINES * COLUMNS + SLACK];
    uint8_t padding[LINES * COLUMNS + SLACK];
    int32_t offsets[MAX_TAPS * ROWS];
    uint8_t expected[ROWS * COLUMNS];
    uint8_t got[ROWS * COLUMNS] = {0};
    fill(x, sizeof x);
    memset(padding, 121, sizeof padding);
    for (size_t i = 0; i < height * width * ROWS; i++) {
        size_t tap = i / ROWS;
        size_t pixel = i % ROWS;
        size_t y = pixel / LINE + tap / width - 1; // beyond the image above, too
        size_t column = pixel % LINE * x_stride + tap % width - 1;
        bool inside = y < LINES && column < LINES;
        offsets[i] = inside ? (int32_t)((y * LINES + column) * COLUMNS) : OCTI_QGEMM_PADDING;
    }
    struct octi_qgemm_call call = {
        .m = ROWS, .a = x, .a_stride = COLUMNS, .offsets = offsets, .offset_stride = ROWS, .padding = padding};
    call.line = LINE;
    call.x_stride = x_stride;
    const struct octi_panel_source source = {.column_stride = (int64_t)(height * width),
                                             .y_stride = (int64_t)width,
                                             .x_stride = 1,
                                             .window_height = height,
                                             .window_width = width};
    return multiply(scalar->run, &scalar->geometry, octi_qdwconv_source(scalar, source), &call, expected) &&
           multiply(record->run, &record->geometry, octi_qdwconv_source(record, source), &call, got) &&
           memcmp(expected, got, sizeof got) == 0;
}

bool octi_qdwconv_self_test(const struct octi_qdwconv *record)
{
    size_t width = record->width != 0 ? record->width : 3;
    size_t height = record->height != 0 ? record->height : width;
    return window_self_test(record, height, width, 1) && window_self_test(record, height, width, 2);
}

bool octi_gather_self_test(const struct octi_gather *record)
{
    enum { TAPS = 2, PITCH = 192 };
    uint8_t x[POSITIONS * COLUMNS];
    uint8_t expected[ROWS * PITCH] = {0};
    uint8_t got[ROWS * PITCH] = {0};
    int32_t offsets[TAPS * ROWS];
    fill(x, sizeof x);
    for (size_t i = 0; i < TAPS * ROWS; i++) {
        offsets[i] = i == 3 ? OCTI_QGEMM_PADDING : (int32_t)(i % POSITIONS * COLUMNS);
    }
    struct octi_qgemm_call call = {.m = ROWS, .a = x, .offsets = offsets, .offset_stride = ROWS, .padding = x + 1};
    octi_gather_at(0)->run(&call, TAPS, COLUMNS, PITCH, expected);
    record->run(&call, TAPS, COLUMNS, PITCH, got);
    return memcmp(expected, got, sizeof got) == 0;
}

bool octi_qgroupconv_self_test(const struct octi_qgroupconv *record)
{
    const struct octi_qgroupconv *scalar = octi_qgroupconv_at(0);
    uint8_t x[POSITIONS * GROUPED + SLACK];
    uint8_t padding[GROUPED + SLACK];
    int32_t offsets[GROUP_TAPS * ROWS];
    uint8_t expected[ROWS * COLUMNS];
    uint8_t got[ROWS * COLUMNS] = {0};
    size_t channels = record->channels != 0 ? record->channels : 4;
    fill(x, sizeof x);
    memset(padding, 121, sizeof padding);
    for (size_t i = 0; i < GROUP_TAPS * ROWS; i++) {
        size_t position = (i / ROWS + i % ROWS * 2) % POSITIONS;
        offsets[i] = position == 3 ? OCTI_QGEMM_PADDING : (int32_t)(position * GROUPED);
    }
    struct octi_qgemm_call call = {.m = ROWS, .a = x, .offsets = offsets, .offset_stride = ROWS, .padding = padding};
    const struct octi_panel_source source = {.column_stride = (int64_t)(GROUP_TAPS * channels),
                                             .x_stride = (int64_t)channels,
                                             .channel_stride = 1,
                                             .window_height = 1,
                                             .window_width = GROUP_TAPS,
                                             .channels = channels};
    return multiply(scalar->run, &scalar->geometry, source, &call, expected) &&
           multiply(record->run, &record->geometry, source, &call, got) && memcmp(expected, got, sizeof got) == 0;
}

// All steps over FILTERED tiles side by side, the last of which is cut; `c` gets their outputs.
static void filter(const struct octi_qwinograd *record, const struct packed *packed, uint8_t *c)
{
    enum { CHANNELS = OCTI_QWINOGRAD_CHANNELS, SIDE = OCTI_QWINOGRAD_TILE, PLANES = OCTI_QWINOGRAD_POSITIONS };
    _Alignas(64) int32_t sums[PLANES * FILTERED * OCTI_QWINOGRAD_COLUMNS];
    _Alignas(64) int16_t u[OCTI_QWINOGRAD_THIRD * ((FILTERED_K + 3) * OCTI_QWINOGRAD_COLUMNS + 32)];
    int16_t v[PLANES * FILTERED * CHANNELS];
    uint8_t x[PLANES * CHANNELS + FILTERED + SLACK];
    struct octi_qwinograd_target targets[FILTERED];
    fill(x, sizeof x);
    for (size_t m = 0; m < FILTERED; m++) {
        const uint8_t *pixels[PLANES];
        for (size_t i = 0; i < PLANES; i++) {
            pixels[i] = x + i * CHANNELS + m;
        }
        record->windows(pixels, FILTERED_K, 121, v + m * CHANNELS, (size_t)FILTERED * CHANNELS);
        const uint8_t width = m + 1 < FILTERED ? SIDE : 3;
        targets[m] = (struct octi_qwinograd_target){c + m * SIDE * COLUMNS, SIDE, width};
    }
    const struct octi_qwinograd_call call = {.n = FILTERED,
                                             .k = FILTERED_K,
                                             .v = v,
                                             .v_pitch = CHANNELS,
                                             .v_plane = (size_t)FILTERED * CHANNELS,
                                             .sums = sums,
                                             .sum_plane = (size_t)FILTERED * OCTI_QWINOGRAD_COLUMNS,
                                             .targets = targets,
                                             .c_stride = COLUMNS,
                                             .c_line = (size_t)FILTERED * SIDE * COLUMNS,
                                             .output = octi_output_make(9, 0, 255, 0)};
    // One panel: the plain form takes longer than all other tests together.
    for (size_t third = 0; third < OCTI_QWINOGRAD_THIRDS; third++) {
        record->filters(&packed->weights, &packed->panels[0], third, u);
        record->multiply(&call, third, u);
    }
    record->finish(&call, &packed->weights, &packed->panels[0]);
}

bool octi_qwinograd_self_test(const struct octi_qwinograd *record)
{
    enum { OUTPUTS = OCTI_QWINOGRAD_TILE * OCTI_QWINOGRAD_TILE * FILTERED * COLUMNS };
    const struct octi_panel_source source = {.column_stride = (int64_t)9 * FILTERED_K,
                                             .channel_stride = 9,
                                             .y_stride = 3,
                                             .x_stride = 1,
                                             .window_height = 3,
                                             .window_width = 3,
                                             .channels = FILTERED_K};
    struct packed packed;
    uint8_t expected[OUTPUTS] = {0};
    uint8_t got[OUTPUTS] = {0};
    if (!pack(&packed, &octi_qwinograd_geometry, source)) {
        return false;
    }
    filter(octi_qwinograd_at(0), &packed, expected);
    filter(record, &packed, got);
    return memcmp(expected, got, sizeof got) == 0;
}

// Windows of 3 rows of 9 bytes, along output lines of LINE pixels.
static bool rows_of_windows_self_test(const struct octi_qfirstconv *record, bool zero_points)
{
    enum { LINE = 21, K = 9, X_STRIDE = 6, LINE_BYTES = LINE * X_STRIDE + K };
    const struct octi_qfirstconv *scalar = octi_qfirstconv_at(0);
    uint8_t x[(GROUP_TAPS + MANY_ROWS / LINE) * LINE_BYTES + SLACK];
    int32_t offsets[MANY_ROWS];
    uint8_t expected[MANY_ROWS * COLUMNS];
    uint8_t got[MANY_ROWS * COLUMNS] = {0};
    fill(x, sizeof x);
    for (size_t i = 0; i < MANY_ROWS; i++) {
        offsets[i] = (int32_t)(i / LINE * LINE_BYTES + i % LINE * X_STRIDE);
    }
    struct octi_qgemm_call call = {.m = MANY_ROWS, .a = x, .offsets = offsets, .tap_stride = LINE_BYTES};
    call.line = LINE;
    call.x_stride = X_STRIDE;
    const struct octi_panel_source source = {.column_stride = (int64_t)(GROUP_TAPS * K),
                                             .x_stride = K,
                                             .channel_stride = 1,
                                             .window_height = 1,
                                             .window_width = GROUP_TAPS,
                                             .channels = K};
    return multiply_with(scalar->run, &scalar->geometry, source, zero_points, &call, expected) &&
           multiply_with(record->run, &record->geometry, source, zero_points, &call, got) &&
           memcmp(expected, got, sizeof got) == 0;
}

bool octi_qfirstconv_self_test(const struct octi_qfirstconv *record)
{
    return rows_of_windows_self_test(record, true) && rows_of_windows_self_test(record, false);
}

bool octi_lut_self_test(const struct octi_lut *record)
{
    uint8_t x[256];
    uint8_t table[256];
    uint8_t y[256] = {0};
    for (size_t i = 0; i < 256; i++) {
        x[i] = (uint8_t)i;
        table[i] = noise(i);
    }
    record->run(256, x, y, table);
    return memcmp(y, table, sizeof y) == 0;
}

bool octi_qadd_self_test(const struct octi_qadd *record)
{
    uint8_t x[2 * N_ELEMENTS];
    uint8_t expected[N_ELEMENTS];
    uint8_t got[N_ELEMENTS] = {0};
    fill(x, sizeof x);
    struct octi_qadd_params params = {0.03f, 0.05f, 120, 7, 1.0f / 0.07f, octi_output_make(60, 0, 255, 0)};
    octi_qadd_at(0)->run(N_ELEMENTS, x, x + N_ELEMENTS, expected, &params);
    record->run(N_ELEMENTS, x, x + N_ELEMENTS, got, &params);
    return memcmp(expected, got, sizeof got) == 0;
}

bool octi_qmul_self_test(const struct octi_qmul *record)
{
    uint8_t x[2 * N_ELEMENTS];
    uint8_t expected[N_ELEMENTS];
    uint8_t got[N_ELEMENTS] = {0};
    fill(x, sizeof x);
    struct octi_qmul_params params = {120, 7, 0.01f, octi_output_make(60, 0, 255, 0)};
    octi_qmul_at(0)->run(N_ELEMENTS, x, x + N_ELEMENTS, expected, &params);
    record->run(N_ELEMENTS, x, x + N_ELEMENTS, got, &params);
    return memcmp(expected, got, sizeof got) == 0;
}

bool octi_quantize_self_test(const struct octi_quantize *record)
{
    float x[N_ELEMENTS];
    uint8_t expected[N_ELEMENTS];
    uint8_t got[N_ELEMENTS] = {0};
    for (size_t i = 0; i < N_ELEMENTS; i++) {
        x[i] = (float)noise(i) * 0.25f - 20.0f; // ties among them
    }
    struct octi_quantizer quantizer = octi_quantizer_make(0.1, 31, 0, 255, 0);
    octi_quantize_at(0)->run(N_ELEMENTS, x, expected, &quantizer);
    record->run(N_ELEMENTS, x, got, &quantizer);
    return memcmp(expected, got, sizeof got) == 0;
}

bool octi_dequantize_self_test(const struct octi_dequantize *record)
{
    uint8_t x[N_ELEMENTS];
    float expected[N_ELEMENTS];
    float got[N_ELEMENTS] = {0};
    fill(x, sizeof x);
    octi_dequantize_at(0)->run(N_ELEMENTS, x, expected, 0.037f, 99);
    record->run(N_ELEMENTS, x, got, 0.037f, 99);
    return memcmp(expected, got, sizeof got) == 0;
}

bool octi_transpose_self_test(const struct octi_transpose *record)
{
    enum { HEIGHT = 19, WIDTH = 21 };
    uint32_t words[HEIGHT * WIDTH];
    uint32_t words_expected[HEIGHT * WIDTH];
    uint32_t words_got[HEIGHT * WIDTH] = {0};
    uint8_t bytes[HEIGHT * WIDTH];
    uint8_t bytes_expected[HEIGHT * WIDTH];
    uint8_t bytes_got[HEIGHT * WIDTH] = {0};
    for (size_t i = 0; i < HEIGHT * WIDTH; i++) {
        words[i] = (uint32_t)(i * 2654435761u);
        bytes[i] = noise(i);
    }
    const struct octi_transpose *scalar = octi_transpose_at(0);
    scalar->words(HEIGHT, WIDTH, words, WIDTH, words_expected, HEIGHT);
    record->words(HEIGHT, WIDTH, words, WIDTH, words_got, HEIGHT);
    scalar->bytes(HEIGHT, WIDTH, bytes, WIDTH, bytes_expected, HEIGHT);
    record->bytes(HEIGHT, WIDTH, bytes, WIDTH, bytes_got, HEIGHT);
    return memcmp(words_expected, words_got, sizeof words_got) == 0 &&
           memcmp(bytes_expected, bytes_got, sizeof bytes_got) == 0;
}

#define WINDOWS          3
#define IMAGE_WIDTH      (2 * WINDOWS + 1)
#define WINDOW_POSITIONS (3 * IMAGE_WIDTH)

// 3 x 3 windows, every other one of those in `x`.
static struct octi_pool_window make_window(uint8_t *x)
{
    fill(x, WINDOW_POSITIONS * COLUMNS);
    return (struct octi_pool_window){x, 3, 3, IMAGE_WIDTH * COLUMNS, COLUMNS, COLUMNS, WINDOWS, 2 * COLUMNS};
}

bool octi_qmaxpool_self_test(const struct octi_qmaxpool *record)
{
    uint8_t x[WINDOW_POSITIONS * COLUMNS + SLACK];
    uint8_t expected[WINDOWS * COLUMNS];
    uint8_t got[WINDOWS * COLUMNS] = {0};
    struct octi_pool_window window = make_window(x);
    octi_qmaxpool_at(0)->run(&window, expected);
    record->run(&window, got);
    return memcmp(expected, got, sizeof got) == 0;
}

bool octi_qsumpool_self_test(const struct octi_qsumpool *record)
{
    uint8_t x[WINDOW_POSITIONS * COLUMNS + SLACK];
    uint8_t expected[WINDOWS * COLUMNS];
    uint8_t got[WINDOWS * COLUMNS] = {0};
    struct octi_pool_window window = make_window(x);
    struct octi_pool_average average = {77, 1.0f / 9.0f, octi_output_make(77, 0, 255, 0)};
    octi_qsumpool_at(0)->run(&window, &average, expected);
    record->run(&window, &average, got);
    return memcmp(expected, got, sizeof got) == 0;
}

enum oct_status oct_kernels_self_test(uint64_t cpu_features, struct oct_error *error)
{
    if ((cpu_features & ~oct_cpu_detect()) != 0) {
        return oct_error_set(error, OCT_ERR_INVALID, "cpu_features", OCT_POSITION_NONE,
                             "this processor does not have all of them");
    }
#define OCT_FAMILY(family)                                                                                             \
    for (size_t i = 0; i < octi_##family##_count(); i++) {                                                             \
        const struct octi_##family *record = octi_##family##_at(i);                                                    \
        if ((octi_isa_required(record->kernel.isa) & ~cpu_features) == 0 && !octi_##family##_self_test(record)) {      \
            return oct_error_set(error, OCT_ERR_INTERNAL, record->kernel.name, OCT_POSITION_NONE,                      \
                                 "computes other bytes than the scalar kernel: this processor cannot be trusted");     \
        }                                                                                                              \
    }
#include "engine/kernels/families.def"
#undef OCT_FAMILY
    return OCT_OK;
}
