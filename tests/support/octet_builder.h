/// `.octet` files made in memory, legal ones and lies. Texts are written with ' for " so that they can be read.
/// Everything that fails here fails the test.
#ifndef OCTET_TESTS_SUPPORT_OCTET_BUILDER_H
#define OCTET_TESTS_SUPPORT_OCTET_BUILDER_H

#include "octet/buffer.h"

struct oct_octet_builder {
    struct oct_buffer entries; ///< of the header
    struct oct_buffer data;
};

void oct_octet_builder_init(struct oct_octet_builder *builder);
void oct_octet_builder_deinit(struct oct_octet_builder *builder);
/// Adds a tensor behind those before. @param shape  "[3,4]"  @param dtype  "F32"
void oct_octet_builder_add(struct oct_octet_builder *builder,
                           const char *name,
                           const char *dtype,
                           const char *shape,
                           const void *data,
                           size_t n_bytes);
/// The whole file: header with `graph` (quoted as above) as metadata, and the data. `file` is inited here, for the
/// caller to deinit.
void oct_octet_builder_finish(const struct oct_octet_builder *builder, const char *graph, struct oct_buffer *file);

/// A file of this header text (quoted as above; nothing is added to it) and this data.
void oct_octet_raw(const char *header, const void *data, size_t n_bytes, struct oct_buffer *file);

/// A legal small model: input x float32 [N,4], quantized::linear with per-channel weights, output y float32 [N,3] =
/// dequantized.
/// @param extra  members added to the graph's object, "" or ",'labels':[...]"
void oct_octet_sample(const char *extra, struct oct_buffer *file);
/// The sample's builder and its graph's text (static), for tests that change one of them.
void oct_octet_sample_tensors(struct oct_octet_builder *builder);
#define OCT_OCTET_SAMPLE_GRAPH                                                                                         \
    "{'format_version':1,'producer':'test',"                                                                           \
    "'inputs':[{'name':'x','dtype':'float32','shape':['N',4]}],"                                                       \
    "'constants':[{'name':'w','dtype':'qint8','qscheme':'per_channel_affine','axis':0,"                                \
    "'scales':'w.scales','zero_points':'w.zero_points'},{'name':'b','dtype':'float32'}],"                              \
    "'nodes':[{'name':'quant','op':'aten::quantize_per_tensor','inputs':['x'],'outputs':['xq'],"                       \
    "'attributes':{'scale':0.1,'zero_point':128,'dtype':'quint8'}},"                                                   \
    "{'name':'fc','op':'quantized::linear','inputs':['xq','w','b'],'outputs':['h'],"                                   \
    "'attributes':{'Y_scale_i':0.05,'Y_zero_point_i':100}},"                                                           \
    "{'name':'dequant','op':'aten::dequantize','inputs':['h'],'outputs':['y']}],"                                      \
    "'outputs':[{'name':'y','value':'y'}]"                                                                             \
    "%s}"

#endif
