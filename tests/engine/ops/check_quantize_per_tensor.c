/// Quantizing into channels-last and back, cut between and within images.
#include "engine/runtime/plan_impl.h"
#include "tests/engine/graph/graph_kit.h"

START_TEST(images_are_shared_out_by_pixels)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 3, 61, 91)));
    oct_value_id q = kit_quantize(&kit, "q", x, 0.02, 121, "quint8");
    oct_value_id pooled =
        kit_node_of(&kit, "pooled", "aten::max_pool2d", KIT_INPUTS(q),
                    KIT_ATTRIBUTES(KIT_INTS("kernel_size", 3, 3), KIT_INTS("stride", 1, 1), KIT_INTS("padding", 1, 1)));
    kit_output(&kit, "y", kit_dequantize(&kit, "back", pooled));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_int_eq(plan->graph->values[oct_graph_find(oct_plan_graph(plan), "q")].desc.format,
                     OCT_FORMAT_CHANNELS_LAST);
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *split = oct_case(suite, "split");
    tcase_add_test(split, images_are_shared_out_by_pixels);
}

OCT_CHECK_MAIN("quantize_per_tensor", add_tests)
