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

/// Plans a layer that reads and writes channels-last quint8, before its weights are packed.
/// @param n_panels  of the packed weights
/// @param seen      positions of the window that the direct product does for each pixel, over all pixels of an image
/// @param[out] conv  NULL where there is no kernel for it or it would never be faster
/// OCT_ERR_NOMEM.
enum oct_status octi_winograd_conv_plan(struct oct_op_prepare_call *call,
                                        const struct octi_conv_geometry *geometry,
                                        size_t n_panels,
                                        struct octi_output output,
                                        int64_t seen,
                                        struct octi_winograd_conv **conv);

/// Makes a planned layer ready, for which octi_qwinograd_reads() and octi_qwinograd_holds() speak, and asks for the
/// scratch of a run. OCT_ERR_NOMEM.
/// @param weights  packed for the direct product
enum oct_status octi_winograd_conv_finish(struct oct_op_prepare_call *call,
                                          struct octi_winograd_conv *conv,
                                          const struct octi_panels *weights);

/// Is this the faster way for so many images?
bool octi_winograd_conv_suits(const struct octi_winograd_conv *conv, int64_t images);

/// Runs the layer and hands on what is finished.
void octi_winograd_conv_run(const struct octi_winograd_conv *conv, const struct oct_op_run_call *call);

#endif
