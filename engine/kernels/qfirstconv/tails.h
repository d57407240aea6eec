/// Limits of what kernels of the family take.
#ifndef OCTET_ENGINE_KERNELS_QFIRSTCONV_TAILS_H
#define OCTET_ENGINE_KERNELS_QFIRSTCONV_TAILS_H

#define OCTI_TAILS_PIXELS 8  ///< most pixels of a tile
#define OCTI_TAILS_BYTES  64 ///< of a line, which hold the tails that the pixels of a tile see in a row
#define OCTI_TAILS_QUADS  8  ///< of a pixel, in which its tails are put together

#endif
