// All steps of every kernel against the formula itself, computed in 64 bits from the weights as they were given.
#include "engine/kernels/qwinograd/qwinograd.h"

#include "octet/cpu.h"
#include "tests/engine/kernels/packed_case.h"
#include "tests/support/guard.h"
#include "tests/support/oct_check.h"

#define GAP    3 // bytes between pixels that nobody may touch
#define TILE   OCTI_QWINOGRAD_TILE
#define WINDOW OCTI_QWINOGRAD_WINDOW
#define TAPS   9

/// Tiles anywhere in an image: their windows are pixels of it in any order.
struct tiles {
    size_t n, pitch;
    struct oct_guard image; ///< [positions][k]
    size_t positions;
    const uint8_t **pixels;  ///< [n][36]
    uint8_t *height, *width; ///< [n] of what exists of their outputs
};

static struct tiles make_tiles(struct oct_rng *rng, const struct packed_case *c, size_t n)
{
    struct tiles t = {.n = n, .positions = (size_t)oct_rng_between(rng, 1, 50)};
    t.pitch = (c->k + OCTI_QWINOGRAD_CHANNELS - 1) / OCTI_QWINOGRAD_CHANNELS * OCTI_QWINOGRAD_CHANNELS;
    t.image = oct_guard_create(t.positions * c->k);
    oct_rng_bytes(rng, t.image.data, t.image.bytes);
    if (oct_rng_between(rng, 0, 3) == 0) { // windows as far from the zero point as can be, in any pattern
        for (size_t i = 0; i < t.image.bytes; i++) {
            t.image.data[i] = oct_rng_between(rng, 0, 1) == 0 ? 0 : 255;
        }
    }
    t.pixels = malloc(n * OCTI_QWINOGRAD_POSITIONS * sizeof *t.pixels);
    t.height = malloc(n);
    t.width = malloc(n);
    for (size_t i = 0; i < n * OCTI_QWINOGRAD_POSITIONS; i++) {
        t.pixels[i] = t.image.data + (size_t)oct_rng_between(rng, 0, (int64_t)t.positions - 1) * c->k;
    }
    for (size_t m = 0; m < n; m++) {
        t.height[m] = (uint8_t)oct_rng_between(rng, 1, TILE);
        t.width[m] = (uint8_t)oct_rng_between(rng, 1, TILE);
    }
    return t;
}

static void free_tiles(struct tiles *t)
{
    oct_guard_destroy(&t->image);
    free(t->pixels);
    free(t->height);
    free(t->width);
}

static uint8_t exact(const struct packed_case *c, const struct tiles *t, size_t m, size_t y, size_t x, size_t j)
{
    int64_t sum = 0;
    for (size_t tap = 0; tap < TAPS; tap++) {
        const uint8_t *pixel = t->pixels[m * OCTI_QWINOGRAD_POSITIONS + (y + tap / 3) * WINDOW + x + tap % 3];
        for (size_t i = 0; i < c->k; i++) {
            sum += (int64_t)(pixel[i] - c->x_zero_point) * c->weights[(j * TAPS + tap) * c->k + i];
        }
    }
    return finish_case(c, j, sum);
}

static void run_kernel(const struct octi_qwinograd *kernel,
                       const struct packed_case *c,
                       const struct tiles *t,
                       struct octi_qwinograd_call *call)
{
    const size_t v_plane = t->n * t->pitch + 5, sum_plane = t->n * OCTI_QWINOGRAD_COLUMNS + 16;
    const struct oct_allocator *allocator = oct_allocator_default();
    struct oct_guard v = oct_guard_create(OCTI_QWINOGRAD_POSITIONS * v_plane * sizeof(int16_t));
    struct oct_guard sums = oct_guard_create(OCTI_QWINOGRAD_POSITIONS * sum_plane * sizeof(int32_t) + 64);
    int16_t *u = allocator->allocate(NULL, octi_qwinograd_third_size(c->k) * sizeof *u, OCT_ALIGN);
    for (size_t m = 0; m < t->n; m++) {
        kernel->windows(t->pixels + m * OCTI_QWINOGRAD_POSITIONS, c->k, (uint8_t)c->x_zero_point,
                        (int16_t *)(void *)v.data + m * t->pitch, v_plane);
    }
    call->n = t->n;
    call->k = c->k;
    call->v = (const int16_t *)(const void *)v.data;
    call->v_pitch = t->pitch;
    call->v_plane = v_plane;
    call->sums = (int32_t *)(void *)(((uintptr_t)sums.data + 63) / 64 * 64);
    call->sum_plane = sum_plane;
    call->output = c->output;
    for (size_t p = 0; p < c->packed.n_panels; p++) {
        for (size_t third = 0; third < OCTI_QWINOGRAD_THIRDS; third++) {
            kernel->filters(&c->packed, &c->panels[p], third, u);
            kernel->multiply(call, third, u);
        }
        kernel->finish(call, &c->packed, &c->panels[p]);
    }
    ck_assert_msg(oct_guard_intact(&v) && oct_guard_intact(&sums), "%s wrote outside its memory", kernel->kernel.name);
    allocator->release(NULL, u, 0);
    oct_guard_destroy(&sums);
    oct_guard_destroy(&v);
}

static void check_kernel(const struct octi_qwinograd *kernel, struct packed_case *c, const struct tiles *t)
{
    const size_t stride = c->n + GAP, line = t->n * TILE * stride; // tiles lie side by side
    struct oct_guard y = oct_guard_create(TILE * line - GAP);
    const uint8_t untouched = y.data[0];
    struct octi_qwinograd_target *targets = malloc(t->n * sizeof *targets);
    for (size_t m = 0; m < t->n; m++) {
        targets[m] = (struct octi_qwinograd_target){y.data + m * TILE * stride, t->height[m], t->width[m]};
    }
    struct octi_qwinograd_call call = {.targets = targets, .c_stride = stride, .c_line = line};
    pack_case(c, &octi_qwinograd_geometry);
    ck_assert(octi_qwinograd_reads(&c->packed));
    run_kernel(kernel, c, t, &call);
    unpack_case(c);
    for (size_t i = 0; i < y.bytes; i++) {
        const size_t j = i % stride, row = i / line, m = i % line / stride / TILE, x = i / stride % TILE;
        const bool exists = j < c->n && row < t->height[m] && x < t->width[m];
        const uint8_t want = exists ? exact(c, t, m, row, x, j) : untouched;
        ck_assert_msg(y.data[i] == want,
                      "%s: tile %zu of %zu, output (%zu, %zu), column %zu of %zu, %zu channels: got %u, expected %u",
                      kernel->kernel.name, m, t->n, row, x, j, c->n, c->k, y.data[i], want);
    }
    ck_assert_msg(oct_guard_intact(&y), "%s wrote outside its output", kernel->kernel.name);
    free(targets);
    oct_guard_destroy(&y);
}

// Weights are made smaller until their sums hold.
static struct packed_case make_filters(struct oct_rng *rng, size_t columns, size_t k)
{
    struct packed_case c = make_case(rng, columns, TAPS, k, false);
    for (size_t i = 0; i < columns; i++) {
        c.columns[i].zero_point = 0;
    }
    while (!octi_qwinograd_holds(c.weights, columns, TAPS * k, c.x_zero_point)) {
        for (size_t i = 0; i < columns * TAPS * k; i++) {
            c.weights[i] = (int8_t)(c.weights[i] * 7 / 8);
        }
    }
    return c;
}

static void check_case(struct oct_rng *rng, size_t n, size_t columns, size_t k)
{
    struct packed_case c = make_filters(rng, columns, k);
    struct tiles t = make_tiles(rng, &c, n);
    for (size_t i = 0; i < octi_qwinograd_count(); i++) {
        const struct octi_qwinograd *kernel = octi_qwinograd_at(i);
        if ((octi_isa_required(kernel->kernel.isa) & ~oct_cpu_detect()) == 0) {
            check_kernel(kernel, &c, &t);
        }
    }
    free_tiles(&t);
    free_case(&c);
}

START_TEST(every_kernel_is_exact_for_every_number_of_channels)
{
    struct oct_rng rng = {51};
    for (size_t k = 1; k <= 70; k++) {
        check_case(&rng, 1 + k % 4, 64, k);
    }
}
END_TEST

START_TEST(every_kernel_is_exact_for_every_number_of_tiles_and_columns)
{
    struct oct_rng rng = {52};
    for (size_t n = 1; n <= 20; n++) {
        check_case(&rng, n, 128, 9);
    }
    for (size_t columns = 1; columns <= 64; columns++) {
        check_case(&rng, 2, columns, 5);
    }
}
END_TEST

START_TEST(sums_next_to_their_bound_are_exact)
{
    struct oct_rng rng = {53};
    // 300 channels of the largest weights leave it; 110 are just inside.
    check_case(&rng, 3, 3, 300);
    for (int repeat = 0; repeat < 6; repeat++) {
        struct packed_case c = make_filters(&rng, 2, 110);
        memset(c.weights, repeat % 2 ? -128 : 127, TAPS * c.k);
        c.x_zero_point = repeat < 3 ? 0 : 255;
        ck_assert(octi_qwinograd_holds(c.weights, 2, TAPS * c.k, c.x_zero_point));
        struct tiles t = make_tiles(&rng, &c, 2);
        memset(t.image.data, 255 - c.x_zero_point, t.image.bytes);
        for (size_t i = 0; i < octi_qwinograd_count(); i++) {
            if ((octi_isa_required(octi_qwinograd_at(i)->kernel.isa) & ~oct_cpu_detect()) == 0) {
                check_kernel(octi_qwinograd_at(i), &c, &t);
            }
        }
        free_tiles(&t);
        free_case(&c);
    }
}
END_TEST

// 255 * 131586 is two less than 2^25.
START_TEST(weights_hold_up_to_the_bound)
{
    enum { DEPTH = 1100 };
    int8_t weights[2 * DEPTH] = {0};
    int64_t left = 131586;
    for (size_t i = 0; i < DEPTH && left > 0; i++) {
        weights[DEPTH + i] = (int8_t)(left < 127 ? left : 127);
        left -= weights[DEPTH + i];
    }
    ck_assert_int_eq(left, 0);
    ck_assert(octi_qwinograd_holds(weights, 2, DEPTH, 0));
    ck_assert(octi_qwinograd_holds(weights, 2, DEPTH, 255));
    weights[2 * DEPTH - 1]++;
    ck_assert(!octi_qwinograd_holds(weights, 2, DEPTH, 0));
    ck_assert(!octi_qwinograd_holds(weights, 2, DEPTH, 255));
    ck_assert(octi_qwinograd_holds(weights, 2, DEPTH, 128));
    ck_assert(octi_qwinograd_holds(weights, 1, DEPTH, 0));
}
END_TEST

START_TEST(other_panels_are_not_read)
{
    struct octi_panel panels[2] = {{.n = 64, .width = 64}, {.n = 9, .width = 64}};
    struct octi_panels weights = {.geometry = octi_qwinograd_geometry, .taps = TAPS, .k = 40, .panels = panels};
    weights.n_panels = 2;
    ck_assert(octi_qwinograd_reads(&weights));
    panels[1].width = 16;
    ck_assert(!octi_qwinograd_reads(&weights));
    panels[1].width = 64;
    weights.weight_zero_points = true;
    ck_assert(!octi_qwinograd_reads(&weights));
    weights.weight_zero_points = false;
    weights.taps = 3;
    ck_assert(!octi_qwinograd_reads(&weights));
    weights.taps = TAPS;
    weights.geometry.lanes = 1;
    ck_assert(!octi_qwinograd_reads(&weights));
}
END_TEST

static void add(Suite *suite)
{
    TCase *exact_case = oct_case(suite, "exact");
    tcase_add_test(exact_case, every_kernel_is_exact_for_every_number_of_channels);
    tcase_add_test(exact_case, every_kernel_is_exact_for_every_number_of_tiles_and_columns);
    tcase_add_test(exact_case, sums_next_to_their_bound_are_exact);
    TCase *bounds = oct_case(suite, "bounds");
    tcase_add_test(bounds, weights_hold_up_to_the_bound);
    tcase_add_test(bounds, other_panels_are_not_read);
}

OCT_CHECK_MAIN("qwinograd", add)
