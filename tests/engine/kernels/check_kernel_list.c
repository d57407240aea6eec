// Which kernel a pretended machine gets, by name; and the list that tools show.
#include "octet/kernels.h"

#include <string.h>

#include "engine/kernels/elementwise/lut.h"
#include "engine/kernels/gather/gather.h"
#include "engine/kernels/pool/pool.h"
#include "engine/kernels/qdwconv/qdwconv.h"
#include "engine/kernels/qgemm/qgemm.h"
#include "engine/kernels/qgroupconv/qgroupconv.h"
#include "engine/kernels/qwinograd/qwinograd.h"
#include "engine/kernels/transpose/transpose.h"
#include "octet/cpu.h"
#include "tests/support/oct_check.h"

static uint64_t level(const char *name)
{
    uint64_t mask = 0;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_cpu_mask_parse(name, &mask, &error), &error);
    return mask;
}

START_TEST(a_machine_without_features_gets_the_scalar_kernels)
{
    ck_assert_str_eq(octi_qgemm_select(0)->kernel.name, "qgemm_1x16__scalar");
    ck_assert_str_eq(octi_qdwconv_select(0)->kernel.name, "qdwconv_1x16__scalar");
    for (size_t i = 0; i < oct_kernel_count(); i++) {
        struct oct_kernel_info info = oct_kernel_at(i, 0);
        ck_assert_int_eq(info.chosen, strcmp(info.isa, "scalar") == 0);
    }
}
END_TEST

#if defined(__x86_64__)
START_TEST(each_level_gets_the_best_it_can_execute)
{
    ck_assert_str_eq(octi_qgemm_select(level("avx2"))->kernel.name, "qgemm_6x16k2__avx2");
    ck_assert_ptr_null(octi_qgroupconv_select_groups(level("avxvnni"), 32, 4, 4));
    ck_assert_str_eq(octi_qgroupconv_select_groups(level("avx512vnni"), 32, 4, 4)->kernel.name,
                     "qgroupconv_4x6x64k4__avx512vnni");
    ck_assert_str_eq(octi_qwinograd_select(level("avxvnni"))->kernel.name, "qwinograd_1x64k2__scalar");
    ck_assert_str_eq(octi_qwinograd_select(level("avx512vbmi"))->kernel.name, "qwinograd_6x64k2__avx512vnni");
    ck_assert_str_eq(octi_qdwconv_select(level("avx2"))->kernel.name, "qdwconv_1x16k2__avx2");
    ck_assert_str_eq(octi_qgemm_select(level("avxvnni"))->kernel.name, "qgemm_6x16k4__avxvnni");
    ck_assert_str_eq(octi_qdwconv_select(level("avxvnni"))->kernel.name, "qdwconv_1x32k4__avxvnni");
    ck_assert_str_eq(octi_lut_select(level("avxvnni"))->kernel.name, "lut_32__avx2");
    ck_assert_str_eq(octi_qgemm_select(level("avx512vnni"))->kernel.name, "qgemm_6x64k4__avx512vnni");
    ck_assert_str_eq(octi_qdwconv_select(level("avx512vnni"))->kernel.name, "qdwconv_1x64k4__avx512vnni");
    ck_assert_str_eq(octi_lut_select(level("avx512vnni"))->kernel.name, "lut_32__avx2");
    ck_assert_str_eq(octi_lut_select(level("avx512vbmi"))->kernel.name, "lut_64__avx512vbmi");
    ck_assert_str_eq(octi_qgemm_select(level("avx512vbmi"))->kernel.name, "qgemm_6x64k4__avx512vnni");
    ck_assert_str_eq(octi_qgemm_select(level("amxint8"))->kernel.name, "qgemm_16x64k4__amxint8");
    ck_assert_str_eq(octi_lut_select(level("amxint8"))->kernel.name, "lut_64__avx512vbmi");
    ck_assert_str_eq(octi_gather_select(level("amxint8"))->kernel.name, "gather_64__avx512vnni");
    ck_assert_str_eq(octi_transpose_select(level("avx512vnni"))->kernel.name, "transpose_16__avx512vnni");
    ck_assert_str_eq(octi_qsumpool_select(level("avx512vnni"))->kernel.name, "qsumpool_64__avx512vnni");
}
END_TEST

START_TEST(products_of_little_depth_stay_with_vectors)
{
    ck_assert_str_eq(octi_qgemm_select_depth(level("amxint8"), 64)->kernel.name, "qgemm_16x64k4__amxint8");
    ck_assert_str_eq(octi_qgemm_select_depth(level("amxint8"), 27)->kernel.name, "qgemm_6x64k4__avx512vnni");
    ck_assert_str_eq(octi_qgemm_select_depth(level("avx512vnni"), 27)->kernel.name, "qgemm_6x64k4__avx512vnni");
    ck_assert_str_eq(octi_qgemm_select_depth(level("avx2"), 27)->kernel.name,
                     octi_qgemm_select(level("avx2"))->kernel.name);
    ck_assert_str_eq(octi_qgemm_select_depth(0, 1)->kernel.name, "qgemm_1x16__scalar");
}
END_TEST

START_TEST(tiles_need_their_permission_and_the_vectors_of_their_level)
{
    uint64_t all = level("amxint8");
    ck_assert_str_eq(octi_qgemm_select(all & ~OCT_CPU_BIT(AMXINT8))->kernel.name, "qgemm_6x64k4__avx512vnni");
    ck_assert_str_eq(octi_qgemm_select(all & ~OCT_CPU_BIT(AVX512VBMI))->kernel.name, "qgemm_6x64k4__avx512vnni");
}
END_TEST

START_TEST(the_wider_of_two_vnni_levels_wins)
{
    uint64_t both = level("avxvnni") | level("avx512vnni");
    struct octi_qdwconv_window window = {3, 3, 1, 1};
    ck_assert_str_eq(octi_qgemm_select(both)->kernel.name, "qgemm_6x64k4__avx512vnni");
    ck_assert_str_eq(octi_qdwconv_select(both)->kernel.name, "qdwconv_1x64k4__avx512vnni");
    ck_assert_str_eq(octi_qdwconv_select_window(both, &window)->kernel.name, "qdwconv_3x3x64k4__avx512vnni");
    uint64_t narrow = both & ~OCT_CPU_BIT(AVX512F);
    ck_assert_str_eq(octi_qgemm_select(narrow)->kernel.name, "qgemm_6x16k4__avxvnni");
    ck_assert_str_eq(octi_qdwconv_select_window(narrow, &window)->kernel.name, "qdwconv_3x3x32k4__avxvnni");
}
END_TEST

START_TEST(one_missing_feature_is_enough_to_fall_back)
{
    uint64_t all = level("avx512vbmi");
    for (size_t bit = 0; bit < OCT_CPU_FEATURE_COUNT; bit++) {
        uint64_t feature = (uint64_t)1 << bit;
        if ((level("avx512vnni") & feature) == 0) {
            continue;
        }
        const char *expected = (level("avx2") & feature) != 0 ? "qgemm_1x16__scalar" : "qgemm_6x16k2__avx2";
        ck_assert_str_eq(octi_qgemm_select(all & ~feature)->kernel.name, expected);
    }
}
END_TEST
#elif defined(__aarch64__)
START_TEST(each_level_gets_the_best_it_can_execute)
{
    ck_assert_str_eq(octi_qgemm_select(level("neon"))->kernel.name, "qgemm_4x16k1__neon");
    ck_assert_str_eq(octi_qgemm_select(level("neondot"))->kernel.name, "qgemm_6x16k4__neondot");
    ck_assert_str_eq(octi_qgemm_select(level("neoni8mm"))->kernel.name, "qgemm_6x16k8__neoni8mm");
    ck_assert_str_eq(octi_qdwconv_select(level("neon"))->kernel.name, "qdwconv_1x16k1__neon");
    ck_assert_str_eq(octi_qdwconv_select(level("neondot"))->kernel.name, "qdwconv_1x16k4__neondot");
    ck_assert_str_eq(octi_qdwconv_select(level("neoni8mm"))->kernel.name, "qdwconv_1x16k4__neondot");
    ck_assert_str_eq(octi_lut_select(level("neoni8mm"))->kernel.name, "lut_16__neon");
    ck_assert_str_eq(octi_transpose_select(level("neon"))->kernel.name, "transpose_16__neon");
}
END_TEST

START_TEST(one_missing_feature_is_enough_to_fall_back)
{
    uint64_t all = level("neoni8mm");
    ck_assert_str_eq(octi_qgemm_select(all & ~OCT_CPU_BIT(NEON))->kernel.name, "qgemm_1x16__scalar");
    ck_assert_str_eq(octi_qgemm_select(all & ~OCT_CPU_BIT(NEONDOT))->kernel.name, "qgemm_4x16k1__neon");
    ck_assert_str_eq(octi_qgemm_select(all & ~OCT_CPU_BIT(NEONI8MM))->kernel.name, "qgemm_6x16k4__neondot");
}
END_TEST
#endif

START_TEST(names_are_unique_and_end_in_their_isa)
{
    for (size_t i = 0; i < oct_kernel_count(); i++) {
        struct oct_kernel_info info = oct_kernel_at(i, 0);
        const char *isa = strstr(info.name, "__");
        ck_assert_ptr_nonnull(isa);
        ck_assert_str_eq(isa + 2, info.isa);
        ck_assert_int_eq(strncmp(info.name, info.family, strlen(info.family)), 0);
        ck_assert_uint_eq(info.required, level(info.isa));
        for (size_t j = 0; j < i; j++) {
            ck_assert_str_ne(info.name, oct_kernel_at(j, 0).name);
        }
    }
}
END_TEST

START_TEST(each_family_chooses_exactly_one)
{
    uint64_t features = oct_cpu_detect();
    const char *family = "";
    size_t chosen = 1;
    for (size_t i = 0; i <= oct_kernel_count(); i++) {
        struct oct_kernel_info info = oct_kernel_at(i, features); // one past the end is a family of its own
        if (strcmp(info.family, family) != 0) {
            ck_assert_msg(chosen == 1, "%s has %zu chosen kernels", family, chosen);
            family = info.family;
            chosen = 0;
        }
        chosen += info.chosen;
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *selection = oct_case(suite, "selection");
    tcase_add_test(selection, a_machine_without_features_gets_the_scalar_kernels);
#if defined(__x86_64__) || defined(__aarch64__)
    tcase_add_test(selection, each_level_gets_the_best_it_can_execute);
    tcase_add_test(selection, one_missing_feature_is_enough_to_fall_back);
#endif
#if defined(__x86_64__)
    tcase_add_test(selection, the_wider_of_two_vnni_levels_wins);
    tcase_add_test(selection, products_of_little_depth_stay_with_vectors);
    tcase_add_test(selection, tiles_need_their_permission_and_the_vectors_of_their_level);
#endif
    TCase *list = oct_case(suite, "list");
    tcase_add_test(list, names_are_unique_and_end_in_their_isa);
    tcase_add_test(list, each_family_chooses_exactly_one);
}

OCT_CHECK_MAIN("kernel list", add)
