#include "tests/support/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void give_up(const char *path, const char *what)
{
    fprintf(stderr, "%s: %s\n", path, what);
    abort();
}

char *oct_file_read(const char *path, size_t *n_bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        give_up(path, "cannot be opened (tests run from the root of the tree)");
    }
    size_t capacity = 4096, length = 0, got;
    char *bytes = malloc(capacity);
    while (bytes != NULL && (got = fread(bytes + length, 1, capacity - 1 - length, file)) > 0) {
        length += got;
        if (length + 1 == capacity) {
            capacity *= 2;
            char *larger = realloc(bytes, capacity);
            if (larger == NULL) {
                free(bytes);
            }
            bytes = larger;
        }
    }
    if (bytes == NULL || ferror(file)) {
        give_up(path, "cannot be read");
    }
    fclose(file);
    bytes[length] = '\0';
    *n_bytes = length;
    return bytes;
}

/// What follows `key` in the header's Python dictionary.
static const char *after_key(const char *path, const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (at == NULL) {
        give_up(path, "header lacks a key");
    }
    return at + strlen(key);
}

struct oct_npy oct_npy_read(const char *path)
{
    enum { PREFIX_BYTES = 10 };
    size_t n_bytes;
    char *bytes = oct_file_read(path, &n_bytes);
    if (n_bytes < PREFIX_BYTES || memcmp(bytes, "\x93NUMPY\x01\x00", 8) != 0) {
        give_up(path, "not a version 1.0 .npy file");
    }
    size_t header_bytes = (size_t)(unsigned char)bytes[8] | (size_t)(unsigned char)bytes[9] << 8;
    if (header_bytes > n_bytes - PREFIX_BYTES) {
        give_up(path, "truncated header");
    }
    char *header = calloc(1, header_bytes + 1);
    if (header == NULL) {
        give_up(path, "out of memory");
    }
    memcpy(header, bytes + PREFIX_BYTES, header_bytes);

    struct oct_npy npy;
    memset(&npy, 0, sizeof npy);
    memcpy(npy.descr, after_key(path, header, "'descr': '"), 3);
    npy.item_bytes = (size_t)(npy.descr[2] - '0');
    static const char *const known[] = {"<f4", "|u1", "|i1", "<i4", "<i8"};
    size_t k = 0;
    while (k < sizeof known / sizeof known[0] && strcmp(known[k], npy.descr) != 0) {
        k++;
    }
    if (k == sizeof known / sizeof known[0] || strncmp(after_key(path, header, "'fortran_order': "), "False", 5) != 0) {
        give_up(path, "element type or order is not one that is read here");
    }
    size_t elements = 1;
    const char *at = after_key(path, header, "'shape': (");
    for (;;) {
        char *end;
        long long extent = strtoll(at, &end, 10);
        if (end == at) {
            break;
        }
        if (npy.rank == OCT_NPY_MAX_RANK || extent < 0) {
            give_up(path, "shape is not one that is read here");
        }
        npy.shape[npy.rank++] = extent;
        elements *= (size_t)extent;
        at = *end == ',' ? end + 1 : end;
    }
    free(header);
    npy.data_bytes = elements * npy.item_bytes;
    if (npy.data_bytes != n_bytes - PREFIX_BYTES - header_bytes) {
        give_up(path, "length is not what the shape asks for");
    }
    npy.data = malloc(npy.data_bytes > 0 ? npy.data_bytes : 1);
    if (npy.data == NULL) {
        give_up(path, "out of memory");
    }
    memcpy(npy.data, bytes + PREFIX_BYTES + header_bytes, npy.data_bytes);
    free(bytes);
    return npy;
}

void oct_npy_free(struct oct_npy *npy)
{
    free(npy->data);
    npy->data = NULL;
}
