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
    struct oct_constant_source source; ///< of the file's bytes
    uint64_t n_bytes;
    struct octi_file on_disk; ///< not open: they are in memory
    uint8_t *bytes;           ///< [n_bytes] or NULL
};

/// A digest is made of so many bytes at a time.
#define DIGEST_PIECE ((size_t)1 << 18)

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
        status = oct_octet_read_from(&model->source, model->n_bytes, model->allocator, registry, &model->file, error);
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

static enum oct_status read_memory(void *context, uint64_t offset, void *bytes, size_t n_bytes, struct oct_error *error)
{
    const struct oct_model *model = context;
    (void)error;
    memcpy(bytes, model->bytes + offset, n_bytes);
    return OCT_OK;
}

/// A model with no file yet, or NULL.
static struct oct_model *make(const struct oct_model_options *options, struct oct_error *error)
{
    const struct oct_allocator *allocator = allocator_of(options);
    struct oct_model *made = allocator->allocate(allocator->context, sizeof *made, OCT_ALIGN);
    if (made == NULL) {
        oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the model");
        return NULL;
    }
    *made = (struct oct_model){.allocator = allocator, .on_disk = {.fd = -1}};
    return made;
}

/// Builds `made`, which it takes, also on failure; `status` is that of what came before.
static enum oct_status finish(struct oct_model *made,
                              enum oct_status status,
                              const struct oct_model_options *options,
                              struct oct_model **model,
                              struct oct_error *error)
{
    if (status == OCT_OK) {
        status = build(made, options, error);
    }
    if (status != OCT_OK) {
        oct_model_close(made);
        return status;
    }
    *model = made;
    return OCT_OK;
}

static enum oct_status copy_bytes(struct oct_model *model, const void *bytes, size_t n_bytes, struct oct_error *error)
{
    model->source = (struct oct_constant_source){model, read_memory};
    model->n_bytes = n_bytes;
    model->bytes = model->allocator->allocate(model->allocator->context, n_bytes, oct_align_of(n_bytes));
    if (model->bytes == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the model");
    }
    if (n_bytes > 0) {
        memcpy(model->bytes, bytes, n_bytes);
    }
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
    if (n_bytes > all.max_file_bytes) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "%zu bytes, at most %llu are read", n_bytes,
                             (unsigned long long)all.max_file_bytes);
    }
    struct oct_model *made = make(&all, error);
    return made != NULL ? finish(made, copy_bytes(made, bytes, n_bytes, error), &all, model, error) : OCT_ERR_NOMEM;
}

enum oct_status oct_model_open(const char *path,
                               const struct oct_model_options *options,
                               struct oct_model **model,
                               struct oct_error *error)
{
    *model = NULL;
    const struct oct_model_options all = completed(options);
    struct oct_model *made = make(&all, error);
    if (made == NULL) {
        return OCT_ERR_NOMEM;
    }
    enum oct_status status = octi_file_open(&made->on_disk, path, all.max_file_bytes, error);
    if (status != OCT_OK) {
        return finish(made, status, &all, model, error);
    }
    made->source = made->on_disk.source;
    made->n_bytes = made->on_disk.n_bytes;
    status = finish(made, OCT_OK, &all, model, error);
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
    octi_file_close(&model->on_disk);
    model->allocator->release(model->allocator->context, model->bytes, (size_t)model->n_bytes);
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
    struct oct_sha256_stream *stream;
    uint8_t *piece = model->allocator->allocate(model->allocator->context, DIGEST_PIECE, OCT_ALIGN);
    enum oct_status status = piece != NULL ? oct_sha256_stream_create(&stream) : OCT_ERR_NOMEM;
    if (status == OCT_OK) {
        for (uint64_t at = 0; at < model->n_bytes && status == OCT_OK; at += DIGEST_PIECE) {
            const uint64_t left = model->n_bytes - at;
            const size_t n = left < DIGEST_PIECE ? (size_t)left : DIGEST_PIECE;
            status = model->source.read(model->source.context, at, piece, n, NULL);
            oct_sha256_stream_add(stream, piece, n);
        }
        if (status == OCT_OK) {
            status = oct_sha256_stream_finish(stream, digest);
        }
        oct_sha256_stream_destroy(stream);
    }
    model->allocator->release(model->allocator->context, piece, DIGEST_PIECE);
    return status;
}

const char *oct_model_golden(const struct oct_model *model)
{
    return model->golden;
}
