#include "server/cli/npy.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/oct_check.h"

/// A file with this header text and `n_data` bytes of data behind it; version 1.
static void build(struct oct_buffer *file, const char *header, size_t n_data)
{
    uint8_t prefix[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 0, 0};
    static const uint8_t data[64];
    prefix[8] = (uint8_t)(strlen(header) & 0xFF);
    prefix[9] = (uint8_t)(strlen(header) >> 8);
    oct_buffer_init(file, NULL, 1 << 20);
    ck_assert_status_ok(oct_buffer_append(file, prefix, sizeof(prefix)));
    ck_assert_status_ok(oct_buffer_append(file, header, strlen(header)));
    ck_assert_status_ok(oct_buffer_append(file, data, n_data));
}

static enum oct_status parse_header(const char *header, size_t n_data, struct oct_npy *array, struct oct_error *error)
{
    struct oct_buffer file;
    build(&file, header, n_data);
    enum oct_status status = oct_npy_parse(file.data, file.length, array, error);
    oct_buffer_deinit(&file);
    return status;
}

START_TEST(what_numpy_writes_is_read)
{
    static const struct {
        const char *header;
        size_t n_data;
        enum oct_dtype dtype;
        int32_t rank;
        int64_t last;
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }          \n", 24, OCT_DTYPE_FLOAT32, 2, 2},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (7,), }\n", 7, OCT_DTYPE_UINT8, 1, 7},
        {"{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n", 8, OCT_DTYPE_INT64, 0, 0},
        {"{'descr': '|b1', 'fortran_order': False, 'shape': (0, 5), }\n", 0, OCT_DTYPE_BOOL, 2, 5},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 2), }\n", 16, OCT_DTYPE_FLOAT64, 8,
         2},
        {"{'shape': (4,), 'descr': '<i4', 'fortran_order': False}", 16, OCT_DTYPE_INT32, 1, 4},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3)}", 6, OCT_DTYPE_INT8, 2, 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct oct_npy array;
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_ok(parse_header(cases[i].header, cases[i].n_data, &array, &error), &error);
        ck_assert_int_eq(array.dtype, cases[i].dtype);
        ck_assert_int_eq(array.shape.rank, cases[i].rank);
        ck_assert_uint_eq(array.n_bytes, cases[i].n_data);
        if (cases[i].rank > 0) {
            ck_assert_int_eq(array.shape.dims[cases[i].rank - 1], cases[i].last);
        }
    }
}
END_TEST

START_TEST(what_is_no_array_of_ours_is_refused_by_name)
{
    static const struct {
        const char *header;
        size_t n_data;
        enum oct_status status;
        const char *says;
    } cases[] = {
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4, OCT_ERR_UNSUPPORTED, ">f4"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, OCT_ERR_UNSUPPORTED, "<c8"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4, OCT_ERR_UNSUPPORTED,
         "expected one of"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }", 16, OCT_ERR_UNSUPPORTED, "Fortran"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 15, OCT_ERR_CORRUPT, "asks for 16"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 17, OCT_ERR_CORRUPT, "asks for 16"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", 4, OCT_ERR_LIMIT, "dimensions"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", 4, OCT_ERR_LIMIT, "2^64"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 4, OCT_ERR_LIMIT, "63 bits"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4, OCT_ERR_CORRUPT, "a dimension"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,,), }", 4, OCT_ERR_CORRUPT, "a dimension"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, }", 4, OCT_ERR_CORRUPT, "a dimension"},
        {"{'descr': '<f4', 'fortran_order': False, }", 4, OCT_ERR_CORRUPT, "all of"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 4, OCT_ERR_CORRUPT, "once"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", 4, OCT_ERR_CORRUPT, "nothing after"},
        {"{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}", 4, OCT_ERR_CORRUPT, "True or False"},
        {"", 0, OCT_ERR_CORRUPT, "'{'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct oct_npy array;
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_msg(parse_header(cases[i].header, cases[i].n_data, &array, &error) == cases[i].status, "%s: %s: %s",
                      cases[i].header, error.where, error.message);
        ck_assert_error_says(&error, cases[i].says);
    }
}
END_TEST

START_TEST(every_beginning_of_a_file_is_refused_and_only_the_whole_is_read)
{
    struct oct_buffer file;
    struct oct_npy array;
    build(&file, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }\n", 16);
    for (size_t length = 0; length < file.length; ++length) {
        uint8_t *cut = malloc(length + 1); // a block of this size, so that a read past its end is seen
        ck_assert_ptr_nonnull(cut);
        memcpy(cut, file.data, length);
        ck_assert_status(OCT_ERR_CORRUPT, oct_npy_parse(cut, length, &array, NULL));
        free(cut);
    }
    ck_assert_status_ok(oct_npy_parse(file.data, file.length, &array, NULL));
    oct_buffer_deinit(&file);
}
END_TEST

START_TEST(a_damaged_byte_never_yields_more_data_than_there_is)
{
    struct oct_buffer file;
    build(&file, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }\n", 16);
    for (size_t at = 0; at < file.length; ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            struct oct_npy array;
            file.data[at] ^= (uint8_t)(1 << bit);
            if (oct_npy_parse(file.data, file.length, &array, NULL) == OCT_OK) {
                ck_assert(array.data >= file.data);
                ck_assert_ptr_eq(array.data + array.n_bytes, file.data + file.length);
            }
            file.data[at] ^= (uint8_t)(1 << bit);
        }
    }
    oct_buffer_deinit(&file);
}
END_TEST

START_TEST(versions_two_and_three_have_a_longer_length)
{
    const char *header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }\n";
    for (uint8_t version = 1; version < 6; ++version) {
        struct oct_buffer file;
        struct oct_npy array;
        uint8_t prefix[12] = {0x93, 'N', 'U', 'M', 'P', 'Y', version, 0, (uint8_t)strlen(header), 0, 0, 0};
        oct_buffer_init(&file, NULL, 4096);
        ck_assert_status_ok(oct_buffer_append(&file, prefix, version == 1 ? 10 : 12));
        ck_assert_status_ok(oct_buffer_append(&file, header, strlen(header)));
        ck_assert_status_ok(oct_buffer_append(&file, "x", 1));
        ck_assert_status(version <= 3 ? OCT_OK : OCT_ERR_UNSUPPORTED,
                         oct_npy_parse(file.data, file.length, &array, NULL));
        oct_buffer_deinit(&file);
    }
}
END_TEST

START_TEST(a_written_header_reads_back_and_ends_at_a_multiple_of_64)
{
    static const enum oct_dtype dtypes[] = {OCT_DTYPE_FLOAT32, OCT_DTYPE_QUINT8, OCT_DTYPE_QINT8,
                                            OCT_DTYPE_QINT32,  OCT_DTYPE_INT64,  OCT_DTYPE_BOOL};
    for (size_t i = 0; i < sizeof(dtypes) / sizeof(dtypes[0]); ++i) {
        for (int32_t rank = 0; rank <= OCT_MAX_RANK; ++rank) {
            struct oct_shape shape = {.rank = rank};
            for (int32_t d = 0; d < rank; ++d) {
                shape.dims[d] = d == 0 ? 0 : 1234567890123; // no element, so that no data is needed
            }
            struct oct_buffer file;
            struct oct_npy array;
            struct oct_error error = OCT_ERROR_INIT;
            oct_buffer_init(&file, NULL, 4096);
            ck_assert_status_ok(oct_npy_write_header(dtypes[i], &shape, &file));
            ck_assert_uint_eq(file.length % 64, 0);
            size_t n_data = rank == 0 ? oct_dtype_bytes(dtypes[i]) : 0;
            static const uint8_t zeros[8];
            ck_assert_status_ok(oct_buffer_append(&file, zeros, n_data));
            ck_assert_ok(oct_npy_parse(file.data, file.length, &array, &error), &error);
            ck_assert_int_eq(array.dtype, oct_npy_storage_type(dtypes[i]));
            ck_assert(oct_shape_equal(&array.shape, &shape));
            oct_buffer_deinit(&file);
        }
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *reading = oct_case(suite, "reading");
    tcase_add_test(reading, what_numpy_writes_is_read);
    tcase_add_test(reading, what_is_no_array_of_ours_is_refused_by_name);
    tcase_add_test(reading, every_beginning_of_a_file_is_refused_and_only_the_whole_is_read);
    tcase_add_test(reading, a_damaged_byte_never_yields_more_data_than_there_is);
    tcase_add_test(reading, versions_two_and_three_have_a_longer_length);
    TCase *writing = oct_case(suite, "writing");
    tcase_add_test(writing, a_written_header_reads_back_and_ends_at_a_multiple_of_64);
}

OCT_CHECK_MAIN("server/cli/npy", add_tests)
