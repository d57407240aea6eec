// DESIGN: a line is built in a buffer on the stack and leaves by one write(2), so that lines of threads and processes
// that share the descriptor never mix (pipes promise it up to PIPE_BUF), and the last lines before a crash are there.
// The price: a reader that stops reading a pipe stops whoever logs; log.level warning leaves only what is rare.
// Rejected: an asynchronous ring, which loses the lines that matter most.
#include "server/log/log.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/// PIPE_BUF of Linux: the largest write to a pipe that is never torn.
#define LINE_BYTES 4096
/// Kept free for `,"truncated":true}` and the line's end.
#define TAIL_BYTES 32
/// Longest escape of one character: `\u0000` or U+FFFD in three bytes.
#define ESCAPE_BYTES 6

static const char *const level_names[] = {"debug", "info", "warning", "error", "off"};

struct line {
    char text[LINE_BYTES];
    size_t length;
    bool cut;
};

/// Appends all of `text` or nothing.
static bool put(struct line *line, const char *text, size_t n_bytes)
{
    if (line->cut || line->length + n_bytes > LINE_BYTES - TAIL_BYTES) {
        line->cut = true;
        return false;
    }
    memcpy(line->text + line->length, text, n_bytes);
    line->length += n_bytes;
    return true;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/// Length of the well-formed UTF-8 sequence at `text`, or 0.
static size_t utf8_length(const unsigned char *text)
{
    if (text[0] < 0x80) {
        return 1;
    }
    size_t length = 0;
    unsigned char low = 0x80,
                  high = 0xBF; // range of the second byte: no overlong forms, no surrogates, nothing past U+10FFFF
    if (text[0] >= 0xC2 && text[0] <= 0xDF) {
        length = 2;
    } else if (text[0] >= 0xE0 && text[0] <= 0xEF) {
        length = 3;
        low = text[0] == 0xE0 ? 0xA0 : low;
        high = text[0] == 0xED ? 0x9F : high;
    } else if (text[0] >= 0xF0 && text[0] <= 0xF4) {
        length = 4;
        low = text[0] == 0xF0 ? 0x90 : low;
        high = text[0] == 0xF4 ? 0x8F : high;
    } else {
        return 0;
    }
    if (text[1] < low || text[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; ++i) {
        if (text[i] < 0x80 || text[i] > 0xBF) {
            return 0;
        }
    }
    return length;
}

/// Appends `text` as the inside of a JSON string; stops where the line is full.
static void put_escaped(struct line *line, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != 0 && !line->cut) {
        char escape[ESCAPE_BYTES + 1];
        size_t length = utf8_length(at);
        if (length == 0) {
            put_text(line, "\xEF\xBF\xBD"); // U+FFFD for a byte that is not UTF-8
            at += 1;
        } else if (*at == '"' || *at == '\\') {
            escape[0] = '\\';
            escape[1] = (char)*at;
            put(line, escape, 2);
            at += 1;
        } else if (*at < 0x20 || *at == 0x7F) {
            snprintf(escape, sizeof(escape), "\\u%04x", *at);
            put_text(line, escape);
            at += 1;
        } else {
            put(line, (const char *)at, length);
            at += length;
        }
    }
}

static void put_string(struct line *line, const char *text)
{
    // The closing quote may use the tail: a text that was cut is still a string.
    if (!put(line, "\"", 1)) {
        return;
    }
    put_escaped(line, text);
    line->text[line->length++] = '"';
}

static void put_number(struct line *line, const struct oct_log_field *field)
{
    char number[48];
    if (field->type == OCT_LOG_FIELD_INTEGER) {
        snprintf(number, sizeof(number), "%lld", (long long)field->integer);
    } else if (isfinite(field->real)) {
        snprintf(number, sizeof(number), "%.9g", field->real);
    } else {
        snprintf(number, sizeof(number), "null");
    }
    put_text(line, number);
}

/// "2026-11-22T03:04:05.678901Z"
static void format_time(char *out, size_t out_bytes)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t length = strftime(out, out_bytes, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + length, out_bytes - length, ".%06ldZ", now.tv_nsec / 1000);
}

/// A field that does not fit is left out whole, unless it is a text, whose beginning is worth keeping.
static void put_json_field(struct line *line, const struct oct_log_field *field)
{
    size_t before = line->length;
    put(line, ",", 1);
    put_string(line, field->name);
    put(line, ":", 1);
    size_t value_at = line->length;
    if (field->type != OCT_LOG_FIELD_TEXT) {
        put_number(line, field);
    } else if (field->text == NULL) {
        put_text(line, "null");
    } else {
        put_string(line, field->text);
    }
    if (line->cut && line->length == value_at) {
        line->length = before;
    }
}

static void build_json(
    struct line *line, enum oct_log_level level, const char *event, const struct oct_log_field *fields, size_t n_fields)
{
    char time_text[64];
    format_time(time_text, sizeof(time_text));
    put_text(line, "{\"ts\":\"");
    put_text(line, time_text);
    put_text(line, "\",\"level\":\"");
    put_text(line, level_names[level]);
    put_text(line, "\",\"event\":");
    put_string(line, event);
    for (size_t i = 0; i < n_fields && !line->cut; ++i) {
        put_json_field(line, &fields[i]);
    }
    const char *end = line->cut ? ",\"truncated\":true}\n" : "}\n";
    memcpy(line->text + line->length, end, strlen(end));
    line->length += strlen(end);
}

/// True when `text` can stand in a line for people without quotes.
static bool is_plain(const char *text)
{
    return *text != 0 &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@+-")] == 0;
}

static void build_text(
    struct line *line, enum oct_log_level level, const char *event, const struct oct_log_field *fields, size_t n_fields)
{
    char time_text[64];
    format_time(time_text, sizeof(time_text));
    put_text(line, time_text);
    put_text(line, " ");
    put_text(line, level_names[level]);
    put_text(line, " ");
    put_escaped(line, event);
    for (size_t i = 0; i < n_fields && !line->cut; ++i) {
        put_text(line, " ");
        put_escaped(line, fields[i].name);
        put_text(line, "=");
        if (fields[i].type != OCT_LOG_FIELD_TEXT) {
            put_number(line, &fields[i]);
        } else if (fields[i].text != NULL && is_plain(fields[i].text)) {
            put_text(line, fields[i].text);
        } else {
            put_string(line, fields[i].text != NULL ? fields[i].text : "");
        }
    }
    const char *end = line->cut ? " ...\n" : "\n";
    memcpy(line->text + line->length, end, strlen(end));
    line->length += strlen(end);
}

void oct_log_write(const struct oct_log *log,
                   enum oct_log_level level,
                   const char *event,
                   const struct oct_log_field *fields,
                   size_t n_fields)
{
    if (log == NULL || level < log->level || level >= OCT_LOG_OFF) {
        return;
    }
    struct line line;
    line.length = 0;
    line.cut = false;
    if (fields == NULL) {
        n_fields = 0;
    }
    if (log->format == OCT_LOG_TEXT) {
        build_text(&line, level, event, fields, n_fields);
    } else {
        build_json(&line, level, event, fields, n_fields);
    }
    ssize_t written;
    do {
        written = write(log->fd, line.text, line.length);
    } while (written < 0 && errno == EINTR);
    // A log that cannot be written has nowhere to report it.
}

enum oct_status oct_log_level_parse(const char *text, enum oct_log_level *level)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); ++i) {
        if (strcmp(text, level_names[i]) == 0) {
            *level = (enum oct_log_level)i;
            return OCT_OK;
        }
    }
    return OCT_ERR_INVALID;
}
