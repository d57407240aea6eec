/// Neighbouring outputs of lines as the kernels over copied rows see them (bands_avx512.h): what they are made of.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_BAND_AVX512_H
#define OCTET_ENGINE_KERNELS_QDWCONV_BAND_AVX512_H

#include "engine/kernels/qdwconv/lines_avx512.h"

/// Functions with registers of their own.
#define OCTI_APART static __attribute__((noinline))

/// Most rows of a window. Higher ones are computed pixel by pixel.
#define OCTI_BAND_ROWS 32
/// Of copied rows: about a first-level cache. Shorter pieces of a line cost more than rows from the second level.
#define OCTI_BAND_BYTES 40960
/// BYTES in front of them that the first step of a line may pass over, where sums begin that the line does not have: 6
/// columns of 3 at stride 2, in pairs, at most.
#define OCTI_BAND_BEFORE 768
/// Most outputs of a part.
#define OCTI_BAND_OUTPUTS 64
/// Outputs of a step.
#define OCTI_BAND_STEP 4

/// Vectors of half a panel, repeated for narrow ones: header, a row of the window that goes across (four quads of its
/// taps), the others.
#define OCTI_BAND_START                 0
#define OCTI_BAND_BIAS                  2
#define OCTI_BAND_MULTIPLIER            4
#define OCTI_BAND_ACROSS                6
#define OCTI_BAND_WEIGHTS               14
#define OCTI_BAND_VECTORS(quads, width) (OCTI_BAND_WEIGHTS + 2 * (quads) * (width))

/// A window's rows are quads; where one is left, it goes across, if the kernel has a way.
struct octi_band_shape_512 {
    size_t height, quads;
    bool across;
};

/// A row of the image, NULL: padding, or two that are copied as a pair: of each column, 64 bytes of the lower and 64 of
/// the upper halves of lanes.
struct octi_band_key_512 {
    const uint8_t *first, *second;
};

/// Neighbouring outputs of lines, the rows that they see, and where these lie.
struct octi_band_512 {
    const struct octi_qgemm_call *call;
    const struct octi_panel *panel;
    size_t lanes; ///< of a pixel; 4 / lanes parts of a line lie side by side
    struct octi_band_shape_512 shape;

    size_t c_stride;
    __mmask64 mask;
    bool whole; ///< 64 channels: no mask
    struct octi_requant_512 requant;
    bool bounded; ///< the output's bounds are not those of a byte
    bool factor;  ///< biases have one

    struct octi_columns_512 columns; ///< of the current lines
    size_t outputs;                  ///< of a line
    size_t length;                   ///< of a part
    size_t behind[4];                ///< outputs from part 0 to the others
    size_t columns_behind[4];        ///< the same in columns
    size_t n_columns;                ///< that the windows of a part see
    size_t pitch;                    ///< BYTES of a copied row

    uint8_t *slots;     ///< copied rows or pairs, and behind them one that is padding
    bool padding_ready; ///< is it?
    size_t n_slots;     ///< others that have been used,
    size_t n_unused;    ///< and that hold nothing
    uint8_t *unused[OCTI_BAND_ROWS];
    uint8_t *rows[OCTI_BAND_ROWS + 3]; ///< where the window's rows are, or its pairs
    const uint8_t *across;             ///< where the row is that goes across
    size_t held;                       ///< rows or pairs of the line before,
    size_t turn;  ///< whose keys these are, in the order of `rows`; the other ones are the current line's
    size_t moved; ///< how many they were moved on from the line before that
    struct octi_band_key_512 keys[2][OCTI_BAND_ROWS];

    char *words; ///< of the first halves of a line's outputs
};

#endif
