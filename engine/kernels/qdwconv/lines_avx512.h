/// What kernels along the output lines of a depthwise convolution share in AVX-512: vectors of a panel, steps that are
/// done for two outputs at a time, and which columns of a line's windows lie in the image.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_LINES_AVX512_H
#define OCTET_ENGINE_KERNELS_QDWCONV_LINES_AVX512_H

#include "engine/kernels/qdwconv/pixels_avx512.h"

/// Vectors of a wide panel.
#define OCTI_START_512      0
#define OCTI_BIAS_512       4
#define OCTI_MULTIPLIER_512 8
#define OCTI_WEIGHTS_512    16

/// 32 bytes of two parts, or 16 of four.
OCTI_INLINE __m512i
octi_gather_parts_512(const void *p0, const void *p1, const void *p2, const void *p3, const int lanes)
{
    if (lanes == 2) {
        return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256(p0)), _mm256_loadu_si256(p1), 1);
    }
    __m512i x = _mm512_castsi128_si512(_mm_loadu_si128(p0)); // one register: there are kernels that have no more
    x = _mm512_inserti32x4(x, _mm_loadu_si128(p1), 1);
    x = _mm512_inserti32x4(x, _mm_loadu_si128(p2), 2);
    return _mm512_inserti32x4(x, _mm_loadu_si128(p3), 3);
}

/// The same 16 positions of two neighbouring outputs.
struct octi_both_512 {
    __m512i first, second;
};

/// Instructions stay on their side of this: the order in which things are written is what the core's schedulers, which
/// see a fraction of an output's instructions, need.
OCTI_INLINE struct octi_both_512 octi_here_512(struct octi_both_512 x)
{
    __asm__ volatile("" : "+v"(x.first), "+v"(x.second));
    return x;
}

OCTI_INLINE __m512i octi_panel_vector_512(const char *panel, const int i)
{
    return octi_keep_512(_mm512_loadu_si512(panel + 64 * i));
}

OCTI_INLINE struct octi_both_512 octi_start_both_512(const char *panel, const int j)
{
    const __m512i start = octi_panel_vector_512(panel, OCTI_START_512 + j);
    return (struct octi_both_512){start, start};
}

OCTI_INLINE struct octi_both_512
octi_dot_both_512(struct octi_both_512 sum, __m512i first, __m512i second, const char *panel, const int i)
{
    const __m512i w = octi_panel_vector_512(panel, i);
    sum.first = octi_dot_u8s8_512(sum.first, first, w);
    sum.second = octi_dot_u8s8_512(sum.second, second, w);
    return octi_here_512(sum);
}

/// The steps of requantization; floats lie in integer vectors.
OCTI_INLINE struct octi_both_512 octi_convert_both_512(struct octi_both_512 x)
{
    x.first = _mm512_castps_si512(_mm512_cvtepi32_ps(x.first));
    x.second = _mm512_castps_si512(_mm512_cvtepi32_ps(x.second));
    return octi_here_512(x);
}

/// Two vectors as words with the zero point.
OCTI_INLINE __m512i octi_words_512(__m512i a, __m512i b, const struct octi_requant_512 *requant)
{
    return _mm512_adds_epi16(_mm512_packs_epi32(a, b), requant->zero_point16);
}

/// Columns of the windows of a line that lie in the image, the same in every line of as many outputs from `begin` on.
struct octi_columns_512 {
    size_t outputs; ///< 0: nothing is known yet
    size_t begin;
    size_t first, end;
    size_t pixel; ///< output that sees the first one,
    size_t kx;    ///< as its column kx
};

/// Is column `column` of row `ky` of the windows of the n rows of the call from m padding?
OCTI_INLINE bool octi_is_padding_512(
    const struct octi_qgemm_call *call, size_t m, size_t n, size_t tap, size_t column, const size_t x_stride)
{
    const size_t first = x_stride == 2 ? column / 2 : column; // output that sees it first
    const size_t pixel = first < n - 1 ? first : n - 1;
    return call->offsets[(tap + column - pixel * x_stride) * call->offset_stride + m + pixel] == OCTI_QGEMM_PADDING;
}

/// Finds them for the n rows of the call from m, pixels of their line from `begin` on, in a row that lies in the image,
/// if one does: the one in the middle is the most likely.
OCTI_INLINE void octi_find_columns_512(const struct octi_qgemm_call *call,
                                       size_t m,
                                       size_t n,
                                       size_t begin,
                                       const size_t height,
                                       const size_t width,
                                       const size_t x_stride,
                                       struct octi_columns_512 *columns)
{
    if (columns->begin != begin) {
        columns->outputs = 0;
    }
    for (size_t i = 0; i < height && columns->outputs != n; i++) {
        const size_t ky = (i + height / 2) % height;
        const size_t tap = ky * width;
        size_t end = (n - 1) * x_stride + width;
        size_t first = 0;
        while (first < end && octi_is_padding_512(call, m, n, tap, first, x_stride)) {
            first++;
        }
        while (end > first && octi_is_padding_512(call, m, n, tap, end - 1, x_stride)) {
            end--;
        }
        if (first < end) {
            columns->outputs = n;
            columns->begin = begin;
            columns->first = first;
            columns->end = end;
            columns->pixel = first / x_stride < n - 1 ? first / x_stride : n - 1;
            columns->kx = first - columns->pixel * x_stride;
        }
    }
}

#endif
