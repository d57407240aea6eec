/// Tensor data: (nested) arrays of numbers, checked and measured.
#include "proto/json/number.h"
#include "proto/json/scan_impl.h"

/// One element; `byte` is its first.
static bool skip_element(struct octi_json_scanner *scanner, char byte)
{
    if (byte >= '0' && byte <= '9') {
        return octi_json_skip_number(scanner);
    }
    if (byte == '-') {
        return octi_json_take_literal(scanner, "-Infinity") || octi_json_skip_number(scanner);
    }
    if (octi_json_take_literal(scanner, "true") || octi_json_take_literal(scanner, "false") ||
        octi_json_take_literal(scanner, "NaN") || octi_json_take_literal(scanner, "Infinity")) {
        return true;
    }
    if (byte == '"') {
        return octi_json_fail(scanner, OCT_ERR_UNSUPPORTED, octi_json_position(scanner),
                              "strings as tensor elements (datatype BYTES) are not supported");
    }
    return octi_json_fail_kind(scanner, "a number");
}

static bool fail_ragged(struct octi_json_scanner *scanner)
{
    return octi_json_fail(scanner, OCT_ERR_INVALID, octi_json_position(scanner),
                          "the nested arrays differ in length or depth");
}

bool octi_json_scan_numbers(struct octi_json_scanner *scanner, struct octi_json_numbers *numbers)
{
    int64_t counts[OCT_MAX_RANK]; // elements met so far in the open array of each level
    int level = 0, rank = -1;     // rank: the level of elements, once known
    if (scanner->status != OCT_OK) {
        return false;
    }
    if (octi_json_peek(scanner) != '[') {
        return octi_json_fail_kind(scanner, "an array of numbers");
    }
    *numbers = (struct octi_json_numbers){.data = scanner->at, .position = octi_json_position(scanner)};
    for (int i = 0; i < OCT_MAX_RANK; i++) {
        numbers->shape.dims[i] = -1;
    }
    scanner->n_values++;
    do {
        char byte = octi_json_peek(scanner);
        bool closes = false;
        if (byte == '[') {
            if (level == OCT_MAX_RANK) {
                return octi_json_fail(scanner, OCT_ERR_LIMIT, octi_json_position(scanner),
                                      "tensors of more than %d dimensions", OCT_MAX_RANK);
            }
            if (level == rank) {
                return fail_ragged(scanner);
            }
            scanner->at++;
            counts[level++] = 0;
            if (octi_json_peek(scanner) != ']') {
                continue;
            }
            rank = rank < 0 ? level : rank;
            closes = true;
        } else {
            rank = rank < 0 ? level : rank;
            if (level != rank) {
                return fail_ragged(scanner);
            }
            size_t n = 0;
            scanner->at = octi_number_skip_run(scanner->at, scanner->end, &n);
            if (n == 0 && skip_element(scanner, byte)) {
                n = 1;
            }
            if (n == 0) {
                return false;
            }
            numbers->n_elements += n;
            counts[level - 1] += (int64_t)n;
        }
        // After an element or before the bracket of an empty array: close what ends here.
        while (level > 0 && (closes || octi_json_peek(scanner) == ']')) {
            int64_t *length = &numbers->shape.dims[level - 1];
            if (*length >= 0 && *length != counts[level - 1]) {
                return fail_ragged(scanner);
            }
            *length = counts[level - 1];
            scanner->at++;
            level--;
            closes = false;
            if (level > 0) {
                counts[level - 1]++;
            }
        }
        if (level > 0) {
            if (octi_json_peek(scanner) != ',') {
                return octi_json_fail_expected(scanner, "',' or ']'");
            }
            scanner->at++;
        }
    } while (level > 0);
    numbers->shape.rank = rank;
    for (int i = rank; i < OCT_MAX_RANK; i++) {
        numbers->shape.dims[i] = 0;
    }
    numbers->n_bytes = (size_t)(scanner->at - numbers->data);
    return true;
}
