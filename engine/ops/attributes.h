/// Attributes: matching what a model file gives with what an operator asks for, and the rows that many operators share.
///
/// Threads: [one] per region. What is made lives as long as the region and borrows nothing of what was given.
#ifndef OCTET_ENGINE_OPS_ATTRIBUTES_H
#define OCTET_ENGINE_OPS_ATTRIBUTES_H

#include "engine/base/region.h"
#include "octet/graph.h"

#include <float.h>

/// Extents of kernels, strides, paddings and dilations: an activation larger than this in one direction is none.
#define OCTI_MAX_WINDOW 2147483647.0

/// Checks names, types, ranges and counts of `given`, fills in defaults, repeats single integers where the row asks for
/// it, and copies strings and arrays.
///
/// @param given  hostile; a name may be NULL, a value absent ("null"), an array's length anything
/// @param[out] out  one attribute per row of op->attributes, in the region; never NULL on success
/// Errors: OCT_ERR_INVALID (unknown, given twice, missing, of another type, out of range, wrong count; the message
/// names what was expected and `where` is "attributes.<name>"), OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status octi_attributes_match(const struct oct_op *op,
                                                    const struct oct_attribute_given *given,
                                                    size_t n_given,
                                                    struct octi_region *region,
                                                    struct oct_attribute **out,
                                                    struct oct_error *error);

// Rows of a record's table. The range of a scale admits 0: octi_infer_output_qparams() refuses it with a better
// sentence.

/// A required float64 output scale.
#define OCTI_ATTRIBUTE_SCALE(name_)                                                                                    \
    {                                                                                                                  \
        .name = (name_), .type = OCT_ATTRIBUTE_FLOAT, .required = true, .minimum = 0.0, .maximum = DBL_MAX,            \
        .doc = "scale of the output"                                                                                   \
    }
/// A required output zero point.
#define OCTI_ATTRIBUTE_ZERO_POINT(name_)                                                                               \
    {                                                                                                                  \
        .name = (name_), .type = OCT_ATTRIBUTE_INT, .required = true, .minimum = -2147483648.0,                        \
        .maximum = 2147483647.0, .doc = "zero point of the output"                                                     \
    }
/// Two extents (height, width), required.
#define OCTI_ATTRIBUTE_PAIR(name_, minimum_, doc_)                                                                     \
    {                                                                                                                  \
        .name = (name_), .type = OCT_ATTRIBUTE_INTS, .required = true, .minimum = (minimum_),                          \
        .maximum = OCTI_MAX_WINDOW, .min_count = 2, .max_count = 2, .broadcast_count = 2, .doc = (doc_)                \
    }
/// `n` extents (the last is the width, before it height and depth) with one default for all.
#define OCTI_ATTRIBUTE_EXTENTS_OR(name_, n_, minimum_, default_, doc_)                                                 \
    {                                                                                                                  \
        .name = (name_), .type = OCT_ATTRIBUTE_INTS, .has_default = true, .default_number = (default_),                \
        .minimum = (minimum_), .maximum = OCTI_MAX_WINDOW, .min_count = (n_), .max_count = (n_),                       \
        .broadcast_count = (n_), .doc = (doc_)                                                                         \
    }
/// Two extents (height, width) with a default for both.
#define OCTI_ATTRIBUTE_PAIR_OR(name_, minimum_, default_, doc_)                                                        \
    OCTI_ATTRIBUTE_EXTENTS_OR(name_, 2, minimum_, default_, doc_)
#define OCTI_ATTRIBUTE_BOOL_OR(name_, default_, doc_)                                                                  \
    {                                                                                                                  \
        .name = (name_), .type = OCT_ATTRIBUTE_BOOL, .has_default = true, .default_number = (default_) ? 1.0 : 0.0,    \
        .doc = (doc_)                                                                                                  \
    }
/// A dimension, counted from the end when negative. No rank comes near the bounds.
#define OCTI_ATTRIBUTE_DIM(name_, required_, default_, doc_)                                                           \
    {                                                                                                                  \
        .name = (name_), .type = OCT_ATTRIBUTE_INT, .required = (required_), .has_default = !(required_),              \
        .default_number = (default_), .minimum = -OCT_MAX_RANK, .maximum = OCT_MAX_RANK - 1, .doc = (doc_)             \
    }
#define OCTI_ATTRIBUTES_END                                                                                            \
    {                                                                                                                  \
        .name = NULL                                                                                                   \
    }

#endif
