#include "octet/proto/sha256.h"

#include <string.h>

#include "proto/octet/hex.h"
#include "tests/support/oct_check.h"

static void assert_digest(const uint8_t *digest, const char *expected)
{
    char text[2 * OCT_SHA256_BYTES + 1];
    octi_hex_write(digest, OCT_SHA256_BYTES, text);
    ck_assert_str_eq(text, expected);
}

START_TEST(digests_are_those_of_fips_180)
{
    uint8_t digest[OCT_SHA256_BYTES];
    ck_assert_status_ok(oct_sha256("abc", 3, digest));
    assert_digest(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_status_ok(oct_sha256("", 0, digest));
    assert_digest(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

START_TEST(pieces_give_the_digest_of_the_whole)
{
    static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    for (size_t cut = 0; cut < sizeof text; cut++) {
        struct oct_sha256_stream *stream;
        uint8_t digest[OCT_SHA256_BYTES];
        ck_assert_status_ok(oct_sha256_stream_create(&stream));
        oct_sha256_stream_add(stream, text, cut);
        oct_sha256_stream_add(stream, text + cut, sizeof text - 1 - cut);
        ck_assert_status_ok(oct_sha256_stream_finish(stream, digest));
        assert_digest(digest, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        oct_sha256_stream_destroy(stream);
    }
    oct_sha256_stream_destroy(NULL);
}
END_TEST

static void add(Suite *suite)
{
    TCase *digests = oct_case(suite, "digests");
    tcase_add_test(digests, digests_are_those_of_fips_180);
    tcase_add_test(digests, pieces_give_the_digest_of_the_whole);
}

OCT_CHECK_MAIN("proto/octet/sha256", add)
