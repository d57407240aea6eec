// DESIGN: the registry is an object, not a global: a graph is built against the one it is handed, so that a custom
// operator of one embedding program never shows up in another's models. Records are borrowed: they are constants.
#include "octet/op.h"

#include "engine/base/checked.h"
#include "engine/base/names.h"
#include "engine/ops/op_support.h"

#include <string.h>

/// A custom operator's name appears in messages, metrics and model files.
#define MAX_NAME_BYTES 128
/// Ids are 32 bits wide in the name map; nobody registers anything near this many.
#define MAX_OPERATORS 4096

static const struct oct_op *const BUILT_IN[] = {
#define OCT_OP(identifier) &octi_op_##identifier,
#include "engine/ops/ops.def"
#undef OCT_OP
};
#define N_BUILT_IN (sizeof BUILT_IN / sizeof BUILT_IN[0])

struct oct_op_registry {
    const struct oct_allocator *allocator;
    struct octi_names names;
    const struct oct_op **records;
    size_t count, capacity;
};

static enum oct_status malformed(struct oct_error *error, const struct oct_op *op, const char *what)
{
    return oct_error_set(error, OCT_ERR_INVALID, op != NULL && op->name != NULL ? op->name : "operator",
                         OCT_POSITION_NONE, "malformed operator record: %s", what);
}

static bool name_is_legal(const char *name)
{
    size_t length = 0;
    while (name[length] != '\0') {
        unsigned char c = (unsigned char)name[length];
        if (c <= ' ' || c > '~' || c == '"' || c == '\\' || ++length > MAX_NAME_BYTES) {
            return false;
        }
    }
    return length > 0;
}

/// What is wrong with one attribute row, or NULL.
static const char *attribute_fault(const struct oct_attribute_spec *specs, size_t index)
{
    const struct oct_attribute_spec *spec = &specs[index];
    if (!name_is_legal(spec->name)) {
        return "an attribute's name is empty, too long or holds control characters";
    }
    for (size_t i = 0; i < index; i++) {
        if (strcmp(specs[i].name, spec->name) == 0) {
            return "two attributes have one name";
        }
    }
    if (spec->doc == NULL || spec->doc[0] == '\0') {
        return "an attribute has no doc";
    }
    if ((unsigned)spec->type > OCT_ATTRIBUTE_INTS) {
        return "an attribute's type is unknown";
    }
    if (spec->required && spec->has_default) {
        return "an attribute is required and has a default";
    }
    if (spec->type == OCT_ATTRIBUTE_STRING) {
        return spec->has_default ? "a string attribute has a numeric default" : NULL;
    }
    if (spec->type != OCT_ATTRIBUTE_BOOL) {
        if (!(spec->minimum <= spec->maximum)) {
            return "an attribute's range is empty";
        }
        if (spec->has_default && !(spec->default_number >= spec->minimum && spec->default_number <= spec->maximum)) {
            return "an attribute's default is out of its range";
        }
    }
    if (spec->type == OCT_ATTRIBUTE_INTS) {
        size_t default_count = spec->broadcast_count > 1 ? spec->broadcast_count : 1;
        if (spec->min_count > spec->max_count) {
            return "an attribute's count range is empty";
        }
        if (spec->has_default && (default_count < spec->min_count || default_count > spec->max_count)) {
            return "an attribute's default has a count out of its range";
        }
    }
    return NULL;
}

/// What is wrong with a record, or NULL.
static const char *record_fault(const struct oct_op *op)
{
    const unsigned known = OCT_OP_IN_PLACE | OCT_OP_IN_PLACE_ANY | OCT_OP_VIEW | OCT_OP_ANY_FORMAT |
                           OCT_OP_CHANNELS_LAST | OCT_OP_STRIDED | OCT_OP_VARIADIC | OCT_OP_INTERNAL | OCT_OP_PITCHED |
                           OCT_OP_JOINS | OCT_OP_POINTWISE | OCT_OP_READS_PIECES;
    if (op->name == NULL || !name_is_legal(op->name)) {
        return "name is absent, empty, too long or holds control characters";
    }
    if (op->doc == NULL || op->dtypes == NULL || op->covers == NULL || op->input_names == NULL ||
        op->attributes == NULL) {
        return "doc, dtypes, covers, input_names and attributes must all be there";
    }
    if (op->infer == NULL || op->reference == NULL) {
        return "infer and reference must be there";
    }
    if (op->min_inputs > op->max_inputs || op->max_inputs > OCT_OP_MAX_INPUTS) {
        return "input bounds are out of order or over the limit";
    }
    if (op->n_outputs < 1 || op->n_outputs > OCT_OP_MAX_OUTPUTS) {
        return "number of outputs is out of range";
    }
    if ((op->flags & ~known) != 0) {
        return "unknown flag";
    }
    if ((op->flags & OCT_OP_CHANNELS_LAST) && (op->flags & (OCT_OP_ANY_FORMAT | OCT_OP_STRIDED))) {
        return "channels-last excludes the other formats";
    }
    if (op->image_rank != 0 && (!(op->flags & OCT_OP_CHANNELS_LAST) || !oct_format_applies(op->image_rank))) {
        return "an image rank is one of 3 to 5, of an operator that is channels-last";
    }
    if ((op->flags & (OCT_OP_IN_PLACE | OCT_OP_VIEW)) && op->min_inputs == 0) {
        return "an output can share storage only with an input";
    }
    size_t n_names = 0;
    while (op->input_names[n_names] != NULL) {
        n_names++;
    }
    if ((op->flags & OCT_OP_VARIADIC) ? n_names == 0 : n_names != op->max_inputs) {
        return "input names do not match the number of inputs";
    }
    for (size_t i = 0; op->attributes[i].name != NULL; i++) {
        if (i >= OCT_OP_MAX_ATTRIBUTES) {
            return "too many attributes";
        }
        const char *fault = attribute_fault(op->attributes, i);
        if (fault != NULL) {
            return fault;
        }
    }
    return NULL;
}

static enum oct_status grow(struct oct_op_registry *registry, struct oct_error *error)
{
    if (registry->count < registry->capacity) {
        return OCT_OK;
    }
    size_t capacity = registry->capacity == 0 ? N_BUILT_IN + 8 : registry->capacity * 2;
    size_t bytes;
    const struct oct_op **records = NULL;
    if (octi_mul_size(capacity, sizeof *records, &bytes)) {
        records = registry->allocator->allocate(registry->allocator->context, bytes, OCT_ALIGN);
    }
    if (records == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the operator registry");
    }
    if (registry->count > 0) {
        memcpy(records, registry->records, registry->count * sizeof *records);
    }
    registry->allocator->release(registry->allocator->context, registry->records, registry->capacity * sizeof *records);
    registry->records = records;
    registry->capacity = capacity;
    return OCT_OK;
}

enum oct_status oct_op_registry_add(struct oct_op_registry *registry, const struct oct_op *op, struct oct_error *error)
{
    if (op == NULL) {
        return malformed(error, op, "NULL");
    }
    const char *fault = record_fault(op);
    if (fault != NULL) {
        return malformed(error, op, fault);
    }
    if (registry->count >= MAX_OPERATORS) {
        return oct_error_set(error, OCT_ERR_LIMIT, op->name, OCT_POSITION_NONE, "a registry holds at most %d operators",
                             MAX_OPERATORS);
    }
    enum oct_status status = grow(registry, error);
    if (status != OCT_OK) {
        return status;
    }
    status = octi_names_add(&registry->names, op->name, (uint32_t)registry->count);
    if (status == OCT_ERR_CONFLICT) {
        return oct_error_set(error, status, op->name, OCT_POSITION_NONE, "an operator of this name is registered");
    }
    if (status != OCT_OK) {
        return oct_error_set(error, status, op->name, OCT_POSITION_NONE, "no memory for the operator registry");
    }
    registry->records[registry->count++] = op;
    return OCT_OK;
}

enum oct_status oct_op_registry_create(const struct oct_allocator *allocator,
                                       struct oct_op_registry **registry,
                                       struct oct_error *error)
{
    *registry = NULL;
    if (allocator == NULL) {
        allocator = oct_allocator_default();
    }
    struct oct_op_registry *made = allocator->allocate(allocator->context, sizeof *made, OCT_ALIGN);
    if (made == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the operator registry");
    }
    memset(made, 0, sizeof *made);
    made->allocator = allocator;
    octi_names_init(&made->names, allocator);
    for (size_t i = 0; i < N_BUILT_IN; i++) {
        enum oct_status status = oct_op_registry_add(made, BUILT_IN[i], error);
        if (status != OCT_OK) {
            oct_op_registry_destroy(made);
            return status;
        }
    }
    *registry = made;
    return OCT_OK;
}

void oct_op_registry_destroy(struct oct_op_registry *registry)
{
    if (registry == NULL) {
        return;
    }
    const struct oct_allocator *allocator = registry->allocator;
    octi_names_deinit(&registry->names);
    allocator->release(allocator->context, registry->records, registry->capacity * sizeof *registry->records);
    allocator->release(allocator->context, registry, sizeof *registry);
}

const struct oct_op *oct_op_registry_find(const struct oct_op_registry *registry, const char *name)
{
    uint32_t id = octi_names_find(&registry->names, name);
    return id == OCTI_NAMES_NONE ? NULL : registry->records[id];
}

size_t oct_op_registry_count(const struct oct_op_registry *registry)
{
    return registry->count;
}

const struct oct_op *oct_op_registry_at(const struct oct_op_registry *registry, size_t index)
{
    return registry->records[index];
}
