// DESIGN: an output line at a time, or two of them, by columns of the window. The bytes of a channel in one column of
// the image are a quad; unpacked once, they serve every output whose window holds that column: three at stride 1, every
// other one two at stride 2.
// At stride 1 two neighbouring outputs are computed at a time, and what is read of the panel serves both; a column of
// four rows serves the line below as well, whose weights lie a byte further on. At stride 2 columns of five rows are
// two quads, which share a pair of rows and what is read of the panel.
// Half of the vectors of two outputs are multiplied while another half is requantized, step by step in the order in
// which it is written: four chains side by side, so that what an instruction waits for is done when it comes in.
#include "engine/kernels/qdwconv/halves_avx512.h"

#define SIDE    3
#define VECTORS (4 * (4 + SIDE)) // of a wide panel: header and weights
#define BELOW   (4 * SIDE)       // weights of the line below

OCTI_INLINE __m512i vector_of(const struct octi_quads_512 *x, const int i)
{
    return i == 0 ? x->v0 : i == 1 ? x->v1 : i == 2 ? x->v2 : x->v3;
}

// Two outputs on their way to bytes.
struct unfinished {
    struct octi_half_512 x; // sums
    struct octi_half_512 z; // numbers
    __m512i zero_point;
    __mmask64 mask;
    struct octi_target_512 to;
};

OCTI_INLINE struct octi_target_512 nowhere(const struct octi_batch_512 *batch)
{
    return (struct octi_target_512){batch->nowhere.c, batch->nowhere.behind, 0};
}

OCTI_INLINE struct unfinished
begin(const struct octi_batch_512 *batch, const char *panel, const struct octi_requant_512 *requant)
{
    const struct octi_both_512 any = octi_start_both_512(panel, 3);
    const struct octi_half_512 half = {any, any};
    return (struct unfinished){half, half, octi_keep_512(requant->zero_point16), batch->mask, nowhere(batch)};
}

// Rows of four parts take so many registers that none is left for it.
OCTI_INLINE __m512i zero_point_of(const struct unfinished *rest,
                                  const struct octi_requant_512 *requant,
                                  const int lanes)
{
    OCTI_FORGET(requant);
    return lanes == 1 ? requant->zero_point16 : rest->zero_point;
}

// Weights of two outputs, which may be the same.
struct weights {
    const char *first, *second;
};

OCTI_INLINE struct octi_both_512
dot(struct octi_both_512 sum, __m512i first, __m512i second, const struct weights *w, const int i, const bool same)
{
    if (same) {
        return octi_dot_both_512(sum, first, second, w->first, i);
    }
    sum.first = octi_dot_u8s8_512(sum.first, first, octi_panel_vector_512(w->first, i));
    sum.second = octi_dot_u8s8_512(sum.second, second, octi_panel_vector_512(w->second, i));
    return octi_here_512(sum);
}

// Vectors i and i + 1 of two outputs, of which the first sees columns p, q, r and the second s, t, u, are multiplied;
// meanwhile the two before become numbers, and the two before these words.
OCTI_INLINE struct octi_both_512 half_of(const struct octi_quads_512 *p,
                                         const struct octi_quads_512 *q,
                                         const struct octi_quads_512 *r,
                                         const struct octi_quads_512 *s,
                                         const struct octi_quads_512 *t,
                                         const struct octi_quads_512 *u,
                                         const struct weights *w,
                                         const bool same,
                                         const int i,
                                         struct unfinished *rest,
                                         const char *panel,
                                         const struct octi_requant_512 *requant,
                                         const enum octi_ending_512 ending,
                                         const int lanes)
{
    struct octi_half_512 sum;
    struct octi_both_512 words = octi_packed_512(rest->z);
    sum.a = dot(octi_start_both_512(panel, i), vector_of(p, i), vector_of(s, i), w, i, same);
    sum.b = dot(octi_start_both_512(panel, i + 1), vector_of(p, i + 1), vector_of(s, i + 1), w, i + 1, same);
    struct octi_half_512 x = octi_converted_512(rest->x);
    words = octi_shifted_512(words, zero_point_of(rest, requant, lanes), ending);
    sum.a = dot(sum.a, vector_of(q, i), vector_of(t, i), w, 4 + i, same);
    sum.b = dot(sum.b, vector_of(q, i + 1), vector_of(t, i + 1), w, 5 + i, same);
    x = octi_biased_512(x, panel, 2 - i, requant, ending);
    sum.a = dot(sum.a, vector_of(r, i), vector_of(u, i), w, 8 + i, same);
    sum.b = dot(sum.b, vector_of(r, i + 1), vector_of(u, i + 1), w, 9 + i, same);
    x = octi_multiplied_512(x, panel, 2 - i);
    rest->z = octi_rounded_512(x);
    rest->x = sum;
    return words;
}

// Two outputs, which go to `to`; what is left of the two before is done meanwhile and stored.
OCTI_INLINE void outputs(const struct octi_quads_512 *p,
                         const struct octi_quads_512 *q,
                         const struct octi_quads_512 *r,
                         const struct octi_quads_512 *s,
                         const struct octi_quads_512 *t,
                         const struct octi_quads_512 *u,
                         const struct weights *w,
                         const bool same,
                         struct unfinished *rest,
                         struct octi_target_512 to,
                         const char *panel,
                         const struct octi_requant_512 *requant,
                         const enum octi_ending_512 ending,
                         const int lanes)
{
    OCTI_FORGET(panel);
    const struct octi_both_512 low = half_of(p, q, r, s, t, u, w, same, 0, rest, panel, requant, ending, lanes);
    const struct octi_both_512 high = half_of(p, q, r, s, t, u, w, same, 2, rest, panel, requant, ending, lanes);
    octi_put_two_512(rest->to, rest->mask, low, high, requant, ending, lanes);
    rest->to = to;
}

// The last two.
OCTI_INLINE void finish(struct unfinished *rest,
                        const char *panel,
                        const struct octi_requant_512 *requant,
                        const enum octi_ending_512 ending,
                        const int lanes)
{
    const __m512i zero_point = zero_point_of(rest, requant, lanes);
    const struct octi_both_512 low = octi_shifted_512(octi_packed_512(rest->z), zero_point, ending);
    const struct octi_half_512 x =
        octi_multiplied_512(octi_biased_512(octi_converted_512(rest->x), panel, 2, requant, ending), panel, 2);
    const struct octi_both_512 high = octi_shifted_512(octi_packed_512(octi_rounded_512(x)), zero_point, ending);
    octi_put_two_512(rest->to, rest->mask, low, high, requant, ending, lanes);
}

OCTI_INLINE struct octi_quads_512
load_column(const struct octi_batch_512 *batch, struct octi_walk_512 *walk, const int rows, const int lanes)
{
    struct octi_quads_512 x;
    if (octi_is_inside_512(batch, walk)) {
        const __m512i a = octi_walk_row_512(walk, 0, lanes);
        const __m512i b = octi_walk_row_512(walk, 1, lanes);
        const __m512i c = octi_walk_row_512(walk, 2, lanes);
        const __m512i d = rows == 4 ? octi_walk_row_512(walk, 3, lanes) : c; // what is fourth of three has no weight
        x = octi_interleave_512(a, b, c, d);
    } else {
        x.v0 = x.v1 = x.v2 = x.v3 = octi_padding_512(batch);
    }
    walk->at += octi_look_up_512(&batch->step);
    __asm__ volatile("" : "+v"(x.v0), "+v"(x.v1), "+v"(x.v2), "+v"(x.v3)); // now, or the rows would take registers
    return x;
}

OCTI_INLINE void run_stride_1(const struct octi_batch_512 *batch,
                              const char *panel,
                              const char *below,
                              const struct octi_requant_512 *requant,
                              const enum octi_ending_512 ending,
                              const int lines,
                              const int lanes)
{
    struct unfinished rest = begin(batch, panel, requant);
    const char *own = panel + 64 * OCTI_WEIGHTS_512;
    const struct weights upper = {own, own};
    const struct weights lower = {below, below};
    const struct weights both = {own, below};
    for (size_t g = 0; g < batch->n; g++) {
        const struct octi_group_512 *group = &batch->groups[g];
        struct octi_walk_512 walk = octi_begin_walk_512(batch, group, 2 + lines, lanes);
        struct octi_target_512 to = {group->c, group->behind, batch->c_stride};
        struct octi_quads_512 p = load_column(batch, &walk, 2 + lines, lanes);
        struct octi_quads_512 q = load_column(batch, &walk, 2 + lines, lanes);
        struct octi_quads_512 r;
        for (size_t left = batch->length;;) {
            r = load_column(batch, &walk, 2 + lines, lanes);
            if (left == 1) {
                to.apart = 0;
                break;
            }
            const struct octi_quads_512 s = load_column(batch, &walk, 2 + lines, lanes);
            outputs(&p, &q, &r, &q, &r, &s, &upper, true, &rest, to, panel, requant, ending, lanes);
            if (lines == 2) {
                const struct octi_target_512 under = {to.c + octi_look_up_512(&batch->pitch), to.behind, to.apart};
                outputs(&p, &q, &r, &q, &r, &s, &lower, true, &rest, under, panel, requant, ending, lanes);
            }
            to.c += 2 * to.apart;
            p = r;
            q = s;
            left -= 2;
            if (left == 0) {
                break;
            }
        }
        if (to.apart == 0) { // an output of each line is left
            to.apart = lines == 2 ? batch->pitch : 0;
            outputs(&p, &q, &r, &p, &q, &r, lines == 2 ? &both : &upper, lines == 1, &rest, to, panel, requant, ending,
                    lanes);
        }
    }
    finish(&rest, panel, requant, ending, lanes);
}

// A column of five rows as pairs of bytes: rows 0 and 1, 2 and 3, and 4, whose neighbour has no weight.
struct pairs {
    __m512i low, high;
};

struct column {
    struct pairs a, b, c;
};

OCTI_INLINE struct pairs pair(__m512i upper, __m512i lower)
{
    return (struct pairs){_mm512_unpacklo_epi8(upper, lower), _mm512_unpackhi_epi8(upper, lower)};
}

OCTI_INLINE struct column load_pairs(const struct octi_batch_512 *batch, struct octi_walk_512 *walk, const int lanes)
{
    struct column x;
    if (octi_is_inside_512(batch, walk)) {
        const __m512i a = octi_walk_row_512(walk, 0, lanes);
        x.a = pair(a, octi_walk_row_512(walk, 1, lanes));
        const __m512i b = octi_walk_row_512(walk, 2, lanes);
        x.b = pair(b, octi_walk_row_512(walk, 3, lanes));
        const __m512i c = octi_walk_row_512(walk, 4, lanes);
        x.c = pair(c, c);
    } else {
        const __m512i padding = octi_padding_512(batch);
        x.a = x.b = x.c = (struct pairs){padding, padding};
    }
    walk->at += octi_look_up_512(&batch->step);
    __asm__ volatile("" : "+v"(x.a.low), "+v"(x.a.high), "+v"(x.b.low), "+v"(x.b.high), "+v"(x.c.low), "+v"(x.c.high));
    return x;
}

// Vectors i and i + 1 of the quads of both lines.
OCTI_INLINE struct octi_half_512 quads_of(const struct column *x, const int i)
{
    const __m512i a = i == 0 ? x->a.low : x->a.high;
    const __m512i b = i == 0 ? x->b.low : x->b.high;
    const __m512i c = i == 0 ? x->c.low : x->c.high;
    return octi_here_half_512((struct octi_half_512){{_mm512_unpacklo_epi16(a, b), _mm512_unpacklo_epi16(b, c)},
                                                     {_mm512_unpackhi_epi16(a, b), _mm512_unpackhi_epi16(b, c)}});
}

OCTI_INLINE struct octi_half_512 started(const char *panel, const int i)
{
    return (struct octi_half_512){octi_start_both_512(panel, i), octi_start_both_512(panel, i + 1)};
}

// Column kx of windows.
OCTI_INLINE struct octi_half_512
fed(struct octi_half_512 sum, struct octi_half_512 x, const char *panel, const int kx, const int i)
{
    sum.a = octi_dot_both_512(sum.a, x.a.first, x.a.second, panel, OCTI_WEIGHTS_512 + 4 * kx + i);
    sum.b = octi_dot_both_512(sum.b, x.b.first, x.b.second, panel, OCTI_WEIGHTS_512 + 4 * kx + i + 1);
    return sum;
}

// Sums of an output of this line and of the one below; their first column is in them. Those of the output before become
// bytes while the next two columns are multiplied, the second of which is the first of the output behind.
OCTI_INLINE void run_two_of_stride_2(const struct octi_batch_512 *batch,
                                     const char *panel,
                                     const char *below,
                                     const struct octi_requant_512 *requant,
                                     const enum octi_ending_512 ending,
                                     const int lines,
                                     const int lanes)
{
    (void)below;
    (void)lines;
    const __m512i zero_point = octi_keep_512(requant->zero_point16);
    const __mmask64 mask = batch->mask;
    struct octi_target_512 to = nowhere(batch);
    struct octi_half_512 x = started(panel, 0);
    struct octi_half_512 y = started(panel, 2);
    for (size_t g = 0; g < batch->n; g++) {
        const struct octi_group_512 *group = &batch->groups[g];
        struct octi_walk_512 walk = octi_begin_walk_512(batch, group, 5, lanes);
        struct column column = load_pairs(batch, &walk, lanes);
        struct octi_half_512 low = fed(started(panel, 0), quads_of(&column, 0), panel, 0, 0);
        struct octi_half_512 high = fed(started(panel, 2), quads_of(&column, 2), panel, 0, 2);
        uint8_t *c = group->c;
        for (size_t left = batch->length; left > 0; left--) {
            OCTI_FORGET(panel);
            column = load_pairs(batch, &walk, lanes);
            x = octi_converted_512(x);
            struct octi_half_512 quads = quads_of(&column, 0);
            low = fed(low, quads, panel, 1, 0);
            x = octi_biased_512(x, panel, 0, requant, ending);
            y = octi_converted_512(y);
            quads = quads_of(&column, 2);
            high = fed(high, quads, panel, 1, 2);
            x = octi_multiplied_512(x, panel, 0);
            y = octi_biased_512(y, panel, 2, requant, ending);
            column = load_pairs(batch, &walk, lanes);
            x = octi_rounded_512(x);
            quads = quads_of(&column, 0);
            y = octi_multiplied_512(y, panel, 2);
            struct octi_half_512 next = fed(started(panel, 0), quads, panel, 0, 0);
            y = octi_rounded_512(y);
            low = fed(low, quads, panel, 2, 0);
            struct octi_both_512 words_low = octi_packed_512(x);
            x = low;
            low = next;
            quads = quads_of(&column, 2);
            next = fed(started(panel, 2), quads, panel, 0, 2);
            struct octi_both_512 words_high = octi_packed_512(y);
            words_low = octi_shifted_512(words_low, zero_point, ending);
            high = fed(high, quads, panel, 2, 2);
            words_high = octi_shifted_512(words_high, zero_point, ending);
            octi_put_two_512(to, mask, words_low, words_high, requant, ending, lanes);
            y = high;
            high = next;
            to = (struct octi_target_512){c, group->behind, batch->pitch};
            c += batch->c_stride;
        }
    }
    x = octi_rounded_512(
        octi_multiplied_512(octi_biased_512(octi_converted_512(x), panel, 0, requant, ending), panel, 0));
    y = octi_rounded_512(
        octi_multiplied_512(octi_biased_512(octi_converted_512(y), panel, 2, requant, ending), panel, 2));
    octi_put_two_512(to, mask, octi_shifted_512(octi_packed_512(x), zero_point, ending),
                     octi_shifted_512(octi_packed_512(y), zero_point, ending), requant, ending, lanes);
}

// Vectors i and i + 1 of one output are multiplied.
OCTI_INLINE struct octi_both_512 dot_pair(struct octi_both_512 sum, __m512i a, __m512i b, const char *w)
{
    sum.first = octi_dot_u8s8_memory_512(sum.first, a, w);
    sum.second = octi_dot_u8s8_memory_512(sum.second, b, w + 64);
    return octi_here_512(sum);
}

OCTI_INLINE struct octi_both_512 requant_pair(struct octi_both_512 x,
                                              const char *panel,
                                              const int i,
                                              const struct octi_requant_512 *requant,
                                              const enum octi_ending_512 ending)
{
    const float *bias = (const float *)(const void *)(panel + 64 * (OCTI_BIAS_512 + i));
    const float *multiplier = (const float *)(const void *)(panel + 64 * (OCTI_MULTIPLIER_512 + i));
    __m512 t = OCTI_FLOATS_512(x.first);
    __m512 u = OCTI_FLOATS_512(x.second);
    if (ending == OCTI_ENDS_ANY) {
        t = _mm512_fmadd_ps(_mm512_loadu_ps(bias), requant->bias_factor, t);
        u = _mm512_fmadd_ps(_mm512_loadu_ps(bias + 16), requant->bias_factor, u);
    } else {
        t = _mm512_add_ps(_mm512_loadu_ps(bias), t);
        u = _mm512_add_ps(_mm512_loadu_ps(bias + 16), u);
    }
    x.first = _mm512_cvtps_epi32(_mm512_mul_ps(t, _mm512_loadu_ps(multiplier)));
    x.second = _mm512_cvtps_epi32(_mm512_mul_ps(u, _mm512_loadu_ps(multiplier + 16)));
    return octi_here_512(x);
}

OCTI_INLINE __m512i one_shifted(__m512i words, __m512i zero_point, const enum octi_ending_512 ending)
{
    return ending != OCTI_ENDS_RELU ? _mm512_adds_epi16(words, zero_point) : words;
}

// Vectors i and i + 1 of an output are multiplied, while x, two of the output before or the first two of this one,
// become words.
OCTI_INLINE __m512i half_of_one(const struct octi_quads_512 *p,
                                const struct octi_quads_512 *q,
                                const struct octi_quads_512 *r,
                                const int i,
                                struct octi_both_512 *x,
                                __m512i zero_point,
                                const char *panel,
                                const struct octi_requant_512 *requant,
                                const enum octi_ending_512 ending)
{
    const char *w = panel + 64 * (OCTI_WEIGHTS_512 + i);
    struct octi_both_512 a;
    a.first = octi_panel_vector_512(panel, OCTI_START_512 + i);
    a.second = octi_panel_vector_512(panel, OCTI_START_512 + i + 1);
    a = dot_pair(a, vector_of(p, i), vector_of(p, i + 1), w);
    struct octi_both_512 z = octi_convert_both_512(*x);
    a = dot_pair(a, vector_of(q, i), vector_of(q, i + 1), w + 64 * 4);
    z = requant_pair(z, panel, 2 - i, requant, ending);
    a = dot_pair(a, vector_of(r, i), vector_of(r, i + 1), w + 64 * 8);
    *x = a;
    return one_shifted(_mm512_packs_epi32(z.first, z.second), zero_point, ending);
}

OCTI_INLINE void run_one_of_stride_2(const struct octi_batch_512 *batch,
                                     const char *panel,
                                     const char *below,
                                     const struct octi_requant_512 *requant,
                                     const enum octi_ending_512 ending,
                                     const int lines,
                                     const int lanes)
{
    (void)below;
    (void)lines;
    const __m512i zero_point = octi_keep_512(requant->zero_point16);
    const __mmask64 mask = batch->mask;
    struct octi_target_512 to = nowhere(batch);
    struct octi_both_512 x = octi_start_both_512(panel, 2);
    __m512i low = x.first;
    for (size_t g = 0; g < batch->n; g++) {
        const struct octi_group_512 *group = &batch->groups[g];
        struct octi_walk_512 walk = octi_begin_walk_512(batch, group, SIDE, lanes);
        struct octi_quads_512 p = load_column(batch, &walk, SIDE, lanes);
        uint8_t *c = group->c;
        for (size_t left = batch->length; left > 0; left--) {
            OCTI_FORGET(panel);
            const struct octi_quads_512 q = load_column(batch, &walk, SIDE, lanes);
            const struct octi_quads_512 r = load_column(batch, &walk, SIDE, lanes);
            const __m512i high = half_of_one(&p, &q, &r, 0, &x, zero_point, panel, requant, ending);
            octi_put_parts_512(to.c, to.behind, mask, octi_bytes_of_512(low, high, requant, ending), lanes);
            low = half_of_one(&p, &q, &r, 2, &x, zero_point, panel, requant, ending);
            to = (struct octi_target_512){c, group->behind, 0};
            c += batch->c_stride;
            p = r;
        }
    }
    x = requant_pair(octi_convert_both_512(x), panel, 2, requant, ending);
    const __m512i high = one_shifted(_mm512_packs_epi32(x.first, x.second), zero_point, ending);
    octi_put_parts_512(to.c, to.behind, mask, octi_bytes_of_512(low, high, requant, ending), lanes);
}

// Both kernels for panels of so many lanes a pixel, by how their outputs end.
#define KERNELS(name, run_one, run_two, lanes)                                                                         \
    KERNEL(name##_one_plain, run_one, OCTI_ENDS_PLAIN, 1, lanes)                                                       \
    KERNEL(name##_one_relu, run_one, OCTI_ENDS_RELU, 1, lanes)                                                         \
    KERNEL(name##_one_any, run_one, OCTI_ENDS_ANY, 1, lanes)                                                           \
    KERNEL(name##_two_plain, run_two, OCTI_ENDS_PLAIN, 2, lanes)                                                       \
    KERNEL(name##_two_relu, run_two, OCTI_ENDS_RELU, 2, lanes)                                                         \
    KERNEL(name##_two_any, run_two, OCTI_ENDS_ANY, 2, lanes)                                                           \
    static octi_batch_fn_512 *const name[OCTI_ENDINGS][2] = {                                                          \
        [OCTI_ENDS_PLAIN] = {name##_one_plain, name##_two_plain},                                                      \
        [OCTI_ENDS_RELU] = {name##_one_relu, name##_two_relu},                                                         \
        [OCTI_ENDS_ANY] = {name##_one_any, name##_two_any},                                                            \
    };
#define KERNEL(name, run_lines, ending, lines, lanes)                                                                  \
    static __attribute__((noinline)) void name(const struct octi_batch_512 *batch, const char *panel,                  \
                                               const char *below, const struct octi_requant_512 *requant)              \
    {                                                                                                                  \
        run_lines(batch, panel, below, requant, ending, lines, lanes);                                                 \
    }

KERNELS(run_64_1, run_stride_1, run_stride_1, 4)
KERNELS(run_32_1, run_stride_1, run_stride_1, 2)
KERNELS(run_16_1, run_stride_1, run_stride_1, 1)
KERNELS(run_64_2, run_one_of_stride_2, run_two_of_stride_2, 4)
KERNELS(run_32_2, run_one_of_stride_2, run_two_of_stride_2, 2)
KERNELS(run_16_2, run_one_of_stride_2, run_two_of_stride_2, 1)

static octi_batch_fn_512 *const (*const kernels[2][3])[2] = {{run_16_1, run_32_1, run_64_1},
                                                             {run_16_2, run_32_2, run_64_2}};

static void run_panel(const struct octi_qgemm_call *call, const struct octi_panel *panel, float bias_factor)
{
    _Alignas(64) char room[64 * (VECTORS + BELOW)];
    char *below = room + 64 * VECTORS;
    const char *wide = panel->bytes;
    if (panel->width == 32) {
        octi_repeat_panel_512(panel->bytes, room, VECTORS, 2);
        wide = room;
    } else if (panel->width == 16) {
        octi_repeat_panel_512(panel->bytes, room, VECTORS, 1);
        wide = room;
    }
    if (call->x_stride == 1) {
        const char *w = wide + 64 * OCTI_WEIGHTS_512;
        for (int i = 0; i < BELOW; i++) {
            _mm512_store_si512(below + 64 * i, _mm512_slli_epi32(_mm512_loadu_si512(w + 64 * i), 8));
        }
    }
    const struct octi_requant_512 all = octi_requant_product_512(call->output, bias_factor);
    struct octi_requant_512 requant; // what is needed of it: storing the rest would take as long as an output
    requant.bias_factor = all.bias_factor;
    requant.zero_point16 = all.zero_point16;
    requant.floor8 = all.floor8;
    requant.ceiling8 = all.ceiling8;
    struct octi_batching_512 work;
    octi_batch_fn_512 *const *run =
        kernels[call->x_stride - 1][panel->width / 32][octi_choose_ending_512(call->output, bias_factor)];
    work.call = call;
    work.panel = panel;
    work.run[0] = run[0];
    work.run[1] = run[1];
    work.wide = wide;
    work.below = below;
    work.requant = &requant;
    work.parts = 64 / panel->width;
    work.columns = (struct octi_columns_512){0};
    octi_run_batches_512(&work);
}

void octi_qdwconv_3x3x64k4__avx512vnni(const struct octi_qgemm_call *call,
                                       const struct octi_panels *weights,
                                       const struct octi_panel *panel)
{
    if (octi_is_special_512(weights)) {
        octi_column_pixels_512(call, panel, weights->bias_factor, SIDE, SIDE);
    } else {
        run_panel(call, panel, weights->bias_factor);
    }
}
