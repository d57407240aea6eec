/// Any bytes as JSON: the scanner, the document over it, and arrays of numbers into every type.
#include "tests/fuzz/fuzz.h"

#include "octet/proto/json.h"
#include "proto/json/number.h"
#include "proto/json/scan.h"

#define MAX_BYTES ((size_t)1 << 20)

/// What the scanner accepted as numbers is read without leaving the text, and an element at most once.
static void read_numbers(const struct octi_json_numbers *numbers)
{
    void *out = malloc(numbers->n_elements * 8 + 1);
    FUZZ_EXPECT(out != NULL);
    for (int type = OCTI_NUMBER_FLOAT32; type <= OCTI_NUMBER_BOOL; type++) {
        struct octi_number_cursor cursor = {numbers->data, numbers->data + numbers->n_bytes};
        enum octi_number_fault fault =
            octi_numbers_read(&cursor, (enum octi_number_type)type, numbers->n_elements, out);
        FUZZ_EXPECT(cursor.at >= numbers->data && cursor.at <= numbers->data + numbers->n_bytes);
        if (fault == OCTI_NUMBER_OK) {
            FUZZ_EXPECT(octi_numbers_read(&cursor, (enum octi_number_type)type, 1, out) == OCTI_NUMBER_NOT_A_NUMBER);
        }
    }
    free(out);
}

static void scan_numbers(const uint8_t *data, size_t size)
{
    struct octi_json_scanner scanner;
    struct octi_json_numbers numbers;
    octi_json_scan_init(&scanner, data, size, 0, NULL);
    if (octi_json_scan_numbers(&scanner, &numbers)) {
        int64_t n = 0;
        FUZZ_EXPECT(oct_shape_elements(&numbers.shape, 1, &n) == OCT_OK && (size_t)n == numbers.n_elements);
        read_numbers(&numbers);
    }
}

static void scan_text(const uint8_t *data, size_t size)
{
    struct octi_json_scanner scanner;
    struct octi_json_text text;
    octi_json_scan_init(&scanner, data, size, 0, NULL);
    if (octi_json_scan_text(&scanner, &text)) {
        char *out = malloc(text.n_bytes + 1);
        FUZZ_EXPECT(out != NULL);
        octi_json_unescape(&text, out);
        FUZZ_EXPECT(octi_json_raw_offset(&text, text.n_bytes) == text.raw_bytes);
        free(out);
    }
}

/// A document, walked and written, reads back.
static void write_value(struct oct_json_writer *writer, const struct oct_json *value)
{
    int64_t integer;
    double number;
    bool flag;
    const char *text, *key;
    switch (oct_json_type(value)) {
    case OCT_JSON_OBJECT:
        oct_json_object_begin(writer);
        for (size_t i = 0; i < oct_json_count(value); i++) {
            const struct oct_json *member = oct_json_member(value, i, &key);
            oct_json_key(writer, key);
            write_value(writer, member);
        }
        oct_json_object_end(writer);
        return;
    case OCT_JSON_ARRAY:
        oct_json_array_begin(writer);
        for (size_t i = 0; i < oct_json_count(value); i++) {
            write_value(writer, oct_json_at(value, i));
        }
        oct_json_array_end(writer);
        return;
    case OCT_JSON_STRING:
        FUZZ_EXPECT(oct_json_is_string(value, &text, NULL));
        oct_json_string(writer, text);
        return;
    case OCT_JSON_INTEGER:
        FUZZ_EXPECT(oct_json_is_integer(value, &integer));
        oct_json_integer(writer, integer);
        return;
    case OCT_JSON_REAL:
        FUZZ_EXPECT(oct_json_is_number(value, &number));
        oct_json_double(writer, number);
        return;
    case OCT_JSON_BOOL:
        FUZZ_EXPECT(oct_json_is_bool(value, &flag));
        oct_json_bool(writer, flag);
        return;
    case OCT_JSON_NULL:
        oct_json_null(writer);
        return;
    }
}

static void parse_document(const uint8_t *data, size_t size)
{
    struct octi_json_scanner scanner;
    struct oct_json_document *document, *again;
    octi_json_scan_init(&scanner, data, size, 0, NULL);
    bool legal = octi_json_skip(&scanner) && octi_json_scan_end(&scanner);
    struct oct_error error = OCT_ERROR_INIT;
    if (oct_json_parse((const char *)data, size, MAX_BYTES, &document, &error) != OCT_OK) {
        FUZZ_EXPECT(document == NULL && error.status != OCT_OK && error.position <= (int64_t)size);
        return;
    }
    FUZZ_EXPECT(legal);
    struct oct_buffer text;
    struct oct_json_writer writer;
    oct_buffer_init(&text, NULL, 8 * MAX_BYTES);
    oct_json_writer_init(&writer, &text, size % 2 == 0 ? 2 : 0);
    write_value(&writer, oct_json_root(document));
    FUZZ_EXPECT(oct_json_writer_finish(&writer) == OCT_OK);
    FUZZ_EXPECT(oct_json_parse((const char *)text.data, text.length, text.length, &again, NULL) == OCT_OK);
    oct_json_destroy(again);
    oct_buffer_deinit(&text);
    oct_json_destroy(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse_document(data, size);
    scan_numbers(data, size);
    scan_text(data, size);
    return 0;
}
