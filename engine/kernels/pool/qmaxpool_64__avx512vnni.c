#include "engine/kernels/pool/pool.h"
#include "engine/kernels/x86/requant_avx512.h"

void octi_qmaxpool_64__avx512vnni(const struct octi_pool_window *window, uint8_t *y)
{
    for (size_t c = 0; c < window->n_channels; c += 64) {
        const size_t left = window->n_channels - c;
        const __mmask64 mask = octi_mask_64(left < 64 ? left : 64);
        __m512i most = _mm512_setzero_si512();
        for (size_t r = 0; r < window->n_rows; r++) {
            const uint8_t *x = window->x + r * window->row_stride + c;
            for (size_t i = 0; i < window->n_columns; i++) {
                most = _mm512_max_epu8(most, _mm512_maskz_loadu_epi8(mask, x + i * window->column_stride));
            }
        }
        _mm512_mask_storeu_epi8(y + c, mask, most);
    }
}
