/// Output lines of a depthwise convolution in groups, in AVX-512: what is computed side by side in the 128-bit lanes,
/// one line (wide panels) or those of 2 or 4 parts (narrow ones), and with each line the one below it where windows
/// overlap.
///
/// Where the lines of a call are is found out beforehand, for a batch of them; kernels pass from line to line without
/// an end: the last outputs of a line are requantized while the first ones of the next are multiplied.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_GROUPS_AVX512_H
#define OCTET_ENGINE_KERNELS_QDWCONV_GROUPS_AVX512_H

#include <string.h>

#include "engine/kernels/qdwconv/lines_avx512.h"

/// Rows of the image that a group may pass over: those of a 3x3 window and of the one below it at stride 2.
#define OCTI_GROUP_ROWS  5
#define OCTI_GROUP_PARTS 4
#define OCTI_BATCH       8

/// What becomes of words on their way to bytes, and of biases. Kernels have an instantiation for each: flags that they
/// looked at were a sixth of their instructions.
enum octi_ending_512 {
    OCTI_ENDS_PLAIN, ///< words get the zero point; bytes have no bounds but their own
    OCTI_ENDS_RELU,  ///< bytes get it: nothing is below, and saturation is the lower bound
    OCTI_ENDS_ANY,   ///< bounds, and a factor of biases
    OCTI_ENDINGS
};

static inline enum octi_ending_512 octi_choose_ending_512(struct octi_output output, float bias_factor)
{
    if (bias_factor != 1.0f || output.zero_point + (int32_t)output.hi < 255) {
        return OCTI_ENDS_ANY;
    }
    if (output.lo == 0.0f) {
        return OCTI_ENDS_RELU;
    }
    return output.zero_point + (int32_t)output.lo > 0 ? OCTI_ENDS_ANY : OCTI_ENDS_PLAIN;
}

struct octi_group_512 {
    const uint8_t *rows[OCTI_GROUP_PARTS][OCTI_GROUP_ROWS]; ///< first column that lies in the image, for each part
    uint8_t *c;                                             ///< where the first result of part 0 goes,
    ptrdiff_t behind[OCTI_GROUP_PARTS];                     ///< and BYTES from there to those of the others
};

/// Groups of lines of one length. A line that is there twice is written twice, with the same bytes.
struct octi_batch_512 {
    struct octi_group_512 groups[OCTI_BATCH];
    size_t n;               ///< parts
    size_t lines;           ///< of a part: 1, or 2
    size_t length;          ///< outputs of a line
    size_t step;            ///< BYTES between columns
    size_t before;          ///< BYTES of padding in front of the columns in the image
    size_t inside;          ///< BYTES of these
    const uint8_t *padding; ///< the byte that columns beside the image are made of
    size_t c_stride;
    size_t pitch; ///< BYTES between the results of a line and of the one below
    __mmask64 mask;
    struct octi_group_512 nowhere; ///< whose results go to `unwanted`
    uint8_t unwanted[64];
};

/// A walk along the columns of a group.
struct octi_walk_512 {
    const struct octi_group_512 *group;
    const uint8_t *rows[OCTI_GROUP_ROWS]; ///< its rows, where it has one part
    size_t at;                            ///< BYTES behind the first column in the image; below 0 beside it
};

OCTI_INLINE struct octi_walk_512 octi_begin_walk_512(const struct octi_batch_512 *batch,
                                                     const struct octi_group_512 *group,
                                                     const int rows,
                                                     const int lanes)
{
    struct octi_walk_512 walk = {.group = group, .at = 0 - batch->before};
    for (int k = 0; k < rows && lanes == 4; k++) {
        walk.rows[k] = group->rows[0][k];
        OCTI_FORGET(walk.rows[k]); // in a register
    }
    return walk;
}

/// A number of a batch, read where it lies: general registers are few, and gcc would put it away in a vector register.
OCTI_INLINE size_t octi_look_up_512(const size_t *number)
{
    return *(const volatile size_t *)number;
}

/// Does the walk's column lie in the image? The same in every line, so that processors foresee it.
OCTI_INLINE bool octi_is_inside_512(const struct octi_batch_512 *batch, const struct octi_walk_512 *walk)
{
    return __builtin_expect(walk->at < octi_look_up_512(&batch->inside), 1);
}

/// A vector of quads of any other column: it is the same byte throughout.
OCTI_INLINE __m512i octi_padding_512(const struct octi_batch_512 *batch)
{
    return _mm512_set1_epi8((char)*batch->padding);
}

OCTI_INLINE __m256i octi_gather_half_512(const void *p0, const void *p1)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(p0)), _mm_loadu_si128(p1), 1);
}

/// Row k, a constant, of a column of each part, which lies in the image.
OCTI_INLINE __m512i octi_walk_row_512(const struct octi_walk_512 *walk, const int k, const int lanes)
{
    const size_t at = walk->at;
    if (lanes == 4) {
        return octi_keep_512(_mm512_loadu_si512(walk->rows[k] + at)); // once for both uses
    }
    const uint8_t *const(*rows)[OCTI_GROUP_ROWS] = walk->group->rows;
    if (lanes == 2) {
        return octi_gather_parts_512(rows[0][k] + at, rows[1][k] + at, NULL, NULL, lanes);
    }
    // Halves first: two of the three steps on half the bytes.
    const __m256i low = octi_gather_half_512(rows[0][k] + at, rows[1][k] + at);
    const __m256i high = octi_gather_half_512(rows[2][k] + at, rows[3][k] + at);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/// Where two outputs of each part go, the second one `apart` BYTES behind the first.
struct octi_target_512 {
    uint8_t *c; ///< of part 0
    const ptrdiff_t *behind;
    size_t apart;
};

OCTI_INLINE void octi_put_parts_512(uint8_t *c, const ptrdiff_t *behind, __mmask64 mask, __m512i bytes, const int lanes)
{
    if (lanes == 4) {
        _mm512_mask_storeu_epi8(c, mask, bytes);
    } else if (lanes == 2) {
        const __mmask32 half = (__mmask32)mask;
        _mm256_mask_storeu_epi8(c, half, _mm512_castsi512_si256(bytes));
        _mm256_mask_storeu_epi8(c + behind[1], half, _mm512_extracti64x4_epi64(bytes, 1));
    } else {
        const __mmask16 few = (__mmask16)mask;
        _mm_mask_storeu_epi8(c, few, _mm512_castsi512_si128(bytes));
        _mm_mask_storeu_epi8(c + behind[1], few, _mm512_extracti32x4_epi32(bytes, 1));
        _mm_mask_storeu_epi8(c + behind[2], few, _mm512_extracti32x4_epi32(bytes, 2));
        _mm_mask_storeu_epi8(c + behind[3], few, _mm512_extracti32x4_epi32(bytes, 3));
    }
}

/// Words as bytes within the bounds; after a ReLU the zero point is the lower one.
OCTI_INLINE __m512i octi_bytes_of_512(__m512i low,
                                      __m512i high,
                                      const struct octi_requant_512 *requant,
                                      const enum octi_ending_512 ending)
{
    const __m512i bytes = _mm512_packus_epi16(low, high);
    OCTI_FORGET(requant); // operands in memory
    return ending == OCTI_ENDS_RELU  ? _mm512_adds_epu8(bytes, requant->floor8)
           : ending == OCTI_ENDS_ANY ? octi_bound_bytes_512(bytes, requant)
                                     : bytes;
}

/// The first one last: where both go to the same place, it is what stays.
OCTI_INLINE void octi_put_two_512(struct octi_target_512 target,
                                  __mmask64 mask,
                                  struct octi_both_512 low,
                                  struct octi_both_512 high,
                                  const struct octi_requant_512 *requant,
                                  const enum octi_ending_512 ending,
                                  const int lanes)
{
    octi_put_parts_512(target.c + target.apart, target.behind, mask,
                       octi_bytes_of_512(low.second, high.second, requant, ending), lanes);
    octi_put_parts_512(target.c, target.behind, mask, octi_bytes_of_512(low.first, high.first, requant, ending), lanes);
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
        memcpy(group->rows[part], group->rows[part - 1], sizeof group->rows[part]);
        group->behind[part] = group->behind[part - 1];
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
    const uint8_t **rows = group->rows[part];
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
    uint8_t *c = work->call->c + m * work->call->c_stride + work->panel->first;
    if (part == 0) {
        group->c = c;
    }
    group->behind[part] = c - group->c;
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
static inline void octi_run_batches_512(struct octi_batching_512 *work)
{
    const struct octi_qgemm_call *call = work->call;
    for (size_t i = 0; i < 2; i++) {
        struct octi_batch_512 *batch = &work->batches[i];
        batch->n = 0;
        batch->lines = i + 1;
        batch->step = call->a_stride;
        batch->c_stride = call->c_stride;
        batch->mask = octi_mask_64(work->panel->n);
        batch->padding = call->padding + work->panel->first;
        batch->nowhere = (struct octi_group_512){.c = batch->unwanted};
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
