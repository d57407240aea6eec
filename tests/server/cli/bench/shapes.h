/// The shape files of the tree, for tests of server/cli/bench.
#ifndef OCTET_TESTS_SERVER_CLI_BENCH_SHAPES_H
#define OCTET_TESTS_SERVER_CLI_BENCH_SHAPES_H

#include <glob.h>
#include <stdio.h>

#include "server/cli/bench/shape_file.h"
#include "tests/support/oct_check.h"

/// Calls `visit` for each file of tests/bench/shapes, read.
static inline void shapes_each(void (*visit)(const struct oct_bench_shapes *shapes))
{
    glob_t found;
    ck_assert_int_eq(glob("tests/bench/shapes/*.json", 0, NULL, &found), 0);
    ck_assert_uint_ge(found.gl_pathc, 15);
    for (size_t i = 0; i < found.gl_pathc; ++i) {
        struct oct_bench_shapes shapes;
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_ok(oct_bench_shapes_read(found.gl_pathv[i], &shapes, &error), &error);
        visit(&shapes);
        oct_bench_shapes_deinit(&shapes);
    }
    globfree(&found);
}

/// Parses a file of one case whose members follow name, row and count.
static inline struct oct_bench_shapes shapes_of(const char *members)
{
    char text[1024];
    struct oct_bench_shapes shapes;
    struct oct_error error = OCT_ERROR_INIT;
    int length = snprintf(text, sizeof(text),
                          "{\"name\": \"set\", \"source\": \"test\", \"cases\": ["
                          "{\"name\": \"a\", \"row\": \"r\", \"count\": 1, %s}]}",
                          members);
    ck_assert_int_lt(length, (int)sizeof(text));
    ck_assert_ok(oct_bench_shapes_parse(text, (size_t)length, &shapes, &error), &error);
    return shapes;
}

#endif
