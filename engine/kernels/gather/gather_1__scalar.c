// The reference of the family.
#include <string.h>

#include "engine/kernels/gather/gather.h"

void octi_gather_1__scalar(const struct octi_qgemm_call *call, size_t taps, size_t k, size_t pitch, uint8_t *to)
{
    for (size_t m = 0; m < call->m; m++) {
        for (size_t t = 0; t < taps; t++) {
            memcpy(to + m * pitch + t * k, octi_qgemm_row(call, t, m), k);
        }
    }
}
