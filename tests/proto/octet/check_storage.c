#include "proto/octet/storage.h"

#include "tests/support/oct_check.h"

START_TEST(each_dtype_has_a_storage_of_its_size)
{
    for (int i = 0; i < OCT_DTYPE_COUNT; i++) {
        enum oct_dtype dtype = (enum oct_dtype)i;
        ck_assert_uint_eq(octi_storage_bytes(octi_storage_of(dtype)), oct_dtype_bytes(dtype));
    }
    ck_assert_str_eq(octi_storage_name(octi_storage_of(OCT_DTYPE_QINT8)), "I8");
    ck_assert_str_eq(octi_storage_name(octi_storage_of(OCT_DTYPE_QUINT8)), "U8");
    ck_assert_str_eq(octi_storage_name(octi_storage_of(OCT_DTYPE_FLOAT64)), "F64");
}
END_TEST

static void add(Suite *suite)
{
    TCase *storages = oct_case(suite, "storages");
    tcase_add_test(storages, each_dtype_has_a_storage_of_its_size);
}

OCT_CHECK_MAIN("proto/octet/storage", add)
