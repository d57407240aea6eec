// Weights are packed in pieces of so many k of so many columns: what is written stays in the first-level cache until it
// is complete, and offsets are worked out once for all columns and taps.
#include "engine/kernels/panel/weights.h"

#define PIECE_K       (4 * OCTI_QUADS_MAX)
#define PIECE_COLUMNS 64

// Offset of position `window` of the window, counted row by row.
static int64_t window_offset(const struct octi_panel_source *source, size_t window)
{
    return (int64_t)(window / source->window_width) * source->y_stride +
           (int64_t)(window % source->window_width) * source->x_stride;
}

// Offset of element `i` of k within tap `tap`: that of the tap plus that of the element in tap 0.
static int64_t element_offset(const struct octi_panel_source *source, size_t tap, size_t i)
{
    if (source->depthwise) {
        return window_offset(source, i);
    }
    if (source->flat) {
        return window_offset(source, i / source->channels) + (int64_t)(i % source->channels) * source->channel_stride;
    }
    if (source->row_taps) {
        return (int64_t)tap * source->y_stride + (int64_t)(i / source->channels) * source->x_stride +
               (int64_t)(i % source->channels) * source->channel_stride;
    }
    return window_offset(source, tap) + (int64_t)i * source->channel_stride;
}

// Are elements of k channels, and taps positions of the window?
static bool is_pixelwise(const struct octi_panel_source *source)
{
    return !source->depthwise && !source->flat && !source->row_taps;
}

// The matrix as it is packed.
struct matrix {
    struct octi_panel_source source;
    size_t taps, k;   // k within taps
    size_t tap_bytes; // in the panel
    size_t sums_step;
};

static struct matrix matrix_of(const struct octi_panel_packing *packing)
{
    const struct octi_panel_geometry *geometry = packing->geometry;
    struct matrix matrix = {.source = *packing->source, .sums_step = packing->sums_step};
    if (matrix.source.flat && !matrix.source.depthwise && matrix.source.channels % geometry->kr == 0) {
        // The positions of its window lie one behind the other as taps would without padding; their sums are one.
        matrix.source.flat = matrix.source.row_taps = false;
        matrix.taps = octi_panel_taps(&matrix.source);
        matrix.k = octi_panel_depth(&matrix.source);
        matrix.tap_bytes = matrix.k * packing->width;
        matrix.sums_step = 0;
        return matrix;
    }
    matrix.taps = octi_panel_taps(&matrix.source);
    matrix.k = octi_panel_depth(&matrix.source);
    matrix.k -= geometry->tails ? matrix.k % geometry->kr : 0;
    matrix.tap_bytes = octi_panel_padded_k(geometry, matrix.k) * packing->width;
    return matrix;
}

// Where a column's weights come from, and where in a tap they go.
struct slot {
    const int8_t *from; // NULL: there is none
    size_t place;       // BYTES from the tap's first
};

static size_t place_of(const struct octi_panel_geometry *geometry, size_t column, size_t position)
{
    if (geometry->quads > 0) {
        size_t channels = (size_t)4 * geometry->quads;
        return column % channels * geometry->nr + column / channels * channels;
    }
    return position * geometry->kr;
}

// Columns from `position` on, `n` of them.
struct block {
    size_t position, n;
    struct slot slots[PIECE_COLUMNS];
};

// A piece of k, of all taps and columns.
struct piece {
    size_t first, n;          // k that exist
    int64_t start;            // offset of the first of them
    int64_t stride;           // between them where it is the same for all, > 0; else 0
    int64_t offsets[PIECE_K]; // where it is not: from there
};

static void find_piece(const struct matrix *matrix, size_t first, struct piece *piece)
{
    const struct octi_panel_source *source = &matrix->source;
    piece->first = first;
    piece->n = matrix->k - first < PIECE_K ? matrix->k - first : PIECE_K;
    piece->start = element_offset(source, 0, first);
    if (is_pixelwise(source) && source->channel_stride > 0) {
        piece->stride = source->channel_stride;
        return;
    }
    bool even = true;
    for (size_t i = 0; i < piece->n; i++) {
        piece->offsets[i] = element_offset(source, 0, first + i) - piece->start;
        even = even && piece->offsets[i] == (int64_t)i * piece->offsets[i > 0 ? 1 : 0];
    }
    piece->stride = even && piece->n > 1 && piece->offsets[1] > 0 ? piece->offsets[1] : 0;
}

// Do quads of neighbouring columns lie side by side, so that the kernels for them can pack the piece?
static bool is_of_quads(const struct octi_panel_packing *packing, const struct piece *piece)
{
    const struct octi_panel_geometry *geometry = packing->geometry;
    return geometry->kr == 4 && geometry->quads == 0 && packing->width % OCTI_QUADS_COLUMNS == 0 && piece->n % 4 == 0 &&
           piece->stride > 0;
}

// Neighbouring elements of k have as many elements between them as the window has positions, which lie there in order:
// so PyTorch stores weights.
static bool has_interleaved_taps(const struct octi_panel_source *source)
{
    return is_pixelwise(source) && source->x_stride == 1 && source->y_stride == (int64_t)source->window_width &&
           source->channel_stride == (int64_t)(source->window_height * source->window_width);
}

// OCTI_QUADS_COLUMNS columns from slot `first` on.
static void pack_quads(const struct octi_panel_packing *packing,
                       const struct matrix *matrix,
                       const struct piece *piece,
                       const struct block *block,
                       size_t first)
{
    const int8_t *columns[OCTI_QUADS_COLUMNS];
    for (size_t i = 0; i < OCTI_QUADS_COLUMNS; i++) {
        columns[i] = block->slots[first + i].from;
    }
    struct octi_quads_call call = {.columns = columns,
                                   .n = piece->n / 4,
                                   .taps = has_interleaved_taps(&matrix->source) ? matrix->taps : 1,
                                   .stride = (size_t)piece->stride,
                                   .step = 4 * packing->width,
                                   .tap_step = matrix->tap_bytes,
                                   .sums_step = matrix->sums_step};
    int8_t *to = packing->weights + piece->first * packing->width + block->slots[first].place;
    uint32_t *sums = packing->sums + block->position + first;
    for (size_t tap = 0; tap < matrix->taps; tap += call.taps) {
        call.first = (size_t)(piece->start + element_offset(&matrix->source, tap, 0));
        call.to = to + tap * matrix->tap_bytes;
        call.sums = sums + tap * matrix->sums_step;
        packing->quads->run(&call);
    }
}

// Of whatever order.
static void pack_any(const struct octi_panel_packing *packing,
                     const struct matrix *matrix,
                     const struct piece *piece,
                     const struct block *block)
{
    const size_t kr = packing->geometry->kr, step = packing->geometry->quads > 0 ? kr : packing->width * kr;
    for (size_t tap = 0; tap < matrix->taps; tap++) {
        const int64_t start =
            piece->start + element_offset(&matrix->source, tap, 0) - element_offset(&matrix->source, 0, 0);
        int8_t *tap_at = packing->weights + tap * matrix->tap_bytes + piece->first * packing->width;
        for (size_t i = 0; i < block->n; i++) {
            const struct slot *slot = &block->slots[i];
            int32_t sum = 0;
            for (size_t k = 0; slot->from != NULL && k < piece->n; k++) {
                const int64_t offset = piece->stride > 0 ? (int64_t)k * piece->stride : piece->offsets[k];
                const int8_t weight = slot->from[start + offset];
                tap_at[slot->place + k / kr * step + k % kr] = weight;
                sum += weight;
            }
            packing->sums[tap * matrix->sums_step + block->position + i] += (uint32_t)sum;
        }
    }
}

// What is left of k in the taps, behind all that is within taps.
static void pack_tails(const struct octi_panel_packing *packing, const struct matrix *matrix, const struct block *block)
{
    const size_t left = packing->geometry->tails ? octi_panel_depth(&matrix->source) - matrix->k : 0;
    const size_t kr = packing->geometry->kr;
    int8_t *tails = packing->weights + matrix->taps * matrix->tap_bytes;
    for (size_t e = 0; e < matrix->taps * left; e++) {
        const size_t tap = e / left;
        const int64_t offset = element_offset(&matrix->source, tap, matrix->k + e % left);
        for (size_t i = 0; i < block->n; i++) {
            if (block->slots[i].from != NULL) {
                const int32_t weight = block->slots[i].from[offset];
                tails[e / kr * kr * packing->width + block->slots[i].place + e % kr] = (int8_t)weight;
                packing->sums[tap * matrix->sums_step + block->position + i] += (uint32_t)weight;
            }
        }
    }
}

static struct block block_of(const struct octi_panel_packing *packing, size_t n, size_t position)
{
    const struct octi_panel_source *source = packing->source;
    struct block block;
    block.position = position;
    block.n = packing->width - position < PIECE_COLUMNS ? packing->width - position : PIECE_COLUMNS;
    for (size_t i = 0; i < block.n; i++) {
        const size_t column = packing->columns[position + i];
        block.slots[i].from = column < n ? source->weights + (int64_t)column * source->column_stride : NULL;
        block.slots[i].place = place_of(packing->geometry, column, position + i);
    }
    return block;
}

void octi_panel_pack_weights(const struct octi_panel_packing *packing, size_t n)
{
    const struct matrix matrix = matrix_of(packing);
    struct piece piece;
    for (size_t position = 0; position < packing->width; position += PIECE_COLUMNS) {
        const struct block block = block_of(packing, n, position);
        for (size_t at = 0; at < matrix.k; at += PIECE_K) {
            find_piece(&matrix, at, &piece);
            if (!is_of_quads(packing, &piece)) {
                pack_any(packing, &matrix, &piece, &block);
                continue;
            }
            for (size_t i = 0; i < block.n; i += OCTI_QUADS_COLUMNS) {
                pack_quads(packing, &matrix, &piece, &block, i);
            }
        }
        pack_tails(packing, &matrix, &block);
    }
}
