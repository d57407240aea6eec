// DESIGN: windows are transformed 32 channels at a time in 16 bits. Products are those of qgemm_6x64k4__avx512vnni, of
// pairs of int16 instead of quads of bytes: tiles of 6 windows by 64 columns for each of the 36 positions. Their sums
// go through memory that stays in the second-level cache; outputs are made of them 16 columns at a time.
#include "engine/kernels/qwinograd/qwinograd.h"
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE static inline __attribute__((always_inline))
#define ROWS   6

/// The first tiles of a position ask for the weights of the next, a cache line for every four that they read.
#define TILES_AHEAD 4

struct six {
    __m512i v0, v1, v2, v3, v4, v5;
};

// B^T by six numbers.
INLINE struct six transform_six(__m512i d0, __m512i d1, __m512i d2, __m512i d3, __m512i d4, __m512i d5)
{
    const __m512i e = _mm512_sub_epi16(d4, _mm512_slli_epi16(d2, 2));
    const __m512i f = _mm512_sub_epi16(d3, _mm512_slli_epi16(d1, 2));
    const __m512i g = _mm512_sub_epi16(d4, d2);
    const __m512i h = _mm512_slli_epi16(_mm512_sub_epi16(d3, d1), 1);
    struct six v;
    v.v0 = _mm512_add_epi16(_mm512_slli_epi16(_mm512_sub_epi16(d0, d2), 2), g);
    v.v1 = _mm512_add_epi16(e, f);
    v.v2 = _mm512_sub_epi16(e, f);
    v.v3 = _mm512_add_epi16(g, h);
    v.v4 = _mm512_sub_epi16(g, h);
    v.v5 = _mm512_sub_epi16(_mm512_sub_epi16(d5, d3), _mm512_add_epi16(h, h));
    return v;
}

INLINE __m512i pixel(const uint8_t *from, __mmask32 mask, __m512i zero_point)
{
    const __m512i words = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)from));
    return _mm512_maskz_sub_epi16(mask, words, zero_point);
}

void octi_qwinograd_6x64k2__avx512vnni_windows(
    const uint8_t *const *pixels, size_t k, uint8_t zero_point, int16_t *v, size_t plane)
{
    const __m512i zero = _mm512_set1_epi16(zero_point);
    for (size_t i = 0; i < k; i += OCTI_QWINOGRAD_CHANNELS) {
        const __mmask32 mask = k - i < OCTI_QWINOGRAD_CHANNELS ? ((__mmask32)1 << (k - i)) - 1 : ~(__mmask32)0;
        struct six lines[OCTI_QWINOGRAD_WINDOW];
        for (size_t y = 0; y < OCTI_QWINOGRAD_WINDOW; y++) {
            const uint8_t *const *line = pixels + OCTI_QWINOGRAD_WINDOW * y;
            lines[y] = transform_six(pixel(line[0] + i, mask, zero), pixel(line[1] + i, mask, zero),
                                     pixel(line[2] + i, mask, zero), pixel(line[3] + i, mask, zero),
                                     pixel(line[4] + i, mask, zero), pixel(line[5] + i, mask, zero));
        }
#define COLUMN(x)                                                                                                      \
    {                                                                                                                  \
        const struct six down =                                                                                        \
            transform_six(lines[0].v##x, lines[1].v##x, lines[2].v##x, lines[3].v##x, lines[4].v##x, lines[5].v##x);   \
        int16_t *to = v + (x)*plane + i;                                                                               \
        _mm512_storeu_si512(to, down.v0);                                                                              \
        _mm512_storeu_si512(to + 6 * plane, down.v1);                                                                  \
        _mm512_storeu_si512(to + 12 * plane, down.v2);                                                                 \
        _mm512_storeu_si512(to + 18 * plane, down.v3);                                                                 \
        _mm512_storeu_si512(to + 24 * plane, down.v4);                                                                 \
        _mm512_storeu_si512(to + 30 * plane, down.v5);                                                                 \
    }
        COLUMN(0) COLUMN(1) COLUMN(2) COLUMN(3) COLUMN(4) COLUMN(5)
#undef COLUMN
    }
}

#define AHEAD_BYTES 1024
struct three {
    __m512i v0, v1, v2;
};

// Channels 0 and 1, or 2 and 3, of each column's quad, as words.
INLINE __m512i filter_pair(const int8_t *quads, const bool second)
{
    const __m512i bytes = _mm512_loadu_si512(quads);
    const __m128i low = _mm_setr_epi8(-1, 0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13);
    const __m128i high = _mm_setr_epi8(-1, 2, -1, 3, -1, 6, -1, 7, -1, 10, -1, 11, -1, 14, -1, 15);
    return _mm512_srai_epi16(_mm512_shuffle_epi8(bytes, _mm512_broadcast_i32x4(second ? high : low)), 8);
}

INLINE __m512i thrice(__m512i x)
{
    return _mm512_add_epi16(x, _mm512_slli_epi16(x, 1));
}

// The two rows of G that make third `third`, by three numbers.
INLINE void filter_two(__m512i w0, __m512i w1, __m512i w2, const size_t third, __m512i *a, __m512i *b)
{
    const __m512i middle = _mm512_slli_epi16(w1, 1);
    if (third == 0) {
        *a = thrice(w0);
        *b = _mm512_slli_epi16(thrice(w2), 2);
    } else if (third == 1) {
        const __m512i ends = _mm512_sub_epi16(_mm512_setzero_si512(), _mm512_slli_epi16(_mm512_add_epi16(w0, w2), 1));
        *a = _mm512_sub_epi16(ends, middle);
        *b = _mm512_add_epi16(ends, middle);
    } else {
        const __m512i far = _mm512_add_epi16(w0, _mm512_slli_epi16(w2, 2));
        *a = _mm512_add_epi16(far, middle);
        *b = _mm512_sub_epi16(far, middle);
    }
}

// G by three numbers, to six places.
INLINE void filter_line(struct three w, int16_t *u, size_t plane)
{
    struct six line;
    filter_two(w.v0, w.v1, w.v2, 0, &line.v0, &line.v5);
    filter_two(w.v0, w.v1, w.v2, 1, &line.v1, &line.v2);
    filter_two(w.v0, w.v1, w.v2, 2, &line.v3, &line.v4);
    _mm512_store_si512(u, line.v0);
    _mm512_store_si512(u + plane, line.v1);
    _mm512_store_si512(u + 2 * plane, line.v2);
    _mm512_store_si512(u + 3 * plane, line.v3);
    _mm512_store_si512(u + 4 * plane, line.v4);
    _mm512_store_si512(u + 5 * plane, line.v5);
}

// `third` and `second` are constants at every call.
INLINE void filters_at(const int8_t *w, size_t tap, int16_t *u, size_t plane, const size_t third, const bool second)
{
    struct three a, b;
#define COLUMN(x)                                                                                                      \
    filter_two(filter_pair(w + (x)*tap, second), filter_pair(w + (3 + x) * tap, second),                               \
               filter_pair(w + (6 + x) * tap, second), third, &a.v##x, &b.v##x);
    COLUMN(0)
    COLUMN(1)
    COLUMN(2)
#undef COLUMN
    filter_line(a, u, plane);
    filter_line(b, u + OCTI_QWINOGRAD_WINDOW * plane, plane);
}

INLINE void
filters_of(const struct octi_panels *weights, const struct octi_panel *panel, const size_t third, int16_t *u)
{
    const int8_t *w = (const int8_t *)panel->bytes + octi_panel_header_bytes(OCTI_QWINOGRAD_COLUMNS);
    const size_t tap = octi_panel_padded_k(&weights->geometry, weights->k) * OCTI_QWINOGRAD_COLUMNS;
    const size_t pair = 2 * OCTI_QWINOGRAD_COLUMNS, plane = octi_qwinograd_filter_plane(weights->k);
    for (size_t i = 0; i < weights->k; i += 4, u += 2 * pair) {
        for (size_t j = 0; j < pair; j += 32, w += 64) {
            for (size_t t = 0; third == 0 && t < 9; t++) {
                _mm_prefetch(w + t * tap + AHEAD_BYTES, _MM_HINT_T0);
            }
            filters_at(w, tap, u + j, plane, third, false);
            filters_at(w, tap, u + pair + j, plane, third, true);
        }
    }
}

void octi_qwinograd_6x64k2__avx512vnni_filters(const struct octi_panels *weights,
                                               const struct octi_panel *panel,
                                               size_t third,
                                               int16_t *u)
{
    if (third == 0) {
        filters_of(weights, panel, 0, u);
    } else if (third == 1) {
        filters_of(weights, panel, 1, u);
    } else {
        filters_of(weights, panel, 2, u);
    }
}

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)

// `rows` is a constant at every call.
INLINE void
tile(const int16_t *v, size_t pitch, size_t k, const int16_t *u, const char *ahead, int32_t *sums, const int rows)
{
    const __m512i zero = _mm512_setzero_si512();
#define DECLARE(r) __m512i s##r##0 = zero, s##r##1 = zero, s##r##2 = zero, s##r##3 = zero;
    EACH_ROW(DECLARE)
#undef DECLARE
    for (size_t i = 0; i < k; i += 2) {
        const __m512i u0 = octi_keep_512(_mm512_loadu_si512(u));
        const __m512i u1 = octi_keep_512(_mm512_loadu_si512(u + 32));
        const __m512i u2 = octi_keep_512(_mm512_loadu_si512(u + 64));
        const __m512i u3 = octi_keep_512(_mm512_loadu_si512(u + 96));
#define DOT(r)                                                                                                         \
    if (r < rows) {                                                                                                    \
        const __m512i x = octi_broadcast_quad_512(v + r * pitch + i);                                                  \
        s##r##0 = octi_dot_s16_512(s##r##0, x, u0);                                                                    \
        s##r##1 = octi_dot_s16_512(s##r##1, x, u1);                                                                    \
        s##r##2 = octi_dot_s16_512(s##r##2, x, u2);                                                                    \
        s##r##3 = octi_dot_s16_512(s##r##3, x, u3);                                                                    \
    }
        EACH_ROW(DOT)
#undef DOT
        _mm_prefetch(ahead, _MM_HINT_T0);
        ahead += 64;
        u += 2 * OCTI_QWINOGRAD_COLUMNS;
    }
#define STORE(r)                                                                                                       \
    if (r < rows) {                                                                                                    \
        _mm512_store_si512(sums + r * OCTI_QWINOGRAD_COLUMNS, s##r##0);                                                \
        _mm512_store_si512(sums + r * OCTI_QWINOGRAD_COLUMNS + 16, s##r##1);                                           \
        _mm512_store_si512(sums + r * OCTI_QWINOGRAD_COLUMNS + 32, s##r##2);                                           \
        _mm512_store_si512(sums + r * OCTI_QWINOGRAD_COLUMNS + 48, s##r##3);                                           \
    }
    EACH_ROW(STORE)
#undef STORE
}

#define CASE(n)                                                                                                        \
    case n:                                                                                                            \
        tile(v, call->v_pitch, call->k, u, asks ? ahead : (const char *)u, sums, n);                                   \
        break;

// The products of one position; `last`: behind its weights there are no others.
static __attribute__((noinline)) void
multiply(const struct octi_qwinograd_call *call, size_t position, const int16_t *u, bool last)
{
    const size_t pairs = octi_qwinograd_pairs(call->k);
    const char *ahead = (const char *)(u + octi_qwinograd_filter_plane(call->k));
    size_t rows;
    for (size_t m = 0, index = 0; m < call->n; m += rows, index++, ahead += 64 * pairs) {
        const bool asks = index < TILES_AHEAD && !last;
        const int16_t *v = call->v + position * call->v_plane + m * call->v_pitch;
        int32_t *sums = call->sums + position * call->sum_plane + m * OCTI_QWINOGRAD_COLUMNS;
        const size_t left = call->n - m, tiles = (left + ROWS - 1) / ROWS;
        rows = (left + tiles - 1) / tiles;
        switch (rows) {
            CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) default : break;
        }
    }
}

void octi_qwinograd_6x64k2__avx512vnni_multiply(const struct octi_qwinograd_call *call, size_t third, const int16_t *u)
{
    for (size_t index = 0; index < OCTI_QWINOGRAD_THIRD; index++) {
        multiply(call, octi_qwinograd_position(third, index), u, index + 1 == OCTI_QWINOGRAD_THIRD);
        u += octi_qwinograd_filter_plane(call->k);
    }
}

struct four {
    __m512i v0, v1, v2, v3;
};

// A^T by six sums.
INLINE struct four join_six(__m512i s0, __m512i s1, __m512i s2, __m512i s3, __m512i s4, __m512i s5)
{
    const __m512i a = _mm512_add_epi32(s1, s2), b = _mm512_sub_epi32(s1, s2);
    const __m512i c = _mm512_add_epi32(s3, s4), d = _mm512_sub_epi32(s3, s4);
    const __m512i e = _mm512_add_epi32(s0, a);
    struct four y;
    y.v0 = _mm512_add_epi32(_mm512_add_epi32(e, e), c);
    y.v1 = _mm512_add_epi32(b, d);
    y.v2 = _mm512_add_epi32(a, _mm512_add_epi32(c, c));
    y.v3 = _mm512_add_epi32(_mm512_add_epi32(b, _mm512_slli_epi32(d, 2)), s5);
    return y;
}

// What finishing a vector of 16 columns takes.
struct finishing {
    __m512 bias, multiplier;
    const struct octi_requant_512 *requant;
};

INLINE __m512i finish(__m512i sum, const unsigned shift, const struct finishing *f)
{
    const __m512i ninth = _mm512_set1_epi32((int32_t)OCTI_QWINOGRAD_NINTH);
    sum = _mm512_srai_epi32(_mm512_mullo_epi32(sum, ninth), shift);
    return octi_requant_open_512(sum, f->bias, f->multiplier, f->requant);
}

INLINE void finish_line(struct four line, const int y, const struct finishing *f, __m512i *out)
{
    const unsigned shift = 4 + (y == 0);
    out[0] = finish(line.v0, shift + 1, f);
    out[4] = finish(line.v1, shift, f);
    out[8] = finish(line.v2, shift, f);
    out[12] = finish(line.v3, shift, f);
}

// Outputs of a tile, whose sums lie in `plane`s.
static __attribute__((noinline)) void finish_tile(const int32_t *sums,
                                                  size_t plane,
                                                  const float *header,
                                                  const struct octi_requant_512 *requant,
                                                  const struct octi_qwinograd_target *target,
                                                  size_t first,
                                                  __mmask64 mask,
                                                  const struct octi_qwinograd_call *call)
{
    __m512i out[4 * OCTI_QWINOGRAD_TILE * OCTI_QWINOGRAD_TILE]; // [pixel][vector]
    for (size_t j = 0; j < 4; j++) {
        const struct finishing f = {_mm512_loadu_ps(header + 16 * j), _mm512_loadu_ps(header + 64 + 16 * j), requant};
        const int32_t *s = sums + 16 * j;
        struct four column[OCTI_QWINOGRAD_WINDOW];
        for (size_t x = 0; x < OCTI_QWINOGRAD_WINDOW; x++, s += plane) {
            column[x] = join_six(_mm512_load_si512(s), _mm512_load_si512(s + 6 * plane),
                                 _mm512_load_si512(s + 12 * plane), _mm512_load_si512(s + 18 * plane),
                                 _mm512_load_si512(s + 24 * plane), _mm512_load_si512(s + 30 * plane));
        }
#define LINE(y)                                                                                                        \
    finish_line(                                                                                                       \
        join_six(column[0].v##y, column[1].v##y, column[2].v##y, column[3].v##y, column[4].v##y, column[5].v##y), y,   \
        &f, out + 16 * (y) + j);
        LINE(0) LINE(1) LINE(2) LINE(3)
#undef LINE
    }
    for (size_t y = 0; y < target->height && target->width > 0; y++) {
        uint8_t *c = target->c + y * call->c_line + first;
        const __m512i *pixels = out + 16 * y;
        for (size_t x = 0; x < target->width; x++, c += call->c_stride, pixels += 4) {
            _mm512_mask_storeu_epi8(c, mask, octi_pack_open_512(pixels[0], pixels[1], pixels[2], pixels[3], requant));
        }
    }
}

void octi_qwinograd_6x64k2__avx512vnni_finish(const struct octi_qwinograd_call *call,
                                              const struct octi_panels *weights,
                                              const struct octi_panel *panel)
{
    const struct octi_requant_512 requant = octi_requant_product_512(call->output, weights->bias_factor);
    const __mmask64 mask = octi_mask_64(panel->n);
    const float *header = (const float *)panel->bytes + OCTI_QWINOGRAD_COLUMNS;
    for (size_t m = 0; m < call->n; m++) {
        finish_tile(call->sums + m * OCTI_QWINOGRAD_COLUMNS, call->sum_plane, header, &requant, &call->targets[m],
                    panel->first, mask, call);
    }
}
