/// What the fuzz targets share. Each is a libFuzzer target; without libFuzzer, standalone_main.c replays its corpus and
/// a fixed number of mutations, so that plain ctest runs the same code.
#ifndef OCTET_TESTS_FUZZ_FUZZ_H
#define OCTET_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/// libFuzzer's entry.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// A property that holds for any input. Fails the target, sanitizer or not.
#define FUZZ_EXPECT(condition)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition);                                   \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

#endif
