/// Convolution by lines: the pixels of an output line see, at one position of the window, input pixels one stride
/// apart, so that a kernel of tiles reads them where they lie. No table of addresses, no gathering; what is needed is
/// an image with its padding around it (padded_image.h), or one without padding. Threads: [any], preparing [one].
#ifndef OCTET_ENGINE_OPS_CONV_LINES_H
#define OCTET_ENGINE_OPS_CONV_LINES_H

#include "engine/kernels/panel/panel.h"
#include "engine/ops/conv_geometry.h"

/// Sizes in bytes, of the padded image.
struct octi_conv_lines {
    const int32_t *tap_offsets; ///< [window]
    size_t pixel_stride;        ///< between pixels of an output line
    size_t line_stride;         ///< between output lines
    size_t plane_stride;        ///< between output planes
};

/// Chosen by the geometry alone: pixels and groups must begin at cache lines, and an output line must fill the rows of
/// tiles well enough.
/// @param group_channels  that a call sees, groups merged
bool octi_conv_lines_suit(const struct octi_conv_geometry *geometry,
                          const struct octi_panel_geometry *layout,
                          size_t in_channels,
                          size_t group_channels);

/// @param line_bytes, plane_lines  of the padded image
/// OCT_ERR_NOMEM.
enum oct_status octi_conv_lines_plan(struct oct_op_prepare_call *call,
                                     const struct octi_conv_geometry *geometry,
                                     size_t in_channels,
                                     size_t line_bytes,
                                     size_t plane_lines,
                                     struct octi_conv_lines *lines);

#endif
