/// What the files of the scanner share. Each expects white space to have been skipped (octi_json_peek).
#ifndef OCTET_PROTO_JSON_SCAN_IMPL_H
#define OCTET_PROTO_JSON_SCAN_IMPL_H

#include "proto/json/scan.h"

/// Reports "expected X, found Y" at the next byte. Always false.
bool octi_json_fail_expected(struct octi_json_scanner *scanner, const char *expected);
/// The same, but where a legal value of another kind stands it is no fault of syntax: scanner->wrong_type.
bool octi_json_fail_kind(struct octi_json_scanner *scanner, const char *expected);
/// Takes `word` when it is next.
bool octi_json_take_literal(struct octi_json_scanner *scanner, const char *word);
/// Takes a number, by its grammar.
bool octi_json_skip_number(struct octi_json_scanner *scanner);
/// Takes a string whose opening quote is next.
bool octi_json_scan_string(struct octi_json_scanner *scanner, struct octi_json_text *text);

#endif
