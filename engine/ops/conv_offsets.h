/// Where the rows of a convolution's product begin: tables of offsets into an image (qgemm.h), in plan memory, shared
/// by layers of the same geometry. Threads: [one].
#ifndef OCTET_ENGINE_OPS_CONV_OFFSETS_H
#define OCTET_ENGINE_OPS_CONV_OFFSETS_H

#include "engine/ops/conv_geometry.h"
#include "engine/ops/padded_image.h"

/// As struct octi_qgemm_call has them.
struct octi_conv_offsets {
    const int32_t *offsets;
    size_t offset_stride;
    size_t tap_stride;
};

/// Where the channels that element `tap` of the window sees begin, for output pixels `rows[0..n)` of an image,
/// ascending (NULL: for the first n), or OCTI_QGEMM_PADDING.
/// @param channels  of a pixel of the image
/// @param offsets   [n] [out]
void octi_conv_write_offsets(const struct octi_conv_geometry *geometry,
                             size_t channels,
                             size_t tap,
                             const int32_t *rows,
                             size_t n,
                             int32_t *offsets);

/// For every output pixel and element of the window.
/// OCT_ERR_NOMEM, OCT_ERR_LIMIT.
enum oct_status octi_conv_offsets_plan(struct oct_op_prepare_call *call,
                                       const struct octi_conv_geometry *geometry,
                                       size_t channels,
                                       struct octi_conv_offsets *table);

/// For every pixel of an output plane, where lines of its window begin in a padded image (or one without padding).
/// Lines of one plane of the window are as far apart as those of the image; where the window has several planes, each
/// line has its own offsets. OCT_ERR_NOMEM, OCT_ERR_LIMIT.
enum oct_status octi_conv_line_offsets_plan(struct oct_op_prepare_call *call,
                                            const struct octi_conv_geometry *geometry,
                                            size_t channels,
                                            const struct octi_padded_image *image,
                                            struct octi_conv_offsets *table);

/// Pixels of zero points, for OCTI_QGEMM_PADDING; NULL when memory is refused.
const uint8_t *octi_conv_padding(struct oct_op_prepare_call *call, size_t bytes, int64_t zero_point);

/// Plan memory for `n` times `each` entries, whatever is in it. OCT_ERR_NOMEM, OCT_ERR_LIMIT.
enum oct_status octi_conv_alloc_entries(struct oct_op_prepare_call *call, size_t n, size_t each, int32_t **entries);

#endif
