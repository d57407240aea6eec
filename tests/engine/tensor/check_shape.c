#include <string.h>

#include "octet/tensor.h"
#include "tests/support/oct_check.h"

static struct oct_shape shape_of(int32_t rank, const int64_t *dims)
{
    struct oct_shape shape = {.rank = rank};
    memcpy(shape.dims, dims, (size_t)rank * sizeof *dims);
    return shape;
}
#define SHAPE(...)                                                                                                     \
    shape_of((int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__})

START_TEST(elements_are_counted_for_a_batch)
{
    int64_t elements;
    struct oct_shape shape = SHAPE(-1, 3, 4);
    ck_assert_status_ok(oct_shape_elements(&shape, 5, &elements));
    ck_assert_int_eq(elements, 60);
    shape = SHAPE(-6, 2);
    ck_assert_status_ok(oct_shape_elements(&shape, 5, &elements));
    ck_assert_int_eq(elements, 60);
    struct oct_shape scalar = {.rank = 0};
    ck_assert_status_ok(oct_shape_elements(&scalar, 5, &elements));
    ck_assert_int_eq(elements, 1);
}
END_TEST

START_TEST(an_overflowing_product_is_refused_unless_it_is_empty)
{
    int64_t elements = 7;
    struct oct_shape shape = SHAPE(INT64_MAX, 2);
    ck_assert_status(OCT_ERR_LIMIT, oct_shape_elements(&shape, 1, &elements));
    shape = SHAPE(INT64_MIN);
    ck_assert_status(OCT_ERR_LIMIT, oct_shape_elements(&shape, 1, &elements));
    shape = SHAPE(-2);
    ck_assert_status(OCT_ERR_LIMIT, oct_shape_elements(&shape, INT64_MAX, &elements));
    ck_assert_int_eq(elements, 7);
    shape = SHAPE(INT64_MAX, 2, 0);
    ck_assert_status_ok(oct_shape_elements(&shape, 1, &elements));
    ck_assert_int_eq(elements, 0);
}
END_TEST

START_TEST(only_a_leading_lone_n_is_batched)
{
    struct oct_shape batched = SHAPE(-1, 3);
    struct oct_shape twice = SHAPE(-2, 3);
    struct oct_shape second = SHAPE(3, -1);
    struct oct_shape both = SHAPE(-1, -1);
    struct oct_shape fixed = SHAPE(1, 3);
    ck_assert(oct_shape_is_batched(&batched));
    ck_assert(!oct_shape_is_batched(&twice));
    ck_assert(!oct_shape_is_batched(&second));
    ck_assert(!oct_shape_is_batched(&both));
    ck_assert(!oct_shape_is_batched(&fixed));
    ck_assert(oct_shape_has_batch(&second));
    ck_assert(!oct_shape_has_batch(&fixed));
}
END_TEST

START_TEST(shapes_are_written_for_people)
{
    char text[64];
    struct oct_shape shape = SHAPE(-1, 3, -4);
    oct_shape_format(&shape, text, sizeof text);
    ck_assert_str_eq(text, "[N, 3, 4*N]");
    struct oct_shape scalar = {.rank = 0};
    oct_shape_format(&scalar, text, sizeof text);
    ck_assert_str_eq(text, "[]");
    char small[5];
    oct_shape_format(&shape, small, sizeof small);
    ck_assert_uint_lt(strlen(small), sizeof small);
}
END_TEST

START_TEST(bytes_follow_the_dtype)
{
    struct oct_tensor_desc desc = {.dtype = OCT_DTYPE_FLOAT64, .shape = SHAPE(-1, 3)};
    size_t bytes;
    ck_assert_status_ok(oct_tensor_bytes(&desc, 2, &bytes));
    ck_assert_uint_eq(bytes, 48);
    desc.shape = SHAPE(INT64_MAX / 2);
    ck_assert_status(OCT_ERR_LIMIT, oct_tensor_bytes(&desc, 1, &bytes));
}
END_TEST

START_TEST(resolving_replaces_every_symbolic_dimension)
{
    struct oct_shape shape = SHAPE(-1, 3, -4);
    struct oct_shape resolved = oct_shape_at(&shape, 6);
    struct oct_shape expected = SHAPE(6, 3, 24);
    ck_assert(oct_shape_equal(&resolved, &expected));
    ck_assert(!oct_shape_equal(&resolved, &shape));
}
END_TEST

static void add(Suite *suite)
{
    TCase *shape = oct_case(suite, "shape");
    tcase_add_test(shape, elements_are_counted_for_a_batch);
    tcase_add_test(shape, an_overflowing_product_is_refused_unless_it_is_empty);
    tcase_add_test(shape, only_a_leading_lone_n_is_batched);
    tcase_add_test(shape, shapes_are_written_for_people);
    tcase_add_test(shape, bytes_follow_the_dtype);
    tcase_add_test(shape, resolving_replaces_every_symbolic_dimension);
}

OCT_CHECK_MAIN("engine/tensor/shape", add)
