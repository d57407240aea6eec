// DESIGN: two positions at a time. Unpacking puts their bytes of one channel side by side, and a multiplication by ones
// adds them up to 16 bits; these are summed for as long as they fit. 256 channels go together where there are as many:
// a position then is four neighbouring cache lines.
#include "engine/kernels/pool/pool.h"
#include "engine/kernels/x86/bytes_avx512.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE static inline __attribute__((always_inline))

// Positions of a window up to this many are a table of offsets; larger windows are walked row by row.
#define MAX_OFFSETS 64
// Whose sum fits 16 bits: 65535 / 255, and even.
#define MAX_POSITIONS 256

struct averaging {
    __m512 multiplier;
    __m512i start; // -n * zero point
    struct octi_requant_512 requant;
    size_t n_offsets; // 0: too many for a table
    size_t offsets[MAX_OFFSETS];
};

// Sums of 64 channels in 16 bits: the low and high half of each 128-bit lane.
struct halves {
    __m512i low, high;
};

INLINE struct halves add_two(struct halves sum, __m512i a, __m512i b)
{
    const __m512i ones = _mm512_set1_epi8(1);
    sum.low = _mm512_add_epi16(sum.low, _mm512_maddubs_epi16(_mm512_unpacklo_epi8(a, b), ones));
    sum.high = _mm512_add_epi16(sum.high, _mm512_maddubs_epi16(_mm512_unpackhi_epi8(a, b), ones));
    return sum;
}

INLINE struct octi_words_512 add_halves(struct octi_words_512 sum, struct halves halves)
{
    const __m512i zero = _mm512_setzero_si512();
    sum.v0 = _mm512_add_epi32(sum.v0, _mm512_unpacklo_epi16(halves.low, zero));
    sum.v1 = _mm512_add_epi32(sum.v1, _mm512_unpackhi_epi16(halves.low, zero));
    sum.v2 = _mm512_add_epi32(sum.v2, _mm512_unpacklo_epi16(halves.high, zero));
    sum.v3 = _mm512_add_epi32(sum.v3, _mm512_unpackhi_epi16(halves.high, zero));
    return sum;
}

INLINE __m512i average_16(__m512i sum, const struct averaging *p)
{
    return octi_round_open_512(_mm512_mul_ps(_mm512_cvtepi32_ps(sum), p->multiplier), &p->requant);
}

INLINE __m512i average_64(struct octi_words_512 sum, const struct averaging *p)
{
    return octi_pack_open_512(average_16(sum.v0, p), average_16(sum.v1, p), average_16(sum.v2, p),
                              average_16(sum.v3, p), &p->requant);
}

// Of 64 channels, or of 256.
struct sums {
    struct halves h0, h1, h2, h3;
};

// Adds positions a and b; b may be NULL.
INLINE void add_positions(struct sums *sums, const uint8_t *a, const uint8_t *b, const bool both, const bool four)
{
    const __m512i zero = _mm512_setzero_si512();
#define ADD(h, byte)                                                                                                   \
    sums->h = add_two(sums->h, _mm512_loadu_si512(a + (byte)), both ? _mm512_loadu_si512(b + (byte)) : zero)
    ADD(h0, 0);
    if (four) {
        ADD(h1, 64);
        ADD(h2, 128);
        ADD(h3, 192);
    }
#undef ADD
}

INLINE struct sums no_sums(void)
{
    const struct halves zero = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    return (struct sums){zero, zero, zero, zero};
}

// n <= MAX_POSITIONS positions at x + offsets[..].
INLINE struct sums sum_listed(const uint8_t *x, const size_t *offsets, size_t n, const bool four)
{
    struct sums sums = no_sums();
    size_t i = 0;
    for (; i + 2 <= n; i += 2) {
        add_positions(&sums, x + offsets[i], x + offsets[i + 1], true, four);
    }
    if (i < n) {
        add_positions(&sums, x + offsets[i], NULL, false, four);
    }
    return sums;
}

// n <= MAX_POSITIONS positions `stride` apart.
INLINE struct sums sum_row(const uint8_t *x, size_t stride, size_t n, const bool four)
{
    struct sums sums = no_sums();
    for (; n >= 2; n -= 2, x += 2 * stride) {
        add_positions(&sums, x, x + stride, true, four);
    }
    if (n > 0) {
        add_positions(&sums, x, NULL, false, four);
    }
    return sums;
}

struct totals {
    struct octi_words_512 t0, t1, t2, t3;
};

INLINE void add_sums(struct totals *totals, struct sums sums, const bool four)
{
    totals->t0 = add_halves(totals->t0, sums.h0);
    if (four) {
        totals->t1 = add_halves(totals->t1, sums.h1);
        totals->t2 = add_halves(totals->t2, sums.h2);
        totals->t3 = add_halves(totals->t3, sums.h3);
    }
}

// Channels from `first` of window `w`: 64 or those of `mask`, or 256.
INLINE void average_channels(const struct octi_pool_window *line,
                             const struct averaging *p,
                             size_t w,
                             size_t first,
                             uint8_t *y,
                             const __mmask64 mask,
                             const bool four)
{
    const uint8_t *x = line->x + w * line->window_stride + first;
    const struct octi_words_512 start = {p->start, p->start, p->start, p->start};
    struct totals totals = {start, start, start, start};
    if (p->n_offsets > 0) {
        add_sums(&totals, sum_listed(x, p->offsets, p->n_offsets, four), four);
    } else {
        for (size_t r = 0; r < line->n_rows; r++) {
            const uint8_t *row = x + r * line->row_stride;
            for (size_t i = 0; i < line->n_columns; i += MAX_POSITIONS) {
                const size_t n = line->n_columns - i < MAX_POSITIONS ? line->n_columns - i : MAX_POSITIONS;
                add_sums(&totals, sum_row(row + i * line->column_stride, line->column_stride, n, four), four);
            }
        }
    }
    y += w * line->n_channels + first;
    _mm512_mask_storeu_epi8(y, mask, average_64(totals.t0, p));
    if (four) {
        _mm512_storeu_si512(y + 64, average_64(totals.t1, p));
        _mm512_storeu_si512(y + 128, average_64(totals.t2, p));
        _mm512_storeu_si512(y + 192, average_64(totals.t3, p));
    }
}

static void list_offsets(const struct octi_pool_window *line, struct averaging *p)
{
    if (line->n_columns > MAX_OFFSETS || line->n_rows > MAX_OFFSETS / line->n_columns) {
        return;
    }
    for (size_t r = 0; r < line->n_rows; r++) {
        for (size_t i = 0; i < line->n_columns; i++) {
            p->offsets[p->n_offsets++] = r * line->row_stride + i * line->column_stride;
        }
    }
}

void octi_qsumpool_64__avx512vnni(const struct octi_pool_window *window,
                                  const struct octi_pool_average *average,
                                  uint8_t *y)
{
    struct octi_pool_window line = octi_pool_widened(window);
    const int32_t n = (int32_t)(line.n_rows * line.n_columns);
    struct averaging averaging = {
        .multiplier = _mm512_set1_ps(average->multiplier),
        .start = _mm512_set1_epi32(-n * average->x_zero_point),
        .requant = octi_requant_512(average->output),
    };
    list_offsets(&line, &averaging);
    if (line.row_stride == line.n_columns * line.column_stride) { // rows that follow one another are one
        line.n_columns *= line.n_rows;
        line.n_rows = 1;
    }
    size_t c = 0;
    for (; c + 256 <= line.n_channels; c += 256) {
        for (size_t w = 0; w < line.n_windows; w++) {
            average_channels(&line, &averaging, w, c, y, ~(__mmask64)0, true);
        }
    }
    for (; c < line.n_channels; c += 64) {
        const size_t left = line.n_channels - c;
        for (size_t w = 0; w < line.n_windows; w++) {
            average_channels(&line, &averaging, w, c, y, octi_mask_64(left < 64 ? left : 64), false);
        }
    }
}
