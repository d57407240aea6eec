/// Sums and products of two tensors that broadcast, above all the product of an image with one value per channel.
#include "tests/engine/graph/graph_kit.h"

static const int64_t CHANNELS[] = {1, 3, 16, 64, 72, 2048, 2500};
#define N_CHANNELS ((int)(sizeof CHANNELS / sizeof CHANNELS[0]))

static oct_value_id quantized(struct kit *kit, const char *name, int64_t n, int64_t channels, int64_t h, int64_t w)
{
    return kit_input(kit, name, kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(n, channels, h, w), 0.03, 140));
}

static void check(struct kit *kit, oct_value_id image, oct_value_id vector)
{
    static const char *const OPS[] = {"quantized::mul", "quantized::mul_relu", "quantized::add"};
    // A pool makes the image channels-last.
    image =
        kit_node_of(kit, "pool", "aten::max_pool2d", KIT_INPUTS(image), KIT_ATTRIBUTES(KIT_INTS("kernel_size", 1, 1)));
    for (int i = 0; i < 6; i++) {
        char name[16];
        snprintf(name, sizeof name, "y%d", i);
        oct_value_id a = i % 2 ? image : vector, b = i % 2 ? vector : image;
        struct oct_attribute_given given[] = {kit_number("scale", 0.07), kit_int("zero_point", 30)};
        kit_output(kit, name, kit_node_of(kit, name, OPS[i / 2], KIT_INPUTS(a, b), given, 2));
    }
    kit_finish(kit);
    kit_compare_everywhere(kit);
    kit_close(kit);
}

START_TEST(an_image_by_one_value_per_channel_of_each_image)
{
    struct kit kit = kit_open();
    int64_t channels = CHANNELS[_i], size = channels > 100 ? 2 : 11;
    oct_value_id image = quantized(&kit, "x", KIT_N, channels, size, size + 1);
    check(&kit, image, quantized(&kit, "v", KIT_N, channels, 1, 1));
}
END_TEST

START_TEST(an_image_by_one_value_per_channel_for_all_images)
{
    struct kit kit = kit_open();
    oct_value_id image = quantized(&kit, "x", KIT_N, 24, 9, 5);
    check(&kit, image, quantized(&kit, "v", 1, 24, 1, 1));
}
END_TEST

START_TEST(an_image_by_one_value_or_one_line_or_one_pixel)
{
    static const int64_t SHAPES[][3] = {{1, 1, 1}, {24, 1, 7}, {1, 9, 7}, {24, 9, 1}};
    struct kit kit = kit_open();
    const int64_t *s = SHAPES[_i];
    oct_value_id image = quantized(&kit, "x", KIT_N, 24, 9, 7);
    check(&kit, image, quantized(&kit, "v", KIT_N, s[0], s[1], s[2]));
}
END_TEST

static void add(Suite *suite)
{
    TCase *binary = oct_case(suite, "broadcasts");
    tcase_add_loop_test(binary, an_image_by_one_value_per_channel_of_each_image, 0, N_CHANNELS);
    tcase_add_test(binary, an_image_by_one_value_per_channel_for_all_images);
    tcase_add_loop_test(binary, an_image_by_one_value_or_one_line_or_one_pixel, 0, 4);
}

OCT_CHECK_MAIN("engine/ops/quantized_binary", add)
