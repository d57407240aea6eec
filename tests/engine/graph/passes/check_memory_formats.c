#include "tests/engine/graph/graph_kit.h"

static oct_value_id add_conv(struct kit *kit, const char *name, oct_value_id x, int64_t in, int64_t out)
{
    oct_value_id w = kit_constant(kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(out, in, 3, 3), 0.02, 0));
    return kit_node_of(
        kit, name, "quantized::conv2d", KIT_INPUTS(x, w),
        KIT_ATTRIBUTES(kit_number("output_scale", 0.05), kit_int("output_zero_point", 120), KIT_INTS("padding", 1, 1)));
}

static enum oct_memory_format format_of(const struct oct_plan *plan, const char *name)
{
    const struct oct_graph *graph = oct_plan_graph(plan);
    oct_value_id id = oct_graph_find(graph, name);
    ck_assert_uint_ne(id, OCT_VALUE_NONE);
    return oct_graph_value(graph, id).desc.format;
}

START_TEST(a_network_between_float_edges_needs_no_copies)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 3, 8, 8)));
    oct_value_id q = kit_quantize(&kit, "q", x, 0.03, 128, "quint8");
    oct_value_id a = add_conv(&kit, "a", q, 3, 6), b = add_conv(&kit, "b", a, 6, 6);
    struct oct_attribute_given sum[] = {kit_number("scale", 0.1), kit_int("zero_point", 100)};
    oct_value_id s = kit_node_of(&kit, "s", "quantized::add", KIT_INPUTS(a, b), sum, 2);
    kit_output(&kit, "y", kit_dequantize(&kit, "d", s));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "octet::memory_format"), 0);
    ck_assert_int_eq((int)format_of(plan, "q"), OCT_FORMAT_CHANNELS_LAST);
    ck_assert_int_eq((int)format_of(plan, "s"), OCT_FORMAT_CHANNELS_LAST);
    ck_assert_int_eq((int)format_of(plan, "d"), OCT_FORMAT_CONTIGUOUS);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(images_given_and_taken_with_their_channels_last_cost_no_copies)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 8, 7, 3), 0.03, 100));
    oct_value_id p =
        kit_node_of(&kit, "p", "aten::permute", KIT_INPUTS(x), KIT_ATTRIBUTES(KIT_INTS("dims", 0, 3, 1, 2)));
    oct_value_id a = add_conv(&kit, "a", p, 3, 6);
    kit_output(&kit, "y",
               kit_node_of(&kit, "q", "aten::permute", KIT_INPUTS(a), KIT_ATTRIBUTES(KIT_INTS("dims", 0, 2, 3, 1))));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "octet::memory_format"), 0);
    for (size_t n = 0; n < oct_plan_step_count(plan); n++) {
        if (strcmp(oct_graph_node(oct_plan_graph(plan), n).op->name, "aten::permute") == 0) {
            ck_assert_str_eq(oct_plan_step(plan, n).kernel, "view");
        }
    }
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_permutation_that_moves_bytes_still_copies)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 8, 8, 3), 0.03, 100));
    oct_value_id p =
        kit_node_of(&kit, "p", "aten::permute", KIT_INPUTS(x), KIT_ATTRIBUTES(KIT_INTS("dims", 0, 3, 2, 1)));
    kit_output(&kit, "y", add_conv(&kit, "a", p, 3, 6));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_str_ne(oct_plan_step(plan, 0).kernel, "view");
    ck_assert_int_eq((int)format_of(plan, "p"), OCT_FORMAT_CHANNELS_LAST); // written as it is read
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(quantized_edges_cost_one_copy_each)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 3, 8, 8), 0.03, 100));
    oct_value_id a = add_conv(&kit, "a", x, 3, 6), b = add_conv(&kit, "b", x, 3, 6);
    struct oct_attribute_given sum[] = {kit_number("scale", 0.1), kit_int("zero_point", 100)};
    kit_output(&kit, "y", kit_node_of(&kit, "s", "quantized::add", KIT_INPUTS(a, b), sum, 2));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "octet::memory_format"), 2); // one in, shared by both readers, one out
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(one_pixel_or_one_channel_is_converted_for_nothing)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 1, 8, 8), 0.03, 100));
    oct_value_id a = add_conv(&kit, "a", x, 1, 6);
    oct_value_id p = kit_node_of(&kit, "p", "aten::adaptive_avg_pool2d", KIT_INPUTS(a),
                                 KIT_ATTRIBUTES(KIT_INTS("output_size", 1, 1)));
    kit_output(&kit, "y",
               kit_node_of(&kit, "f", "aten::flatten", KIT_INPUTS(p), KIT_ATTRIBUTES(kit_int("start_dim", 1))));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    const struct oct_graph *graph = oct_plan_graph(plan);
    for (size_t n = 0; n < oct_plan_step_count(plan); n++) {
        const char *op = oct_graph_node(graph, n).op->name;
        if (strcmp(op, "octet::memory_format") == 0 || strcmp(op, "aten::flatten") == 0) {
            ck_assert_str_eq(oct_plan_step(plan, n).kernel, "view");
        }
    }
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(flattening_an_image_goes_through_row_major_order)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 3, 4, 4)));
    oct_value_id a = add_conv(&kit, "a", kit_quantize(&kit, "q", x, 0.03, 128, "quint8"), 3, 5);
    oct_value_id f = kit_node_of(&kit, "f", "aten::flatten", KIT_INPUTS(a), KIT_ATTRIBUTES(kit_int("start_dim", 1)));
    oct_value_id t =
        kit_node_of(&kit, "t", "aten::permute", KIT_INPUTS(a), KIT_ATTRIBUTES(KIT_INTS("dims", 0, 3, 2, 1)));
    kit_output(&kit, "f", f);
    kit_output(&kit, "t", t);
    kit_output(&kit, "a", a);
    kit_output(&kit, "m", kit_node_of(&kit, "m", "aten::mean", KIT_INPUTS(a), KIT_ATTRIBUTES(KIT_INTS("dim", 2, 3))));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "octet::memory_format"), 1); // shared by the flatten and the output
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_constant_image_is_permuted_once_and_a_broadcast_one_too)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 3, 4, 4)));
    oct_value_id a = add_conv(&kit, "a", kit_quantize(&kit, "q", x, 0.03, 128, "quint8"), 3, 5);
    oct_value_id d = kit_dequantize(&kit, "d", a);
    oct_value_id c = kit_constant(&kit, kit_float(KIT_SHAPE(1, 5, 4, 4)));
    oct_value_id e = kit_constant(&kit, kit_float(KIT_SHAPE(5, 1, 1)));
    struct oct_attribute_given sum[] = {kit_number("scale", 0.1), kit_int("zero_point", 100)};
    oct_value_id qc = kit_constant(&kit, kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(1, 5, 4, 4), 0.05, 90));
    oct_value_id s = kit_node_of(&kit, "s", "quantized::add", KIT_INPUTS(a, qc), sum, 2);
    oct_value_id y = kit_node_of(&kit, "y1", "aten::add", KIT_INPUTS(d, c), KIT_NO_ATTRIBUTES);
    y = kit_node_of(&kit, "y2", "aten::mul", KIT_INPUTS(y, e), KIT_NO_ATTRIBUTES);
    kit_output(&kit, "y", y);
    kit_output(&kit, "s", add_conv(&kit, "last", s, 5, 2));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "octet::memory_format"), 1); // the last output
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static oct_value_id
add_conv_of(struct kit *kit, const char *name, const char *op, oct_value_id x, struct oct_shape weight)
{
    oct_value_id w = kit_constant(kit, kit_quantized(OCT_DTYPE_QINT8, weight, 0.02, 0));
    return kit_node_of(
        kit, name, op, KIT_INPUTS(x, w),
        KIT_ATTRIBUTES(kit_number("output_scale", 0.05), kit_int("output_zero_point", 120), kit_int("padding", 1)));
}

START_TEST(lines_and_volumes_stay_channels_last_between_convolutions)
{
    static const char *const ops[] = {"quantized::conv1d", "quantized::conv3d"};
    const struct oct_shape images[] = {KIT_SHAPE(KIT_N, 3, 12), KIT_SHAPE(KIT_N, 3, 4, 4, 5)};
    const struct oct_shape firsts[] = {KIT_SHAPE(6, 3, 3), KIT_SHAPE(6, 3, 3, 3, 3)};
    const struct oct_shape seconds[] = {KIT_SHAPE(6, 6, 3), KIT_SHAPE(6, 6, 3, 3, 3)};
    for (int i = 0; i < 2; i++) {
        struct kit kit = kit_open();
        oct_value_id q = kit_quantize(&kit, "q", kit_input(&kit, "x", kit_float(images[i])), 0.03, 128, "quint8");
        oct_value_id a = add_conv_of(&kit, "a", ops[i], q, firsts[i]);
        oct_value_id b = add_conv_of(&kit, "b", ops[i], a, seconds[i]);
        struct oct_attribute_given sum[] = {kit_number("scale", 0.1), kit_int("zero_point", 100)};
        oct_value_id s = kit_node_of(&kit, "s", "quantized::add", KIT_INPUTS(a, b), sum, 2);
        kit_output(&kit, "y", kit_dequantize(&kit, "d", s));
        kit_output(&kit, "t",
                   kit_node_of(&kit, "t", "aten::transpose", KIT_INPUTS(s),
                               KIT_ATTRIBUTES(kit_int("dim0", 1), kit_int("dim1", 2))));
        kit_finish(&kit);
        struct oct_plan *plan = kit_compare(&kit, 0);
        ck_assert_uint_eq(kit_count(plan, "octet::memory_format"), 0);
        ck_assert_int_eq((int)format_of(plan, "q"), OCT_FORMAT_CHANNELS_LAST);
        ck_assert_int_eq((int)format_of(plan, "s"), OCT_FORMAT_CHANNELS_LAST);
        ck_assert_int_eq((int)format_of(plan, "t"), OCT_FORMAT_CONTIGUOUS);
        oct_plan_release(plan);
        kit_close(&kit);
    }
}
END_TEST

START_TEST(an_image_without_a_batch_is_no_line)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(3, 8, 8), 0.03, 100));
    oct_value_id p =
        kit_node_of(&kit, "p", "aten::max_pool2d", KIT_INPUTS(x), KIT_ATTRIBUTES(KIT_INTS("kernel_size", 2, 2)));
    kit_output(&kit, "y", p);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "octet::memory_format"), 0);
    ck_assert_int_eq((int)format_of(plan, "p"), OCT_FORMAT_CONTIGUOUS);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(an_operand_of_another_rank_stays_as_it_is)
{
    struct kit kit = kit_open();
    oct_value_id x =
        kit_quantize(&kit, "q", kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 3, 6, 6))), 0.03, 128, "quint8");
    oct_value_id a = add_conv(&kit, "a", x, 3, 5);
    oct_value_id z = kit_input(&kit, "z", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(5, 6, 6), 0.03, 100));
    struct oct_attribute_given sum[] = {kit_number("scale", 0.1), kit_int("zero_point", 100)};
    kit_output(&kit, "y",
               kit_dequantize(&kit, "d", kit_node_of(&kit, "s", "quantized::add", KIT_INPUTS(a, z), sum, 2)));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_int_eq((int)format_of(plan, "z"), OCT_FORMAT_CONTIGUOUS);
    ck_assert_int_eq((int)format_of(plan, "s"), OCT_FORMAT_CHANNELS_LAST);
    ck_assert_uint_eq(kit_count(plan, "octet::memory_format"), 0);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *formats = oct_case(suite, "memory_formats");
    tcase_add_test(formats, a_network_between_float_edges_needs_no_copies);
    tcase_add_test(formats, images_given_and_taken_with_their_channels_last_cost_no_copies);
    tcase_add_test(formats, a_permutation_that_moves_bytes_still_copies);
    tcase_add_test(formats, quantized_edges_cost_one_copy_each);
    tcase_add_test(formats, one_pixel_or_one_channel_is_converted_for_nothing);
    tcase_add_test(formats, flattening_an_image_goes_through_row_major_order);
    tcase_add_test(formats, a_constant_image_is_permuted_once_and_a_broadcast_one_too);
    tcase_add_test(formats, lines_and_volumes_stay_channels_last_between_convolutions);
    tcase_add_test(formats, an_image_without_a_batch_is_no_line);
    tcase_add_test(formats, an_operand_of_another_rank_stays_as_it_is);
}

OCT_CHECK_MAIN("engine/graph/passes/memory_formats", add)
