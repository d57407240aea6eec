#include "proto/json/writer.h"

#include "proto/json/text.h"
#include "proto/json/utf8.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void oct_json_writer_init(struct oct_json_writer *writer, struct oct_buffer *buffer, int indent)
{
    *writer = (struct oct_json_writer){.buffer = buffer, .status = OCT_OK, .indent = indent};
}

void octi_json_writer_note(struct oct_json_writer *writer, enum oct_status status)
{
    if (writer->status == OCT_OK) {
        writer->status = status;
    }
}

static void put(struct oct_json_writer *writer, const char *text, size_t length)
{
    if (writer->status == OCT_OK) {
        writer->status = oct_buffer_append(writer->buffer, text, length);
    }
}

static void put_line_break(struct oct_json_writer *writer)
{
    static const char spaces[] = "                ";
    if (writer->indent == 0) {
        return;
    }
    put(writer, "\n", 1);
    size_t n = (size_t)(writer->indent * writer->depth);
    while (n > 0) {
        size_t chunk = n < sizeof spaces - 1 ? n : sizeof spaces - 1;
        put(writer, spaces, chunk);
        n -= chunk;
    }
}

static void put_separator(struct oct_json_writer *writer)
{
    if (writer->need_comma) {
        put(writer, ",", 1);
    }
    if (writer->depth > 0) {
        put_line_break(writer);
    }
}

void octi_json_writer_value(struct oct_json_writer *writer)
{
    if (!writer->after_key) {
        put_separator(writer);
    }
    writer->after_key = false;
    writer->need_comma = true;
}

static void begin(struct oct_json_writer *writer, const char *bracket)
{
    octi_json_writer_value(writer);
    put(writer, bracket, 1);
    writer->depth++;
    writer->need_comma = false;
}

static void end(struct oct_json_writer *writer, const char *bracket)
{
    assert(writer->depth > 0 && !writer->after_key);
    writer->depth--;
    if (writer->need_comma) {
        put_line_break(writer);
    }
    put(writer, bracket, 1);
    writer->need_comma = true;
}

void oct_json_object_begin(struct oct_json_writer *writer)
{
    begin(writer, "{");
}

void oct_json_object_end(struct oct_json_writer *writer)
{
    end(writer, "}");
}

void oct_json_array_begin(struct oct_json_writer *writer)
{
    begin(writer, "[");
}

void oct_json_array_end(struct oct_json_writer *writer)
{
    end(writer, "]");
}

static void put_escape(struct oct_json_writer *writer, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char meanings[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *meaning = memchr(meanings, byte, sizeof meanings - 1);
    if (meaning != NULL) {
        const char escape[] = {'\\', letters[meaning - meanings]};
        put(writer, escape, sizeof escape);
    } else {
        const char escape[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
        put(writer, escape, sizeof escape);
    }
}

/// Bytes that are no UTF-8 (a request's garbage quoted in an error) become U+FFFD: what is written is always JSON.
static void put_string(struct oct_json_writer *writer, const char *text)
{
    const uint8_t *at = (const uint8_t *)text, *stop = at + strlen(text), *plain = at;
    put(writer, "\"", 1);
    while (at < stop) {
        size_t n_bytes = octi_utf8_sequence(at, stop);
        if (n_bytes > 0 && *at >= 0x20 && *at != '"' && *at != '\\') {
            at += n_bytes;
            continue;
        }
        put(writer, (const char *)plain, (size_t)(at - plain));
        if (n_bytes == 0) {
            put(writer, "\xEF\xBF\xBD", 3);
        } else {
            put_escape(writer, *at);
        }
        plain = ++at;
    }
    put(writer, (const char *)plain, (size_t)(at - plain));
    put(writer, "\"", 1);
}

void oct_json_key(struct oct_json_writer *writer, const char *key)
{
    assert(writer->depth > 0 && !writer->after_key);
    put_separator(writer);
    put_string(writer, key);
    put(writer, ": ", writer->indent > 0 ? 2 : 1);
    writer->after_key = true;
}

void oct_json_string(struct oct_json_writer *writer, const char *text)
{
    if (text == NULL) {
        oct_json_null(writer);
        return;
    }
    octi_json_writer_value(writer);
    put_string(writer, text);
}

void oct_json_integer(struct oct_json_writer *writer, int64_t value)
{
    char text[OCTI_TEXT_BYTES];
    octi_json_writer_value(writer);
    put(writer, text, octi_text_int64(value, text));
}

void oct_json_unsigned(struct oct_json_writer *writer, uint64_t value)
{
    char text[OCTI_TEXT_BYTES];
    octi_json_writer_value(writer);
    put(writer, text, octi_text_uint64(value, text));
}

void oct_json_bool(struct oct_json_writer *writer, bool value)
{
    octi_json_writer_value(writer);
    put(writer, value ? "true" : "false", value ? 4 : 5);
}

void oct_json_null(struct oct_json_writer *writer)
{
    octi_json_writer_value(writer);
    put(writer, "null", 4);
}

void oct_json_double(struct oct_json_writer *writer, double value)
{
    char text[OCTI_TEXT_BYTES];
    assert(isfinite(value));
    octi_json_writer_value(writer);
    put(writer, text, octi_text_double(value, text));
}

void oct_json_float(struct oct_json_writer *writer, float value)
{
    char text[OCTI_TEXT_BYTES];
    assert(isfinite(value));
    octi_json_writer_value(writer);
    put(writer, text, octi_text_float(value, text));
}

enum oct_status oct_json_writer_finish(struct oct_json_writer *writer)
{
    assert(writer->depth == 0 && !writer->after_key);
    return writer->status;
}
