/// The rows that a line's windows see, copied with their padding (bands_avx512.h), each once for all lines that see it.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_BAND_ROWS_AVX512_H
#define OCTET_ENGINE_KERNELS_QDWCONV_BAND_ROWS_AVX512_H

#include "engine/kernels/qdwconv/band_avx512.h"

/// A row of the image as a line sees it.
struct octi_image_row_512 {
    const uint8_t *padding;
    const uint8_t *row;               ///< its first column of those that exist
    size_t step;                      ///< BYTES between them; 0: all are padding
    size_t first, n;                  ///< which columns they are
    size_t behind1, behind2, behind3; ///< columns from part 0 to the others
};

OCTI_INLINE struct octi_image_row_512 octi_image_row_512(const struct octi_band_512 *band, const uint8_t *row)
{
    struct octi_image_row_512 image = {.padding = band->call->padding + band->panel->first};
    image.row = row != NULL ? row : image.padding;
    image.step = row != NULL ? band->call->a_stride : 0;
    image.first = band->columns.first;
    image.n = band->columns.end - band->columns.first;
    image.behind1 = band->columns_behind[1];
    image.behind2 = band->columns_behind[2];
    image.behind3 = band->columns_behind[3];
    return image;
}

OCTI_INLINE const uint8_t *octi_image_place_512(const struct octi_image_row_512 *image, size_t behind)
{
    return behind < image->n ? image->row + behind * image->step : image->padding;
}

/// A column in each part.
OCTI_INLINE __m512i octi_image_column_512(const struct octi_image_row_512 *image, size_t column, const int lanes)
{
    const size_t behind = column - image->first; // wraps
    if (lanes == 4) {
        return _mm512_loadu_si512(octi_image_place_512(image, behind));
    }
    if (behind < image->n && behind + image->behind3 < image->n) {
        const uint8_t *p = image->row + behind * image->step;
        return octi_gather_parts_512(p, p + image->behind1 * image->step, p + image->behind2 * image->step,
                                     p + image->behind3 * image->step, lanes);
    }
    return octi_gather_parts_512(octi_image_place_512(image, behind),
                                 octi_image_place_512(image, behind + image->behind1),
                                 octi_image_place_512(image, behind + image->behind2),
                                 octi_image_place_512(image, behind + image->behind3), lanes);
}

OCTI_INLINE void octi_copy_row_512(const struct octi_band_512 *band, uint8_t *to, const uint8_t *row, const int lanes)
{
    const struct octi_image_row_512 image = octi_image_row_512(band, row);
    const size_t columns = band->n_columns;
    for (size_t column = 0; column < columns; column++) {
        _mm512_store_si512(to + 64 * column, octi_image_column_512(&image, column, lanes));
    }
}

OCTI_INLINE void octi_copy_pair_512(
    const struct octi_band_512 *band, uint8_t *to, const uint8_t *first, const uint8_t *second, const int lanes)
{
    const struct octi_image_row_512 image1 = octi_image_row_512(band, first);
    const struct octi_image_row_512 image2 = octi_image_row_512(band, second);
    const size_t columns = band->n_columns;
    for (size_t column = 0; column < columns; column++) {
        const __m512i a = octi_image_column_512(&image1, column, lanes);
        const __m512i b = octi_image_column_512(&image2, column, lanes);
        _mm512_store_si512(to + 128 * column, _mm512_unpacklo_epi8(a, b));
        _mm512_store_si512(to + 128 * column + 64, _mm512_unpackhi_epi8(a, b));
    }
}

OCTI_APART void octi_fill_row_512(const struct octi_band_512 *band, uint8_t *to, const uint8_t *row)
{
    if (band->lanes == 4) {
        octi_copy_row_512(band, to, row, 4);
    } else if (band->lanes == 2) {
        octi_copy_row_512(band, to, row, 2);
    } else {
        octi_copy_row_512(band, to, row, 1);
    }
}

OCTI_APART void
octi_fill_pair_512(const struct octi_band_512 *band, uint8_t *to, const uint8_t *first, const uint8_t *second)
{
    if (band->lanes == 4) {
        octi_copy_pair_512(band, to, first, second, 4);
    } else if (band->lanes == 2) {
        octi_copy_pair_512(band, to, first, second, 2);
    } else {
        octi_copy_pair_512(band, to, first, second, 1);
    }
}

/// The row of the image that row ky of the windows of the line passes over that begins at row m of the call, NULL:
/// padding.
OCTI_INLINE const uint8_t *octi_band_image_row_512(const struct octi_band_512 *band, size_t m, size_t width, size_t ky)
{
    const struct octi_qgemm_call *call = band->call;
    const struct octi_columns_512 *columns = &band->columns;
    if (columns->outputs != band->outputs) {
        return NULL;
    }
    const int32_t offset = call->offsets[(ky * width + columns->kx) * call->offset_stride + m + columns->pixel];
    return offset == OCTI_QGEMM_PADDING ? NULL : call->a + offset + band->panel->first;
}

/// What lies beside the last row in a pair that the next line sees too, if it does.
static inline const uint8_t *
octi_band_next_row_512(const struct octi_band_512 *band, size_t m, size_t width, const uint8_t *last)
{
    const size_t height = band->shape.height;
    const size_t next = m + band->call->line;
    if (height >= 3 && next + band->outputs <= band->call->m &&
        octi_band_image_row_512(band, next, width, height - 3) == last) {
        return octi_band_image_row_512(band, next, width, height - 2);
    }
    return last;
}

OCTI_INLINE void
octi_fill_slot_512(const struct octi_band_512 *band, uint8_t *to, const struct octi_band_key_512 *key, const bool pairs)
{
    if (pairs) {
        octi_fill_pair_512(band, to, key->first, key->second);
    } else {
        octi_fill_row_512(band, to, key->first);
    }
}

OCTI_INLINE bool
octi_is_same_512(const struct octi_band_key_512 *a, const struct octi_band_key_512 *b, const bool pairs)
{
    return a->first == b->first && (!pairs || a->second == b->second);
}

OCTI_INLINE bool octi_is_padding_key_512(const struct octi_band_key_512 *key, const bool pairs)
{
    return key->first == NULL && (!pairs || key->second == NULL);
}

/// Gives a row's or pair's slot back.
OCTI_INLINE void
octi_drop_slot_512(struct octi_band_512 *band, const struct octi_band_key_512 *key, uint8_t *slot, const bool pairs)
{
    if (!octi_is_padding_key_512(key, pairs)) {
        band->unused[band->n_unused++] = slot;
    }
}

/// Copies what `key` names. Rows that are padding share a slot behind those of n others.
OCTI_INLINE uint8_t *octi_take_slot_512(
    struct octi_band_512 *band, const struct octi_band_key_512 *key, size_t n, size_t pitch, const bool pairs)
{
    const bool padding = octi_is_padding_key_512(key, pairs);
    uint8_t *to = padding              ? band->slots + n * pitch
                  : band->n_unused > 0 ? band->unused[--band->n_unused]
                                       : band->slots + band->n_slots++ * pitch;
    if (!padding || !band->padding_ready) {
        octi_fill_slot_512(band, to, key, pairs);
        band->padding_ready |= padding;
    }
    return to;
}

/// Has the window moved on by one since the line before?
OCTI_INLINE bool octi_moved_by_one_512(const struct octi_band_key_512 *wanted,
                                       const struct octi_band_key_512 *keys,
                                       size_t n,
                                       const bool pairs)
{
    size_t k = 0;
    while (k + 1 < n && octi_is_same_512(&wanted[k], &keys[k + 1], pairs)) {
        k++;
    }
    return k + 1 == n;
}

/// Brings n rows together, or pairs of them. What the line before saw stays where it is: windows move on by as many
/// rows as the first that is not padding, in each of their planes.
OCTI_INLINE void octi_band_slots_512(
    struct octi_band_512 *band, const struct octi_band_key_512 *wanted, size_t n, size_t pitch, const bool pairs)
{
    const struct octi_band_key_512 *keys = band->keys[band->turn];
    const size_t held = band->held; // n, or nothing
    band->turn ^= 1;
    band->held = n;
    if (held == n && octi_moved_by_one_512(wanted, keys, n, pairs)) { // as most windows do
        octi_drop_slot_512(band, &keys[0], band->rows[0], pairs);
        for (size_t k = 0; k + 1 < n; k++) {
            band->rows[k] = band->rows[k + 1];
            __asm__ volatile(""); // one by one: a vector would wait for the pointer that has just been written
        }
        band->rows[n - 1] = octi_take_slot_512(band, &wanted[n - 1], n, pitch, pairs);
        return;
    }
    size_t first = 0;
    while (first < n && octi_is_padding_key_512(&wanted[first], pairs)) {
        first++;
    }
    size_t moved = band->moved;
    if (first < n && !(first + moved < held && octi_is_same_512(&wanted[first], &keys[first + moved], pairs))) {
        moved = 0;
        while (first + moved < held && !octi_is_same_512(&wanted[first], &keys[first + moved], pairs)) {
            moved++;
        }
        band->moved = moved;
    }
    for (size_t k = 0; k < held && k < moved; k++) {
        octi_drop_slot_512(band, &keys[k], band->rows[k], pairs);
    }
    size_t missing[OCTI_BAND_ROWS];
    size_t n_missing = 0;
    for (size_t k = 0; k < n; k++) {
        const size_t before = k + moved; // not yet overwritten
        if (before < held && octi_is_same_512(&wanted[k], &keys[before], pairs)) {
            band->rows[k] = band->rows[before];
        } else {
            if (before < held) {
                octi_drop_slot_512(band, &keys[before], band->rows[before], pairs);
            }
            missing[n_missing++] = k;
        }
    }
    for (size_t i = 0; i < n_missing; i++) {
        const size_t k = missing[i];
        band->rows[k] = octi_take_slot_512(band, &wanted[k], n, pitch, pairs);
    }
}

/// The rows of the line that begins at row m of the call.
OCTI_APART void octi_band_rows_512(struct octi_band_512 *band, size_t m, size_t width, size_t x_stride)
{
    const size_t height = band->shape.height;
    const size_t full = 4 * band->shape.quads;
    struct octi_band_key_512 *keys = band->keys[band->turn ^ 1];
    if (x_stride == 1) {
        for (size_t i = 0; i < height; i++) {
            keys[i].first = octi_band_image_row_512(band, m, width, i);
        }
        octi_band_slots_512(band, keys, height, band->pitch, false);
        band->across = band->rows[height - 1];
        for (size_t i = height; i < full; i++) { // have no weights
            band->rows[i] = band->rows[0];
        }
        return;
    }
    for (size_t i = 0; i < full / 2; i++) {
        keys[i].first = octi_band_image_row_512(band, m, width, 2 * i < height ? 2 * i : 0);
        keys[i].second = octi_band_image_row_512(band, m, width, 2 * i + 1 < height ? 2 * i + 1 : 0);
    }
    if (band->shape.across) { // the first of a pair that the next line sees
        const uint8_t *last = octi_band_image_row_512(band, m, width, height - 1);
        keys[full / 2].first = last;
        keys[full / 2].second = octi_band_next_row_512(band, m, width, last);
    }
    octi_band_slots_512(band, keys, full / 2 + band->shape.across, 2 * band->pitch, true);
    band->across = band->rows[full / 2];
}

#endif
