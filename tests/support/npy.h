/// Reads .npy files, numpy's own format: version 1.0, C order, `<f4 |u1 |i1 <i4 <i8`. For tests: any fault ends the
/// program with a message.
#ifndef OCTET_TESTS_SUPPORT_NPY_H
#define OCTET_TESTS_SUPPORT_NPY_H

#include <stddef.h>
#include <stdint.h>

#define OCT_NPY_MAX_RANK 8

struct oct_npy {
    char descr[4]; ///< "<f4"
    size_t item_bytes;
    size_t rank;
    int64_t shape[OCT_NPY_MAX_RANK];
    size_t data_bytes;
    void *data; ///< malloced
};

struct oct_npy oct_npy_read(const char *path);
void oct_npy_free(struct oct_npy *npy);

/// The whole file, terminated; malloced.
char *oct_file_read(const char *path, size_t *n_bytes);

#endif
