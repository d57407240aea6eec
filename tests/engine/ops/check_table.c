/// Tables over channels-last images whose pixels lie apart, whole and in parts.
#include "engine/ops/table.h"
#include "octet/cpu.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#include <string.h>

#define SIDE         9
#define PIXELS       (SIDE * SIDE)
#define MAX_CHANNELS 150
#define MAX_GAP      40
#define MAX_BYTES    (PIXELS * (MAX_CHANNELS + MAX_GAP))

struct images {
    uint8_t from[MAX_BYTES], to[MAX_BYTES], expected[MAX_BYTES];
};

static struct oct_view image(int64_t channels, int64_t pitch, void *data)
{
    const struct oct_tensor_desc desc = {
        .dtype = OCT_DTYPE_QUINT8, .shape = {4, {1, channels, SIDE, SIDE}}, .format = OCT_FORMAT_CHANNELS_LAST};
    struct oct_view view = oct_view_dense(&desc, 1, data);
    view.strides[3] = pitch;
    view.strides[2] = pitch * SIDE;
    view.strides[0] = pitch * PIXELS;
    return view;
}

/// Applies a table to pixels [begin, end), everywhere or as a part, and compares all bytes, gaps included.
static void check(struct oct_rng *rng, int64_t channels, int64_t to_gap, int64_t from_gap, bool in_place, bool part)
{
    static struct images images;
    static struct octi_table table;
    table.kernel = octi_lut_select(oct_cpu_detect());
    oct_rng_bytes(rng, table.bytes, sizeof table.bytes);
    oct_rng_bytes(rng, images.from, MAX_BYTES);
    oct_rng_bytes(rng, images.to, MAX_BYTES);
    memcpy(images.expected, images.to, MAX_BYTES);
    const int64_t to_pitch = channels + to_gap, from_pitch = in_place ? to_pitch : channels + from_gap;
    const uint8_t *source = in_place ? images.to : images.from;
    const struct oct_op_part some = {.row_begin = part ? 5 : 0, .row_end = PIXELS, .column_end = channels};
    for (int64_t p = some.row_begin; p < PIXELS; p++) {
        for (int64_t c = 0; c < channels; c++) {
            images.expected[p * to_pitch + c] = table.bytes[source[p * from_pitch + c]];
        }
    }
    struct oct_view to = image(channels, to_pitch, images.to);
    struct oct_view from = in_place ? to : image(channels, from_pitch, images.from);
    if (part) {
        octi_table_apply_part(&table, &to, &from, &some);
    } else {
        octi_table_apply(&table, &to, &from, NULL);
    }
    ck_assert_msg(memcmp(images.to, images.expected, MAX_BYTES) == 0, "%d channels, gaps %d and %d", (int)channels,
                  (int)to_gap, (int)from_gap);
}

START_TEST(rows_of_every_length_are_looked_up_and_the_gaps_between_stay)
{
    struct oct_rng rng = {12};
    for (int64_t channels = 1; channels <= MAX_CHANNELS; channels++) {
        for (int way = 0; way < 8; way++) {
            const int64_t to_gap = way & 1 ? oct_rng_between(&rng, 1, MAX_GAP) : 0;
            const int64_t from_gap = way & 2 ? oct_rng_between(&rng, 1, MAX_GAP) : 0;
            check(&rng, channels, to_gap, from_gap, false, (way & 4) != 0);
        }
    }
}
END_TEST

START_TEST(a_tensor_may_be_its_own_result)
{
    struct oct_rng rng = {13};
    for (int64_t channels = 1; channels <= MAX_CHANNELS; channels++) {
        for (int part = 0; part < 2; part++) {
            check(&rng, channels, 0, 0, true, part != 0);
            check(&rng, channels, oct_rng_between(&rng, 1, MAX_GAP), 0, true, part != 0);
        }
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *rows = oct_case(suite, "rows");
    tcase_add_test(rows, rows_of_every_length_are_looked_up_and_the_gaps_between_stay);
    tcase_add_test(rows, a_tensor_may_be_its_own_result);
}

OCT_CHECK_MAIN("table", add_tests)
