#include "engine/graph/memplan.h"
#include "engine/runtime/plan_impl.h"

#include "tests/engine/runtime/network.h"

START_TEST(buckets_are_powers_of_two_and_the_maximum)
{
    struct kit kit = kit_open();
    build_network(&kit, true);
    struct oct_plan_options options = oct_plan_options_default();
    options.max_rows = 11;
    struct oct_plan *plan;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_plan_create(kit.graph, &options, &plan, &error), &error);
    static const int64_t EXPECTED[] = {1, 2, 4, 4, 8, 8, 8, 8, 11, 11, 11};
    for (int64_t rows = 1; rows <= 11; rows++) {
        ck_assert_int_eq(octi_plan_layout(plan, rows)->rows, EXPECTED[rows - 1]);
    }
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(what_lives_together_never_shares_bytes)
{
    struct kit kit = kit_open();
    build_network(&kit, true);
    struct oct_plan *plan = kit_plan(kit.graph, false, _i != 0);
    struct octi_block *blocks = calloc(plan->n_blocks, sizeof *blocks);
    for (int64_t rows = 1; rows <= oct_plan_max_rows(plan); rows++) {
        const struct octi_layout *layout = octi_plan_layout(plan, rows);
        for (size_t b = 0; b < plan->n_blocks; b++) {
            const struct octi_plan_block *block = &plan->blocks[b];
            blocks[b] = (struct octi_block){.first = block->first, .last = block->last, .offset = layout->offsets[b]};
            if (block->value != OCT_VALUE_NONE) {
                blocks[b].bytes = oct_plan_slot(plan, block->value, rows).bytes;
            } else {
                const struct octi_step *step = &plan->steps[block->step];
                blocks[b].bytes = step->scratch_bytes + step->scratch_row_bytes * (size_t)rows;
            }
        }
        size_t x, y;
        ck_assert_msg(!octi_memplan_overlaps(blocks, plan->n_blocks, layout->arena_bytes, &x, &y),
                      "rows %d: blocks overlap", (int)rows);
    }
    // Every read and write of a value falls within the life of the block it lies in.
    for (size_t n = 0; n < plan->graph->n_nodes; n++) {
        const struct octi_node *node = &plan->graph->nodes[n];
        for (size_t i = 0; i < node->n_inputs + node->n_outputs; i++) {
            oct_value_id id = i < node->n_inputs ? node->inputs[i] : node->outputs[i - node->n_inputs];
            if (id != OCT_VALUE_NONE && plan->value_blocks[id] != OCTI_BLOCK_NONE) {
                const struct octi_plan_block *block = &plan->blocks[plan->value_blocks[id]];
                ck_assert(block->first <= n && n <= block->last);
            }
        }
    }
    free(blocks);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *layout = oct_case(suite, "plan_layout");
    tcase_add_test(layout, buckets_are_powers_of_two_and_the_maximum);
    tcase_add_loop_test(layout, what_lives_together_never_shares_bytes, 0, 2);
}

OCT_CHECK_MAIN("engine/runtime/plan_layout", add)
