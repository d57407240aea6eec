/// What a concatenation joins is made where it belongs.
#include "engine/graph/memplan.h"
#include "engine/runtime/plan_impl.h"
#include "tests/engine/graph/graph_kit.h"

static oct_value_id find(const struct oct_plan *plan, const char *name)
{
    oct_value_id id = oct_graph_find(oct_plan_graph(plan), name);
    ck_assert_uint_ne(id, OCT_VALUE_NONE);
    return id;
}

/// Does `name` lie in `whole`, `first` bytes from its beginning?
static bool lies_in(const struct oct_plan *plan, const char *name, const char *whole, size_t first)
{
    struct oct_slot_info slot = oct_plan_slot(plan, find(plan, name), 3);
    struct oct_slot_info of = oct_plan_slot(plan, find(plan, whole), 3);
    return slot.part && !of.part && slot.offset_bytes == of.offset_bytes + first;
}

static bool is_part(const struct oct_plan *plan, const char *name)
{
    return oct_plan_slot(plan, find(plan, name), 3).part;
}

static oct_value_id image(struct kit *kit, const char *name, int64_t channels, int64_t size)
{
    return kit_input(kit, name, kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, channels, size, size), 0.04, 121));
}

static oct_value_id conv(struct kit *kit, const char *name, oct_value_id x, int64_t out, int64_t window, double scale)
{
    int64_t in = oct_graph_value(kit->graph, x).desc.shape.dims[1];
    oct_value_id w = kit_constant(kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(out, in, window, window), 0.01, 0));
    return kit_node_of(kit, name, "quantized::conv2d", KIT_INPUTS(x, w),
                       KIT_ATTRIBUTES(kit_number("output_scale", scale), kit_int("output_zero_point", 77),
                                      KIT_INTS("padding", window / 2, window / 2)));
}

static oct_value_id pool(struct kit *kit, const char *name, const char *op, oct_value_id x)
{
    return kit_node_of(
        kit, name, op, KIT_INPUTS(x),
        KIT_ATTRIBUTES(KIT_INTS("kernel_size", 3, 3), KIT_INTS("stride", 1, 1), KIT_INTS("padding", 1, 1)));
}

static oct_value_id hardswish(struct kit *kit, const char *name, oct_value_id x)
{
    return kit_node_of(kit, name, "quantized::hardswish", KIT_INPUTS(x),
                       KIT_ATTRIBUTES(kit_number("output_scale", 0.1), kit_int("output_zero_point", 77)));
}

static oct_value_id
join(struct kit *kit, const char *name, const oct_value_id *parts, size_t n, int64_t dim, double scale)
{
    return kit_node_of(kit, name, "quantized::cat", parts, n,
                       KIT_ATTRIBUTES(kit_int("dim", dim), kit_number("scale", scale), kit_int("zero_point", 77)));
}

START_TEST(convolutions_and_pools_write_their_part)
{
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 24, 7);
    oct_value_id p = conv(&kit, "point", x, 8, 1, 0.1),
                 t = hardswish(&kit, "swish", conv(&kit, "three", x, 70, 3, 0.2));
    oct_value_id m = pool(&kit, "max", "aten::max_pool2d", conv(&kit, "before", x, 5, 1, 0.1));
    oct_value_id a = pool(&kit, "average", "aten::avg_pool2d", conv(&kit, "too", x, 16, 1, 0.1));
    oct_value_id y = join(&kit, "joined", KIT_INPUTS(p, t, m, a), 1, 0.1);
    kit_output(&kit, "y", conv(&kit, "after", y, 12, 3, 0.3));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(lies_in(plan, "point", "joined", 0) && lies_in(plan, "three", "joined", 8));
    ck_assert(lies_in(plan, "swish", "joined", 8) && lies_in(plan, "max", "joined", 78));
    ck_assert(lies_in(plan, "average", "joined", 83) && !is_part(plan, "before"));
    ck_assert_str_eq(oct_plan_step(plan, plan->graph->values[find(plan, "joined")].node).kernel, "view");
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(a_part_of_other_parameters_is_converted_in_its_place)
{
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 16, 6);
    oct_value_id p = conv(&kit, "a", x, 8, 1, 0.1), q = conv(&kit, "b", x, 24, 3, 0.17);
    kit_output(&kit, "y", join(&kit, "joined", KIT_INPUTS(p, q), 1, 0.1));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(lies_in(plan, "b", "joined", 8) && lies_in(plan, "b.requantized", "joined", 8));
    size_t step = plan->graph->values[find(plan, "b.requantized")].node;
    ck_assert_uint_eq(oct_plan_step(plan, step).head, plan->graph->values[find(plan, "b")].node);
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(what_others_read_or_nobody_computes_is_copied)
{
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 16, 6);
    oct_value_id a = conv(&kit, "a", x, 8, 1, 0.1), b = conv(&kit, "b", x, 8, 1, 0.1),
                 c = conv(&kit, "c", x, 8, 1, 0.1);
    oct_value_id z = kit_input(&kit, "z", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 8, 6, 6), 0.1, 77));
    kit_output(&kit, "y", join(&kit, "joined", KIT_INPUTS(a, b, c, c, z), 1, 0.1));
    kit_output(&kit, "a", a);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(!is_part(plan, "a") && !is_part(plan, "c") && lies_in(plan, "b", "joined", 8));
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(parts_of_parts_lie_in_the_outermost_whole)
{
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 16, 6);
    oct_value_id a = conv(&kit, "a", x, 8, 1, 0.1), b = conv(&kit, "b", x, 3, 1, 0.1),
                 c = conv(&kit, "c", x, 9, 3, 0.1);
    oct_value_id inner = join(&kit, "inner", KIT_INPUTS(b, c), 1, 0.1);
    oct_value_id outer = join(&kit, "outer", KIT_INPUTS(a, inner), -3, 0.1);
    kit_output(&kit, "y", hardswish(&kit, "after", outer));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(lies_in(plan, "inner", "outer", 8) && lies_in(plan, "b", "outer", 8) && lies_in(plan, "c", "outer", 11));
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(other_dimensions_are_copied)
{
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 16, 6);
    oct_value_id a = conv(&kit, "a", x, 8, 1, 0.1), b = conv(&kit, "b", x, 8, 3, 0.1);
    kit_output(&kit, "y", join(&kit, "joined", KIT_INPUTS(a, b), _i == 0 ? 2 : 3, 0.1));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(!is_part(plan, "a") && !is_part(plan, "b"));
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(linear_layers_write_their_part)
{
    struct kit kit = kit_open();
    struct oct_shape shape = _i ? KIT_SHAPE(KIT_N, 5, 30) : KIT_SHAPE(KIT_N, 30);
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QINT8, shape, 0.04, -11)), parts[3];
    static const int64_t COLUMNS[] = {10, 65, 16};
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "l%d", i);
        oct_value_id w = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(COLUMNS[i], 30), 0.01, 0));
        parts[i] =
            kit_node_of(&kit, name, "quantized::linear", KIT_INPUTS(x, w),
                        KIT_ATTRIBUTES(kit_number("Y_scale_i", 0.1), kit_int("Y_zero_point_i", i == 1 ? 0 : 77)));
    }
    kit_output(&kit, "y", join(&kit, "joined", parts, 3, -1, 0.1));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(lies_in(plan, "l0", "joined", 0) && lies_in(plan, "l1", "joined", 10) &&
              lies_in(plan, "l2", "joined", 75));
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(parts_of_convolutions_by_lines_have_followers)
{
    // Whole cache lines of channels and lines of ten pixels: kernels of tiles read a padded copy, one image at a time.
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 64, 10);
    oct_value_id swish = hardswish(&kit, "swish", conv(&kit, "first", x, 8, 3, 0.2));
    oct_value_id residual = conv(&kit, "residual", x, 8, 1, 0.1);
    oct_value_id sum =
        kit_node_of(&kit, "sum", "quantized::add", KIT_INPUTS(residual, conv(&kit, "second", x, 8, 3, 0.2)),
                    KIT_ATTRIBUTES(kit_number("scale", 0.1), kit_int("zero_point", 77)));
    kit_output(&kit, "y", join(&kit, "joined", KIT_INPUTS(swish, sum), 1, 0.1));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    const size_t first = plan->graph->values[find(plan, "first")].node;
    const size_t second = plan->graph->values[find(plan, "second")].node;
    ck_assert(lies_in(plan, "first", "joined", 0) && lies_in(plan, "second", "joined", 8));
    ck_assert_uint_eq(oct_plan_step(plan, plan->graph->values[find(plan, "swish")].node).head, first);
    ck_assert_uint_eq(oct_plan_step(plan, plan->graph->values[find(plan, "sum")].node).head, second);
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

/// Blocks that live together share no byte, and every read and write of a value falls within the life of its block.
static void check_blocks(const struct oct_plan *plan)
{
    struct octi_block *blocks = calloc(plan->n_blocks, sizeof *blocks);
    const struct octi_layout *layout = octi_plan_layout(plan, 3);
    for (size_t b = 0; b < plan->n_blocks; b++) {
        const struct octi_plan_block *block = &plan->blocks[b];
        blocks[b] = (struct octi_block){.first = block->first, .last = block->last, .offset = layout->offsets[b]};
        blocks[b].bytes = block->value != OCT_VALUE_NONE
                              ? oct_plan_slot(plan, block->value, layout->rows).bytes
                              : plan->steps[block->step].scratch_bytes +
                                    plan->steps[block->step].scratch_row_bytes * (size_t)layout->rows;
    }
    size_t x, y;
    ck_assert(!octi_memplan_overlaps(blocks, plan->n_blocks, layout->arena_bytes, &x, &y));
    for (size_t n = 0; n < plan->graph->n_nodes; n++) {
        const struct octi_node *node = &plan->graph->nodes[n];
        for (size_t i = 0; i < node->n_inputs + node->n_outputs; i++) {
            oct_value_id id = i < node->n_inputs ? node->inputs[i] : node->outputs[i - node->n_inputs];
            if (id != OCT_VALUE_NONE && plan->value_blocks[id] != OCTI_BLOCK_NONE) {
                const struct octi_plan_block *block = &plan->blocks[plan->value_blocks[id]];
                ck_assert(block->first <= plan->steps[n].head && n <= block->last);
            }
        }
    }
    free(blocks);
}

START_TEST(random_graphs_equal_their_reference)
{
    // Images of one size, joined, convolved, pooled, scaled by squeeze-and-excitation, added; read by any number of
    // others.
    struct kit kit = kit_open();
    kit.rng.state = (uint64_t)_i + 1;
    oct_value_id values[40];
    size_t n = 0;
    values[n++] = image(&kit, "x", 8, 5);
    while (n < 22) {
        char name[16];
        snprintf(name, sizeof name, "v%zu", n);
        oct_value_id a = values[oct_rng_between(&kit.rng, n > 3 ? (int64_t)n - 3 : 0, (int64_t)n - 1)];
        oct_value_id b = values[oct_rng_between(&kit.rng, n > 3 ? (int64_t)n - 3 : 0, (int64_t)n - 1)];
        int64_t channels = oct_graph_value(kit.graph, a).desc.shape.dims[1];
        int64_t others = oct_graph_value(kit.graph, b).desc.shape.dims[1];
        const bool odd = n % 2 == 1;
        double scale = oct_rng_between(&kit.rng, 0, 2) ? 0.1 : 0.13;
        switch (oct_rng_between(&kit.rng, 0, 6)) {
        case 0:
        case 1:
            values[n++] = conv(&kit, name, a, oct_rng_between(&kit.rng, 1, 20), odd ? 1 : 3, scale);
            break;
        case 2:
            values[n++] = hardswish(&kit, name, a);
            break;
        case 3:
            values[n++] = pool(&kit, name, odd ? "aten::max_pool2d" : "aten::avg_pool2d", a);
            break;
        case 4:
            if (channels + others < 100) {
                values[n++] = join(&kit, name, KIT_INPUTS(a, b), 1, scale);
            }
            break;
        case 5:
            if (channels == others) {
                values[n++] = kit_node_of(&kit, name, "quantized::add", KIT_INPUTS(a, b),
                                          KIT_ATTRIBUTES(kit_number("scale", scale), kit_int("zero_point", 77)));
            }
            break;
        default: {
            char part[24];
            snprintf(part, sizeof part, "%s_mean", name);
            oct_value_id s = kit_node_of(&kit, part, "aten::adaptive_avg_pool2d", KIT_INPUTS(a),
                                         KIT_ATTRIBUTES(KIT_INTS("output_size", 1, 1)));
            snprintf(part, sizeof part, "%s_gate", name);
            s = kit_unary(&kit, part, "aten::hardsigmoid", s);
            values[n++] = kit_node_of(&kit, name, "quantized::mul", KIT_INPUTS(s, a),
                                      KIT_ATTRIBUTES(kit_number("scale", scale), kit_int("zero_point", 77)));
        }
        }
    }
    kit_output(&kit, "y", values[n - 1]);
    kit_output(&kit, "z", values[oct_rng_between(&kit.rng, 1, (int64_t)n - 2)]);
    kit_finish(&kit);
    struct oct_plan *plan = kit_plan(kit.graph, false, _i % 2);
    check_blocks(plan);
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *slices = oct_case(suite, "slices");
    tcase_add_test(slices, convolutions_and_pools_write_their_part);
    tcase_add_test(slices, a_part_of_other_parameters_is_converted_in_its_place);
    tcase_add_test(slices, what_others_read_or_nobody_computes_is_copied);
    tcase_add_test(slices, parts_of_parts_lie_in_the_outermost_whole);
    tcase_add_loop_test(slices, other_dimensions_are_copied, 0, 2);
    tcase_add_loop_test(slices, linear_layers_write_their_part, 0, 2);
    tcase_add_test(slices, parts_of_convolutions_by_lines_have_followers);
    tcase_add_loop_test(slices, random_graphs_equal_their_reference, 0, 40);
}

OCT_CHECK_MAIN("engine/runtime/plan_slices", add)
