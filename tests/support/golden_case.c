// A case in memory: it needs no file and no JSON, so engines alone can be tested with cases of their own making.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/golden.h"

static void unload_tensor(struct oct_golden_tensor *tensor)
{
    free(tensor->data);
    free(tensor->scales);
    free(tensor->zero_points);
}

void oct_golden_unload(struct oct_golden_case *golden_case)
{
    for (size_t i = 0; i < golden_case->n_inputs; i++) {
        unload_tensor(&golden_case->inputs[i]);
    }
    unload_tensor(&golden_case->output);
}

static bool floats_agree(const struct oct_golden_case *c, const float *got, size_t n, char *message, size_t room)
{
    const float *expected = c->output.data;
    double largest = 0.0;
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs((double)expected[i]));
    }
    for (size_t i = 0; i < n; i++) {
        double difference = fabs((double)got[i] - (double)expected[i]);
        if (!(difference <= c->relative * largest)) {
            snprintf(message, room, "element %zu is %.9g, PyTorch says %.9g", i, (double)got[i], (double)expected[i]);
            return false;
        }
    }
    return true;
}

static int64_t code_at(enum oct_dtype dtype, const void *data, size_t index)
{
    switch (dtype) {
    case OCT_DTYPE_QUINT8:
        return ((const uint8_t *)data)[index];
    case OCT_DTYPE_QINT8:
        return ((const int8_t *)data)[index];
    default:
        return ((const int32_t *)data)[index];
    }
}

static bool codes_agree(const struct oct_golden_case *c, const void *got, size_t n, char *message, size_t room)
{
    size_t steps = 0, first = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t a = code_at(c->output.desc.dtype, got, i), b = code_at(c->output.desc.dtype, c->output.data, i);
        if (a == b) {
            continue;
        }
        first = steps == 0 ? i : first;
        steps++;
        if (a - b > 1 || b - a > 1) {
            snprintf(message, room, "element %zu is %lld, PyTorch says %lld", i, (long long)a, (long long)b);
            return false;
        }
    }
    if (steps > c->off_by_one) {
        snprintf(message, room,
                 "%zu of %zu elements are off by one, allowed are %zu; the first is %zu: %lld, PyTorch says %lld",
                 steps, n, c->off_by_one, first, (long long)code_at(c->output.desc.dtype, got, first),
                 (long long)code_at(c->output.desc.dtype, c->output.data, first));
        return false;
    }
    return true;
}

bool oct_golden_agrees(const struct oct_golden_case *golden_case, const void *data, char *message, size_t message_bytes)
{
    size_t n = golden_case->output.bytes / oct_dtype_bytes(golden_case->output.desc.dtype);
    if (golden_case->output.desc.dtype == OCT_DTYPE_FLOAT32) {
        return floats_agree(golden_case, data, n, message, message_bytes);
    }
    return codes_agree(golden_case, data, n, message, message_bytes);
}
