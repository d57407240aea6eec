#include "tests/support/octet_builder.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/oct_check.h"

#define MAX_FILE_BYTES ((size_t)64 << 20)

void oct_octet_builder_init(struct oct_octet_builder *builder)
{
    oct_buffer_init(&builder->entries, NULL, MAX_FILE_BYTES);
    oct_buffer_init(&builder->data, NULL, MAX_FILE_BYTES);
}

void oct_octet_builder_deinit(struct oct_octet_builder *builder)
{
    oct_buffer_deinit(&builder->entries);
    oct_buffer_deinit(&builder->data);
}

void oct_octet_builder_add(struct oct_octet_builder *builder,
                           const char *name,
                           const char *dtype,
                           const char *shape,
                           const void *data,
                           size_t n_bytes)
{
    size_t begin = builder->data.length;
    ck_assert_status_ok(oct_buffer_append(&builder->data, data, n_bytes));
    ck_assert_status_ok(oct_buffer_printf(&builder->entries,
                                          ",\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}", name,
                                          dtype, shape, begin, begin + n_bytes));
}

/// ' becomes " ; inside a JSON string it becomes \".
static void append_quoted(struct oct_buffer *out, const char *text, bool escaped)
{
    for (;;) {
        size_t plain = strcspn(text, "'\\");
        ck_assert_status_ok(oct_buffer_append(out, text, plain));
        text += plain;
        if (*text == '\0') {
            return;
        }
        if (escaped) {
            ck_assert_status_ok(oct_buffer_append(out, "\\", 1));
        }
        ck_assert_status_ok(oct_buffer_append(out, *text == '\'' ? "\"" : text, 1));
        text++;
    }
}

static void append_file(const struct oct_buffer *header, const void *data, size_t n_bytes, struct oct_buffer *file)
{
    uint64_t length = header->length;
    oct_buffer_init(file, NULL, MAX_FILE_BYTES);
    ck_assert_status_ok(oct_buffer_append(file, &length, sizeof length));
    ck_assert_status_ok(oct_buffer_append(file, header->data, header->length));
    ck_assert_status_ok(oct_buffer_append(file, data, n_bytes));
}

void oct_octet_builder_finish(const struct oct_octet_builder *builder, const char *graph, struct oct_buffer *file)
{
    struct oct_buffer header;
    oct_buffer_init(&header, NULL, MAX_FILE_BYTES);
    ck_assert_status_ok(oct_buffer_printf(&header, "{\"__metadata__\":{\"octet\":\""));
    append_quoted(&header, graph, true);
    ck_assert_status_ok(oct_buffer_printf(&header, "\"}"));
    ck_assert_status_ok(oct_buffer_append(&header, builder->entries.data, builder->entries.length));
    ck_assert_status_ok(oct_buffer_printf(&header, "}"));
    append_file(&header, builder->data.data, builder->data.length, file);
    oct_buffer_deinit(&header);
}

void oct_octet_raw(const char *header, const void *data, size_t n_bytes, struct oct_buffer *file)
{
    struct oct_buffer text;
    oct_buffer_init(&text, NULL, MAX_FILE_BYTES);
    append_quoted(&text, header, false);
    append_file(&text, data, n_bytes, file);
    oct_buffer_deinit(&text);
}

void oct_octet_sample_tensors(struct oct_octet_builder *builder)
{
    static const double scales[3] = {0.01, 0.02, 0.04};
    static const int64_t zero_points[3] = {0, 0, 0};
    static const float bias[3] = {0.5f, -0.25f, 0.0f};
    static const int8_t weight[12] = {100, 0, 0, 0, 0, 50, -50, 0, 10, 20, 30, -40};
    oct_octet_builder_add(builder, "w.scales", "F64", "[3]", scales, sizeof scales);
    oct_octet_builder_add(builder, "w.zero_points", "I64", "[3]", zero_points, sizeof zero_points);
    oct_octet_builder_add(builder, "b", "F32", "[3]", bias, sizeof bias);
    oct_octet_builder_add(builder, "w", "I8", "[3,4]", weight, sizeof weight);
}

void oct_octet_sample(const char *extra, struct oct_buffer *file)
{
    struct oct_octet_builder builder;
    char graph[4096];
    snprintf(graph, sizeof graph, OCT_OCTET_SAMPLE_GRAPH, extra);
    oct_octet_builder_init(&builder);
    oct_octet_sample_tensors(&builder);
    oct_octet_builder_finish(&builder, graph, file);
    oct_octet_builder_deinit(&builder);
}
