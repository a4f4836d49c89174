#include "registry/http/answer.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "registry/http/input.h"
#include "registry/http/range.h"
#include "registry/http/refusal.h"
#include "storage/base/buffer.h"
#include "storage/base/random.h"

#define BOUNDARY_LENGTH 32
#define DATE_SIZE 32

static const char expose_headers[] =
    "X-Repo-Commit, X-Request-Id, X-Error-Code, X-Error-Message, "
    "X-Total-Count, ETag, Link, Accept-Ranges, Content-Range, "
    "X-Linked-Size, X-Linked-ETag, X-Xet-Hash";

static const struct {
    int status;
    const char *text;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {416, "Range Not Satisfiable"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {507, "Insufficient Storage"},
};

static const char *
find_reason(int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Other";
}

/* Opaque tags are compared without "W/", as If-None-Match wants. */
static bool
is_same_tag(const char *etag, const char *text, size_t length)
{
    if (strncmp(etag, "W/", 2) == 0)
        etag += 2;
    if (length > 2 && strncmp(text, "W/", 2) == 0) {
        text += 2;
        length -= 2;
    }
    return strlen(etag) == length && memcmp(etag, text, length) == 0;
}

/* Whether the list, or "*", names the tag. */
static bool
lists_tag(const char *list, const char *etag)
{
    while (*list != '\0') {
        size_t length;

        list += strspn(list, " \t,");
        length = strcspn(list, ",");
        while (length > 0 &&
               (list[length - 1] == ' ' || list[length - 1] == '\t'))
            length--;
        if ((length == 1 && *list == '*') || is_same_tag(etag, list, length))
            return true;
        list += strcspn(list, ",");
    }
    return false;
}

static bool
is_fresh(const struct response *response, const struct request *request)
{
    const char *wanted = request_header(request, "If-None-Match");

    return wanted != NULL && response->etag != NULL &&
           response->status == 200 &&
           (strcmp(request->method, "GET") == 0 || request->is_head) &&
           lists_tag(wanted, response->etag);
}

static void
find_ranges(struct range_set *out, const struct response *response,
            const struct request *request)
{
    const char *header = request_header(request, "Range");
    const char *condition = request_header(request, "If-Range");

    if (response->etag == NULL || response->status != 200 ||
        strcmp(request->method, "GET") != 0)
        header = NULL;
    if (header != NULL && condition != NULL &&
        (strncmp(condition, "W/", 2) == 0 ||
         strcmp(condition, response->etag) != 0))
        header = NULL;
    range_parse(out, header, response->length);
}

static void
add_part(struct answer *answer, const struct part *part)
{
    if (part->length > 0)
        answer->parts[answer->count++] = *part;
}

static void
add_text(struct answer *answer, const char *text)
{
    add_part(answer, &(struct part){.kind = PART_MEMORY,
                                    .bytes = text,
                                    .length = strlen(text)});
}

static void
add_body(struct answer *answer, const struct response *response,
         uint64_t offset, uint64_t length)
{
    struct part part = {.is_body = true, .offset = offset, .length = length};

    if (response->reader != NULL) {
        part.kind = PART_READER;
    } else if (response->fd >= 0) {
        part.kind = PART_FILE;
    } else {
        part.kind = PART_MEMORY;
        part.bytes = response->bytes + offset;
    }
    add_part(answer, &part);
}

/* Parts of a multipart/byteranges body; returns its length. */
static uint64_t
add_multipart(struct answer *answer, struct response *response,
              const struct range_set *set, const char *boundary)
{
    const char *type = response->type;
    size_t first = answer->count;
    uint64_t length = 0;

    for (size_t i = 0; i < set->count; i++) {
        const struct range *range = &set->ranges[i];

        add_text(answer,
                 arena_format(response->arena,
                              "%s--%s\r\nContent-Type: %s\r\n"
                              "Content-Range: bytes %" PRIu64 "-%" PRIu64
                              "/%" PRIu64 "\r\n\r\n",
                              i > 0 ? "\r\n" : "", boundary,
                              type != NULL ? type : "application/octet-stream",
                              range->offset, range->offset + range->length - 1,
                              response->length));
        add_body(answer, response, range->offset, range->length);
    }
    add_text(answer, arena_format(response->arena, "\r\n--%s--\r\n", boundary));
    response->type = arena_format(
        response->arena, "multipart/byteranges; boundary=%s", boundary);
    for (size_t i = first; i < answer->count; i++)
        length += answer->parts[i].length;
    return length;
}

static void
write_date(char out[DATE_SIZE])
{
    time_t now = time(NULL);
    struct tm parts;

    strftime(out, DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT",
             gmtime_r(&now, &parts));
}

static void
write_field(struct buffer *out, const char *name, const char *value)
{
    buffer_append_text(out, name);
    buffer_append(out, ": ", 2);
    buffer_append_text(out, value);
    buffer_append(out, "\r\n", 2);
}

/* Fields that every answer has, unless the handler set its own. */
static void
write_defaults(struct buffer *out, const struct response *response,
               const struct request *request)
{
    static const char *const defaults[][2] = {
        {"Access-Control-Expose-Headers", expose_headers},
        {"X-Content-Type-Options", "nosniff"},
        {"Cache-Control", "private, no-cache"},
        {"Content-Security-Policy", "default-src 'none'; sandbox"},
    };

    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (!response_has(response, defaults[i][0]))
            write_field(out, defaults[i][0], defaults[i][1]);
    write_field(out, "X-Request-Id", request->id);
}

static void
write_fields(struct buffer *out, const struct response_field *field)
{
    if (field == NULL)
        return;
    write_fields(out, field->next); /* they are kept last one first */
    write_field(out, field->name, field->value);
}

/* The head, in the arena.  length is the body's, though HEAD leaves it out. */
static void
write_head(struct answer *answer, struct response *response,
           const struct request *request, uint64_t length)
{
    struct buffer head = {0};
    char date[DATE_SIZE];

    write_date(date);
    buffer_append_format(&head, "HTTP/1.1 %d %s\r\nDate: %s\r\n",
                         answer->status, find_reason(answer->status), date);
    if (response->type != NULL)
        write_field(&head, "Content-Type", response->type);
    if (response->etag != NULL)
        buffer_append_format(&head, "ETag: %s\r\nAccept-Ranges: bytes\r\n",
                             response->etag);
    if (answer->status != 304 && answer->status != 204)
        buffer_append_format(&head, "Content-Length: %" PRIu64 "\r\n", length);
    write_fields(&head, response->fields);
    write_defaults(&head, response, request);
    buffer_append_format(&head, "Connection: %s\r\n\r\n",
                         answer->close ? "close" : "keep-alive");
    answer->parts[0] = (struct part){
        .kind = PART_MEMORY,
        .bytes = arena_bytes(response->arena, head.bytes, head.length),
        .length = head.length};
    buffer_free(&head);
}

static void
refuse_range(struct response *response, const struct request *request)
{
    const char *etag = response->etag;
    uint64_t length = response->length;
    struct error err;

    error_set(&err, ERROR_RANGE, NULL);
    refusal_answer(response, request, &err);
    response->etag = etag;
    response_header(response, "Content-Range",
                    arena_format(response->arena, "bytes */%" PRIu64, length));
}

/* Lays out the body behind the head's place; returns its length. */
static uint64_t
lay_out(struct answer *answer, struct response *response,
        const struct request *request)
{
    char boundary[BOUNDARY_LENGTH + 1];
    struct range_set set;

    find_ranges(&set, response, request);
    if (set.kind == RANGE_NONE)
        refuse_range(response, request);
    answer->status = response->status;
    if (set.kind != RANGE_SOME) {
        add_body(answer, response, 0, response->length);
        return response->length;
    }
    answer->status = 206;
    if (set.count == 1) {
        const struct range *range = &set.ranges[0];

        response_header(response, "Content-Range",
                        arena_format(response->arena,
                                     "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
                                     range->offset,
                                     range->offset + range->length - 1,
                                     response->length));
        add_body(answer, response, range->offset, range->length);
        return range->length;
    }
    random_text(boundary, BOUNDARY_LENGTH);
    return add_multipart(answer, response, &set, boundary);
}

void
answer_make(struct answer *out, struct response *response,
            const struct request *request, bool close)
{
    uint64_t length = 0;

    memset(out, 0, sizeof(*out));
    out->close = close;
    out->parts =
        arena_array(response->arena, 2 * LIMIT_RANGES + 2, sizeof(struct part));
    out->count = 1; /* the head's place */
    if (is_fresh(response, request)) {
        out->status = 304;
    } else {
        length = lay_out(out, response, request);
    }
    write_head(out, response, request, length);
    if (request->is_head || out->status == 304 || out->status == 204)
        out->count = 1;
}

uint64_t
answer_left(const struct answer *answer)
{
    return answer->at < answer->count
               ? answer->parts[answer->at].length - answer->done
               : 0;
}

void
answer_advance(struct answer *answer, uint64_t length)
{
    while (length > 0) {
        const struct part *part = &answer->parts[answer->at];
        uint64_t left = part->length - answer->done;
        uint64_t taken = length < left ? length : left;

        if (part->is_body)
            answer->body_bytes += taken;
        answer->done += taken;
        length -= taken;
        if (answer->done == part->length) {
            answer->at++;
            answer->done = 0;
        }
    }
}

bool
answer_is_sent(const struct answer *answer)
{
    return answer->at == answer->count;
}
