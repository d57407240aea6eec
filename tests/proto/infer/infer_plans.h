/// Plans for the tests of binding and answering, made from the text of a graph. Shared by check_bind.c and
/// check_answer.c.
#ifndef OCTET_TESTS_PROTO_INFER_INFER_PLANS_H
#define OCTET_TESTS_PROTO_INFER_INFER_PLANS_H

#include <stdio.h>
#include <string.h>

#include "octet/model.h"
#include "octet/proto/infer.h"
#include "tests/support/oct_check.h"
#include "tests/support/octet_builder.h"

/// @param inputs, outputs  the members' contents, quoted with '
static inline struct oct_model *oct_open_plan(const char *inputs, const char *nodes, const char *outputs)
{
    struct oct_octet_builder builder;
    struct oct_buffer file;
    struct oct_model *model;
    struct oct_error error = OCT_ERROR_INIT;
    char graph[4096];
    snprintf(graph, sizeof graph, "{'format_version':1,'inputs':[%s],'nodes':[%s],'outputs':[%s]}", inputs, nodes,
             outputs);
    oct_octet_builder_init(&builder);
    oct_octet_builder_finish(&builder, graph, &file);
    ck_assert_ok(oct_model_open_bytes(file.data, file.length, NULL, &model, &error), &error);
    oct_buffer_deinit(&file);
    oct_octet_builder_deinit(&builder);
    return model;
}

/// Inputs of every kind, each shown as an output of the same name with a 'y' in front.
static inline struct oct_model *oct_open_many(void)
{
    return oct_open_plan(
        "{'name':'f','dtype':'float32','shape':['N',2]},{'name':'q','dtype':'quint8','shape':['N',3],'scale':0.5,'zero_"
        "point':10},"
        "{'name':'s','dtype':'qint8','shape':['N',1],'scale':0.5,'zero_point':-10},"
        "{'name':'c','dtype':'float32','shape':[2,2]}",
        "{'op':'aten::relu','inputs':['f'],'outputs':['rf']},{'op':'aten::dequantize','inputs':['q'],'outputs':['dq']},"
        "{'op':'aten::relu','inputs':['s'],'outputs':['rs']},{'op':'aten::relu','inputs':['q'],'outputs':['rq']},"
        "{'op':'aten::relu','inputs':['c'],'outputs':['rc']}",
        "{'name':'yf','value':'rf'},{'name':'yd','value':'dq'},{'name':'ys','value':'rs'},{'name':'yq','value':'rq'},"
        "{'name':'yc','value':'rc'}");
}

static inline struct oct_infer_request *oct_parse_body(const char *body, size_t n_bytes, size_t header_length)
{
    struct oct_infer_request *request;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_infer_request_parse(NULL, (const uint8_t *)body, n_bytes, header_length, &request, &error),
                 &error);
    return request;
}

#endif
