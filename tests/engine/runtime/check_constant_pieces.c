#include "engine/runtime/constant_pieces.h"

#include <string.h>

#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"

#define N_BYTES  300000
#define AT       5 // where the constant begins in its source
#define REQUEST  100
#define MAX_READ ((size_t)1 << 16)

struct memory {
    unsigned char bytes[AT + N_BYTES];
    size_t reads, most; ///< most: the largest read, in BYTES
    bool fails;
};

static enum oct_status read_memory(void *context, uint64_t offset, void *bytes, size_t n_bytes, struct oct_error *error)
{
    struct memory *memory = context;
    ck_assert_uint_ge(offset, AT);
    ck_assert_uint_le(offset + n_bytes, AT + N_BYTES);
    memory->reads++;
    memory->most = n_bytes > memory->most ? n_bytes : memory->most;
    if (memory->fails) {
        return oct_error_set(error, OCT_ERR_IO, NULL, OCT_POSITION_NONE, "gone");
    }
    memcpy(bytes, memory->bytes + offset, n_bytes);
    return OCT_OK;
}

static struct memory memory;
static const struct oct_constant_source source = {&memory, read_memory};
static struct oct_view view;
static struct octi_value value;

static void set_up(void)
{
    memory.reads = memory.most = 0;
    memory.fails = false;
    for (size_t i = 0; i < N_BYTES; i++) {
        memory.bytes[AT + i] = (unsigned char)(i * 7 + i / 251);
    }
    value = (struct octi_value){.name = "w", .kind = OCT_VALUE_CONSTANT, .constant = &view};
    value.desc = (struct oct_tensor_desc){.dtype = OCT_DTYPE_QINT8, .shape = {.rank = 1, .dims = {N_BYTES}}};
    value.source = &source;
    value.offset = AT;
}

static void check_bytes(struct octi_constant_pieces *pieces, size_t offset, size_t n)
{
    struct oct_error error = OCT_ERROR_INIT;
    const void *got = octi_constant_pieces_read(pieces, offset, n, &error);
    ck_assert_ptr_nonnull(got);
    ck_assert_int_eq(memcmp(got, memory.bytes + AT + offset, n), 0);
}

START_TEST(small_requests_one_behind_the_other_are_few_reads)
{
    set_up();
    struct octi_constant_pieces pieces;
    octi_constant_pieces_init(&pieces, oct_allocator_default());
    octi_constant_pieces_of(&pieces, &value);
    for (size_t offset = 0; offset < N_BYTES; offset += REQUEST) {
        check_bytes(&pieces, offset, REQUEST);
    }
    ck_assert_uint_le(memory.reads, N_BYTES / MAX_READ + 1);
    ck_assert_uint_le(memory.most, MAX_READ);
    octi_constant_pieces_deinit(&pieces);
}
END_TEST

START_TEST(a_request_larger_than_a_piece_is_one_read)
{
    set_up();
    struct octi_constant_pieces pieces;
    octi_constant_pieces_init(&pieces, oct_allocator_default());
    octi_constant_pieces_of(&pieces, &value);
    check_bytes(&pieces, 1000, MAX_READ + 1);
    check_bytes(&pieces, 0, N_BYTES);
    ck_assert_uint_eq(memory.reads, 2);
    octi_constant_pieces_deinit(&pieces);
}
END_TEST

START_TEST(what_lies_before_the_piece_is_read_again)
{
    set_up();
    struct octi_constant_pieces pieces;
    octi_constant_pieces_init(&pieces, oct_allocator_default());
    octi_constant_pieces_of(&pieces, &value);
    check_bytes(&pieces, 200000, REQUEST);
    check_bytes(&pieces, 0, REQUEST);
    check_bytes(&pieces, MAX_READ - REQUEST, 2 * REQUEST);
    check_bytes(&pieces, N_BYTES - 1, 1);
    octi_constant_pieces_deinit(&pieces);
}
END_TEST

START_TEST(another_constant_is_read_anew)
{
    set_up();
    struct octi_constant_pieces pieces;
    octi_constant_pieces_init(&pieces, oct_allocator_default());
    octi_constant_pieces_of(&pieces, &value);
    check_bytes(&pieces, 0, REQUEST);
    memory.bytes[AT] ^= 1;
    octi_constant_pieces_of(&pieces, &value);
    check_bytes(&pieces, 0, REQUEST);
    octi_constant_pieces_deinit(&pieces);
}
END_TEST

START_TEST(errors_of_the_source_name_the_constant)
{
    set_up();
    struct octi_constant_pieces pieces;
    struct oct_error error = OCT_ERROR_INIT;
    octi_constant_pieces_init(&pieces, oct_allocator_default());
    octi_constant_pieces_of(&pieces, &value);
    memory.fails = true;
    ck_assert_ptr_null(octi_constant_pieces_read(&pieces, 0, REQUEST, &error));
    ck_assert_status(OCT_ERR_IO, error.status);
    ck_assert_error_says(&error, "constant 'w'");
    ck_assert_error_says(&error, "gone");
    memory.fails = false;
    check_bytes(&pieces, 0, REQUEST);
    octi_constant_pieces_deinit(&pieces);
}
END_TEST

START_TEST(refused_memory_is_reported)
{
    set_up();
    struct oct_chaos chaos;
    struct octi_constant_pieces pieces;
    struct oct_error error = OCT_ERROR_INIT;
    oct_chaos_init(&chaos, 0);
    octi_constant_pieces_init(&pieces, &chaos.allocator);
    octi_constant_pieces_of(&pieces, &value);
    ck_assert_ptr_null(octi_constant_pieces_read(&pieces, 0, REQUEST, &error));
    ck_assert_status(OCT_ERR_NOMEM, error.status);
    check_bytes(&pieces, 0, REQUEST);
    octi_constant_pieces_deinit(&pieces);
    ck_assert_uint_eq(chaos.live, 0);
}
END_TEST

static void add(Suite *suite)
{
    TCase *pieces = oct_case(suite, "constant_pieces");
    tcase_add_test(pieces, small_requests_one_behind_the_other_are_few_reads);
    tcase_add_test(pieces, a_request_larger_than_a_piece_is_one_read);
    tcase_add_test(pieces, what_lies_before_the_piece_is_read_again);
    tcase_add_test(pieces, another_constant_is_read_anew);
    tcase_add_test(pieces, errors_of_the_source_name_the_constant);
    tcase_add_test(pieces, refused_memory_is_reported);
}

OCT_CHECK_MAIN("engine/runtime/constant_pieces", add)
