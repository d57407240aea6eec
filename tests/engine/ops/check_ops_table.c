/// The table of operators as a whole: every record can be shown, found, named and answered for.
#include "engine/ops/op_support.h"
#include "tests/support/golden.h"
#include "tests/support/oct_check.h"

#include <string.h>

static const struct oct_op *const TABLE[] = {
#define OCT_OP(identifier) &octi_op_##identifier,
#include "engine/ops/ops.def"
#undef OCT_OP
};
#define N_TABLE (sizeof TABLE / sizeof TABLE[0])

static bool ends_like_a_sentence(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && text[length - 1] == '.';
}

START_TEST(every_record_is_documented)
{
    const struct oct_op *op = TABLE[_i];
    ck_assert_msg(ends_like_a_sentence(op->doc), "%s: doc", op->name);
    ck_assert_msg(op->dtypes[0] != '\0' && strstr(op->dtypes, "->") != NULL, "%s: dtypes", op->name);
    ck_assert_msg(op->covers[0] != NULL, "%s covers nothing", op->name);
    ck_assert_msg(op->input_names[0] != NULL, "%s: input names", op->name);
    ck_assert_msg(strstr(op->name, "::") != NULL, "%s: a name of PyTorch has a namespace", op->name);
    for (size_t i = 0; op->attributes[i].name != NULL; i++) {
        ck_assert_msg(op->attributes[i].doc != NULL && op->attributes[i].doc[0] != '\0', "%s: attribute %s has no doc",
                      op->name, op->attributes[i].name);
    }
}
END_TEST

/// The tolerance class is what a person comparing with PyTorch looks for; operators that move elements have none.
START_TEST(every_computing_record_states_its_tolerance)
{
    const struct oct_op *op = TABLE[_i];
    bool moves = (op->flags & (OCT_OP_VIEW | OCT_OP_INTERNAL)) || strstr(op->doc, "Copies") != NULL;
    ck_assert_msg(moves || strstr(op->doc, "Class ") != NULL || strstr(op->doc, "class ") != NULL ||
                      strstr(op->doc, "Bit exact") != NULL,
                  "%s: '%s' names no class", op->name, op->doc);
}
END_TEST

START_TEST(every_record_has_a_golden_case)
{
    const struct oct_op *op = TABLE[_i];
    if (op->flags & OCT_OP_INTERNAL) {
        return; // PyTorch has no such operator; check_random_nodes.c runs it
    }
    struct oct_golden *golden = oct_golden_open();
    size_t n = 0;
    for (size_t i = 0; i < oct_golden_count(golden); i++) {
        n += strcmp(oct_golden_op(golden, i), op->name) == 0 ? 1 : 0;
    }
    oct_golden_close(golden);
    ck_assert_msg(n > 0, "%s: tests/vectors/spec has no case", op->name);
}
END_TEST

START_TEST(every_golden_case_has_a_record)
{
    struct oct_op_registry *registry;
    struct oct_golden *golden = oct_golden_open();
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    for (size_t i = 0; i < oct_golden_count(golden); i++) {
        ck_assert_msg(oct_op_registry_find(registry, oct_golden_op(golden, i)) != NULL, "%s", oct_golden_op(golden, i));
    }
    oct_op_registry_destroy(registry);
    oct_golden_close(golden);
}
END_TEST

START_TEST(no_torch_name_is_covered_twice)
{
    for (size_t a = 0; a < N_TABLE; a++) {
        for (const char *const *name = TABLE[a]->covers; *name != NULL; name++) {
            for (size_t b = a + 1; b < N_TABLE; b++) {
                for (const char *const *other = TABLE[b]->covers; *other != NULL; other++) {
                    ck_assert_msg(strcmp(*name, *other) != 0, "%s: %s and %s", *name, TABLE[a]->name, TABLE[b]->name);
                }
            }
        }
    }
}
END_TEST

START_TEST(registry_holds_the_table_in_its_order)
{
    struct oct_op_registry *registry;
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    ck_assert_uint_eq(oct_op_registry_count(registry), N_TABLE);
    for (size_t i = 0; i < N_TABLE; i++) {
        ck_assert_ptr_eq(oct_op_registry_at(registry, i), TABLE[i]);
        ck_assert_ptr_eq(oct_op_registry_find(registry, TABLE[i]->name), TABLE[i]);
    }
    oct_op_registry_destroy(registry);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *table = oct_case(suite, "table");
    tcase_add_loop_test(table, every_record_is_documented, 0, (int)N_TABLE);
    tcase_add_loop_test(table, every_computing_record_states_its_tolerance, 0, (int)N_TABLE);
    tcase_add_loop_test(table, every_record_has_a_golden_case, 0, (int)N_TABLE);
    tcase_add_test(table, every_golden_case_has_a_record);
    tcase_add_test(table, no_torch_name_is_covered_twice);
    tcase_add_test(table, registry_holds_the_table_in_its_order);
}

OCT_CHECK_MAIN("operator table", add_tests)
