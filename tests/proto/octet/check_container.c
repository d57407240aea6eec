#include "proto/octet/container.h"

#include <stdio.h>
#include <string.h>

#include "octet/proto/octet_file.h"
#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"
#include "tests/support/octet_builder.h"

static enum oct_status open_container(const struct oct_buffer *file, struct oct_error *error)
{
    struct octi_container container;
    enum oct_status status = octi_container_init(&container, file->data, file->length, NULL, error);
    octi_container_deinit(&container);
    return status;
}

START_TEST(tensors_are_found_by_name_with_their_bytes)
{
    struct oct_buffer file;
    struct octi_container container;
    oct_octet_raw("{'b\\u0041':{'shape':[2,1],'data_offsets':[1,5],'dtype':'I16'},'__metadata__':{'other':'\xC3\xA9','"
                  "octet':'{}'},"
                  "'a':{'dtype':'U8','shape':[],'data_offsets':[0,1]},'empty':{'dtype':'F64','shape':[0,7],'data_"
                  "offsets':[5,5]}}   ",
                  "\x01\x02\x03\x04\x05", 5, &file);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(octi_container_init(&container, file.data, file.length, NULL, &error), &error);
    ck_assert_uint_eq(container.n_tensors, 3);
    const struct octi_container_tensor *tensor = octi_container_find(&container, "bA");
    ck_assert_ptr_nonnull(tensor);
    ck_assert_int_eq(tensor->storage, OCTI_STORAGE_I16);
    ck_assert_int_eq(tensor->shape.rank, 2);
    ck_assert_uint_eq(tensor->n_bytes, 4);
    ck_assert_mem_eq(tensor->data, "\x02\x03\x04\x05", 4);
    ck_assert_int_eq(octi_container_find(&container, "a")->shape.rank, 0);
    ck_assert_uint_eq(octi_container_find(&container, "empty")->n_bytes, 0);
    ck_assert_ptr_null(octi_container_find(&container, "b"));
    ck_assert_ptr_null(octi_container_find(&container, "__metadata__"));
    ck_assert_str_eq(container.graph, "{}");
    octi_container_deinit(&container);
    oct_buffer_deinit(&file);
}
END_TEST

START_TEST(an_empty_container_is_legal_and_has_nothing)
{
    struct oct_buffer file;
    struct octi_container container;
    oct_octet_raw("{}", "", 0, &file);
    ck_assert_status_ok(octi_container_init(&container, file.data, file.length, NULL, NULL));
    ck_assert_ptr_null(container.graph);
    ck_assert_ptr_null(octi_container_find(&container, "a"));
    octi_container_deinit(&container);
    oct_buffer_deinit(&file);
}
END_TEST

#define A "'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}"
#define B "'b':{'dtype':'U8','shape':[4],'data_offsets':[4,8]}"

static const struct {
    const char *header;
    enum oct_status status;
    const char *says;
} lies[] = {
    {"{" A "," A "}", OCT_ERR_CORRUPT, "overlapping"},
    {"{" A ",'b':{'dtype':'U8','shape':[4],'data_offsets':[2,6]}}", OCT_ERR_CORRUPT, "overlapping"},
    {"{" A ",'b':{'dtype':'U8','shape':[3],'data_offsets':[5,8]}}", OCT_ERR_CORRUPT, "hole"},
    {"{'b':{'dtype':'U8','shape':[7],'data_offsets':[1,8]}}", OCT_ERR_CORRUPT, "hole"},
    {"{" A "}", OCT_ERR_CORRUPT, "goes on"},
    {"{}", OCT_ERR_CORRUPT, "goes on"},
    {"{" A ",'b':{'dtype':'U8','shape':[5],'data_offsets':[4,9]}}", OCT_ERR_CORRUPT, "the file has 8 bytes"},
    {"{" A ",'b':{'dtype':'U8','shape':[3],'data_offsets':[4,8]}}", OCT_ERR_CORRUPT, "asks for 3 bytes"},
    {"{" A ",'b':{'dtype':'F32','shape':[4],'data_offsets':[4,8]}}", OCT_ERR_CORRUPT, "asks for 16 bytes"},
    {"{'a':{'dtype':'U8','shape':[4],'data_offsets':[4,0]}," B "}", OCT_ERR_CORRUPT, "begin <= end"},
    {"{'a':{'dtype':'U8','shape':[4],'data_offsets':[-4,0]}," B "}", OCT_ERR_CORRUPT, "0 <= begin"},
    {"{'a':{'dtype':'U8','shape':[4],'data_offsets':[0]}," B "}", OCT_ERR_CORRUPT, "[begin, end]"},
    {"{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4,8]}," B "}", OCT_ERR_CORRUPT, "two elements"},
    {"{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4.5]}," B "}", OCT_ERR_CORRUPT, "fraction"},
    {"{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,'4']}," B "}", OCT_ERR_CORRUPT, "found a string"},
    {"{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,99999999999999999999]}," B "}", OCT_ERR_CORRUPT, "64 bits"},
    {"{'a':{'dtype':'U8','shape':[4],'data_offsets':[9223372036854775800,9223372036854775804]}," B "}", OCT_ERR_CORRUPT,
     "bytes of data"},
    {"{'a':{'dtype':'U8','shape':[-4],'data_offsets':[0,4]}," B "}", OCT_ERR_CORRUPT, "negative"},
    {"{'a':{'dtype':'U8','shape':[4294967296,4294967296],'data_offsets':[0,4]}," B "}", OCT_ERR_CORRUPT,
     "more elements"},
    {"{'a':{'dtype':'F64','shape':[1152921504606846976],'data_offsets':[0,4]}," B "}", OCT_ERR_CORRUPT,
     "more elements"},
    {"{'a':{'dtype':'U8','shape':[1099511627776],'data_offsets':[0,1099511627776]}}", OCT_ERR_CORRUPT, "bytes of data"},
    {"{'a':{'dtype':'U8','shape':[1,1,1,1,1,1,1,1,4],'data_offsets':[0,4]}," B "}", OCT_ERR_LIMIT, "8 dimensions"},
    {"{'a':{'dtype':'F16','shape':[2],'data_offsets':[0,4]}," B "}", OCT_ERR_UNSUPPORTED, "F16"},
    {"{'a':{'dtype':8,'shape':[4],'data_offsets':[0,4]}," B "}", OCT_ERR_CORRUPT, "expected a string"},
    {"{'a':{'dtype':'U8','shape':[4]}," B "}", OCT_ERR_CORRUPT, "once each"},
    {"{'a':{'dtype':'U8','dtype':'U8','shape':[4],'data_offsets':[0,4]}," B "}", OCT_ERR_CORRUPT, "once each"},
    {"{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4],'x':1}," B "}", OCT_ERR_CORRUPT, "once each"},
    {"{'a':[]," B "}", OCT_ERR_CORRUPT, "expected an object"},
    {"{'':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}," B "}", OCT_ERR_CORRUPT, "1 to 256 bytes"},
    {"{'\\n':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}," B "}", OCT_ERR_CORRUPT, "control character"},
    {"{'__metadata__':{'octet':5}," A "," B "}", OCT_ERR_CORRUPT, "expected a string"},
    {"{'__metadata__':{'octet':'','octet':''}," A "," B "}", OCT_ERR_CORRUPT, "stands twice"},
    {"{'__metadata__':{},'__metadata__':{}," A "," B "}", OCT_ERR_CORRUPT, "stands twice"},
    {"{'__metadata__':[]," A "," B "}", OCT_ERR_CORRUPT, "expected an object"},
    {" {" A "," B "}", OCT_ERR_CORRUPT, "begins with '{'"},
    {"[]", OCT_ERR_CORRUPT, "begins with '{'"},
    {"{" A "," B "} x", OCT_ERR_CORRUPT, "nothing after"},
    {"{" A "," B ",}", OCT_ERR_CORRUPT, "name in quotes"},
    {"{" A "," B, OCT_ERR_CORRUPT, "end of the text"},
    {"{'a\\u0000':1}", OCT_ERR_CORRUPT, "legal escape"},
    {"{'\xff':1}", OCT_ERR_CORRUPT, "UTF-8"},
};

START_TEST(every_lie_of_the_header_is_refused_by_its_name)
{
    struct oct_buffer file;
    struct oct_error error = OCT_ERROR_INIT;
    oct_octet_raw(lies[_i].header, "01234567", 8, &file);
    ck_assert_status(lies[_i].status, open_container(&file, &error));
    ck_assert_error_says(&error, lies[_i].says);
    ck_assert_int_ge(error.position, 8);
    ck_assert_int_lt(error.position, (int64_t)file.length + 1);
    oct_buffer_deinit(&file);
}
END_TEST

START_TEST(duplicate_names_are_refused_though_their_bytes_do_not_overlap)
{
    struct oct_buffer file;
    struct oct_error error = OCT_ERROR_INIT;
    oct_octet_raw("{" A ",'\\u0061':{'dtype':'U8','shape':[4],'data_offsets':[4,8]}}", "01234567", 8, &file);
    ck_assert_status(OCT_ERR_CORRUPT, open_container(&file, &error));
    ck_assert_error_says(&error, "'a' stands twice");
    oct_buffer_deinit(&file);
}
END_TEST

START_TEST(the_header_length_is_not_believed)
{
    static const uint64_t lengths[] = {0, 1, 3, 1u << 20, (uint64_t)1 << 40, UINT64_MAX, UINT64_MAX - 7, INT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct oct_buffer file;
        struct oct_error error = OCT_ERROR_INIT;
        oct_octet_raw("{}", "", 0, &file);
        memcpy(file.data, &lengths[i], 8);
        ck_assert_status(OCT_ERR_CORRUPT, open_container(&file, &error));
        ck_assert_int_eq(error.position, 0);
        oct_buffer_deinit(&file);
    }
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    struct oct_buffer file;
    oct_octet_sample("", &file);
    for (size_t length = 0; length < file.length; length++) {
        struct octi_container container;
        struct oct_error error = OCT_ERROR_INIT;
        uint8_t *cut = malloc(length + 1); // of its own, so that a read beyond is seen
        ck_assert_ptr_nonnull(cut);
        memcpy(cut, file.data, length);
        ck_assert_status(OCT_ERR_CORRUPT, octi_container_init(&container, cut, length, NULL, &error));
        ck_assert_int_ge(error.position, 0);
        octi_container_deinit(&container);
        free(cut);
    }
    oct_buffer_deinit(&file);
}
END_TEST

START_TEST(names_and_graph_have_bounds)
{
    char header[1024];
    struct oct_buffer file;
    char name[OCT_GRAPH_MAX_NAME_BYTES + 2];
    memset(name, 'n', sizeof name);
    for (size_t length = OCT_GRAPH_MAX_NAME_BYTES; length <= OCT_GRAPH_MAX_NAME_BYTES + 1; length++) {
        snprintf(header, sizeof header, "{'%.*s':{'dtype':'U8','shape':[8],'data_offsets':[0,8]}}", (int)length, name);
        oct_octet_raw(header, "01234567", 8, &file);
        ck_assert_status(length == OCT_GRAPH_MAX_NAME_BYTES ? OCT_OK : OCT_ERR_CORRUPT, open_container(&file, NULL));
        oct_buffer_deinit(&file);
    }
    size_t n = OCT_OCTET_MAX_GRAPH_BYTES + 1;
    char *large = malloc(n + 64);
    ck_assert_ptr_nonnull(large);
    int at = sprintf(large, "{'__metadata__':{'octet':'");
    memset(large + at, 'g', n);
    strcpy(large + (size_t)at + n, "'}}");
    oct_octet_raw(large, "", 0, &file);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_LIMIT, open_container(&file, &error));
    ck_assert_error_says(&error, "the graph has");
    oct_buffer_deinit(&file);
    free(large);
}
END_TEST

START_TEST(running_out_of_memory_anywhere_leaves_nothing)
{
    struct oct_buffer file;
    oct_octet_sample("", &file);
    for (size_t n = 0;; n++) {
        struct oct_chaos chaos;
        struct octi_container container;
        oct_chaos_init(&chaos, n);
        enum oct_status status = octi_container_init(&container, file.data, file.length, &chaos.allocator, NULL);
        octi_container_deinit(&container);
        ck_assert_uint_eq(chaos.live, 0);
        if (!chaos.failed) {
            ck_assert_status_ok(status);
            ck_assert_uint_ge(n, 3);
            break;
        }
        ck_assert_status(OCT_ERR_NOMEM, status);
    }
    oct_buffer_deinit(&file);
}
END_TEST

static void add(Suite *suite)
{
    TCase *legal = oct_case(suite, "legal files");
    tcase_add_test(legal, tensors_are_found_by_name_with_their_bytes);
    tcase_add_test(legal, an_empty_container_is_legal_and_has_nothing);
    TCase *hostile = oct_case(suite, "hostile files");
    tcase_add_loop_test(hostile, every_lie_of_the_header_is_refused_by_its_name, 0,
                        (int)(sizeof lies / sizeof lies[0]));
    tcase_add_test(hostile, duplicate_names_are_refused_though_their_bytes_do_not_overlap);
    tcase_add_test(hostile, the_header_length_is_not_believed);
    tcase_add_test(hostile, every_truncation_is_refused);
    tcase_add_test(hostile, names_and_graph_have_bounds);
    tcase_add_test(hostile, running_out_of_memory_anywhere_leaves_nothing);
}

OCT_CHECK_MAIN("proto/octet/container", add)
