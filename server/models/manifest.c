#include "server/models/manifest.h"

#include <string.h>

#include "octet/proto/json.h"

#define MANIFEST_MAX_BYTES ((size_t)64 << 10)

enum oct_status oct_manifest_write(const struct oct_manifest *manifest, struct oct_buffer *out)
{
    struct oct_json_writer writer;
    oct_json_writer_init(&writer, out, 2);
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "model");
    oct_json_string(&writer, manifest->model);
    oct_json_key(&writer, "version");
    oct_json_unsigned(&writer, manifest->version);
    if (manifest->deleted) {
        oct_json_key(&writer, "deleted");
        oct_json_bool(&writer, true);
    } else {
        oct_json_key(&writer, "sha256");
        oct_json_string(&writer, manifest->sha256);
        oct_json_key(&writer, "bytes");
        oct_json_unsigned(&writer, manifest->bytes);
    }
    oct_json_key(&writer, "created");
    oct_json_integer(&writer, manifest->created_s);
    oct_json_object_end(&writer);
    return oct_json_writer_finish(&writer);
}

static bool read_digest(const struct oct_json *value, char out[OCT_SHA256_TEXT_BYTES])
{
    const char *text = NULL;
    size_t length = 0;
    if (!oct_json_is_string(value, &text, &length) || length != OCT_SHA256_TEXT_BYTES - 1) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f'))) {
            return false;
        }
    }
    memcpy(out, text, OCT_SHA256_TEXT_BYTES);
    return true;
}

/// NULL, or which field is wrong.
static const char *
read_fields(const struct oct_json *root, const char *model, uint64_t version, struct oct_manifest *manifest)
{
    const char *name = NULL;
    size_t name_length = 0;
    int64_t number = 0;
    if (!oct_json_is_string(oct_json_get(root, "model"), &name, &name_length) || strcmp(name, model) != 0) {
        return "model";
    }
    if (!oct_json_is_integer(oct_json_get(root, "version"), &number) || number < 1 || (uint64_t)number != version) {
        return "version";
    }
    if (!oct_json_is_integer(oct_json_get(root, "created"), &manifest->created_s)) {
        return "created";
    }
    const struct oct_json *deleted = oct_json_get(root, "deleted");
    if (deleted != NULL) {
        return oct_json_is_bool(deleted, &manifest->deleted) && manifest->deleted ? NULL : "deleted";
    }
    if (!read_digest(oct_json_get(root, "sha256"), manifest->sha256)) {
        return "sha256";
    }
    if (!oct_json_is_integer(oct_json_get(root, "bytes"), &number) || number < 0) {
        return "bytes";
    }
    manifest->bytes = (uint64_t)number;
    return NULL;
}

enum oct_status oct_manifest_read(const char *text,
                                  size_t n_bytes,
                                  const char *model,
                                  uint64_t version,
                                  struct oct_manifest *manifest,
                                  struct oct_error *error)
{
    *manifest = (struct oct_manifest){.version = version};
    memcpy(manifest->model, model, strlen(model) + 1);
    struct oct_json_document *document = NULL;
    enum oct_status status = oct_json_parse(text, n_bytes, MANIFEST_MAX_BYTES, &document, error);
    if (status == OCT_OK) {
        const char *wrong = read_fields(oct_json_root(document), model, version, manifest);
        oct_json_destroy(document);
        if (wrong != NULL) {
            status = oct_error_set(error, OCT_ERR_CORRUPT, wrong, OCT_POSITION_NONE, "missing or wrong in a manifest");
        }
    }
    return status == OCT_OK || status == OCT_ERR_NOMEM ? status : OCT_ERR_CORRUPT;
}

void oct_sha256_text(const uint8_t *digest, char text[OCT_SHA256_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 32; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[64] = '\0';
}
