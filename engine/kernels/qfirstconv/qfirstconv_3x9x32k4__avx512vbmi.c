// DESIGN: a 3x3 window of 3 channels is 7 quads. So little work per pixel leaves no time to wait for the end of it:
// while the products of a tile run, the sums of the tile before are requantized, a step between any two products. A
// tile is 8 vectors of sums, 4 pixels of 32 columns or 8 of 16. Lines are cut into pieces of 8 pixels; what is left at
// the end of a line is covered by a piece that overlaps the one before, which writes the same bytes again. Lines
// shorter than a piece, and parameters that are not usual, are left to the kernel for any window.
#include "engine/kernels/qfirstconv/qfirstconv.h"
#include "engine/kernels/x86/bytes_avx512.h"
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE static inline __attribute__((always_inline))
#define PIECE  8 // pixels
#define WHOLE  8 // bytes of a row in whole quads

// Hides from the compiler where a pointer comes from: what lies there is loaded where it is needed. Constants of a loop
// would be loaded before it, into registers that the sums need.
#define FORGET(pointer) __asm__("" : "+r"(pointer))
// clang does that with all constants, and all loads of a tile before its products.
#if defined(__clang__)
#define FORGET_TOO(pointer)  FORGET(pointer)
#define IN_ORDER(from, a, b) __asm__("" : "+r"(from), "+v"(a), "+v"(b))
#else
#define FORGET_TOO(pointer)
#define IN_ORDER(from, a, b)
#endif

// What is needed now and then.
struct constants {
    __m512i places; // of the first byte of each pixel, for each byte of a quad of it
    struct octi_requant_512 requant;
};

// The ninth bytes of the rows of 8 windows, as a quad of each.
INLINE __m512i tails_of(const uint8_t *row0,
                        const uint8_t *row1,
                        const uint8_t *row2,
                        const struct constants *constants)
{
    const __mmask64 firsts = 0x1111111111111111; // of quads
    const __m512i places = constants->places;
    const __m512i first = _mm512_permutexvar_epi8(places, _mm512_loadu_si512(row0 + WHOLE));
    const __m512i two = _mm512_mask_permutexvar_epi8(first, firsts << 1, places, _mm512_loadu_si512(row1 + WHOLE));
    return _mm512_mask_permutexvar_epi8(two, firsts << 2, places, _mm512_loadu_si512(row2 + WHOLE));
}

// What is done with the bytes of 4 vectors of sums: two pixels of 32 columns, or four of 16.
INLINE void store(uint8_t *c, size_t stride, __m512i bytes, __mmask32 mask, const int nv)
{
    if (nv == 2) {
        const __m512i pixels = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), bytes);
        _mm256_mask_storeu_epi8(c, mask, _mm512_castsi512_si256(pixels));
        _mm256_mask_storeu_epi8(c + stride, mask, _mm512_extracti64x4_epi64(pixels, 1));
    } else {
        const __m512i pixels = octi_neighbours_512(bytes);
        _mm_mask_storeu_epi8(c, (__mmask16)mask, _mm512_castsi512_si128(pixels));
        _mm_mask_storeu_epi8(c + stride, (__mmask16)mask, _mm512_extracti32x4_epi32(pixels, 1));
        _mm_mask_storeu_epi8(c + 2 * stride, (__mmask16)mask, _mm512_extracti32x4_epi32(pixels, 2));
        _mm_mask_storeu_epi8(c + 3 * stride, (__mmask16)mask, _mm512_extracti32x4_epi32(pixels, 3));
    }
}

#define EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

// Steps of requantizing the sums of the tile before, t0 to t7.
#define FLOAT(i) const __m512 float##i = _mm512_cvtepi32_ps(t##i);
#define BIAS(i)  const __m512 biased##i = _mm512_add_ps(i % nv == 0 ? bias0 : bias1, float##i);
#define SCALE(i) const __m512 scaled##i = _mm512_mul_ps(biased##i, i % nv == 0 ? multiplier0 : multiplier1);
// The numbers that vector i of a pixel has at `place` of the panel's header.
#define LOAD(place, i) _mm512_loadu_ps(header + 16 * nv * (place) + 16 * ((i) % nv))
#define ROUND(i)       t##i = _mm512_cvtps_epi32(scaled##i);
#define NOTHING(i)

// Quad q of a tile, `at` bytes from `x` of its first pixel and `step` bytes apart: two products, then a step. Loads
// wait for the last product of the quad before, or clang would do them all first, into registers that there are not.
#define PRODUCTS(i, j)                                                                                                 \
    {                                                                                                                  \
        const __m512i left = octi_broadcast_quad_512(from + (size_t)(i / nv) * stride);                                \
        const __m512i right = nv == 2 ? left : octi_broadcast_quad_512(from + (size_t)(j / nv) * stride);              \
        s##i = octi_dot_u8s8_512(s##i, left, w0);                                                                      \
        s##j = octi_dot_u8s8_512(s##j, right, w1);                                                                     \
        IN_ORDER(from, s##i, s##j);                                                                                    \
    }
#define QUAD(q, x, step, STEP)                                                                                         \
    from = (x);                                                                                                        \
    stride = (step);                                                                                                   \
    __asm__("" : "+r"(from), "+v"(s7));                                                                                \
    w0 = octi_keep_512(_mm512_loadu_si512(w + 64 * nv * (q)));                                                         \
    w1 = nv == 2 ? octi_keep_512(_mm512_loadu_si512(w + 64 * nv * (q) + 64)) : w0;                                     \
    PRODUCTS(0, 1)                                                                                                     \
    STEP(0) STEP(1) PRODUCTS(2, 3) STEP(2) STEP(3) PRODUCTS(4, 5) STEP(4) STEP(5) PRODUCTS(6, 7) STEP(6) STEP(7)

// The lines of the call that have a piece; `nv` (vectors of 16 columns) is a constant.
INLINE void run(const struct octi_qgemm_call *call, const struct octi_panel *panel, const int nv)
{
    const __m512i order = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const struct constants made = {
        .places = _mm512_mullo_epi32(order, _mm512_set1_epi32((int32_t)call->x_stride * 0x01010101)),
        .requant = octi_requant_512(call->output),
    };
    const struct constants *constants = &made;
    const int32_t *header = panel->bytes;
    const size_t x_stride = call->x_stride, tap_stride = call->tap_stride, c_stride = call->c_stride;
    const size_t pixels = (size_t)(8 / nv); // of a tile
    const __mmask32 mask = (__mmask32)octi_mask_64(panel->n);
#define DECLARE(i) __m512i t##i = _mm512_setzero_si512();
    EACH(DECLARE)
#undef DECLARE
    uint8_t *to = NULL; // where results of the tile before go; there being none, those of the first, which come later
    size_t stop;
    for (size_t m = 0; m < call->m; m = stop) {
        stop = octi_qfirstconv_line_end(call, m);
        if (stop - m < PIECE) {
            continue;
        }
        const uint8_t *row0 = call->a + call->offsets[m];
        uint8_t *c = call->c + m * c_stride + panel->first;
        to = to != NULL ? to : c;
        while (m < stop) {
            const size_t back = stop - m < PIECE ? PIECE - (stop - m) : 0;
            m += PIECE - back;
            row0 -= back * x_stride;
            c -= back * c_stride;
            _Alignas(64) uint8_t tails[64];
            _mm512_store_si512(tails, tails_of(row0, row0 + tap_stride, row0 + 2 * tap_stride, constants));
            for (size_t first = 0; first < PIECE; first += pixels) {
                const uint8_t *row1 = row0 + tap_stride, *row2 = row1 + tap_stride, *tail = tails + 4 * first;
                const int8_t *w = (const int8_t *)(header + 64 * nv);
                FORGET(w);
                FORGET_TOO(header);
                FORGET_TOO(constants);
                const __m512 bias0 = LOAD(1, 0), bias1 = LOAD(1, 1);
                const __m512 multiplier0 = LOAD(2, 0), multiplier1 = LOAD(2, 1);
                __m512i w0, w1;
#define DECLARE(i) __m512i s##i = _mm512_loadu_si512(header + i % nv * 16);
                EACH(DECLARE)
#undef DECLARE
                const uint8_t *from;
                size_t stride;
                QUAD(0, row0, x_stride, FLOAT)
                QUAD(1, row0 + 4, x_stride, BIAS)
                QUAD(2, row1, x_stride, SCALE)
                QUAD(3, row1 + 4, x_stride, ROUND)
                QUAD(4, row2, x_stride, NOTHING)
                store(to, c_stride, octi_pack_unbounded_512(t0, t1, t2, t3, &constants->requant), mask, nv);
                QUAD(5, row2 + 4, x_stride, NOTHING)
                to += pixels / 2 * c_stride;
                store(to, c_stride, octi_pack_unbounded_512(t4, t5, t6, t7, &constants->requant), mask, nv);
                QUAD(6, tail, 4, NOTHING)
#define NEXT(i) t##i = s##i;
                EACH(NEXT)
#undef NEXT
                to = c;
                c += pixels * c_stride;
                row0 += pixels * x_stride;
            }
        }
    }
    if (to != NULL) {
        const __m512 bias0 = LOAD(1, 0), bias1 = LOAD(1, 1);
        const __m512 multiplier0 = LOAD(2, 0), multiplier1 = LOAD(2, 1);
        EACH(FLOAT)
        EACH(BIAS)
        EACH(SCALE)
        EACH(ROUND)
        store(to, c_stride, octi_pack_unbounded_512(t0, t1, t2, t3, &constants->requant), mask, nv);
        to += pixels / 2 * c_stride;
        store(to, c_stride, octi_pack_unbounded_512(t4, t5, t6, t7, &constants->requant), mask, nv);
    }
}

// Not inlined into one another: each gets a register allocation of its own.
static __attribute__((noinline)) void run_32(const struct octi_qgemm_call *call, const struct octi_panel *panel)
{
    run(call, panel, 2);
}

static __attribute__((noinline)) void run_16(const struct octi_qgemm_call *call, const struct octi_panel *panel)
{
    run(call, panel, 1);
}

void octi_qfirstconv_3x9x32k4__avx512vbmi(const struct octi_qgemm_call *call,
                                          const struct octi_panels *weights,
                                          const struct octi_panel *panel)
{
    if (weights->weight_zero_points || weights->bias_factor != 1.0f || !octi_panels_convertible(weights)) {
        octi_qfirstconv_6x64k4__avx512vbmi(call, weights, panel);
        return;
    }
    size_t stop;
    for (size_t m = 0; m < call->m; m = stop) {
        stop = octi_qfirstconv_line_end(call, m);
        if (stop - m < PIECE) {
            struct octi_qgemm_call rest = *call;
            rest.m = stop - m;
            rest.offsets += m;
            rest.c += m * call->c_stride;
            rest.line_first = (call->line_first + m) % call->line;
            octi_qfirstconv_6x64k4__avx512vbmi(&rest, weights, panel);
        }
    }
    (panel->width == 32 ? run_32 : run_16)(call, panel);
}
