/// Quantized 3x3 convolution of stride 1 by minimal filtering (kernels/qwinograd): fewer products than outputs times
/// window, where there are enough channels and tiles to pay for transforming windows, filters and outputs, and the
/// weights allow it. It shares the packed weights with the direct product: a run takes what is faster for its batch.
/// Threads: planning [one], running [any].
#ifndef OCTET_ENGINE_OPS_WINOGRAD_CONV_H
#define OCTET_ENGINE_OPS_WINOGRAD_CONV_H

#include "engine/kernels/panel/panel.h"
#include "engine/ops/conv_geometry.h"
#include "engine/quant/affine.h"

struct octi_winograd_conv;

/// Plans a layer of one group, channels-last quint8 on both sides. Asks for the scratch of a run.
/// @param weights  packed for the direct product
/// @param seen     positions of the window that this does for each pixel, over all pixels of an image
/// @param[out] conv  NULL where it would never be faster, or cannot be exact
/// OCT_ERR_NOMEM.
enum oct_status octi_winograd_conv_plan(struct oct_op_prepare_call *call,
                                        const struct octi_conv_geometry *geometry,
                                        const struct octi_panels *weights,
                                        struct octi_output output,
                                        int64_t seen,
                                        const struct octi_winograd_conv **conv);

/// Is this the faster way for so many images?
bool octi_winograd_conv_suits(const struct octi_winograd_conv *conv, int64_t images);

/// Runs the layer and hands on what is finished.
void octi_winograd_conv_run(const struct octi_winograd_conv *conv, const struct oct_op_run_call *call);

#endif
