#include "octet/model.h"

#include <string.h>

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
    uint8_t *bytes; ///< [n_bytes + OCTI_FILE_TAIL_BYTES] the file; the graph's constants are read there
    size_t n_bytes;
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

static enum oct_status build(struct oct_model *model, const struct oct_model_options *options, struct oct_error *error)
{
    const struct oct_op_registry *registry = options->registry;
    enum oct_status status = OCT_OK;
    if (registry == NULL) {
        status = oct_op_registry_create(model->allocator, &model->registry, error);
        registry = model->registry;
    }
    if (status == OCT_OK) {
        status = oct_octet_read_in_place(model->bytes, model->n_bytes, model->allocator, registry, &model->file, error);
    }
    if (status == OCT_OK) {
        status = oct_plan_create(model->file->graph, &options->plan, &model->plan, error);
    }
    return status == OCT_OK ? check_golden(model, options->skip_golden, error) : status;
}

/// What remains when an option is left open.
static struct oct_model_options completed(const struct oct_model_options *options)
{
    struct oct_model_options all = options != NULL ? *options : oct_model_options_default();
    all.max_file_bytes = all.max_file_bytes != 0 ? all.max_file_bytes : OCT_MODEL_MAX_FILE_BYTES;
    return all;
}

static const struct oct_allocator *allocator_of(const struct oct_model_options *options)
{
    return options->plan.allocator != NULL ? options->plan.allocator : oct_allocator_default();
}

static void release_bytes(const struct oct_allocator *allocator, uint8_t *bytes, size_t n_bytes)
{
    if (bytes != NULL) {
        allocator->release(allocator->context, bytes, n_bytes + OCTI_FILE_TAIL_BYTES);
    }
}

/// Takes `bytes`, which octi_file_read() has made or what looks like it, also on failure.
static enum oct_status open_owned(uint8_t *bytes,
                                  size_t n_bytes,
                                  const struct oct_model_options *options,
                                  struct oct_model **model,
                                  struct oct_error *error)
{
    const struct oct_allocator *allocator = allocator_of(options);
    struct oct_model *made = allocator->allocate(allocator->context, sizeof *made, OCT_ALIGN);
    if (made == NULL) {
        release_bytes(allocator, bytes, n_bytes);
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the model");
    }
    *made = (struct oct_model){.allocator = allocator, .bytes = bytes, .n_bytes = n_bytes};
    enum oct_status status = build(made, options, error);
    if (status != OCT_OK) {
        oct_model_close(made);
        return status;
    }
    *model = made;
    return OCT_OK;
}

enum oct_status oct_model_open_bytes(const void *bytes,
                                     size_t n_bytes,
                                     const struct oct_model_options *options,
                                     struct oct_model **model,
                                     struct oct_error *error)
{
    *model = NULL;
    const struct oct_model_options all = completed(options);
    const struct oct_allocator *allocator = allocator_of(&all);
    if (n_bytes > all.max_file_bytes || n_bytes > SIZE_MAX - OCTI_FILE_TAIL_BYTES) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "%zu bytes, at most %llu are read", n_bytes,
                             (unsigned long long)all.max_file_bytes);
    }
    size_t kept = n_bytes + OCTI_FILE_TAIL_BYTES;
    uint8_t *copy = allocator->allocate(allocator->context, kept, oct_align_of(kept));
    if (copy == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the model");
    }
    if (n_bytes > 0) {
        memcpy(copy, bytes, n_bytes);
    }
    memset(copy + n_bytes, 0, OCTI_FILE_TAIL_BYTES);
    return open_owned(copy, n_bytes, &all, model, error);
}

enum oct_status oct_model_open(const char *path,
                               const struct oct_model_options *options,
                               struct oct_model **model,
                               struct oct_error *error)
{
    *model = NULL;
    const struct oct_model_options all = completed(options);
    uint8_t *bytes;
    size_t n_bytes;
    enum oct_status status = octi_file_read(path, all.max_file_bytes, allocator_of(&all), &bytes, &n_bytes, error);
    if (status != OCT_OK) {
        return status;
    }
    status = open_owned(bytes, n_bytes, &all, model, error);
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
    release_bytes(model->allocator, model->bytes, model->n_bytes);
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
    return model->n_bytes;
}

enum oct_status oct_model_sha256(const struct oct_model *model, uint8_t digest[OCT_SHA256_BYTES])
{
    return oct_sha256(model->bytes, model->n_bytes, digest);
}

const char *oct_model_golden(const struct oct_model *model)
{
    return model->golden;
}
