#include "octet/cpu.h"

#include <string.h>

#include "tests/support/oct_check.h"

START_TEST(every_feature_has_a_name)
{
    for (size_t i = 0; i < OCT_CPU_FEATURE_COUNT; i++) {
        ck_assert_ptr_nonnull(oct_cpu_feature_name(i));
    }
    ck_assert_ptr_null(oct_cpu_feature_name(OCT_CPU_FEATURE_COUNT));
}
END_TEST

START_TEST(levels_are_chosen_by_the_mask_alone)
{
    uint64_t mask;
    ck_assert_str_eq(oct_cpu_isa_name(0), "scalar");
    ck_assert_str_eq(oct_cpu_isa_name(OCT_CPU_BIT(AVX2) | OCT_CPU_BIT(FMA)), "avx2");
    ck_assert_str_eq(oct_cpu_isa_name(OCT_CPU_BIT(AVX512VNNI)), "scalar");
    ck_assert_str_eq(oct_cpu_isa_name(OCT_CPU_BIT(AVX2) | OCT_CPU_BIT(FMA) | OCT_CPU_BIT(AVXVNNI)), "avxvnni");
    ck_assert_str_eq(oct_cpu_isa_name(OCT_CPU_BIT(NEON) | OCT_CPU_BIT(NEONDOT)), "neondot");
    ck_assert_str_eq(oct_cpu_isa_name(OCT_CPU_BIT(NEON) | OCT_CPU_BIT(NEONI8MM)), "neon");
    ck_assert_status_ok(oct_cpu_mask_parse("avx512vnni", &mask, NULL));
    ck_assert_str_eq(oct_cpu_isa_name(mask), "avx512vnni");
    ck_assert_str_eq(oct_cpu_isa_name(mask | OCT_CPU_BIT(AVXVNNI)), "avx512vnni");
    ck_assert_status_ok(oct_cpu_mask_parse("scalar", &mask, NULL));
    ck_assert_uint_eq(mask, 0);
    ck_assert_status_ok(oct_cpu_mask_parse("0x3", &mask, NULL));
    ck_assert_uint_eq(mask, 3);
}
END_TEST

START_TEST(a_wrong_mask_is_refused_with_the_known_levels)
{
    const char *wrong[] = {"", "avx", "0x", "0xg", "12", "0x11112222333344445"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint64_t mask = 5;
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_status(OCT_ERR_INVALID, oct_cpu_mask_parse(wrong[i], &mask, &error));
        ck_assert_uint_eq(mask, 5);
        ck_assert_error_says(&error, "scalar avx2");
    }
}
END_TEST

START_TEST(detection_is_stable_and_implies_lower_levels)
{
    uint64_t features = oct_cpu_detect();
    ck_assert_uint_eq(features, oct_cpu_detect());
#if defined(__x86_64__)
    // The compiler's own detector reads the same bits another way.
    __builtin_cpu_init();
    ck_assert_int_eq((features & OCT_CPU_BIT(AVX2)) != 0, __builtin_cpu_supports("avx2") != 0);
    ck_assert_int_eq((features & OCT_CPU_BIT(AVX512BW)) != 0, __builtin_cpu_supports("avx512bw") != 0);
    ck_assert_int_eq((features & OCT_CPU_BIT(AVX512VNNI)) != 0, __builtin_cpu_supports("avx512vnni") != 0);
#endif
}
END_TEST

static void add(Suite *suite)
{
    TCase *cpu = oct_case(suite, "cpu");
    tcase_add_test(cpu, every_feature_has_a_name);
    tcase_add_test(cpu, levels_are_chosen_by_the_mask_alone);
    tcase_add_test(cpu, a_wrong_mask_is_refused_with_the_known_levels);
    tcase_add_test(cpu, detection_is_stable_and_implies_lower_levels);
}

OCT_CHECK_MAIN("engine/base/cpu", add)
