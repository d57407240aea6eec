#include "server/cli/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char magic[6] = {(char)0x93, 'N', 'U', 'M', 'P', 'Y'};

static const struct {
    enum oct_dtype dtype;
    const char *descr;
} types[] = {
    {OCT_DTYPE_FLOAT32, "<f4"}, {OCT_DTYPE_FLOAT64, "<f8"}, {OCT_DTYPE_UINT8, "|u1"}, {OCT_DTYPE_INT8, "|i1"},
    {OCT_DTYPE_INT32, "<i4"},   {OCT_DTYPE_INT64, "<i8"},   {OCT_DTYPE_BOOL, "|b1"},
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

enum oct_dtype oct_npy_storage_type(enum oct_dtype dtype)
{
    switch (dtype) {
    case OCT_DTYPE_QUINT8:
        return OCT_DTYPE_UINT8;
    case OCT_DTYPE_QINT8:
        return OCT_DTYPE_INT8;
    case OCT_DTYPE_QINT32:
        return OCT_DTYPE_INT32;
    default:
        return dtype;
    }
}

/// The header is a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }. `at` never passes
/// `end`.
struct scanner {
    const uint8_t *begin; ///< of the file
    const uint8_t *at;
    const uint8_t *end; ///< of the header
    struct oct_error *error;
};

static enum oct_status corrupt(const struct scanner *scanner, const char *expected)
{
    return oct_error_set(scanner->error, OCT_ERR_CORRUPT, "npy header", (int64_t)(scanner->at - scanner->begin),
                         "expected %s", expected);
}

static void skip_spaces(struct scanner *scanner)
{
    while (scanner->at < scanner->end && (*scanner->at == ' ' || *scanner->at == '\n')) {
        scanner->at += 1;
    }
}

/// Consumes `word` after spaces if it is next.
static bool accept(struct scanner *scanner, const char *word)
{
    skip_spaces(scanner);
    size_t length = strlen(word);
    if ((size_t)(scanner->end - scanner->at) < length || memcmp(scanner->at, word, length) != 0) {
        return false;
    }
    scanner->at += length;
    return true;
}

static enum oct_status scan_descr(struct scanner *scanner, struct oct_npy *array)
{
    for (size_t i = 0; i < N_TYPES; ++i) {
        char quoted[8];
        snprintf(quoted, sizeof(quoted), "'%s'", types[i].descr);
        if (accept(scanner, quoted)) {
            array->dtype = types[i].dtype;
            return OCT_OK;
        }
    }
    size_t shown = (size_t)(scanner->end - scanner->at);
    shown = shown < 12 ? shown : 12;
    for (size_t i = 0; i < shown; ++i) {
        if (scanner->at[i] < 0x20 || scanner->at[i] >= 0x7F || scanner->at[i] == ',') {
            shown = i;
        }
    }
    return oct_error_set(scanner->error, OCT_ERR_UNSUPPORTED, "npy header", (int64_t)(scanner->at - scanner->begin),
                         "type %.*s: expected one of <f4 <f8 |u1 |i1 <i4 <i8 |b1", (int)shown,
                         (const char *)scanner->at);
}

static enum oct_status scan_dimension(struct scanner *scanner, int64_t *dimension)
{
    skip_spaces(scanner);
    const uint8_t *begin = scanner->at;
    int64_t value = 0;
    bool overflow = false;
    while (scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9') {
        overflow |= __builtin_mul_overflow(value, (int64_t)10, &value);
        overflow |= __builtin_add_overflow(value, (int64_t)(*scanner->at - '0'), &value);
        scanner->at += 1;
    }
    if (scanner->at == begin) {
        return corrupt(scanner, "a dimension");
    }
    if (overflow) {
        return oct_error_set(scanner->error, OCT_ERR_LIMIT, "npy header", (int64_t)(begin - scanner->begin),
                             "a dimension of more than 63 bits");
    }
    *dimension = value;
    return OCT_OK;
}

static enum oct_status scan_shape(struct scanner *scanner, struct oct_npy *array)
{
    if (!accept(scanner, "(")) {
        return corrupt(scanner, "the shape, a tuple");
    }
    array->shape.rank = 0;
    while (!accept(scanner, ")")) {
        if (array->shape.rank == OCT_MAX_RANK) {
            return oct_error_set(scanner->error, OCT_ERR_LIMIT, "npy header", (int64_t)(scanner->at - scanner->begin),
                                 "more than %d dimensions", OCT_MAX_RANK);
        }
        enum oct_status status = scan_dimension(scanner, &array->shape.dims[array->shape.rank]);
        if (status != OCT_OK) {
            return status;
        }
        array->shape.rank += 1;
        if (!accept(scanner, ",")) {
            return accept(scanner, ")") ? OCT_OK : corrupt(scanner, "',' or ')'");
        }
    }
    return OCT_OK;
}

static enum oct_status scan_order(struct scanner *scanner)
{
    if (accept(scanner, "False")) {
        return OCT_OK;
    }
    if (accept(scanner, "True")) {
        return oct_error_set(scanner->error, OCT_ERR_UNSUPPORTED, "npy header", OCT_POSITION_NONE,
                             "Fortran order; save numpy.ascontiguousarray(x)");
    }
    return corrupt(scanner, "True or False");
}

static enum oct_status scan_header(struct scanner *scanner, struct oct_npy *array)
{
    static const char *const keys[] = {"'descr'", "'fortran_order'", "'shape'"};
    bool seen[3] = {false, false, false};
    if (!accept(scanner, "{")) {
        return corrupt(scanner, "'{'");
    }
    while (!accept(scanner, "}")) {
        size_t key = 0;
        while (key < 3 && !accept(scanner, keys[key])) {
            key += 1;
        }
        if (key == 3 || seen[key] || !accept(scanner, ":")) {
            return corrupt(scanner, "each of 'descr', 'fortran_order', 'shape' once, followed by ':'");
        }
        seen[key] = true;
        enum oct_status status = key == 0   ? scan_descr(scanner, array)
                                 : key == 1 ? scan_order(scanner)
                                            : scan_shape(scanner, array);
        if (status != OCT_OK) {
            return status;
        }
        if (!accept(scanner, ",")) {
            if (!accept(scanner, "}")) {
                return corrupt(scanner, "',' or '}'");
            }
            break;
        }
    }
    if (!seen[0] || !seen[1] || !seen[2]) {
        return corrupt(scanner, "all of 'descr', 'fortran_order', 'shape'");
    }
    skip_spaces(scanner);
    return scanner->at == scanner->end ? OCT_OK : corrupt(scanner, "nothing after '}'");
}

/// Bytes of a concrete shape; OCT_ERR_LIMIT on overflow.
static enum oct_status array_bytes(const struct oct_npy *array, size_t *n_bytes, struct oct_error *error)
{
    size_t total = oct_dtype_bytes(array->dtype);
    bool overflow = false, is_empty = false;
    for (int32_t i = 0; i < array->shape.rank; ++i) {
        is_empty |= array->shape.dims[i] == 0;
        overflow |= __builtin_mul_overflow(total, (size_t)array->shape.dims[i], &total);
    }
    if (overflow && !is_empty) {
        return oct_error_set(error, OCT_ERR_LIMIT, "npy header", OCT_POSITION_NONE,
                             "the shape has more than 2^64 bytes");
    }
    *n_bytes = is_empty ? 0 : total;
    return OCT_OK;
}

enum oct_status oct_npy_parse(const uint8_t *bytes, size_t n_bytes, struct oct_npy *array, struct oct_error *error)
{
    if (n_bytes < 10 || memcmp(bytes, magic, sizeof(magic)) != 0) {
        return oct_error_set(error, OCT_ERR_CORRUPT, "npy", 0, "not a .npy file: the first bytes should be \\x93NUMPY");
    }
    if (bytes[6] < 1 || bytes[6] > 3) {
        return oct_error_set(error, OCT_ERR_UNSUPPORTED, "npy", 6, "version %d, expected 1 to 3", bytes[6]);
    }
    size_t prefix = bytes[6] == 1 ? 10 : 12;
    size_t header_bytes = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (prefix == 12 && n_bytes >= 12) {
        header_bytes |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    }
    if (n_bytes < prefix || header_bytes > OCT_NPY_MAX_HEADER_BYTES || header_bytes > n_bytes - prefix) {
        return oct_error_set(error, OCT_ERR_CORRUPT, "npy", 8, "a header of %zu bytes does not fit the file",
                             header_bytes);
    }
    struct scanner scanner = {bytes, bytes + prefix, bytes + prefix + header_bytes, error};
    memset(array, 0, sizeof(*array));
    enum oct_status status = scan_header(&scanner, array);
    size_t expected = 0;
    if (status == OCT_OK) {
        status = array_bytes(array, &expected, error);
    }
    if (status != OCT_OK) {
        return status;
    }
    array->data = scanner.end;
    array->n_bytes = n_bytes - prefix - header_bytes;
    if (array->n_bytes != expected) {
        return oct_error_set(error, OCT_ERR_CORRUPT, "npy", (int64_t)(prefix + header_bytes),
                             "%zu bytes of data, but the shape asks for %zu", array->n_bytes, expected);
    }
    return OCT_OK;
}

enum oct_status oct_npy_write_header(enum oct_dtype dtype, const struct oct_shape *shape, struct oct_buffer *out)
{
    const char *descr = NULL;
    for (size_t i = 0; i < N_TYPES; ++i) {
        descr = types[i].dtype == oct_npy_storage_type(dtype) ? types[i].descr : descr;
    }
    char header[512];
    int used = snprintf(header, sizeof(header), "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int32_t i = 0; i < shape->rank; ++i) {
        used += snprintf(header + used, sizeof(header) - (size_t)used, "%" PRId64 ", ", shape->dims[i]);
    }
    used += snprintf(header + used, sizeof(header) - (size_t)used, "), }");
    // Magic, version and length take 10 bytes; spaces and a line's end bring the data to a multiple of 64.
    size_t padded = ((size_t)used + 1 + 10 + 63) / 64 * 64 - 10;
    const uint8_t prefix[4] = {1, 0, (uint8_t)(padded & 0xFF), (uint8_t)(padded >> 8)};
    enum oct_status status = oct_buffer_append(out, magic, sizeof(magic));
    if (status == OCT_OK) {
        status = oct_buffer_append(out, prefix, sizeof(prefix));
    }
    return status == OCT_OK ? oct_buffer_printf(out, "%s%*s\n", header, (int)(padded - (size_t)used - 1), "") : status;
}
