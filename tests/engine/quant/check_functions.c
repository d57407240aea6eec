// Against the C library in double precision, whose own error is far below the units counted here.
#include "engine/quant/functions.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/oct_check.h"

#define STEP 4099 // a prime: every exponent and many mantissas

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

// |got - exact| in units of the last place that a float32 of exact's size has.
static double error_in_ulps(float got, double exact)
{
    if (isinf((float)exact)) {
        return got == (float)exact ? 0.0 : INFINITY;
    }
    int exponent;
    frexp(exact, &exponent);
    if (exact == 0.0 || exponent < -125) {
        exponent = -125; // subnormals share the smallest unit
    }
    return fabs((double)got - exact) / ldexp(1.0, exponent - 24);
}

static double exact_exp(double x)
{
    return exp(x);
}

static double exact_sigmoid(double x)
{
    return x < 0.0 ? exp(x) / (1.0 + exp(x)) : 1.0 / (1.0 + exp(-x));
}

static double exact_tanh(double x)
{
    return tanh(x);
}

static void sweep(const char *name, float (*function)(float), double (*exact)(double), double bound)
{
    double worst = 0.0;
    float where = 0.0f;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STEP) {
        float x = from_bits((uint32_t)bits);
        if (isnan(x)) {
            continue;
        }
        double error = error_in_ulps(function(x), exact(x));
        if (!(error <= worst)) {
            worst = error;
            where = x;
        }
    }
    ck_assert_msg(worst <= bound, "%s is off by %g ulp at %a, allowed %g", name, worst, (double)where, bound);
    ck_assert_msg(worst > 0.3, "%s: only %g ulp: the sweep measures nothing", name, worst);
}

START_TEST(exp_is_within_its_bound)
{
    sweep("exp", octi_exp, exact_exp, 1.0);
}
END_TEST

START_TEST(sigmoid_is_within_its_bound)
{
    sweep("sigmoid", octi_sigmoid, exact_sigmoid, 2.5);
}
END_TEST

START_TEST(tanh_is_within_its_bound)
{
    sweep("tanh", octi_tanh, exact_tanh, 1.5);
}
END_TEST

START_TEST(the_ends_are_exact)
{
    ck_assert_float_eq(octi_exp(0.0f), 1.0f);
    ck_assert_float_eq(octi_exp(-INFINITY), 0.0f);
    ck_assert_float_eq(octi_exp(INFINITY), INFINITY);
    ck_assert_float_eq(octi_sigmoid(0.0f), 0.5f);
    ck_assert_float_eq(octi_sigmoid(-INFINITY), 0.0f);
    ck_assert_float_eq(octi_sigmoid(INFINITY), 1.0f);
    ck_assert_float_eq(octi_tanh(-INFINITY), -1.0f);
    ck_assert_float_eq(octi_tanh(INFINITY), 1.0f);
    ck_assert_uint_eq(to_bits(octi_tanh(-0.0f)), to_bits(-0.0f));
    ck_assert(isnan(octi_exp(NAN)) && isnan(octi_sigmoid(NAN)) && isnan(octi_tanh(NAN)));
}
END_TEST

START_TEST(tanh_is_odd)
{
    for (uint32_t bits = 0; bits < 0x7f800000u; bits += STEP) {
        float x = from_bits(bits);
        ck_assert_uint_eq(to_bits(octi_tanh(-x)), to_bits(-octi_tanh(x)));
    }
}
END_TEST

// The promise is the same bits everywhere; these were computed with gcc 12 and clang 14 at -O0 and -O3.
START_TEST(the_bits_are_these)
{
    static const struct {
        float x;
        uint32_t exp, sigmoid, tanh;
    } known[] = {
        {-0x1.6ap+6f, 0x00056969, 0x00056969, 0xbf800000},     {-0x1.4p+3f, 0x383e6bce, 0x383e6997, 0xbf800000},
        {-0x1.4p+0f, 0x3e92b0c2, 0x3e640b82, 0xbf59291e},      {-0x1.99999ap-4f, 0x3f67a36d, 0x3ef335ee, 0xbdcc1ebc},
        {0x1.0624dep-10f, 0x3f8020c9, 0x3f001062, 0x3a83126c}, {0x1.333334p-2f, 0x3facc82c, 0x3f130eaa, 0x3e9526ee},
        {0x1.666666p-1f, 0x4000e153, 0x3f2b0e5a, 0x3f1ab7d9},  {0x1.4p+1f, 0x4142eb7f, 0x3f6c948f, 0x3f7c92c1},
        {0x1.4p+4f, 0x4de75844, 0x3f800000, 0x3f800000},       {0x1.62p+6f, 0x7f4cdcc4, 0x3f800000, 0x3f800000},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ck_assert_uint_eq(to_bits(octi_exp(known[i].x)), known[i].exp);
        ck_assert_uint_eq(to_bits(octi_sigmoid(known[i].x)), known[i].sigmoid);
        ck_assert_uint_eq(to_bits(octi_tanh(known[i].x)), known[i].tanh);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *accuracy = oct_case(suite, "accuracy");
    tcase_add_test(accuracy, exp_is_within_its_bound);
    tcase_add_test(accuracy, sigmoid_is_within_its_bound);
    tcase_add_test(accuracy, tanh_is_within_its_bound);
    TCase *values = oct_case(suite, "values");
    tcase_add_test(values, the_ends_are_exact);
    tcase_add_test(values, tanh_is_odd);
    tcase_add_test(values, the_bits_are_these);
}

OCT_CHECK_MAIN("quant functions", add)
