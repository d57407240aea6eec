/// The registry as an object: custom operators, malformed records, memory.
#include "octet/op.h"
#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"

#include <stdio.h>

static enum oct_status infer(struct oct_op_infer_call *call)
{
    call->outputs[0] = *call->inputs[0];
    return OCT_OK;
}

static void reference(const struct oct_op_run_call *call)
{
    oct_view_copy(&call->outputs[0], &call->inputs[0]);
}

static const char *const COVERS[] = {"custom::identity", NULL};
static const char *const INPUTS[] = {"self", NULL};
static const struct oct_attribute_spec NO_ATTRIBUTES[] = {{.name = NULL}};

static struct oct_op legal_record(void)
{
    return (struct oct_op){
        .name = "custom::identity",
        .covers = COVERS,
        .doc = "Its input.",
        .input_names = INPUTS,
        .min_inputs = 1,
        .max_inputs = 1,
        .n_outputs = 1,
        .dtypes = "any -> same",
        .attributes = NO_ATTRIBUTES,
        .infer = infer,
        .reference = reference,
    };
}

START_TEST(custom_operator_is_found_after_adding)
{
    struct oct_op_registry *registry, *other;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_op_registry_create(NULL, &registry, &error), &error);
    ck_assert_ok(oct_op_registry_create(NULL, &other, &error), &error);
    struct oct_op custom = legal_record();
    size_t built_in = oct_op_registry_count(registry);
    ck_assert_ptr_null(oct_op_registry_find(registry, custom.name));
    ck_assert_ok(oct_op_registry_add(registry, &custom, &error), &error);
    ck_assert_ptr_eq(oct_op_registry_find(registry, "custom::identity"), &custom);
    ck_assert_ptr_eq(oct_op_registry_at(registry, built_in), &custom);
    ck_assert_uint_eq(oct_op_registry_count(registry), built_in + 1);
    ck_assert_ptr_null(oct_op_registry_find(other, custom.name)); // registries do not know of one another
    oct_op_registry_destroy(other);
    oct_op_registry_destroy(registry);
}
END_TEST

START_TEST(many_custom_operators_fit)
{
    enum { MANY = 300 };
    static struct oct_op customs[MANY];
    static char names[MANY][32];
    struct oct_op_registry *registry;
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "custom::number_%d", i);
        customs[i] = legal_record();
        customs[i].name = names[i];
        ck_assert_status_ok(oct_op_registry_add(registry, &customs[i], NULL));
    }
    for (int i = 0; i < MANY; i++) {
        ck_assert_ptr_eq(oct_op_registry_find(registry, names[i]), &customs[i]);
    }
    oct_op_registry_destroy(registry);
}
END_TEST

START_TEST(taken_name_is_a_conflict)
{
    struct oct_op_registry *registry;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    struct oct_op custom = legal_record();
    custom.name = "aten::relu";
    size_t count = oct_op_registry_count(registry);
    ck_assert_status(OCT_ERR_CONFLICT, oct_op_registry_add(registry, &custom, &error));
    ck_assert_error_says(&error, "aten::relu");
    ck_assert_uint_eq(oct_op_registry_count(registry), count);
    oct_op_registry_destroy(registry);
}
END_TEST

static const struct oct_attribute_spec TWO_OF_A_NAME[] = {
    {.name = "a", .type = OCT_ATTRIBUTE_INT, .maximum = 1, .doc = "x"},
    {.name = "a", .type = OCT_ATTRIBUTE_INT, .maximum = 1, .doc = "x"},
    {.name = NULL},
};
static const struct oct_attribute_spec WITHOUT_DOC[] = {{.name = "a", .type = OCT_ATTRIBUTE_BOOL}, {.name = NULL}};
static const struct oct_attribute_spec EMPTY_RANGE[] = {
    {.name = "a", .type = OCT_ATTRIBUTE_INT, .minimum = 1, .maximum = 0, .doc = "x"},
    {.name = NULL},
};
static const struct oct_attribute_spec DEFAULT_OUT_OF_RANGE[] = {
    {.name = "a", .type = OCT_ATTRIBUTE_FLOAT, .has_default = true, .default_number = 2, .maximum = 1, .doc = "x"},
    {.name = NULL},
};
static const struct oct_attribute_spec DEFAULT_OF_WRONG_COUNT[] = {
    {.name = "a",
     .type = OCT_ATTRIBUTE_INTS,
     .has_default = true,
     .maximum = 1,
     .min_count = 2,
     .max_count = 2,
     .doc = "x"},
    {.name = NULL},
};
static const struct oct_attribute_spec REQUIRED_WITH_DEFAULT[] = {
    {.name = "a", .type = OCT_ATTRIBUTE_BOOL, .required = true, .has_default = true, .doc = "x"},
    {.name = NULL},
};

START_TEST(malformed_records_are_refused)
{
    struct oct_op bad[] = {
        [0] = legal_record(),  [1] = legal_record(),  [2] = legal_record(),  [3] = legal_record(),
        [4] = legal_record(),  [5] = legal_record(),  [6] = legal_record(),  [7] = legal_record(),
        [8] = legal_record(),  [9] = legal_record(),  [10] = legal_record(), [11] = legal_record(),
        [12] = legal_record(), [13] = legal_record(), [14] = legal_record(), [15] = legal_record(),
        [16] = legal_record(), [17] = legal_record(), [18] = legal_record(), [19] = legal_record(),
    };
    bad[0].name = NULL;
    bad[1].name = "";
    bad[2].name = "with space";
    bad[3].infer = NULL;
    bad[4].reference = NULL;
    bad[5].n_outputs = 0;
    bad[6].n_outputs = OCT_OP_MAX_OUTPUTS + 1;
    bad[7].max_inputs = 2; // but one name
    bad[8].min_inputs = 2;
    bad[9].flags = 1u << 30;
    bad[10].flags = OCT_OP_CHANNELS_LAST | OCT_OP_ANY_FORMAT;
    bad[11].attributes = TWO_OF_A_NAME;
    bad[12].attributes = WITHOUT_DOC;
    bad[13].attributes = EMPTY_RANGE;
    bad[14].attributes = DEFAULT_OUT_OF_RANGE;
    bad[15].attributes = DEFAULT_OF_WRONG_COUNT;
    bad[16].attributes = REQUIRED_WITH_DEFAULT;
    bad[17].attributes = NULL;
    bad[18].image_rank = 4; // but nothing is channels-last
    bad[19].flags = OCT_OP_CHANNELS_LAST;
    bad[19].image_rank = 2;
    struct oct_op_registry *registry;
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oct_error error = OCT_ERROR_INIT;
        enum oct_status status = oct_op_registry_add(registry, &bad[i], &error);
        ck_assert_msg(status == OCT_ERR_INVALID, "record %zu: %s", i, oct_status_name(status));
        ck_assert_error_says(&error, "malformed");
    }
    ck_assert_status(OCT_ERR_INVALID, oct_op_registry_add(registry, NULL, NULL));
    oct_op_registry_destroy(registry);
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
    bool succeeded = false;
    for (size_t n = 0; !succeeded; n++) {
        struct oct_chaos chaos;
        oct_chaos_init(&chaos, n);
        struct oct_op_registry *registry;
        struct oct_error error = OCT_ERROR_INIT;
        enum oct_status status = oct_op_registry_create(&chaos.allocator, &registry, &error);
        succeeded = !chaos.failed;
        if (chaos.failed) {
            ck_assert_status(OCT_ERR_NOMEM, status);
            ck_assert_ptr_null(registry);
            ck_assert_str_ne(error.message, "");
        } else {
            ck_assert_status(OCT_OK, status);
        }
        oct_op_registry_destroy(registry);
        ck_assert_uint_eq(chaos.live, 0);
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *registry = oct_case(suite, "registry");
    tcase_add_test(registry, custom_operator_is_found_after_adding);
    tcase_add_test(registry, many_custom_operators_fit);
    tcase_add_test(registry, taken_name_is_a_conflict);
    tcase_add_test(registry, malformed_records_are_refused);
    tcase_add_test(registry, every_failed_allocation_is_reported);
}

OCT_CHECK_MAIN("operator registry", add_tests)
