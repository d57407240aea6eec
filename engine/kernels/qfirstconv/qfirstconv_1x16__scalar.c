// The reference of the family: a matrix product whose rows come out of a table. Elements of k lie one by one in this
// geometry, so there are no tails, and where neighbouring pixels are does not matter.
#include "engine/kernels/qfirstconv/qfirstconv.h"

void octi_qfirstconv_1x16__scalar(const struct octi_qgemm_call *call,
                                  const struct octi_panels *weights,
                                  const struct octi_panel *panel)
{
    octi_qgemm_1x16__scalar(call, weights, panel);
}
