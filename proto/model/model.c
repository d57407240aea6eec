#include "octet/model.h"

#include "octet/proto/octet_file.h"
#include "octet/proto/sha256.h"
#include "proto/model/file.h"
#include "proto/model/golden_check.h"

struct oct_model {
    const struct oct_allocator *allocator;
    struct oct_op_registry *registry; ///< the model's own; NULL when the caller gave one
    struct oct_octet_file *file;
    struct oct_plan *plan;
    const char *golden;
    uint64_t file_bytes;
    uint8_t sha256[OCT_SHA256_BYTES];
};

struct oct_model_options oct_model_options_default(void)
{
    return (struct oct_model_options){.plan = oct_plan_options_default()};
}

static enum oct_status check_golden(struct oct_model *model, bool skip, struct oct_error *error)
{
    model->golden = "absent";
    if (!model->file->golden.present) {
        return OCT_OK;
    }
    if (oct_plan_is_class_f(model->plan)) {
        model->golden = "skipped: class F";
        return OCT_OK;
    }
    if (skip) {
        model->golden = "skipped";
        return OCT_OK;
    }
    return octi_golden_check(&model->file->golden, model->plan, model->allocator, &model->golden, error);
}

static enum oct_status build(struct oct_model *model,
                             const void *bytes,
                             size_t n_bytes,
                             const struct oct_model_options *options,
                             struct oct_error *error)
{
    const struct oct_op_registry *registry = options->registry;
    enum oct_status status = oct_sha256(bytes, n_bytes, model->sha256);
    if (status != OCT_OK) {
        return oct_error_set(error, status, NULL, OCT_POSITION_NONE, "no memory for a digest");
    }
    if (registry == NULL) {
        status = oct_op_registry_create(model->allocator, &model->registry, error);
        registry = model->registry;
    }
    if (status == OCT_OK) {
        status = oct_octet_read(bytes, n_bytes, model->allocator, registry, &model->file, error);
    }
    if (status == OCT_OK) {
        status = oct_plan_create(model->file->graph, &options->plan, &model->plan, error);
    }
    return status == OCT_OK ? check_golden(model, options->skip_golden, error) : status;
}

enum oct_status oct_model_open_bytes(const void *bytes,
                                     size_t n_bytes,
                                     const struct oct_model_options *options,
                                     struct oct_model **model,
                                     struct oct_error *error)
{
    *model = NULL;
    struct oct_model_options defaults = oct_model_options_default();
    options = options != NULL ? options : &defaults;
    const struct oct_allocator *allocator =
        options->plan.allocator != NULL ? options->plan.allocator : oct_allocator_default();
    uint64_t max_bytes = options->max_file_bytes != 0 ? options->max_file_bytes : OCT_MODEL_MAX_FILE_BYTES;
    if (n_bytes > max_bytes) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "%zu bytes, at most %llu are read", n_bytes,
                             (unsigned long long)max_bytes);
    }
    struct oct_model *made = allocator->allocate(allocator->context, sizeof *made, OCT_ALIGN);
    if (made == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the model");
    }
    *made = (struct oct_model){.allocator = allocator, .file_bytes = n_bytes};
    enum oct_status status = build(made, bytes, n_bytes, options, error);
    if (status != OCT_OK) {
        oct_model_close(made);
        return status;
    }
    *model = made;
    return OCT_OK;
}

enum oct_status oct_model_open(const char *path,
                               const struct oct_model_options *options,
                               struct oct_model **model,
                               struct oct_error *error)
{
    *model = NULL;
    struct oct_model_options defaults = oct_model_options_default();
    options = options != NULL ? options : &defaults;
    const struct oct_allocator *allocator =
        options->plan.allocator != NULL ? options->plan.allocator : oct_allocator_default();
    uint64_t max_bytes = options->max_file_bytes != 0 ? options->max_file_bytes : OCT_MODEL_MAX_FILE_BYTES;
    uint8_t *bytes;
    size_t n_bytes;
    enum oct_status status = octi_file_read(path, max_bytes, allocator, &bytes, &n_bytes, error);
    if (status != OCT_OK) {
        return status;
    }
    status = oct_model_open_bytes(bytes, n_bytes, options, model, error);
    allocator->release(allocator->context, bytes, n_bytes + 1);
    if (status != OCT_OK) {
        oct_error_prefix(error, "%s", path);
    }
    return status;
}

void oct_model_close(struct oct_model *model)
{
    if (model == NULL) {
        return;
    }
    oct_plan_release(model->plan);
    oct_octet_file_destroy(model->file);
    oct_op_registry_destroy(model->registry);
    model->allocator->release(model->allocator->context, model, sizeof *model);
}

struct oct_plan *oct_model_plan(const struct oct_model *model)
{
    return model->plan;
}

const struct oct_graph *oct_model_graph(const struct oct_model *model)
{
    return model->file->graph;
}

const char *oct_model_producer(const struct oct_model *model)
{
    return model->file->producer;
}

size_t oct_model_label_count(const struct oct_model *model)
{
    return model->file->n_labels;
}

const char *oct_model_label(const struct oct_model *model, size_t index)
{
    return model->file->labels[index];
}

uint64_t oct_model_file_bytes(const struct oct_model *model)
{
    return model->file_bytes;
}

const uint8_t *oct_model_sha256(const struct oct_model *model)
{
    return model->sha256;
}

const char *oct_model_golden(const struct oct_model *model)
{
    return model->golden;
}
