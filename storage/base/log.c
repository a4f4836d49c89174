#include "storage/base/log.h"

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

void
log_error(const struct log *log, const char *event, const struct error *err)
{
    log_write(log, event,
              json_pack("{s:s, s:s, s:s}", "code", error_name(err->code),
                        "message", err->message, "cause", err->cause));
}
