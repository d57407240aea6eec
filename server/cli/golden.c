#include "server/cli/golden.h"

#include <stdlib.h>
#include <string.h>

#include "octet/model.h"
#include "octet/proto/octet_file.h"
#include "octet/proto/sha256.h"
#include "server/cli/file.h"

/// The arrays that a golden record points at while the file is written. The file's own record is put back afterwards.
struct record {
    const uint8_t **inputs;
    size_t *input_bytes;
    uint8_t (*digests)[OCT_SHA256_BYTES];
};

static void free_record(struct record *record)
{
    free(record->inputs);
    free(record->input_bytes);
    free(record->digests);
}

static enum oct_status fill_record(struct record *record,
                                   const struct oct_plan *plan,
                                   const uint8_t *const *inputs,
                                   const struct oct_cli_rows *result)
{
    size_t n_inputs = oct_plan_input_count(plan);
    record->inputs = calloc(n_inputs, sizeof(*record->inputs));
    record->input_bytes = calloc(n_inputs, sizeof(*record->input_bytes));
    record->digests = calloc(result->n_outputs, sizeof(*record->digests));
    if (record->inputs == NULL || record->input_bytes == NULL || record->digests == NULL) {
        return OCT_ERR_NOMEM;
    }
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < n_inputs && status == OCT_OK; ++i) {
        record->inputs[i] = inputs[i];
        status = oct_tensor_bytes(&oct_plan_input(plan, i)->desc, result->rows, &record->input_bytes[i]);
    }
    for (size_t i = 0; i < result->n_outputs && status == OCT_OK; ++i) {
        status = oct_sha256(result->outputs[i].data, result->outputs[i].length, record->digests[i]);
    }
    return status;
}

static enum oct_status write_with(struct oct_octet_file *file,
                                  const struct record *record,
                                  int64_t rows,
                                  const char *destination,
                                  struct oct_error *error)
{
    struct oct_octet_golden kept = file->golden;
    file->golden.present = true;
    file->golden.rows = rows;
    file->golden.inputs = record->inputs;
    file->golden.input_bytes = record->input_bytes;
    file->golden.output_sha256 = record->digests;
    struct oct_buffer out;
    oct_buffer_init(&out, NULL, (size_t)OCT_MODEL_MAX_FILE_BYTES);
    enum oct_status status = oct_octet_write(file, &out, error);
    file->golden = kept;
    if (status == OCT_OK) {
        status = oct_cli_file_write(destination, out.data, out.length, NULL, 0, error);
    }
    oct_buffer_deinit(&out);
    return status;
}

enum oct_status oct_cli_golden_record(const char *source,
                                      const char *destination,
                                      const struct oct_plan *plan,
                                      const uint8_t *const *inputs,
                                      const struct oct_cli_rows *result,
                                      struct oct_error *error)
{
    if (result->rows > OCT_CLI_GOLDEN_MAX_ROWS) {
        return oct_error_set(error, OCT_ERR_LIMIT, "--record-golden", OCT_POSITION_NONE,
                             "%lld rows, at most %d are kept in a file", (long long)result->rows,
                             OCT_CLI_GOLDEN_MAX_ROWS);
    }
    struct record record = {NULL, NULL, NULL};
    struct oct_buffer bytes;
    oct_buffer_init(&bytes, NULL, (size_t)OCT_MODEL_MAX_FILE_BYTES);
    struct oct_op_registry *registry = NULL;
    struct oct_octet_file *file = NULL;
    enum oct_status status = oct_cli_file_read(source, &bytes, error);
    if (status == OCT_OK) {
        status = oct_op_registry_create(NULL, &registry, error);
    }
    if (status == OCT_OK) {
        status = oct_octet_read(bytes.data, bytes.length, NULL, registry, &file, error);
    }
    if (status == OCT_OK) {
        status = fill_record(&record, plan, inputs, result);
    }
    if (status == OCT_OK) {
        status = write_with(file, &record, result->rows, destination, error);
    }
    oct_octet_file_destroy(file);
    oct_op_registry_destroy(registry);
    free_record(&record);
    oct_buffer_deinit(&bytes);
    return status;
}
