/// Shape inference as a table: what becomes of shapes with a symbolic batch, and what is refused with which words.
///
/// Inputs are written `f32[N,3,4]`, `u8[2,3]@0.1,7` (scale, zero point), `i8[4,6]k` (per channel along 0), with a
/// trailing `c` for a constant, `-` for an absent one, `;` between them. `2N` is twice the batch.
#include "engine/ops/attributes.h"
#include "octet/proto/json.h"
#include "tests/support/golden.h"
#include "tests/support/oct_check.h"

#include <stdio.h>
#include <string.h>

struct row {
    const char *op, *inputs, *attributes;
    /// "f32[N,12]" or "u8[2]@0.1,7": the output; with a trailing '~' when rows are mixed.
    /// "!ERR_INVALID words": refused, and the message holds the words.
    const char *expected;
};

#define INVALID     "!ERR_INVALID "
#define UNSUPPORTED "!ERR_UNSUPPORTED "
#define Q           "@0.1,7"

static const struct row ROWS[] = {
    // ---- element-wise: the input's shape, whatever it is
    {"aten::relu", "f32[N,3,4,4]", "{}", "f32[N,3,4,4]"},
    {"aten::relu", "u8[N,3]" Q, "{}", "u8[N,3]" Q},
    {"aten::relu", "i8[]" Q, "{}", "i8[]" Q},
    {"aten::relu", "i32[N]" Q, "{}", UNSUPPORTED "qint32, expected float32 or quint8 or qint8"},
    {"aten::relu", "-", "{}", INVALID "input 0 (self) is missing"},
    {"aten::relu", "i8[2,3]k", "{}", UNSUPPORTED "per_channel_affine, expected per_tensor_affine"},
    {"aten::hardswish", "u8[N]" Q, "{}", UNSUPPORTED "quint8, expected float32"},
    {"quantized::relu6", "f32[N]", "{}", UNSUPPORTED "float32, expected quint8 or qint8"},
    {"aten::hardtanh", "f32[N]", "{\"min_val\": 2, \"max_val\": 1}", INVALID "min_val 2 is greater than max_val 1"},
    {"aten::sigmoid", "u8[N,3]" Q, "{}", "u8[N,3]@0.00390625,0"},
    {"aten::hardsigmoid", "i8[N,3]" Q, "{}", "i8[N,3]@0.00390625,-128"},
    {"quantized::hardswish", "u8[N]" Q, "{\"output_scale\": 0.5, \"output_zero_point\": 3}", "u8[N]@0.5,3"},
    {"quantized::hardswish", "u8[N]" Q, "{\"output_scale\": 0, \"output_zero_point\": 3}", INVALID "output scale is 0"},
    {"quantized::hardswish", "u8[N]" Q, "{\"output_scale\": 1e-60, \"output_zero_point\": 3}", INVALID "output scale"},
    {"quantized::hardswish", "u8[N]" Q, "{\"output_scale\": 1e300, \"output_zero_point\": 3}", INVALID "output scale"},
    {"quantized::sigmoid", "u8[N]" Q, "{\"output_scale\": 0.5, \"output_zero_point\": 256}",
     INVALID "256, expected 0 to 255"},
    {"quantized::sigmoid", "i8[N]" Q, "{\"output_scale\": 0.5, \"output_zero_point\": 128}", INVALID "-128 to 127"},
    // ---- quantize, dequantize
    {"aten::quantize_per_tensor", "f32[N,3]", "{\"scale\": 0.1, \"zero_point\": 7, \"dtype\": \"quint8\"}",
     "u8[N,3]" Q},
    {"aten::quantize_per_tensor", "f32[N,3]", "{\"scale\": 0.1, \"zero_point\": 7, \"dtype\": \"float32\"}",
     INVALID "'float32', expected quint8"},
    {"aten::quantize_per_tensor", "f32[N,3]", "{\"scale\": 0.1, \"zero_point\": -1, \"dtype\": \"quint8\"}",
     INVALID "0 to 255"},
    {"aten::quantize_per_tensor", "u8[N,3]" Q, "{\"scale\": 0.1, \"zero_point\": 7, \"dtype\": \"quint8\"}",
     UNSUPPORTED "expected float32"},
    {"aten::dequantize", "i8[2,3]k", "{}", "f32[2,3]"},
    {"aten::dequantize", "f32[N]", "{}", UNSUPPORTED "expected quint8 or qint8 or qint32"},
    // ---- two operands
    {"aten::add", "f32[N,3,4];f32[3,1]", "{}", "f32[N,3,4]"},
    {"aten::add", "f32[N,3];f32[2,3]", "{}", INVALID "[N, 3] and [2, 3] cannot be broadcast"},
    {"aten::add", "f32[N,1];f32[N]", "{}", "f32[N,N]"},
    {"aten::mul", "f32[N,3];f32[1,1,3]", "{}", "f32[1,N,3]"},
    {"aten::mul", "f32[3];-", "{}", INVALID "input 1 (other) is missing"},
    {"quantized::add", "u8[N,3]" Q ";u8[N,1]@0.2,1", "{\"scale\": 0.3, \"zero_point\": 5}", "u8[N,3]@0.3,5"},
    {"quantized::mul_relu", "u8[N,3]" Q ";i8[N,3]" Q, "{\"scale\": 0.3, \"zero_point\": 5}",
     UNSUPPORTED "quint8 and qint8, expected one dtype"},
    {"quantized::add_relu", "u8[N,3]" Q ";u8[N,4]" Q, "{\"scale\": 0.3, \"zero_point\": 5}",
     INVALID "cannot be broadcast"},
    // ---- cat
    {"aten::cat", "f32[N,3];f32[N,4]", "{\"dim\": -1}", "f32[N,7]"},
    {"aten::cat", "u8[N,3]" Q ";u8[N,4]@0.2,1", "{\"dim\": 1}", "u8[N,7]" Q},
    {"aten::cat", "f32[N,3];f32[N,3]", "{}", "f32[2N,3]~"},
    {"aten::cat", "f32[N,3];f32[2,3]", "{}", UNSUPPORTED "N must be known"},
    {"aten::cat", "f32[N,3];f32[N,3,1]", "{\"dim\": 1}", INVALID "input 1 has shape [N, 3, 1]"},
    {"aten::cat", "f32[N,3];f32[N,3]", "{\"dim\": 2}", INVALID "dimension 2 does not exist in a tensor of rank 2"},
    {"aten::cat", "f32[];f32[]", "{}", INVALID "expected a rank from 1 to 8"},
    {"aten::cat", "f32[N,9223372036854775807];f32[N,1]", "{\"dim\": 1}", "!ERR_LIMIT 63 bits"},
    {"aten::cat", "f32[N,3];u8[N,3]" Q, "{\"dim\": 1}", UNSUPPORTED "expected one dtype"},
    {"quantized::cat", "u8[N,3]" Q ";u8[N,4]" Q, "{\"dim\": 1, \"zero_point\": 9}", "u8[N,7]@0.1,9"},
    {"quantized::cat", "u8[N,3]" Q, "{\"dim\": 1, \"scale\": 0}", INVALID "output scale is 0"},
    // ---- windows
    {"aten::max_pool2d", "u8[N,3,8,7]" Q, "{\"kernel_size\": 2}", "u8[N,3,4,3]" Q},
    {"aten::max_pool2d", "f32[3,8,7]", "{\"kernel_size\": [3, 2], \"stride\": 1}", "f32[3,6,6]"},
    {"aten::max_pool2d", "f32[N,3,8,7]", "{\"kernel_size\": 3, \"stride\": 2, \"padding\": 1, \"ceil_mode\": true}",
     "f32[N,3,5,4]"},
    {"aten::max_pool2d", "f32[N,3,8]", "{\"kernel_size\": 2}", "f32[N,1,4]"}, // [C, H, W]: N channels, height 3
    {"aten::max_pool2d", "f32[N,3]", "{\"kernel_size\": 2}", INVALID "rank from 3 to 4"},
    {"aten::max_pool2d", "f32[N,3,1,4]", "{\"kernel_size\": 2}", INVALID "does not fit a height of 1"},
    {"aten::max_pool2d", "f32[N,3,4,4]", "{\"kernel_size\": 2, \"padding\": 2}", INVALID "padding of the height is 2"},
    {"aten::max_pool2d", "f32[N,3,4,4]", "{\"kernel_size\": 2147483647, \"dilation\": 2147483647}",
     INVALID "does not fit"},
    {"aten::max_pool2d", "f32[1,3,4,N]", "{\"kernel_size\": 2}", UNSUPPORTED "depends on the batch N"},
    {"aten::max_pool2d", "f32[N,3,0,4]", "{\"kernel_size\": 2}", INVALID "no height or no width"},
    {"aten::avg_pool2d", "u8[N,3,8,7]" Q, "{\"kernel_size\": 3, \"padding\": 1}", "u8[N,3,3,3]" Q},
    {"aten::avg_pool2d", "f32[N,3,8,7]", "{\"kernel_size\": 3, \"padding\": 2}",
     INVALID "at most half of the window's 3"},
    {"aten::avg_pool2d", "f32[N,3,8,7]", "{\"kernel_size\": 3, \"divisor_override\": 0}",
     INVALID "divisor_override is 0"},
    {"aten::adaptive_avg_pool2d", "u8[N,3,8,7]" Q, "{\"output_size\": [1, 2]}", "u8[N,3,1,2]" Q},
    {"aten::adaptive_avg_pool2d", "f32[N,3,8000000000000,7]", "{\"output_size\": 2147483647}",
     "!ERR_LIMIT output_size"},
    // ---- mean
    {"aten::mean", "u8[N,3,8,7]" Q, "{\"dim\": [2, 3]}", "u8[N,3]" Q},
    {"aten::mean", "f32[N,3,8]", "{\"dim\": -1, \"keepdim\": true}", "f32[N,3,1]"},
    {"aten::mean", "f32[N,3]", "{}", "f32[]~"},
    {"aten::mean", "f32[N,3]", "{\"dim\": []}", "f32[]~"},
    {"aten::mean", "f32[N,3]", "{\"dim\": [0]}", "f32[3]~"},
    {"aten::mean", "f32[N,3]", "{\"dim\": [1, -1]}", INVALID "dim names dimension 1 twice"},
    {"aten::mean", "f32[N,3]", "{\"dim\": [2]}", INVALID "dimension 2 does not exist"},
    // ---- views
    {"aten::flatten", "f32[N,3,4]", "{\"start_dim\": 1}", "f32[N,12]"},
    {"aten::flatten", "f32[N,3,4]", "{}", "f32[12N]"},
    {"aten::flatten", "f32[]", "{}", "f32[1]"},
    {"aten::flatten", "f32[3,N,4]", "{}", "f32[12N]~"},
    {"aten::flatten", "f32[N,N]", "{}", UNSUPPORTED "square of the batch"},
    {"aten::flatten", "f32[N,3]", "{\"start_dim\": 1, \"end_dim\": 0}", INVALID "start_dim 1 comes after end_dim 0"},
    {"aten::flatten", "f32[N,4611686018427387904,2]", "{}", "!ERR_LIMIT 63 bits"},
    {"aten::flatten", "i8[2,3]k", "{}", UNSUPPORTED "per_channel_affine"},
    {"aten::reshape", "f32[N,3,4]", "{\"shape\": [-1, 12]}", "f32[N,12]"},
    {"aten::reshape", "f32[N,12]", "{\"shape\": [-1, 3, 2, 2]}", "f32[N,3,2,2]"},
    {"aten::reshape", "f32[N,12]", "{\"shape\": [-1, 4]}", "f32[3N,4]"},
    {"aten::reshape", "f32[3N,4]", "{\"shape\": [-1, 12]}", "f32[N,12]"},
    {"aten::reshape", "f32[N,12]", "{\"shape\": [1, -1]}", "f32[1,12N]"},
    {"aten::reshape", "f32[N,12]", "{\"shape\": [2, -1]}", "f32[2,6N]~"},
    {"aten::reshape", "f32[12,N]", "{\"shape\": [-1, 12]}", "f32[N,12]~"},
    {"aten::reshape", "f32[N,12]", "{\"shape\": [2, 12]}",
     UNSUPPORTED "[N, 12] cannot become [2, 12] for every batch N"},
    {"aten::reshape", "f32[N,12]", "{\"shape\": [-1, 5]}", UNSUPPORTED "cannot become [-1, 5]"},
    {"aten::reshape", "f32[2,12]", "{\"shape\": [5, 5]}", INVALID "another number of elements"},
    {"aten::reshape", "f32[2,12]", "{\"shape\": [-1, -1]}", INVALID "-1 stands in dimensions 0 and 1"},
    {"aten::reshape", "f32[2,12]", "{\"shape\": [-1, 0]}", INVALID "cannot become [-1, 0]"},
    {"aten::reshape", "f32[2,12]", "{\"shape\": [9007199254740992, 9007199254740992]}", "!ERR_LIMIT 63 bits"},
    {"aten::reshape", "f32[1]", "{\"shape\": []}", "f32[]"},
    {"aten::view", "u8[N,3,4]" Q, "{\"size\": [-1, 12]}", "u8[N,12]" Q},
    {"aten::permute", "f32[N,3,4]", "{\"dims\": [0, -1, 1]}", "f32[N,4,3]"},
    {"aten::permute", "f32[N,3,4]", "{\"dims\": [1, 0, 2]}", "f32[3,N,4]"},
    {"aten::permute", "f32[N,3,4]", "{\"dims\": [0, 1]}", INVALID "dims has 2 elements"},
    {"aten::permute", "f32[N,3,4]", "{\"dims\": [0, 1, 1]}", INVALID "dims names dimension 1 twice"},
    {"aten::permute", "f32[N,3,4]", "{\"dims\": [0, 1, 3]}", INVALID "dimension 3 does not exist"},
    {"aten::transpose", "f32[N,3,4]", "{\"dim0\": -1, \"dim1\": 1}", "f32[N,4,3]"},
    {"aten::transpose", "f32[]", "{\"dim0\": 0, \"dim1\": 0}", INVALID "does not exist in a tensor of rank 0"},
    // ---- softmax, batch norm, memory format
    {"aten::softmax", "f32[N,3]", "{\"dim\": 1}", "f32[N,3]"},
    {"aten::softmax", "f32[N,3]", "{\"dim\": 0}", "f32[N,3]~"},
    {"aten::softmax", "u8[N,3]" Q, "{\"dim\": 1}", UNSUPPORTED "expected float32"},
    {"aten::batch_norm", "f32[N,3,2,2];f32[3]c;f32[3]c;f32[3]c;f32[3]c", "{}", "f32[N,3,2,2]"},
    {"aten::batch_norm", "f32[N,3];-;-;f32[3]c;f32[3]c", "{\"eps\": 0}", "f32[N,3]"},
    {"aten::batch_norm", "f32[N,3];-;-;f32[4]c;f32[3]c", "{}", INVALID "running_mean has 4 elements"},
    {"aten::batch_norm", "f32[N,3];-;-;-;f32[3]c", "{}", INVALID "input 3 (running_mean) is missing"},
    {"aten::batch_norm", "f32[N,3];-;-;f32[3];f32[3]c", "{}", UNSUPPORTED "expected a constant"},
    {"aten::batch_norm", "f32[N];-;-;f32[3]c;f32[3]c", "{}", INVALID "rank from 2 to 8"},
    {"aten::batch_norm", "f32[3,N];-;-;f32[3]c;f32[3]c", "{}", UNSUPPORTED "depends on the batch N"},
    {"octet::memory_format", "u8[N,3,4,5]" Q, "{\"format\": \"channels_last\"}", "u8[N,3,4,5]" Q},
    {"octet::memory_format", "f32[N,3]", "{\"format\": \"contiguous\"}", INVALID "expected a rank from 3 to 5"},
    {"octet::memory_format", "f32[N,3,4,5]", "{\"format\": \"nhwc\"}",
     INVALID "'nhwc', expected contiguous or channels_last"},
};
#define N_ROWS (sizeof ROWS / sizeof ROWS[0])

struct tensor {
    bool absent, constant;
    struct oct_tensor_desc desc;
};

static const double SCALES[] = {0.1, 0.2, 0.3, 0.4};
static const int64_t ZERO_POINTS[] = {0, 1, 2, 3};

/// Reads one tensor of the notation above; ends at ';' or '\0'.
static const char *read_tensor(const char *at, struct tensor *out)
{
    memset(out, 0, sizeof *out);
    if (*at == '-') {
        out->absent = true;
        return at + 1;
    }
    static const struct {
        const char *text;
        enum oct_dtype dtype;
    } types[] = {
        {"f32", OCT_DTYPE_FLOAT32}, {"u8", OCT_DTYPE_QUINT8}, {"i8", OCT_DTYPE_QINT8}, {"i32", OCT_DTYPE_QINT32}};
    size_t t = 0;
    while (strncmp(at, types[t].text, strlen(types[t].text)) != 0) {
        ck_assert_uint_lt(++t, sizeof types / sizeof types[0]);
    }
    out->desc.dtype = types[t].dtype;
    at += strlen(types[t].text);
    ck_assert_int_eq(*at, '[');
    for (at++; *at != ']'; at += *at == ',' ? 1 : 0) {
        char *end = (char *)(uintptr_t)at;
        int64_t factor = *at == 'N' ? 1 : strtoll(at, &end, 10);
        bool batch = *end == 'N';
        out->desc.shape.dims[out->desc.shape.rank++] = batch ? -factor : factor;
        at = end + (batch ? 1 : 0);
    }
    at++;
    struct oct_qparams *q = &out->desc.qparams;
    if (*at == 'k') {
        q->scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE;
        q->channels = (size_t)out->desc.shape.dims[0];
        q->scales = SCALES;
        q->zero_points = ZERO_POINTS;
        at++;
    } else if (*at == '@') {
        char *end;
        q->scheme = OCT_QSCHEME_PER_TENSOR_AFFINE;
        q->scale = strtod(at + 1, &end);
        q->zero_point = strtoll(end + 1, &end, 10);
        at = end;
    }
    out->constant = *at == 'c';
    return at + (out->constant ? 1 : 0);
}

static size_t read_tensors(const char *text, struct tensor *out)
{
    size_t n = 0;
    for (const char *at = text; *at != '\0'; at += *at == ';' ? 1 : 0) {
        ck_assert_uint_lt(n, OCT_GOLDEN_MAX_INPUTS);
        at = read_tensor(at, &out[n++]);
    }
    return n;
}

static void expect_refusal(const struct row *row, enum oct_status status, const struct oct_error *error)
{
    size_t name_length = strcspn(row->expected + 1, " ");
    const char *name = oct_status_name(status), *words = row->expected + 1 + name_length + 1;
    ck_assert_msg(strlen(name) == name_length && strncmp(name, row->expected + 1, name_length) == 0 &&
                      strstr(error->message, words) != NULL,
                  "%s over %s: %s: '%s', expected %s", row->op, row->inputs, name, error->message, row->expected);
}

static void expect_output(const struct row *row, const struct oct_tensor_desc *out, const char *mixes_rows)
{
    struct tensor expected;
    const char *end = read_tensor(row->expected, &expected);
    char text[96];
    oct_shape_format(&out->shape, text, sizeof text);
    ck_assert_msg(oct_shape_equal(&out->shape, &expected.desc.shape), "%s over %s: %s", row->op, row->inputs, text);
    ck_assert_int_eq(out->dtype, expected.desc.dtype);
    ck_assert_msg(oct_qparams_equal(&out->qparams, &expected.desc.qparams), "%s over %s", row->op, row->inputs);
    ck_assert_int_eq(out->format, OCT_FORMAT_CONTIGUOUS);
    ck_assert_msg((*end == '~') == (mixes_rows != NULL), "%s over %s: %s", row->op, row->inputs,
                  mixes_rows != NULL ? mixes_rows : "rows are not mixed");
}

START_TEST(row_holds)
{
    const struct row *row = &ROWS[_i];
    struct oct_op_registry *registry;
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    const struct oct_op *op = oct_op_registry_find(registry, row->op);
    ck_assert_msg(op != NULL, "%s", row->op);

    struct oct_error error = OCT_ERROR_INIT;
    struct oct_json_document *document;
    ck_assert_ok(oct_json_parse(row->attributes, strlen(row->attributes), 4096, &document, &error), &error);
    struct oct_golden_case given;
    oct_golden_read_attributes(oct_json_root(document), &given);
    struct octi_region region;
    octi_region_init(&region, NULL);
    struct oct_attribute *attributes;
    ck_assert_ok(octi_attributes_match(op, given.attributes, given.n_attributes, &region, &attributes, &error), &error);

    struct tensor tensors[OCT_GOLDEN_MAX_INPUTS];
    const struct oct_tensor_desc *inputs[OCT_GOLDEN_MAX_INPUTS] = {NULL};
    struct oct_view data[OCT_GOLDEN_MAX_INPUTS];
    const struct oct_view *constants[OCT_GOLDEN_MAX_INPUTS] = {NULL};
    size_t n = read_tensors(row->inputs, tensors);
    for (size_t i = 0; i < n; i++) {
        inputs[i] = tensors[i].absent ? NULL : &tensors[i].desc;
        if (tensors[i].constant) {
            size_t bytes;
            ck_assert_status_ok(oct_tensor_bytes(&tensors[i].desc, 1, &bytes));
            data[i] = oct_view_dense(&tensors[i].desc, 1, octi_region_alloc(&region, bytes));
            constants[i] = &data[i];
        }
    }
    struct oct_tensor_desc output;
    memset(&output, 0, sizeof output);
    struct oct_op_infer_call call = {
        .op = op,
        .attributes = attributes,
        .n_inputs = n,
        .inputs = inputs,
        .constants = constants,
        .n_outputs = 1,
        .outputs = &output,
        .error = &error,
    };
    enum oct_status status = op->infer(&call);
    if (row->expected[0] == '!') {
        expect_refusal(row, status, &error);
        // Nobody has to listen: without a place to report to, the refusal stands.
        memset(&output, 0, sizeof output);
        call.error = NULL;
        ck_assert_int_ne(op->infer(&call), OCT_OK);
    } else {
        ck_assert_ok(status, &error);
        expect_output(row, &output, call.mixes_rows);
    }
    octi_region_deinit(&region);
    oct_json_destroy(document);
    oct_op_registry_destroy(registry);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *rows = oct_case(suite, "rows");
    tcase_add_loop_test(rows, row_holds, 0, (int)N_ROWS);
}

OCT_CHECK_MAIN("shape inference", add_tests)
