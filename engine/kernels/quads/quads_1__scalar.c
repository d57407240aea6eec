// The reference of the family. What is written may alias the weights, as far as the compiler knows: they are read
// before.
#include <string.h>

#include "engine/kernels/quads/quads.h"

#define LINE_BYTES 64 // of a cache

// Four weights at once: their sum with 128 added to each, in two halves of 16 bits.
static uint32_t quad_sums(uint32_t quad)
{
    const uint32_t raised = quad ^ 0x80808080u;
    return (raised & 0x00FF00FFu) + (raised >> 8 & 0x00FF00FFu);
}

_Static_assert(OCTI_QUADS_MAX * 2 * 255 <= UINT16_MAX, "half of the weights of a call are added up in 16 bits");

// n quads of a column whose weights lie side by side; returns their sum.
static uint32_t pack_dense(const int8_t *from, size_t n, int8_t *to, size_t step)
{
    uint32_t sums = 0;
    for (size_t i = 0; i < n; i++, from += 4, to += step) {
        uint32_t quad;
        memcpy(&quad, from, 4);
        memcpy(to, &quad, 4);
        sums += quad_sums(quad);
    }
    return (sums & 0xFFFF) + (sums >> 16) - 512 * (uint32_t)n;
}

// The same at even distances. Byte by byte: a quad put together in memory would be read before it is written.
static uint32_t pack_spread(const int8_t *from, size_t stride, size_t n, int8_t *to, size_t step)
{
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++, from += 4 * stride, to += step) {
        const int8_t a = from[0], b = from[stride], c = from[2 * stride], d = from[3 * stride];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
        sum += a + b + c + d;
    }
    return (uint32_t)sum;
}

static void pack_zeros(size_t n, int8_t *to, size_t step)
{
    for (size_t i = 0; i < n; i++) {
        memset(to + i * step, 0, 4);
    }
}

void octi_quads_1__scalar(const struct octi_quads_call *call)
{
    const size_t n = call->n, stride = call->stride;
    for (size_t p = 0; p < OCTI_QUADS_COLUMNS; p++) {
        for (size_t t = 0; t < call->taps; t++) {
            int8_t *to = call->to + t * call->tap_step + 4 * p;
            if (call->columns[p] == NULL) {
                pack_zeros(n, to, call->step);
                continue;
            }
            const int8_t *from = call->columns[p] + call->first + t;
            // What follows in this column, a line with each tap: nobody else sees that it will be wanted.
            __builtin_prefetch(from + 4 * n * stride + t * LINE_BYTES);
            call->sums[t * call->sums_step + p] +=
                stride == 1 ? pack_dense(from, n, to, call->step) : pack_spread(from, stride, n, to, call->step);
        }
    }
}
