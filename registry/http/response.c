#include "registry/http/response.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registry/http/answer.h"
#include "registry/http/html.h"
#include "registry/http/limits.h"
#include "registry/http/spool.h"
#include "storage/base/buffer.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/content/content.h"

/* What a page may load and do: our own files, no inline script or style. */
static const char page_policy[] =
    "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'";

void
response_open(struct response *response, struct arena *arena,
              const char *spool_folder)
{
    memset(response, 0, sizeof(*response));
    response->arena = arena;
    response->spool_folder = spool_folder;
    response->status = 200;
    response->fd = -1;
}

static void
drop_body(struct response *response)
{
    if (response->fd >= 0)
        close(response->fd);
    content_reader_free(response->reader);
    response->fd = -1;
    response->reader = NULL;
    response->bytes = NULL;
    response->length = 0;
}

void
response_free(struct response *response)
{
    drop_body(response);
}

void
response_reset(struct response *response)
{
    void (*sent)(void *, uint64_t, bool) = response->sent;
    void *state = response->sent_state;

    drop_body(response);
    response_open(response, response->arena, response->spool_folder);
    response->sent = sent; /* its state is owed one call */
    response->sent_state = state;
}

bool
response_has(const struct response *response, const char *name)
{
    for (const struct response_field *f = response->fields; f; f = f->next)
        if (strcasecmp(f->name, name) == 0)
            return true;
    return false;
}

void
response_status(struct response *response, int status)
{
    response->status = status;
}

void
response_header(struct response *response, const char *name, const char *value)
{
    struct response_field *field;

    if (strcasecmp(name, "Content-Type") == 0) {
        response->type = text_line(response->arena, value);
        return;
    }
    field = arena_alloc(response->arena, sizeof(*field));
    field->name = arena_text(response->arena, name);
    field->value = text_line(response->arena, value);
    field->next = response->fields;
    response->fields = field;
}

void
response_bytes(struct response *response, int status, const char *type,
               const void *bytes, size_t length)
{
    drop_body(response);
    response->status = status;
    response->type = type;
    response->bytes = bytes;
    response->length = length;
}

void
response_text(struct response *response, int status, const char *text)
{
    const char *copy = arena_text(response->arena, text);

    response_bytes(response, status, "text/plain; charset=utf-8", copy,
                   strlen(copy));
}

/* Text of a JSON value, in memory while it is short. */
struct json_sink {
    struct buffer buffer;
    const char *folder;
    int fd; /* -1: all is in the buffer */
    struct error err;
};

static int
add_json(const char *bytes, size_t length, void *state)
{
    struct json_sink *sink = state;

    buffer_append(&sink->buffer, bytes, length);
    if (sink->buffer.length <= LIMIT_ANSWER_MEMORY)
        return 0;
    if (sink->fd < 0 && spool_open(&sink->fd, sink->folder, &sink->err) < 0)
        return -1;
    if (file_write_all(sink->fd, sink->buffer.bytes, sink->buffer.length,
                       &sink->err) < 0)
        return -1;
    sink->buffer.length = 0;
    return 0;
}

void
response_json(struct response *response, int status, const json_t *value)
{
    struct json_sink sink = {.fd = -1, .folder = response->spool_folder};
    bool is_whole =
        json_dump_callback(value, add_json, &sink, JSON_COMPACT) == 0;

    if (is_whole && sink.fd >= 0)
        is_whole = file_write_all(sink.fd, sink.buffer.bytes,
                                  sink.buffer.length, &sink.err) == 0;
    if (!is_whole) {
        response_text(response, 500, error_text(ERROR_INTERNAL));
        if (sink.fd >= 0)
            close(sink.fd);
    } else if (sink.fd >= 0) {
        response_spool(response, status, "application/json; charset=utf-8",
                       sink.fd);
    } else {
        response_bytes(
            response, status, "application/json; charset=utf-8",
            arena_bytes(response->arena, sink.buffer.bytes, sink.buffer.length),
            sink.buffer.length);
    }
    buffer_free(&sink.buffer);
}

void
response_page(struct response *response, int status, const struct html *page)
{
    response_bytes(response, status, "text/html; charset=utf-8", page->bytes,
                   page->length);
    response_header(response, "Content-Security-Policy", page_policy);
    response_header(response, "Referrer-Policy", "same-origin");
}

void
response_redirect(struct response *response, int status, const char *location)
{
    response_bytes(response, status, NULL, "", 0);
    response_header(response, "Location", location);
}

void
response_spool(struct response *response, int status, const char *type, int fd)
{
    struct stat about;

    drop_body(response);
    response->status = status;
    response->type = type;
    response->fd = fd;
    response->length = fstat(fd, &about) == 0 ? (uint64_t)about.st_size : 0;
}

int
response_open_spool(int *out_fd, const struct response *response,
                    struct error *err)
{
    return spool_open(out_fd, response->spool_folder, err);
}

void
response_etag(struct response *response, const char *etag)
{
    response->etag = text_line(response->arena, etag);
}

void
response_content(struct response *response, const char *type,
                 struct content_reader *reader,
                 const struct gate_answer *answer)
{
    drop_body(response);
    response->type = type;
    response->reader = reader;
    response->length = content_reader_size(reader);
    response->gate = *answer;
}

void
response_on_sent(struct response *response,
                 void (*sent)(void *state, uint64_t bytes, bool all),
                 void *state)
{
    response->sent = sent;
    response->sent_state = state;
}
