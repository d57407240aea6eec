// DESIGN: windows of seven columns and any height, along output lines over copied rows (bands_avx512.h).
// 7x7: two quads of rows. Ten outputs are under way at stride 1, twenty sums: all registers are
// taken.
#include "engine/kernels/qdwconv/bands_avx512.h"

OCTI_BAND_KERNEL_512(octi_qdwconv_nx7x64k4__avx512vnni, 7)
