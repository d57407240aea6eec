#include "tests/support/oct_check.h"

#include <string.h>

#include "server/models/manifest.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

START_TEST(what_is_written_is_read_back)
{
    struct oct_manifest out;
    struct oct_manifest manifest = {.model = "m.1",
                                    .version = OCT_MODEL_VERSION_MAX,
                                    .sha256 = DIGEST,
                                    .bytes = 12345678901,
                                    .created_s = 1787400000};
    struct oct_buffer text;
    for (int deleted = 0; deleted < 2; deleted++) {
        manifest.deleted = deleted == 1;
        oct_buffer_init(&text, NULL, 4096);
        ck_assert_status_ok(oct_manifest_write(&manifest, &text));
        ck_assert_status_ok(
            oct_manifest_read((const char *)text.data, text.length, "m.1", OCT_MODEL_VERSION_MAX, &out, NULL));
        ck_assert_str_eq(out.model, "m.1");
        ck_assert_uint_eq(out.version, OCT_MODEL_VERSION_MAX);
        ck_assert_int_eq(out.created_s, 1787400000);
        ck_assert(out.deleted == manifest.deleted);
        ck_assert_str_eq(out.sha256, deleted == 1 ? "" : DIGEST);
        ck_assert_uint_eq(out.bytes, deleted == 1 ? 0 : UINT64_C(12345678901));
        oct_buffer_deinit(&text);
    }
}
END_TEST

START_TEST(another_model_s_manifest_is_refused)
{
    static const char text[] = "{\"model\":\"m\",\"version\":1,\"deleted\":true,\"created\":1}";
    struct oct_manifest out;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status_ok(oct_manifest_read(text, sizeof text - 1, "m", 1, &out, NULL));
    ck_assert_status(OCT_ERR_CORRUPT, oct_manifest_read(text, sizeof text - 1, "n", 1, &out, &error));
    ck_assert_error_says(&error, "model");
    oct_error_clear(&error);
    ck_assert_status(OCT_ERR_CORRUPT, oct_manifest_read(text, sizeof text - 1, "m", 2, &out, &error));
    ck_assert_error_says(&error, "version");
    for (size_t length = 0; length < sizeof text - 1; length++) {
        ck_assert_status(OCT_ERR_CORRUPT, oct_manifest_read(text, length, "m", 1, &out, NULL));
    }
}
END_TEST

START_TEST(digests_are_shown_in_lower_case)
{
    uint8_t digest[32];
    char text[OCT_SHA256_TEXT_BYTES];
    for (size_t i = 0; i < 32; i++) {
        digest[i] = (uint8_t)(i * 8 + 7);
    }
    oct_sha256_text(digest, text);
    ck_assert_str_eq(text, "070f171f272f373f474f575f676f777f878f979fa7afb7bfc7cfd7dfe7eff7ff");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *manifest = oct_case(suite, "manifest");
    tcase_add_test(manifest, what_is_written_is_read_back);
    tcase_add_test(manifest, another_model_s_manifest_is_refused);
    tcase_add_test(manifest, digests_are_shown_in_lower_case);
}

OCT_CHECK_MAIN("server/models/manifest", add_tests)
