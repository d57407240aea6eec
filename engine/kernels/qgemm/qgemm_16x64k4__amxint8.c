// DESIGN: a pass multiplies four tiles of 16 x 16 sums over all k: two of rows by two of columns, which reads the
// fewest bytes; a unit of 32 rows by the 64 columns of a panel is two passes. Its sums go through a buffer that stays
// in the first-level cache and are requantized between the products of the next unit. Activations are read in place, a
// tile's rows one stride apart; a row that does not begin at a cache line costs four times as much to load, hence
// geometry.gathered.
// Loading a tile keeps the processor from issuing anything else for 9 cycles, storing one for 16, and products leave
// vectors half of their floating-point units: those three add up more than they overlap, and bound small k.
// Rows are balanced over tiles of one height, because the shape of tiles is set for the whole call: 49 rows are four
// tiles of 13, the last of which begin earlier and compute some rows again.
#include <immintrin.h>
#include <string.h>

#include "engine/kernels/qgemm/qgemm.h"
#include "engine/kernels/x86/requant_avx512.h"
#include "engine/kernels/x86/tiles.h"

#define INLINE     static inline __attribute__((always_inline))
#define UNIT_TILES 4                         // of rows, at most
#define UNIT_SUMS  (2 * OCTI_TILE_ROWS * 64) // at most
/// Fewer rows read the weights no slower in vectors, and need no tiles.
#define MIN_ROWS 4

// How the rows of a call are cut into tiles; none reaches over the end of a line.
struct cut {
    size_t line, per_line, height, n_tiles;
};

static struct cut make_cut(const struct octi_qgemm_call *call)
{
    struct cut cut;
    cut.line = call->tap_offsets != NULL ? call->line : call->m;
    cut.per_line = (cut.line + OCTI_TILE_ROWS - 1) / OCTI_TILE_ROWS;
    cut.height = (cut.line + cut.per_line - 1) / cut.per_line;
    cut.n_tiles = call->m / cut.line * cut.per_line;
    return cut;
}

// Sets the tiles' shape unless it is set already: asking takes a tenth of the time.
static void configure(size_t height)
{
    struct octi_tile_config config = {.palette = 1};
    struct octi_tile_config current;
    for (size_t i = 0; i < OCTI_TILES; i++) {
        config.row_bytes[i] = OCTI_TILE_ROW;
        config.rows[i] = i < 6 ? (uint8_t)height : OCTI_TILE_ROWS; // 0 to 3 sums, 4 and 5 activations, 6 and 7 weights
    }
    octi_tiles_current(&current);
    if (memcmp(&config, &current, sizeof config) != 0) {
        octi_tiles_configure(&config);
    }
}

// Where tile `i` of a call reads and writes.
struct place {
    const uint8_t *a;
    uint8_t *c;
};

// First row of tile `i`; the last tile stands for those behind it.
INLINE size_t tile_row(const struct cut *cut, size_t i)
{
    i = i < cut->n_tiles ? i : cut->n_tiles - 1;
    size_t line = i / cut->per_line;
    size_t first = (i - line * cut->per_line) * cut->height;
    return line * cut->line + (first < cut->line - cut->height ? first : cut->line - cut->height);
}

INLINE struct place
tile_place(const struct octi_qgemm_call *call, const struct octi_panel *panel, const struct cut *cut, size_t i)
{
    size_t m = tile_row(cut, i);
    size_t line = m / cut->line;
    return (struct place){call->a + line * call->line_stride + (m - line * cut->line) * call->a_stride,
                          call->c + m * call->c_stride + panel->first};
}

// The terms of a panel's columns, in registers.
struct columns {
    __m512 bias0, bias1, bias2, bias3;
    __m512 multiplier0, multiplier1, multiplier2, multiplier3;
};

INLINE struct columns load_columns(const struct octi_panel *panel, const int nv)
{
    const float *bias = (const float *)panel->bytes + 16 * nv;
    const float *multiplier = bias + 16 * nv;
    struct columns columns;
    columns.bias0 = _mm512_loadu_ps(bias);
    columns.bias1 = nv > 1 ? _mm512_loadu_ps(bias + 16) : columns.bias0;
    columns.bias2 = nv > 2 ? _mm512_loadu_ps(bias + 32) : columns.bias0;
    columns.bias3 = nv > 2 ? _mm512_loadu_ps(bias + 48) : columns.bias0;
    columns.multiplier0 = _mm512_loadu_ps(multiplier);
    columns.multiplier1 = nv > 1 ? _mm512_loadu_ps(multiplier + 16) : columns.multiplier0;
    columns.multiplier2 = nv > 2 ? _mm512_loadu_ps(multiplier + 32) : columns.multiplier0;
    columns.multiplier3 = nv > 2 ? _mm512_loadu_ps(multiplier + 48) : columns.multiplier0;
    return columns;
}

// Adds -zw * (row sum) to the sums: only for asymmetric weights.
INLINE __m512i zero_point_term(__m512i sum, const int32_t *zero_point, int32_t x_sum)
{
    __m512i term = _mm512_mullo_epi32(_mm512_loadu_si512(zero_point), _mm512_set1_epi32(x_sum));
    return _mm512_sub_epi32(sum, term);
}

// Sums of the activations of `tiles` tiles of rows from `first` on, in the order in which their sums are finished.
static __attribute__((noinline)) void add_up_rows(const struct octi_qgemm_call *call,
                                                  const struct octi_panels *weights,
                                                  const struct cut *cut,
                                                  size_t first,
                                                  size_t tiles,
                                                  int32_t *x_sums)
{
    for (size_t i = first; i < first + tiles; i++) {
        size_t m = tile_row(cut, i);
        for (size_t r = 0; r < cut->height; r++) {
            *x_sums++ = octi_qgemm_row_sum(call, weights, m + r);
        }
    }
}

// The sums of one row, corrected for weight zero points, requantized and stored.
INLINE void finish_row(uint8_t *c,
                       const int32_t *sums,
                       const int32_t *zero_point,
                       int32_t x_sum,
                       const struct columns *columns,
                       const struct octi_requant_512 *requant,
                       __mmask64 mask,
                       const int nv)
{
    __m512i s0 = _mm512_load_si512(sums);
    __m512i s1 = nv > 1 ? _mm512_load_si512(sums + 16) : s0;
    __m512i s2 = nv > 2 ? _mm512_load_si512(sums + 32) : s0;
    __m512i s3 = nv > 2 ? _mm512_load_si512(sums + 48) : s0;
    if (zero_point != NULL) {
        s0 = zero_point_term(s0, zero_point, x_sum);
        s1 = nv > 1 ? zero_point_term(s1, zero_point + 16, x_sum) : s1;
        s2 = nv > 2 ? zero_point_term(s2, zero_point + 32, x_sum) : s2;
        s3 = nv > 2 ? zero_point_term(s3, zero_point + 48, x_sum) : s3;
    }
    s0 = octi_requant_open_512(s0, columns->bias0, columns->multiplier0, requant);
    if (nv == 1) {
        __m512i words = _mm512_max_epi32(s0, requant->lo32);
        _mm_mask_storeu_epi8(c, (__mmask16)mask, _mm512_cvtepi32_epi8(_mm512_add_epi32(words, requant->zero_point32)));
        return;
    }
    s1 = octi_requant_open_512(s1, columns->bias1, columns->multiplier1, requant);
    if (nv == 2) {
        __m512i words = _mm512_add_epi16(_mm512_packs_epi32(s0, s1), requant->zero_point16);
        words = _mm512_max_epi16(words, requant->floor16);
        _mm256_mask_storeu_epi8(c, (__mmask32)mask, _mm512_cvtepi16_epi8(words));
        return;
    }
    s2 = octi_requant_open_512(s2, columns->bias2, columns->multiplier2, requant);
    s3 = octi_requant_open_512(s3, columns->bias3, columns->multiplier3, requant);
    _mm512_mask_storeu_epi8(c, mask, octi_pack_open_512(s0, s1, s2, s3, requant));
}

// A unit whose sums are known and whose results are not all written.
struct unfinished {
    size_t rows;    // left of the unit
    size_t in_tile; // of them in the current tile of rows
    size_t tile;
    const int32_t *sums;
    const int32_t *x_sums;
    uint8_t *c;
    uint8_t *tiles[UNIT_TILES]; // c of each tile of rows
};

struct finishing {
    struct columns columns;
    struct octi_requant_512 requant;
    const int32_t *zero_point; // of the weights; NULL: all zero
    __mmask64 mask;
    size_t c_stride, height;
};

INLINE void finish_rows(struct unfinished *unit, size_t n, const struct finishing *how, const int nv)
{
    for (; n > 0 && unit->rows > 0; n--) {
        finish_row(unit->c, unit->sums, how->zero_point, how->zero_point != NULL ? *unit->x_sums++ : 0, &how->columns,
                   &how->requant, how->mask, nv);
        unit->c += how->c_stride;
        unit->sums += 16 * nv;
        unit->rows--;
        if (--unit->in_tile == 0 && unit->rows > 0) {
            unit->in_tile = how->height;
            unit->c = unit->tiles[++unit->tile];
            unit->sums += (OCTI_TILE_ROWS - how->height) * 16 * (size_t)nv;
        }
    }
}

// How the four tiles of a pass lie: a lone tile of rows takes four of columns, a panel of 16 columns four of rows.
enum shape { SHAPE_2X2, SHAPE_1X4, SHAPE_4X1 };

struct pass {
    const uint8_t *a0, *a1, *a2, *a3; // tiles of rows
    size_t a_stride;
    size_t w_stride;      // of the weights, whose tiles of columns are 64 bytes apart
    const int32_t *start; // of the first column
    int32_t *sums;        // of tile 0
    size_t stride;        // BYTES between rows of sums
};

// Where the sums of tile `d` go.
INLINE int32_t *tile_sums(const struct pass *pass, const enum shape shape, const size_t d)
{
    const size_t down = OCTI_TILE_ROWS * pass->stride / sizeof(int32_t);
    return shape == SHAPE_2X2   ? pass->sums + d % 2 * 16 + d / 2 * down
           : shape == SHAPE_1X4 ? pass->sums + d * 16
                                : pass->sums + d * down;
}

// Tile `d` of the sums begins with the panel's `start` in every row.
#define START(d) OCTI_TILE_LOAD(d, pass->start + 16 * (shape == SHAPE_2X2 ? (d) % 2 : shape == SHAPE_1X4 ? (d) : 0), 0)

// The products of one step of 64 k, `at` bytes from each row and with weights at `w`. A tile can be stored about 50
// cycles after its last product, and what stands behind the store waits as long: tiles 0 and 1 are stored while the
// last products of this pass are under way, 2 and 3 during the first of the next one, to `late2` and `late3`.
INLINE void multiply_step(const struct pass *pass,
                          size_t at,
                          const int8_t *w,
                          const bool first,
                          const bool last,
                          int32_t *late2,
                          int32_t *late3,
                          const enum shape shape)
{
    OCTI_TILE_LOAD(4, pass->a0 + at, pass->a_stride);
    OCTI_TILE_LOAD(6, w, pass->w_stride);
    if (first) {
        START(0);
    }
    OCTI_TILE_DOT_U8S8(0, 4, 6);
    if (first) {
        OCTI_TILE_STORE(2, late2, pass->stride);
        START(1);
    }
    if (shape == SHAPE_4X1) {
        OCTI_TILE_LOAD(5, pass->a1 + at, pass->a_stride);
        OCTI_TILE_DOT_U8S8(1, 5, 6);
    } else {
        OCTI_TILE_LOAD(7, w + 64, pass->w_stride);
        OCTI_TILE_DOT_U8S8(1, 4, 7);
    }
    if (first) {
        OCTI_TILE_STORE(3, late3, pass->stride);
        START(2);
        START(3);
    }
    if (shape == SHAPE_2X2) {
        OCTI_TILE_LOAD(5, pass->a1 + at, pass->a_stride);
        OCTI_TILE_DOT_U8S8(2, 5, 6);
    } else if (shape == SHAPE_1X4) {
        OCTI_TILE_LOAD(6, w + 128, pass->w_stride);
        OCTI_TILE_DOT_U8S8(2, 4, 6);
    } else {
        OCTI_TILE_LOAD(4, pass->a2 + at, pass->a_stride);
        OCTI_TILE_DOT_U8S8(2, 4, 6);
    }
    if (last) {
        OCTI_TILE_STORE(0, tile_sums(pass, shape, 0), pass->stride);
    }
    if (shape == SHAPE_2X2) {
        OCTI_TILE_DOT_U8S8(3, 5, 7);
    } else if (shape == SHAPE_1X4) {
        OCTI_TILE_LOAD(7, w + 192, pass->w_stride);
        OCTI_TILE_DOT_U8S8(3, 4, 7);
    } else {
        OCTI_TILE_LOAD(5, pass->a3 + at, pass->a_stride);
        OCTI_TILE_DOT_U8S8(3, 5, 6);
    }
    if (last) {
        OCTI_TILE_STORE(1, tile_sums(pass, shape, 1), pass->stride);
    }
}

// `nv` (vectors of 16 columns) and `shape` are constants at every call.
INLINE void run(const struct octi_qgemm_call *call,
                const struct octi_panels *weights,
                const struct octi_panel *panel,
                const int nv,
                const enum shape shape)
{
    _Alignas(64) int32_t sums[2][UNIT_SUMS];
    int32_t x_sums[2][UNIT_TILES * OCTI_TILE_ROWS];
    const struct cut cut = make_cut(call);
    const size_t tiles = shape == SHAPE_2X2 ? 2 : shape == SHAPE_1X4 ? 1 : 4; // of rows in a unit
    const size_t passes = shape == SHAPE_2X2 && nv == 4 ? 2 : 1;              // over its columns
    const size_t tap_steps = octi_panel_padded_k(&weights->geometry, weights->k) / OCTI_TILE_ROW;
    const size_t steps = weights->taps * tap_steps;
    const size_t share = (tiles * cut.height + passes * steps - 1) / (passes * steps);
    const int32_t *start = panel->bytes;
    const int8_t *first_weight = (const int8_t *)panel->bytes + octi_panel_header_bytes((size_t)nv * 16);
    struct unfinished before = {.rows = 0};
    struct finishing how = {.columns = load_columns(panel, nv), .mask = octi_mask_64(panel->n)};
    how.requant = octi_requant_product_512(call->output, weights->bias_factor);
    how.zero_point = weights->weight_zero_points ? start + 48 * nv : NULL;
    how.c_stride = call->c_stride;
    how.height = cut.height;
    struct pass pass = {.a_stride = call->a_stride, .w_stride = 64 * (size_t)nv, .stride = 64 * (size_t)nv};
    int32_t *late2 = sums[1]; // of no pass yet, and written again before they are read
    int32_t *late3 = sums[1];
    configure(cut.height);
    for (size_t i = 0, buffer = 0; i < cut.n_tiles; i += tiles, buffer ^= 1) {
        const struct place p0 = tile_place(call, panel, &cut, i);
        const struct place p1 = shape != SHAPE_1X4 ? tile_place(call, panel, &cut, i + 1) : p0;
        const struct place p2 = shape == SHAPE_4X1 ? tile_place(call, panel, &cut, i + 2) : p0;
        const struct place p3 = shape == SHAPE_4X1 ? tile_place(call, panel, &cut, i + 3) : p0;
        pass.a0 = p0.a;
        pass.a1 = p1.a;
        pass.a2 = p2.a;
        pass.a3 = p3.a;
        for (size_t j = 0; j < passes; j++) {
            pass.start = start + 32 * j;
            pass.sums = sums[buffer] + 32 * j;
            const int8_t *w = first_weight + 128 * j;
            size_t tap = 0;
            size_t in_tap = 0;
            size_t at = call->tap_offsets != NULL ? (size_t)call->tap_offsets[0] : 0;
            for (size_t step = 0; step < steps; step++) {
                multiply_step(&pass, at, w, step == 0, step + 1 == steps, late2, late3, shape);
                finish_rows(&before, share, &how, nv);
                w += OCTI_TILE_ROWS * pass.w_stride;
                at += OCTI_TILE_ROW;
                if (++in_tap == tap_steps && step + 1 < steps) {
                    in_tap = 0;
                    at = (size_t)call->tap_offsets[++tap];
                }
            }
            late2 = tile_sums(&pass, shape, 2);
            late3 = tile_sums(&pass, shape, 3);
        }
        finish_rows(&before, before.rows, &how, nv);
        before = (struct unfinished){.rows = tiles * cut.height, .in_tile = cut.height, .sums = sums[buffer]};
        before.x_sums = x_sums[buffer];
        before.c = p0.c;
        before.tiles[1] = p1.c;
        before.tiles[2] = p2.c;
        before.tiles[3] = p3.c;
        if (weights->weight_zero_points) {
            add_up_rows(call, weights, &cut, i, tiles, x_sums[buffer]);
        }
    }
    OCTI_TILE_STORE(2, late2, pass.stride);
    OCTI_TILE_STORE(3, late3, pass.stride);
    finish_rows(&before, before.rows, &how, nv);
}

// Not inlined into one another: each gets a register allocation of its own.
#define RUN(name, nv, shape)                                                                                           \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *call, const struct octi_panels *weights,  \
                                               const struct octi_panel *panel)                                         \
    {                                                                                                                  \
        run(call, weights, panel, nv, shape);                                                                          \
    }

RUN(run_64, 4, SHAPE_2X2)
RUN(run_64_in_one_tile, 4, SHAPE_1X4)
RUN(run_32, 2, SHAPE_2X2)
RUN(run_16, 1, SHAPE_4X1)

void octi_qgemm_16x64k4__amxint8(const struct octi_qgemm_call *call,
                                 const struct octi_panels *weights,
                                 const struct octi_panel *panel)
{
    if (call->offsets != NULL || (call->m < MIN_ROWS && call->tap_offsets == NULL)) {
        octi_qgemm_6x64k4__avx512vnni(call, weights, panel); // the same panels
    } else if (panel->width == 64 && call->m <= OCTI_TILE_ROWS) {
        run_64_in_one_tile(call, weights, panel);
    } else if (panel->width == 64) {
        run_64(call, weights, panel);
    } else if (panel->width == 32) {
        run_32(call, weights, panel);
    } else {
        run_16(call, weights, panel);
    }
}
