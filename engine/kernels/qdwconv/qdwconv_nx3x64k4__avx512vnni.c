// DESIGN: windows of three columns and any height, along output lines over copied rows (bands_avx512.h).
// 3x3 in a plane has a kernel of its own; these are windows of depth (27 taps are two quads of rows and a row
// across, seven products for 27 taps).
#include "engine/kernels/qdwconv/bands_avx512.h"

OCTI_BAND_KERNEL_512(octi_qdwconv_nx3x64k4__avx512vnni, 3)
