#include "tests/support/golden.h"

#include "octet/proto/json.h"
#include "tests/support/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER         "tests/vectors/"
#define MANIFEST_LIMIT ((size_t)8 << 20)
#define PATH_BYTES     256

struct oct_golden {
    struct oct_json_document *document;
    const struct oct_json *cases;
};

static void give_up(const char *what, const char *detail)
{
    fprintf(stderr, "golden vectors: %s: %s\n", what, detail);
    abort();
}

static const char *need_string(const struct oct_json *object, const char *key)
{
    const char *text;
    if (!oct_json_is_string(oct_json_get(object, key), &text, NULL)) {
        give_up("missing string", key);
    }
    return text;
}

static double need_number(const struct oct_json *object, const char *key)
{
    double number;
    if (!oct_json_is_number(oct_json_get(object, key), &number)) {
        give_up("missing number", key);
    }
    return number;
}

static void *need_memory(size_t bytes)
{
    void *block = calloc(1, bytes > 0 ? bytes : 1);
    if (block == NULL) {
        give_up("out of memory", "");
    }
    return block;
}

struct oct_golden *oct_golden_open(void)
{
    size_t n_bytes;
    char *text = oct_file_read(FOLDER "MANIFEST.json", &n_bytes);
    struct oct_golden *golden = need_memory(sizeof *golden);
    struct oct_error error = OCT_ERROR_INIT;
    if (oct_json_parse(text, n_bytes, MANIFEST_LIMIT, &golden->document, &error) != OCT_OK) {
        give_up("MANIFEST.json", error.message);
    }
    free(text);
    golden->cases = oct_json_get(oct_json_root(golden->document), "cases");
    if (oct_json_count(golden->cases) == 0) {
        give_up("MANIFEST.json", "no cases");
    }
    return golden;
}

void oct_golden_close(struct oct_golden *golden)
{
    oct_json_destroy(golden->document);
    free(golden);
}

size_t oct_golden_count(const struct oct_golden *golden)
{
    return oct_json_count(golden->cases);
}

const char *oct_golden_op(const struct oct_golden *golden, size_t index)
{
    return need_string(oct_json_at(golden->cases, index), "op");
}

static void load_attribute(const struct oct_json *value, struct oct_attribute *out, int64_t *integers)
{
    bool truth;
    out->present = true;
    if (oct_json_is_integer(value, &out->integer)) {
        out->type = OCT_ATTRIBUTE_INT;
    } else if (oct_json_is_number(value, &out->number)) {
        out->type = OCT_ATTRIBUTE_FLOAT;
    } else if (oct_json_is_bool(value, &truth)) {
        out->type = OCT_ATTRIBUTE_BOOL;
        out->integer = truth;
    } else if (oct_json_is_string(value, &out->string, NULL)) {
        out->type = OCT_ATTRIBUTE_STRING;
    } else {
        out->type = OCT_ATTRIBUTE_INTS;
        out->count = oct_json_count(value);
        out->integers = integers;
        for (size_t i = 0; i < out->count && i < OCT_MAX_RANK; i++) {
            if (!oct_json_is_integer(oct_json_at(value, i), &integers[i])) {
                give_up("attribute", "not an integer");
            }
        }
    }
}

static void load_qparams(const struct oct_json *json, struct oct_golden_tensor *out)
{
    struct oct_qparams *q = &out->desc.qparams;
    const struct oct_json *scales = oct_json_get(json, "scales");
    if (scales == NULL) {
        q->scheme = OCT_QSCHEME_PER_TENSOR_AFFINE;
        q->scale = need_number(json, "scale");
        q->zero_point = (int64_t)need_number(json, "zero_point");
        return;
    }
    q->scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE;
    q->axis = (int32_t)need_number(json, "axis");
    q->channels = oct_json_count(scales);
    out->scales = need_memory(q->channels * sizeof *out->scales);
    out->zero_points = need_memory(q->channels * sizeof *out->zero_points);
    const struct oct_json *zero_points = oct_json_get(json, "zero_points");
    for (size_t c = 0; c < q->channels; c++) {
        if (!oct_json_is_number(oct_json_at(scales, c), &out->scales[c]) ||
            !oct_json_is_integer(oct_json_at(zero_points, c), &out->zero_points[c])) {
            give_up("scales", "not numbers");
        }
    }
    q->scales = out->scales;
    q->zero_points = out->zero_points;
}

static void load_tensor(const struct oct_json *json, struct oct_golden_tensor *out)
{
    if (oct_json_type(json) != OCT_JSON_OBJECT) {
        out->absent = true;
        return;
    }
    const char *dtype = need_string(json, "dtype");
    if (oct_dtype_parse(dtype, strlen(dtype), &out->desc.dtype) != OCT_OK) {
        give_up("dtype", dtype);
    }
    (void)oct_json_is_bool(oct_json_get(json, "constant"), &out->constant);
    char path[PATH_BYTES];
    snprintf(path, sizeof path, FOLDER "data/%s", need_string(json, "file"));
    struct oct_npy npy = oct_npy_read(path);
    out->desc.shape.rank = (int32_t)npy.rank;
    memcpy(out->desc.shape.dims, npy.shape, sizeof npy.shape);
    if (oct_tensor_bytes(&out->desc, 1, &out->bytes) != OCT_OK || out->bytes != npy.data_bytes) {
        give_up(path, "not the bytes of its dtype");
    }
    out->data = npy.data; // taken
    if (oct_dtype_is_quantized(out->desc.dtype)) {
        load_qparams(json, out);
    }
}

void oct_golden_read_attributes(const struct oct_json *object, struct oct_golden_case *out)
{
    memset(out, 0, sizeof *out);
    out->n_attributes = oct_json_count(object);
    if (out->n_attributes > OCT_OP_MAX_ATTRIBUTES) {
        give_up("attributes", "more than an operator can have");
    }
    for (size_t i = 0; i < out->n_attributes; i++) {
        const struct oct_json *value = oct_json_member(object, i, &out->attributes[i].name);
        load_attribute(value, &out->attributes[i].value, out->integers[i]);
    }
}

void oct_golden_load(const struct oct_golden *golden, size_t index, struct oct_golden_case *out)
{
    const struct oct_json *json = oct_json_at(golden->cases, index);
    oct_golden_read_attributes(oct_json_get(json, "attributes"), out);
    out->op = need_string(json, "op");
    out->name = need_string(json, "name");
    const struct oct_json *inputs = oct_json_get(json, "inputs");
    out->n_inputs = oct_json_count(inputs);
    if (out->n_inputs > OCT_GOLDEN_MAX_INPUTS) {
        give_up(out->op, "more inputs than a case can have");
    }
    for (size_t i = 0; i < out->n_inputs; i++) {
        load_tensor(oct_json_at(inputs, i), &out->inputs[i]);
    }
    load_tensor(oct_json_get(json, "output"), &out->output);
    const struct oct_json *tolerance = oct_json_get(json, "tolerance");
    if (out->output.desc.dtype == OCT_DTYPE_FLOAT32) {
        out->relative = need_number(tolerance, "relative");
    } else {
        out->off_by_one = (size_t)need_number(tolerance, "off_by_one");
    }
}
