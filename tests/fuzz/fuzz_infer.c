/// Any bytes as the body of an inference request, held against a small plan, and answered.
///
/// The first two bytes are the header length (little-endian; 0xFFFF: the header was not sent), the rest is the body.
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "octet/model.h"
#include "octet/proto/infer.h"
#include "octet/proto/json.h"

#define MAX_ANSWER_BYTES ((size_t)1 << 20)

static const char model_graph[] =
    "{\"format_version\":1,\"inputs\":[{\"name\":\"x\",\"dtype\":\"float32\",\"shape\":[\"N\",2]},"
    "{\"name\":\"q\",\"dtype\":\"quint8\",\"shape\":[\"N\",1],\"scale\":0.5,\"zero_point\":3}],"
    "\"nodes\":[{\"op\":\"aten::relu\",\"inputs\":[\"x\"],\"outputs\":[\"r\"]},"
    "{\"op\":\"aten::dequantize\",\"inputs\":[\"q\"],\"outputs\":[\"d\"]}],"
    "\"outputs\":[{\"name\":\"y\",\"value\":\"r\"},{\"name\":\"z\",\"value\":\"d\"}]}";

/// Opened once and kept: making a plan costs more than what is tested.
static const struct oct_model *the_model(void)
{
    static struct oct_model *model;
    if (model == NULL) {
        struct oct_buffer file, header;
        struct oct_json_writer writer;
        oct_buffer_init(&header, NULL, 4096);
        oct_json_writer_init(&writer, &header, 0);
        oct_json_object_begin(&writer);
        oct_json_key(&writer, "__metadata__");
        oct_json_object_begin(&writer);
        oct_json_key(&writer, "octet");
        oct_json_string(&writer, model_graph);
        oct_json_object_end(&writer);
        oct_json_object_end(&writer);
        FUZZ_EXPECT(oct_json_writer_finish(&writer) == OCT_OK);
        uint64_t length = header.length;
        oct_buffer_init(&file, NULL, 8192);
        FUZZ_EXPECT(oct_buffer_append(&file, &length, sizeof length) == OCT_OK);
        FUZZ_EXPECT(oct_buffer_append(&file, header.data, header.length) == OCT_OK);
        FUZZ_EXPECT(oct_model_open_bytes(file.data, file.length, NULL, &model, NULL) == OCT_OK);
        oct_buffer_deinit(&file);
        oct_buffer_deinit(&header);
    }
    return model;
}

/// The answer is JSON, then exactly the binary outputs.
static void check_answer(const struct oct_buffer *body, size_t header_length)
{
    size_t json_bytes = header_length == OCT_INFER_NO_HEADER_LENGTH ? body->length : header_length;
    struct oct_json_document *document;
    FUZZ_EXPECT(json_bytes <= body->length);
    FUZZ_EXPECT(oct_json_parse((const char *)body->data, json_bytes, MAX_ANSWER_BYTES, &document, NULL) == OCT_OK);
    oct_json_destroy(document);
}

static void answer(const struct oct_infer_request *request, const struct oct_plan *plan)
{
    if (request->rows > 4096) {
        return;
    }
    // The inputs themselves serve as outputs: y is shaped like x, z has four bytes for each of q's one.
    size_t z_bytes = (size_t)request->rows * sizeof(float);
    uint8_t *z = calloc(1, z_bytes);
    FUZZ_EXPECT(z != NULL);
    const uint8_t *const outputs[] = {request->bound[0], z};
    const struct oct_infer_answer said = {
        .model = "m", .version = "1", .id = "i", .rows = request->rows, .outputs = outputs};
    struct oct_buffer body;
    size_t header_length;
    struct oct_error error = OCT_ERROR_INIT;
    oct_buffer_init(&body, NULL, MAX_ANSWER_BYTES);
    enum oct_status status = oct_infer_answer_write(request, plan, &said, &body, &header_length, &error);
    if (status == OCT_OK) {
        check_answer(&body, header_length);
    } else {
        FUZZ_EXPECT(status == OCT_ERR_INVALID && error.status == status); // an input that is not finite
    }
    oct_buffer_deinit(&body);
    free(z);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    size_t header_length = (size_t)data[0] | (size_t)data[1] << 8;
    header_length = header_length == 0xFFFF ? OCT_INFER_NO_HEADER_LENGTH : header_length;
    struct oct_infer_request *request;
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_plan *plan = oct_model_plan(the_model());
    enum oct_status status = oct_infer_request_parse(NULL, data + 2, size - 2, header_length, &request, &error);
    if (status != OCT_OK) {
        FUZZ_EXPECT(request == NULL && error.status == status && error.message[0] != '\0');
        return 0;
    }
    status = oct_infer_request_bind(request, plan, &error);
    if (status == OCT_OK) {
        FUZZ_EXPECT(request->rows >= 1);
        FUZZ_EXPECT(request->bound_bytes[0] == (size_t)request->rows * 2 * sizeof(float));
        FUZZ_EXPECT(request->bound_bytes[1] == (size_t)request->rows);
        answer(request, plan);
    } else {
        FUZZ_EXPECT(error.status == status && error.message[0] != '\0');
    }
    oct_infer_request_destroy(request);
    return 0;
}
