/// Output lines of a depthwise convolution in groups, in AVX-512: what is computed side by side in the 128-bit lanes,
/// one line (wide panels) or those of 2 or 4 parts (narrow ones), and with each line the one below it where windows
/// overlap.
///
/// Where the lines of a call are is found out beforehand, for a batch of them; kernels pass from line to line without
/// an end: the last outputs of a line are requantized while the first ones of the next are multiplied. What is not the
/// same in every column, the padding beside the image, is chosen without a branch.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_GROUPS_AVX512_H
#define OCTET_ENGINE_KERNELS_QDWCONV_GROUPS_AVX512_H

#include <string.h>

#include "engine/kernels/qdwconv/lines_avx512.h"

/// Rows of the image that a group may pass over: those of a 3x3 window and of the one below it at stride 2.
#define OCTI_GROUP_ROWS  5
#define OCTI_GROUP_PARTS 4
#define OCTI_BATCH       8

/// Where the first column that lies in the image is, in the rows that each part's windows pass over.
struct octi_rows_512 {
    const uint8_t *at[OCTI_GROUP_PARTS][OCTI_GROUP_ROWS];
};

struct octi_group_512 {
    struct octi_rows_512 rows;
    uint8_t *c[OCTI_GROUP_PARTS]; ///< where the first result of each part goes
};

/// Groups of lines of one length. A line that is there twice is written twice, with the same bytes.
struct octi_batch_512 {
    struct octi_group_512 groups[OCTI_BATCH];
    size_t n;                     ///< parts
    size_t lines;                 ///< of a part: 1, or 2
    size_t length;                ///< outputs of a line
    size_t step;                  ///< BYTES between columns
    size_t before;                ///< BYTES of padding in front of the columns in the image
    size_t inside;                ///< BYTES of these
    struct octi_rows_512 padding; ///< stands for all rows beside the image
    size_t c_stride;
    size_t pitch; ///< BYTES between the results of a line and of the one below
    __mmask64 mask;
    bool shifted;                  ///< words get the zero point,
    bool raised;                   ///< or bytes do: nothing is below it, and saturation is the lower bound
    bool bounded;                  ///< there are bounds that saturation is not
    bool factored;                 ///< biases have a factor other than 1
    struct octi_group_512 nowhere; ///< whose results go to `unwanted`
    uint8_t unwanted[64];
};

/// A flag, looked up where it lies: compilers would make a loop for every case, or keep it in a register that something
/// else needs.
OCTI_INLINE bool octi_flag_512(const bool *flag)
{
    return *(const volatile bool *)flag;
}

OCTI_INLINE bool octi_seldom_512(const bool *flag)
{
    return __builtin_expect(octi_flag_512(flag), 0);
}

/// Where a walk along the columns of a group is.
struct octi_place_512 {
    const struct octi_group_512 *group;
    size_t at; ///< BYTES behind the first column in the image; below 0 beside it
};

OCTI_INLINE struct octi_place_512 octi_first_column_512(const struct octi_batch_512 *batch,
                                                        const struct octi_group_512 *group)
{
    return (struct octi_place_512){group, 0 - batch->before};
}

/// The rows of the column at `place`, and how many BYTES behind their beginning it is.
struct octi_column_512 {
    const struct octi_rows_512 *rows;
    size_t at;
};

/// Goes on to the next column, too.
OCTI_INLINE struct octi_column_512 octi_next_column_512(const struct octi_batch_512 *batch,
                                                        struct octi_place_512 *place)
{
    const size_t inside = 0 - (size_t)(place->at < batch->inside);
    const uintptr_t padding = (uintptr_t)&batch->padding;
    const uintptr_t rows = padding + (((uintptr_t)&place->group->rows - padding) & inside);
    const struct octi_column_512 column = {(const struct octi_rows_512 *)rows, place->at & inside};
    place->at += batch->step;
    return column;
}

OCTI_INLINE __m256i octi_gather_half_512(const void *p0, const void *p1)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(p0)), _mm_loadu_si128(p1), 1);
}

/// Row k, a constant, of a column of each part.
OCTI_INLINE __m512i octi_column_row_512(const struct octi_column_512 *column, const int k, const int lanes)
{
    const struct octi_rows_512 *rows = column->rows;
    const size_t at = column->at;
    if (lanes == 4) {
        return _mm512_loadu_si512(rows->at[0][k] + at);
    }
    if (lanes == 2) {
        return octi_gather_parts_512(rows->at[0][k] + at, rows->at[1][k] + at, NULL, NULL, lanes);
    }
    // Halves first: two of the three steps on half the bytes.
    const __m256i low = octi_gather_half_512(rows->at[0][k] + at, rows->at[1][k] + at);
    const __m256i high = octi_gather_half_512(rows->at[2][k] + at, rows->at[3][k] + at);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/// Where two outputs of each part go: `to` BYTES behind the group's results, the second one `apart` behind the first.
struct octi_target_512 {
    uint8_t *const *c;
    size_t to, apart;
};

OCTI_INLINE void octi_put_parts_512(uint8_t *const *c, size_t to, __mmask64 mask, __m512i bytes, const int lanes)
{
    if (lanes == 4) {
        _mm512_mask_storeu_epi8(c[0] + to, mask, bytes);
    } else if (lanes == 2) {
        const __mmask32 half = (__mmask32)mask;
        _mm256_mask_storeu_epi8(c[0] + to, half, _mm512_castsi512_si256(bytes));
        _mm256_mask_storeu_epi8(c[1] + to, half, _mm512_extracti64x4_epi64(bytes, 1));
    } else {
        const __mmask16 few = (__mmask16)mask;
        _mm_mask_storeu_epi8(c[0] + to, few, _mm512_castsi512_si128(bytes));
        _mm_mask_storeu_epi8(c[1] + to, few, _mm512_extracti32x4_epi32(bytes, 1));
        _mm_mask_storeu_epi8(c[2] + to, few, _mm512_extracti32x4_epi32(bytes, 2));
        _mm_mask_storeu_epi8(c[3] + to, few, _mm512_extracti32x4_epi32(bytes, 3));
    }
}

/// Words as bytes within the bounds; after a ReLU the zero point is the lower one.
OCTI_INLINE __m512i octi_bytes_of_512(const struct octi_batch_512 *batch,
                                      __m512i low,
                                      __m512i high,
                                      const struct octi_requant_512 *requant)
{
    __m512i bytes = _mm512_packus_epi16(low, high);
    if (octi_flag_512(&batch->raised)) {
        OCTI_FORGET(requant);
        bytes = _mm512_adds_epu8(bytes, requant->floor8);
    }
    if (octi_seldom_512(&batch->bounded)) {
        OCTI_FORGET(requant);
        bytes = octi_bound_bytes_512(bytes, requant);
    }
    return bytes;
}

/// The first one last: where both go to the same place, it is what stays.
OCTI_INLINE void octi_put_two_512(const struct octi_batch_512 *batch,
                                  struct octi_target_512 target,
                                  __mmask64 mask,
                                  struct octi_both_512 low,
                                  struct octi_both_512 high,
                                  const struct octi_requant_512 *requant,
                                  const int lanes)
{
    const __m512i second = octi_bytes_of_512(batch, low.second, high.second, requant);
    octi_put_parts_512(target.c, target.to + target.apart, mask, second, lanes);
    octi_put_parts_512(target.c, target.to, mask, octi_bytes_of_512(batch, low.first, high.first, requant), lanes);
}

/// A kernel's work: the groups of a batch.
typedef void octi_batch_fn_512(const struct octi_batch_512 *batch,
                               const char *panel,
                               const char *below,
                               const struct octi_requant_512 *requant);

/// One panel's part of a call.
struct octi_batching_512 {
    const struct octi_qgemm_call *call;
    const struct octi_panel *panel;
    octi_batch_fn_512 *run[2]; ///< for parts of one line and of two
    const char *wide, *below;  ///< what they read
    const struct octi_requant_512 *requant;
    size_t parts; ///< of a group
    struct octi_columns_512 columns;
    struct octi_batch_512 batches[2];
};

/// Side of the window.
#define OCTI_BATCH_SIDE 3

static inline const uint8_t *octi_batch_row_512(const struct octi_batching_512 *work, size_t m, size_t ky)
{
    const struct octi_qgemm_call *call = work->call;
    const size_t tap = ky * OCTI_BATCH_SIDE + work->columns.kx;
    const int32_t offset = call->offsets[tap * call->offset_stride + m + work->columns.pixel];
    return (offset == OCTI_QGEMM_PADDING ? call->padding : call->a + offset) + work->panel->first;
}

static inline void octi_flush_batch_512(struct octi_batching_512 *work, struct octi_batch_512 *batch)
{
    if (batch->n == 0) {
        return;
    }
    // What is missing of the last group is what is there once more.
    for (; batch->n % work->parts != 0; batch->n++) {
        struct octi_group_512 *group = &batch->groups[batch->n / work->parts];
        const size_t part = batch->n % work->parts;
        memcpy(group->rows.at[part], group->rows.at[part - 1], sizeof group->rows.at[part]);
        group->c[part] = group->c[part - 1];
    }
    batch->n /= work->parts;
    work->run[batch->lines - 1](batch, work->wide, work->below, work->requant);
    batch->n = 0;
}

/// The line whose first output is row m of the call; with the one below, which begins `n` rows further on, unless their
/// windows do not overlap as they should: false, then.
static inline bool
octi_add_part_512(struct octi_batching_512 *work, struct octi_batch_512 *batch, size_t m, size_t n, size_t y_stride)
{
    struct octi_group_512 *group = &batch->groups[batch->n / work->parts];
    const size_t part = batch->n % work->parts;
    const uint8_t **rows = group->rows.at[part];
    for (size_t ky = 0; ky < OCTI_BATCH_SIDE; ky++) {
        rows[ky] = octi_batch_row_512(work, m, ky);
    }
    for (size_t ky = 0; ky < OCTI_BATCH_SIDE && batch->lines == 2; ky++) {
        const uint8_t *row = octi_batch_row_512(work, m + n, ky);
        if (ky + y_stride < OCTI_BATCH_SIDE && row != rows[ky + y_stride]) {
            return false;
        }
        rows[ky + y_stride] = row;
    }
    group->c[part] = work->call->c + m * work->call->c_stride + work->panel->first;
    if (++batch->n == OCTI_BATCH * work->parts) {
        octi_flush_batch_512(work, batch);
    }
    return true;
}

/// `lines` whole lines of n outputs, or one that begins anywhere, from row m of the call on.
static inline void octi_add_lines_512(struct octi_batching_512 *work, size_t m, size_t n, size_t begin, size_t lines)
{
    const struct octi_qgemm_call *call = work->call;
    const size_t stride = call->x_stride;
    for (size_t y = 0; y < lines && (y == 0 || work->columns.outputs != n); y++) {
        octi_find_columns_512(call, m + y * n, n, begin, OCTI_BATCH_SIDE, OCTI_BATCH_SIDE, stride, &work->columns);
    }
    const bool found = work->columns.outputs == n;
    if (!found) { // padding only
        work->columns = (struct octi_columns_512){0};
    }
    for (int i = 0; i < 2; i++) {
        struct octi_batch_512 *batch = &work->batches[i];
        batch->length = n;
        batch->before = found ? work->columns.first * batch->step : 0;
        batch->inside = found ? (work->columns.end - work->columns.first) * batch->step : 0;
        batch->pitch = n * batch->c_stride;
    }
    for (size_t y = 0; y < lines; y++) {
        // Narrow panels have room for the last line of an odd number twice.
        const size_t upper = y + 1 == lines && y > 0 && work->parts > 1 ? y - 1 : y;
        if (upper + 1 < lines && octi_add_part_512(work, &work->batches[1], m + upper * n, n, stride)) {
            y = upper + 1;
        } else {
            octi_add_part_512(work, &work->batches[0], m + y * n, n, stride);
        }
    }
    octi_flush_batch_512(work, &work->batches[0]);
    octi_flush_batch_512(work, &work->batches[1]);
}

/// All of a call.
static inline void octi_run_batches_512(struct octi_batching_512 *work, const float bias_factor)
{
    const struct octi_qgemm_call *call = work->call;
    for (size_t i = 0; i < 2; i++) {
        struct octi_batch_512 *batch = &work->batches[i];
        batch->n = 0;
        batch->lines = i + 1;
        batch->step = call->a_stride;
        batch->c_stride = call->c_stride;
        batch->mask = octi_mask_64(work->panel->n);
        batch->shifted = call->output.lo != 0.0f;
        batch->raised = call->output.lo == 0.0f && call->output.zero_point != 0;
        batch->bounded = (batch->shifted && call->output.zero_point + (int32_t)call->output.lo > 0) ||
                         call->output.zero_point + (int32_t)call->output.hi < 255;
        batch->factored = bias_factor != 1.0f;
        for (size_t part = 0; part < work->parts; part++) {
            for (size_t k = 0; k < OCTI_GROUP_ROWS; k++) {
                batch->padding.at[part][k] = call->padding + work->panel->first;
            }
            batch->nowhere.c[part] = batch->unwanted;
        }
    }
    size_t begin = call->line_first % call->line;
    for (size_t m = 0; m < call->m;) {
        const size_t rest = call->m - m;
        const bool whole = begin == 0 && call->line <= rest;
        const size_t n = whole ? call->line : call->line - begin < rest ? call->line - begin : rest;
        const size_t lines = whole ? rest / n : 1;
        octi_add_lines_512(work, m, n, begin, lines);
        m += n * lines;
        begin = 0;
    }
}

#endif
