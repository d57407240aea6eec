// DESIGN: windows of five columns and any height, along output lines over copied rows (bands_avx512.h).
// 5x5: a quad of rows and a row across, 28 products of four quads for 25 taps of 64 channels
// instead of 40; 3x5x5: four quads of rows.
#include "engine/kernels/qdwconv/bands_avx512.h"

OCTI_BAND_KERNEL_512(octi_qdwconv_nx5x64k4__avx512vnni, 5)
