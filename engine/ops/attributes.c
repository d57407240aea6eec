#include "engine/ops/attributes.h"

#include "engine/base/checked.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LIST_BYTES  256
#define WHERE_BYTES 128

static const char *const TYPE_NAMES[] = {
    [OCT_ATTRIBUTE_INT] = "an integer",
    [OCT_ATTRIBUTE_FLOAT] = "a number",
    [OCT_ATTRIBUTE_BOOL] = "true or false",
    [OCT_ATTRIBUTE_STRING] = "a string",
    [OCT_ATTRIBUTE_INTS] = "an array of integers",
};

struct matching {
    struct octi_region *region;
    struct oct_error *error;
    const struct oct_attribute_spec *spec;
};

static enum oct_status no_memory(const struct matching *m)
{
    return oct_error_set(m->error, OCT_ERR_NOMEM, "attributes", OCT_POSITION_NONE, "no memory for attributes");
}

/// Reports a fault of the attribute being matched.
static enum oct_status refuse(const struct matching *m, const char *format, ...) OCT_PRINTF(2, 3);
static enum oct_status refuse(const struct matching *m, const char *format, ...)
{
    char where[WHERE_BYTES], message[LIST_BYTES];
    snprintf(where, sizeof where, "attributes.%s", m->spec->name);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return oct_error_set(m->error, OCT_ERR_INVALID, where, OCT_POSITION_NONE, "%s", message);
}

static enum oct_status refuse_unknown(const struct oct_op *op, const char *name, struct oct_error *error)
{
    char list[LIST_BYTES] = "no attributes";
    size_t used = 0;
    for (const struct oct_attribute_spec *spec = op->attributes; spec->name != NULL; spec++) {
        int n = snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", spec->name);
        if (n < 0 || (size_t)n >= sizeof list - used) {
            break;
        }
        used += (size_t)n;
    }
    return oct_error_set(error, OCT_ERR_INVALID, "attributes", OCT_POSITION_NONE,
                         "unknown attribute '%.64s', %s takes %s", name, op->name, list);
}

static enum oct_status check_range(const struct matching *m, double value)
{
    if (value >= m->spec->minimum && value <= m->spec->maximum) { // false for NaN
        return OCT_OK;
    }
    return refuse(m, "is %.17g, expected %.17g to %.17g", value, m->spec->minimum, m->spec->maximum);
}

static enum oct_status
match_ints(const struct matching *m, const struct oct_attribute *value, struct oct_attribute *out)
{
    const struct oct_attribute_spec *spec = m->spec;
    const int64_t *source = value->type == OCT_ATTRIBUTE_INT ? &value->integer : value->integers;
    size_t n_source = value->type == OCT_ATTRIBUTE_INT ? 1 : value->count;
    if (n_source > 0 && source == NULL) {
        return refuse(m, "has a length but no elements");
    }
    bool repeated = n_source == 1 && spec->broadcast_count > 1;
    size_t count = repeated ? spec->broadcast_count : n_source;
    if (count < spec->min_count || count > spec->max_count) {
        if (spec->min_count == spec->max_count) {
            return refuse(m, "has %zu elements, expected %zu", n_source, spec->min_count);
        }
        return refuse(m, "has %zu elements, expected %zu to %zu", n_source, spec->min_count, spec->max_count);
    }
    size_t bytes;
    int64_t *integers = NULL;
    if (octi_mul_size(count, sizeof *integers, &bytes)) {
        integers = octi_region_alloc_small(m->region, bytes);
    }
    if (integers == NULL) {
        return no_memory(m);
    }
    for (size_t i = 0; i < count; i++) {
        integers[i] = source[repeated ? 0 : i];
        enum oct_status status = check_range(m, (double)integers[i]);
        if (status != OCT_OK) {
            return status;
        }
    }
    out->integers = integers;
    out->count = count;
    return OCT_OK;
}

static enum oct_status match_one(const struct matching *m, const struct oct_attribute *value, struct oct_attribute *out)
{
    const struct oct_attribute_spec *spec = m->spec;
    bool integer_is_enough = spec->type == OCT_ATTRIBUTE_FLOAT || spec->type == OCT_ATTRIBUTE_INTS;
    if (value->type != spec->type && !(integer_is_enough && value->type == OCT_ATTRIBUTE_INT)) {
        const char *got = (unsigned)value->type <= OCT_ATTRIBUTE_INTS ? TYPE_NAMES[value->type] : "of an unknown type";
        return refuse(m, "is %s, expected %s", got, TYPE_NAMES[spec->type]);
    }
    out->present = true;
    out->type = spec->type;
    switch (spec->type) {
    case OCT_ATTRIBUTE_INT:
        out->integer = value->integer;
        return check_range(m, (double)value->integer);
    case OCT_ATTRIBUTE_FLOAT:
        out->number = value->type == OCT_ATTRIBUTE_INT ? (double)value->integer : value->number;
        return check_range(m, out->number);
    case OCT_ATTRIBUTE_BOOL:
        out->integer = value->integer != 0;
        return OCT_OK;
    case OCT_ATTRIBUTE_STRING:
        if (value->string == NULL) {
            return refuse(m, "is no string, expected one");
        }
        out->string = octi_region_strdup(m->region, value->string, strlen(value->string));
        return out->string != NULL ? OCT_OK : no_memory(m);
    case OCT_ATTRIBUTE_INTS:
        return match_ints(m, value, out);
    }
    return OCT_ERR_INTERNAL;
}

static enum oct_status fill_default(const struct matching *m, struct oct_attribute *out)
{
    const struct oct_attribute_spec *spec = m->spec;
    out->type = spec->type;
    if (!spec->has_default) {
        return OCT_OK;
    }
    int64_t integer = spec->type == OCT_ATTRIBUTE_FLOAT ? 0 : (int64_t)spec->default_number;
    struct oct_attribute value = {
        .present = true, .type = spec->type, .integer = integer, .number = spec->default_number};
    if (spec->type == OCT_ATTRIBUTE_INTS) {
        value.type = OCT_ATTRIBUTE_INT;
    }
    return match_one(m, &value, out);
}

enum oct_status octi_attributes_match(const struct oct_op *op,
                                      const struct oct_attribute_given *given,
                                      size_t n_given,
                                      struct octi_region *region,
                                      struct oct_attribute **out,
                                      struct oct_error *error)
{
    size_t n_specs = 0;
    while (op->attributes[n_specs].name != NULL) {
        n_specs++;
    }
    struct matching m = {.region = region, .error = error};
    struct oct_attribute *matched = octi_region_alloc_small(region, (n_specs > 0 ? n_specs : 1) * sizeof *matched);
    if (matched == NULL) {
        return no_memory(&m);
    }
    const struct oct_attribute_given *found[OCT_OP_MAX_ATTRIBUTES] = {NULL};
    for (size_t i = 0; i < n_given; i++) {
        size_t s = 0;
        while (s < n_specs && (given[i].name == NULL || strcmp(op->attributes[s].name, given[i].name) != 0)) {
            s++;
        }
        if (s == n_specs) {
            return refuse_unknown(op, given[i].name != NULL ? given[i].name : "", error);
        }
        m.spec = &op->attributes[s];
        if (found[s] != NULL) {
            return refuse(&m, "is given twice");
        }
        found[s] = &given[i];
    }
    for (size_t s = 0; s < n_specs; s++) {
        m.spec = &op->attributes[s];
        bool is_given = found[s] != NULL && found[s]->value.present;
        if (!is_given && m.spec->required) {
            return refuse(&m, "is missing, expected %s: %s", TYPE_NAMES[m.spec->type], m.spec->doc);
        }
        enum oct_status status =
            is_given ? match_one(&m, &found[s]->value, &matched[s]) : fill_default(&m, &matched[s]);
        if (status != OCT_OK) {
            return status;
        }
    }
    *out = matched;
    return OCT_OK;
}
