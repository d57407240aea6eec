// The kernel of tiles over emulated tiles: exact on machines without them, as long as they have its vectors. On a
// machine with tiles check_qgemm.c runs the real ones too.
#define octi_qgemm_16x64k4__amxint8 emulated_kernel
#include "tests/engine/kernels/qgemm/qgemm_case.h"

#include <stdio.h>

#include "octet/cpu.h"

#define SKIPPED 77 // as ctest has it

static _Noreturn void skip(const char *why)
{
    printf("skipped: %s\n", why);
    exit(SKIPPED);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define OCTI_TILES_HEADER "tests/support/emulated_tiles.h"
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))),        \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
#endif
#include "engine/kernels/qgemm/qgemm_16x64k4__amxint8.c"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

static struct octi_qgemm emulated(void)
{
    for (size_t i = 0; i < octi_qgemm_count(); i++) {
        if (strcmp(octi_qgemm_at(i)->kernel.name, "qgemm_16x64k4__amxint8") == 0) {
            struct octi_qgemm kernel = *octi_qgemm_at(i);
            kernel.run = emulated_kernel;
            return kernel;
        }
    }
    abort();
}

START_TEST(every_row_count_and_width_is_exact)
{
    struct octi_qgemm kernel = emulated();
    struct oct_rng rng = {31};
    static const size_t widths[] = {1, 16, 30, 47, 64, 100};
    for (size_t m = 1; m <= 70; m++) {
        size_t k = (size_t)oct_rng_between(&rng, 1, 200);
        check_direct_rows(&kernel, &rng, m, widths[m % 6], k);
    }
}
END_TEST

START_TEST(lines_are_exact)
{
    struct octi_qgemm kernel = emulated();
    struct oct_rng rng = {32};
    for (int repeat = 0; repeat < 40; repeat++) {
        check_lines(&kernel, &rng);
    }
}
END_TEST

START_TEST(tiles_are_shaped_anew_after_others_used_them)
{
    struct octi_qgemm kernel = emulated();
    struct oct_rng rng = {33};
    struct octi_tile_config other = {.palette = 1, .row_bytes = {4}, .rows = {1}};
    octi_tiles_configure(&other);
    check_direct_rows(&kernel, &rng, 20, 64, 70);
    octi_tiles_release();
    check_direct_rows(&kernel, &rng, 20, 64, 70);
}
END_TEST

static void add(Suite *suite)
{
    if ((octi_isa_required(OCTI_ISA_avx512vnni) & ~oct_cpu_detect()) != 0) {
        skip("this machine has no AVX-512 with VNNI");
    }
    TCase *exact = oct_case(suite, "emulated");
    tcase_add_test(exact, every_row_count_and_width_is_exact);
    tcase_add_test(exact, lines_are_exact);
    tcase_add_test(exact, tiles_are_shaped_anew_after_others_used_them);
}
#else
static void add(Suite *suite)
{
    (void)suite;
    skip("kernels of tiles are for x86-64");
}
#endif

OCT_CHECK_MAIN("qgemm in emulated tiles", add)
