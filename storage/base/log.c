#include "storage/base/log.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/clock.h"

void
log_write(const struct log *log, const char *event, json_t *members)
{
    char now[CLOCK_TEXT_SIZE];
    json_t *line;
    char *text;
    size_t length;
    ssize_t written;

    if (log->fd < 0) {
        json_decref(members);
        return;
    }
    clock_write(now, clock_now_ms());
    line = json_pack("{s:s, s:s}", "time", now, "event", event);
    if (members != NULL)
        json_object_update(line, members);
    json_decref(members);
    text = json_dumps(line, JSON_COMPACT);
    json_decref(line);
    if (text == NULL)
        return;
    /* The NUL gives way to the newline, so that one write is one line. */
    length = strlen(text);
    text[length] = '\n';
    written = write(log->fd, text, length + 1);
    (void)written; /* a log that cannot be written has nowhere to say so */
    free(text);
}

/* Whether JSON writes the text as it is. */
static bool
is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 0x20 || *text == 0x7f || *text == '"' || *text == '\\')
            return false;
    return true;
}

static void
append_value(struct buffer *out, const char *text)
{
    json_t *value;
    char *escaped;

    if (is_plain(text)) {
        buffer_append(out, "\"", 1);
        buffer_append_text(out, text);
        buffer_append(out, "\"", 1);
        return;
    }
    value = json_string(text);
    escaped = json_dumps(value, JSON_ENCODE_ANY);
    buffer_append_text(out, escaped != NULL ? escaped : "null");
    free(escaped);
    json_decref(value);
}

/* The member's name; false when lines are dropped. */
static bool
begin_member(struct log_lines *lines, const char *name)
{
    struct buffer *text = &lines->text;

    if (lines->log->fd < 0)
        return false;
    buffer_append_text(text, text->length > lines->start ? ",\"" : "{\"");
    buffer_append_text(text, name);
    buffer_append(text, "\":", 2);
    return true;
}

/* Writes the first length bytes, which are whole lines. */
static void
write_out(struct log_lines *lines, size_t length)
{
    ssize_t written;

    if (length == 0)
        return;
    written = write(lines->log->fd, lines->text.bytes, length);
    (void)written; /* a log that cannot be written has nowhere to say so */
    buffer_consume(&lines->text, length);
}

void
log_lines_open(struct log_lines *out, const struct log *log)
{
    *out = (struct log_lines){.log = log};
}

void
log_line_begin(struct log_lines *lines, const char *event)
{
    char now[CLOCK_TEXT_SIZE];

    lines->start = lines->text.length;
    clock_write(now, clock_now_ms());
    log_line_text(lines, "time", now);
    log_line_text(lines, "event", event);
}

void
log_line_text(struct log_lines *lines, const char *name, const char *value)
{
    if (begin_member(lines, name))
        append_value(&lines->text, value);
}

void
log_line_int(struct log_lines *lines, const char *name, int64_t value)
{
    if (begin_member(lines, name))
        buffer_append_format(&lines->text, "%" PRId64, value);
}

void
log_line_bool(struct log_lines *lines, const char *name, bool value)
{
    if (begin_member(lines, name))
        buffer_append_text(&lines->text, value ? "true" : "false");
}

void
log_line_end(struct log_lines *lines)
{
    if (lines->log->fd < 0)
        return;
    buffer_append(&lines->text, "}\n", 2);
    if (lines->text.length > PIPE_BUF)
        write_out(lines, lines->start);
}

void
log_lines_write(struct log_lines *lines)
{
    write_out(lines, lines->text.length);
    buffer_free(&lines->text);
}

void
log_error(const struct log *log, const char *event, const struct error *err)
{
    log_write(log, event,
              json_pack("{s:s, s:s, s:s}", "code", error_name(err->code),
                        "message", err->message, "cause", err->cause));
}
