// Every byte of the copy against what a window would see there.
#include "engine/ops/padded_image.h"

#include "tests/support/guard.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#include <string.h>

static struct octi_conv_geometry random_geometry(struct oct_rng *rng)
{
    struct octi_conv_geometry geometry = {.groups = 1};
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        geometry.kernel[d] = oct_rng_between(rng, 1, d == OCTI_CONV_DEPTH ? 3 : 7);
        geometry.padding[d] = oct_rng_between(rng, 0, geometry.kernel[d] - 1);
        geometry.stride[d] = oct_rng_between(rng, 1, 9);
        geometry.dilation[d] = 1;
        int64_t least = geometry.kernel[d] - 2 * geometry.padding[d];
        geometry.in[d] = (least > 1 ? least : 1) + oct_rng_between(rng, 0, 9);
        geometry.out[d] = (geometry.in[d] + 2 * geometry.padding[d] - geometry.kernel[d]) / geometry.stride[d] + 1;
    }
    return geometry;
}

START_TEST(the_copy_is_the_image_amid_zero_points)
{
    struct oct_rng rng = {17};
    for (int repeat = 0; repeat < 300; repeat++) {
        struct octi_conv_geometry geometry = random_geometry(&rng);
        size_t channels = (size_t)oct_rng_between(&rng, 1, 4);
        struct octi_padded_image image;
        size_t bytes;
        ck_assert(octi_padded_image_plan(&geometry, channels, 77, &image, &bytes));
        ck_assert_uint_eq(bytes, image.planes * image.lines * image.line_bytes);
        size_t pixels = bytes / channels, seen = 1; // no line unseen, none that no window sees
        for (int d = 0; d < OCTI_CONV_DIMS; d++) {
            seen *= (size_t)((geometry.out[d] - 1) * geometry.stride[d] + geometry.kernel[d]);
        }
        ck_assert_uint_eq(pixels, seen);
        struct oct_guard x = oct_guard_create((size_t)octi_conv_count(geometry.in) * channels);
        struct oct_guard copy = oct_guard_create(bytes);
        oct_rng_bytes(&rng, x.data, x.bytes);
        octi_padded_image_fill(&image, x.data, copy.data);
        for (size_t i = 0; i < bytes; i++) {
            size_t line = i / image.line_bytes;
            const int64_t at[OCTI_CONV_DIMS] = {
                (int64_t)(line / image.lines) - geometry.padding[OCTI_CONV_DEPTH],
                (int64_t)(line % image.lines) - geometry.padding[OCTI_CONV_HEIGHT],
                (int64_t)(i % image.line_bytes / channels) - geometry.padding[OCTI_CONV_WIDTH],
            };
            bool inside = true;
            int64_t pixel = 0;
            for (int d = 0; d < OCTI_CONV_DIMS; d++) {
                inside = inside && at[d] >= 0 && at[d] < geometry.in[d];
                pixel = pixel * geometry.in[d] + at[d];
            }
            uint8_t want = inside ? x.data[(size_t)pixel * channels + i % channels] : 77;
            ck_assert_uint_eq(copy.data[i], want);
        }
        ck_assert(oct_guard_intact(&copy));
        oct_guard_destroy(&copy);
        oct_guard_destroy(&x);
    }
}
END_TEST

START_TEST(a_size_that_overflows_is_refused)
{
    struct octi_conv_geometry geometry = {.in = {1, INT64_MAX / 8, INT64_MAX / 8}};
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        geometry.out[d] = geometry.in[d];
        geometry.kernel[d] = geometry.stride[d] = 1;
    }
    struct octi_padded_image image;
    size_t bytes;
    ck_assert(!octi_padded_image_plan(&geometry, 3, 0, &image, &bytes));
}
END_TEST

static void add(Suite *suite)
{
    TCase *copy = oct_case(suite, "copy");
    tcase_add_test(copy, the_copy_is_the_image_amid_zero_points);
    tcase_add_test(copy, a_size_that_overflows_is_refused);
}

OCT_CHECK_MAIN("padded image", add)
