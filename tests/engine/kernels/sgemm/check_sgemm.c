#include "engine/kernels/sgemm/sgemm.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#define M       37
#define N       65
#define K       211
#define THREADS 2
#define REPEATS 200

static float *random_matrix(struct oct_rng *rng, size_t n)
{
    float *matrix = malloc(n * sizeof *matrix);
    for (size_t i = 0; i < n; i++) {
        matrix[i] = oct_rng_float(rng, -1.0f, 1.0f);
    }
    return matrix;
}

START_TEST(the_product_is_within_rounding_of_the_exact_one)
{
    struct oct_rng rng = {51};
    octi_sgemm_prepare();
    float *a = random_matrix(&rng, M * (K + 3));
    float *b = random_matrix(&rng, N * (K + 5));
    float *c = malloc(M * (N + 2) * sizeof *c);
    memset(c, 0xff, M * (N + 2) * sizeof *c); // NaNs that a product must not read
    octi_sgemm(M, N, K, a, K + 3, b, K + 5, c, N + 2);
    for (size_t m = 0; m < M; m++) {
        for (size_t n = 0; n < N; n++) {
            double exact = 0.0;
            for (size_t k = 0; k < K; k++) {
                exact += (double)a[m * (K + 3) + k] * (double)b[n * (K + 5) + k];
            }
            ck_assert_double_le(fabs((double)c[m * (N + 2) + n] - exact), 1e-4);
        }
    }
    free(a);
    free(b);
    free(c);
}
END_TEST

struct job {
    const float *a, *b, *expected;
    bool same;
};

static void *multiply_many_times(void *argument)
{
    struct job *job = argument;
    float *c = malloc(M * N * sizeof *c);
    job->same = true;
    for (int i = 0; i < REPEATS; i++) {
        octi_sgemm(M, N, K, job->a, K, job->b, K, c, N);
        job->same = job->same && memcmp(c, job->expected, M * N * sizeof *c) == 0;
    }
    free(c);
    return NULL;
}

START_TEST(threads_get_what_one_gets_alone)
{
    octi_sgemm_prepare();
    struct job jobs[THREADS];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        struct oct_rng rng = {60 + i};
        float *expected = malloc(M * N * sizeof *expected);
        jobs[i] = (struct job){random_matrix(&rng, M * K), random_matrix(&rng, N * K), expected, false};
        octi_sgemm(M, N, K, jobs[i].a, K, jobs[i].b, K, expected, N);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, multiply_many_times, &jobs[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_msg(jobs[i].same, "thread %zu got other bits than a lone product", i);
        free((void *)(uintptr_t)jobs[i].a);
        free((void *)(uintptr_t)jobs[i].b);
        free((void *)(uintptr_t)jobs[i].expected);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *product = oct_case(suite, "product");
    tcase_add_test(product, the_product_is_within_rounding_of_the_exact_one);
    tcase_add_test(product, threads_get_what_one_gets_alone);
}

OCT_CHECK_MAIN("sgemm", add)
