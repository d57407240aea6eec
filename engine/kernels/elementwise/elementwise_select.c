#include "engine/kernels/elementwise/dequantize.h"
#include "engine/kernels/elementwise/lut.h"
#include "engine/kernels/elementwise/qadd.h"
#include "engine/kernels/elementwise/qmul.h"
#include "engine/kernels/elementwise/quantize.h"

#define ROW(function, isa) {{#function, OCTI_ISA_##isa}, octi_##function},

static const struct octi_lut luts[] = {
#define OCT_LUT ROW
#include "engine/kernels/elementwise/elementwise.def"
};
static const struct octi_qadd qadds[] = {
#define OCT_QADD ROW
#include "engine/kernels/elementwise/elementwise.def"
};
static const struct octi_qmul qmuls[] = {
#define OCT_QMUL ROW
#include "engine/kernels/elementwise/elementwise.def"
};
static const struct octi_quantize quantizes[] = {
#define OCT_QUANTIZE ROW
#include "engine/kernels/elementwise/elementwise.def"
};
static const struct octi_dequantize dequantizes[] = {
#define OCT_DEQUANTIZE ROW
#include "engine/kernels/elementwise/elementwise.def"
};

OCTI_FAMILY_DEFINE(lut, luts);
OCTI_FAMILY_DEFINE(qadd, qadds);
OCTI_FAMILY_DEFINE(qmul, qmuls);
OCTI_FAMILY_DEFINE(quantize, quantizes);
OCTI_FAMILY_DEFINE(dequantize, dequantizes);
