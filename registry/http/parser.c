#include "registry/http/parser.h"

#include <string.h>
#include <strings.h>

#include "registry/http/limits.h"
#include "storage/base/text.h"

/* Fields whose repetition two servers could read in two ways. */
static const char *const single_headers[] = {
    "Host",         "Authorization", "Content-Length", "Transfer-Encoding",
    "Content-Type", "Expect",        "Range",          "If-Range",
    "Cookie",
};

static int
on_url(llhttp_t *llhttp, const char *at, size_t length)
{
    struct parser *parser = llhttp->data;

    (void)length; /* terminated when the whole head was parsed */
    if (parser->head->target == NULL)
        parser->head->target = at;
    return 0;
}

static int
on_header_field(llhttp_t *llhttp, const char *at, size_t length)
{
    struct parser *parser = llhttp->data;
    struct head *head = parser->head;

    if (head == NULL) {
        parser->trailer_bytes += length;
        if (parser->trailer_bytes <= LIMIT_TRAILER_BYTES)
            return 0;
        error_set(parser->err, ERROR_HEADERS_TOO_LARGE,
                  "the trailer is over %d bytes", LIMIT_TRAILER_BYTES);
        return HPE_USER;
    }
    if (head->header_count == LIMIT_HEADERS) {
        error_set(parser->err, ERROR_HEADERS_TOO_LARGE,
                  "there are more than %d headers", LIMIT_HEADERS);
        return HPE_USER;
    }
    head->headers[head->header_count].name = at;
    head->headers[head->header_count].value = NULL;
    return 0;
}

static int
on_header_value(llhttp_t *llhttp, const char *at, size_t length)
{
    struct parser *parser = llhttp->data;
    struct header *header;

    if (parser->head == NULL)
        return on_header_field(llhttp, at, length);
    header = &parser->head->headers[parser->head->header_count];
    if (header->value == NULL)
        header->value = at;
    return 0;
}

static int
on_header_value_complete(llhttp_t *llhttp)
{
    struct parser *parser = llhttp->data;

    if (parser->head != NULL)
        parser->head->header_count++;
    return 0;
}

static int
on_headers_complete(llhttp_t *llhttp)
{
    /* Nobody here changes protocols: the body is a body. */
    llhttp->upgrade = 0;
    return HPE_PAUSED;
}

static int
on_chunk_extension(llhttp_t *llhttp, const char *at, size_t length)
{
    struct parser *parser = llhttp->data;

    (void)at;
    (void)length;
    error_set(parser->err, ERROR_BAD_REQUEST,
              "no extension of a chunk is understood");
    return HPE_USER;
}

static int
on_body(llhttp_t *llhttp, const char *at, size_t length)
{
    struct parser *parser = llhttp->data;

    if (parser->body(parser->body_state, at, length, parser->err) < 0)
        return HPE_USER;
    return 0;
}

static int
on_message_complete(llhttp_t *llhttp)
{
    struct parser *parser = llhttp->data;

    parser->is_done = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_chunk_extension_name = on_chunk_extension,
    .on_chunk_extension_value = on_chunk_extension,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

size_t
parser_skip_blank(const char *bytes, size_t length)
{
    size_t at = 0;

    while (length - at >= 2 && bytes[at] == '\r' && bytes[at + 1] == '\n')
        at += 2;
    return at;
}

size_t
parser_find_head(const char *bytes, size_t length, size_t *seen)
{
    size_t from = *seen > 3 ? *seen - 3 : 0;
    const char *end = memmem(bytes + from, length - from, "\r\n\r\n", 4);

    *seen = length;
    return end != NULL ? (size_t)(end - bytes) + 4 : 0;
}

bool
parser_has_bare_newline(const char *bytes, size_t length, size_t from)
{
    const char *end = bytes + length;
    const char *at = bytes + from;

    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        if (at == bytes || at[-1] != '\r')
            return true;
        at++;
    }
    return false;
}

/* Refuses what a lenient reader and a strict one would read differently. */
static int
check_bytes(const char *bytes, size_t length, struct error *err)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (c == '\r' && i + 1 < length && bytes[i + 1] == '\n') {
            i++;
            if (i + 1 < length && strchr(" \t:", bytes[i + 1]) != NULL)
                return error_set(err, ERROR_BAD_REQUEST,
                                 "a header is folded or has no name");
        } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return error_set(err, ERROR_BAD_REQUEST,
                             "a control character in the headers");
        }
    }
    if (!text_is_utf8(bytes, length))
        return error_set(err, ERROR_BAD_REQUEST, "a header is not UTF-8");
    return 0;
}

/* Ends each name and value with a NUL, in the place of what came behind. */
static void
cut_fields(struct head *head, char *bytes)
{
    char *target = bytes + (head->target - bytes);

    target[strcspn(target, " \r")] = '\0';
    for (size_t i = 0; i < head->header_count; i++) {
        struct header *header = &head->headers[i];
        char *name = bytes + (header->name - bytes);
        char *value = name + strcspn(name, ":");
        size_t length;

        *value++ = '\0';
        value += strspn(value, " \t");
        length = strcspn(value, "\r");
        while (length > 0 &&
               (value[length - 1] == ' ' || value[length - 1] == '\t'))
            length--;
        value[length] = '\0';
        header->value = value;
    }
}

static int
check_single(const struct head *head, struct error *err)
{
    for (size_t n = 0; n < sizeof(single_headers) / sizeof(char *); n++) {
        int found = 0;

        for (size_t i = 0; i < head->header_count; i++)
            found += strcasecmp(head->headers[i].name, single_headers[n]) == 0;
        if (found > 1)
            return error_set(err, ERROR_BAD_REQUEST, "more than one %s header",
                             single_headers[n]);
    }
    return 0;
}

/* Takes the path out of "http://host/path", which a proxy's client sends. */
static int
read_target(struct head *head, struct error *err)
{
    const char *target = head->target;

    if (strncasecmp(target, "http://", 7) == 0 ||
        strncasecmp(target, "https://", 8) == 0) {
        target = strstr(target, "//") + 2;
        target += strcspn(target, "/?#");
        if (*target == '\0')
            target = "/";
    }
    if (*target != '/')
        return error_set(err, ERROR_BAD_REQUEST,
                         "the target is not a path beginning with a slash");
    if (strlen(target) > LIMIT_TARGET_BYTES)
        return error_set(err, ERROR_URI_TOO_LONG, "the path is over %d bytes",
                         LIMIT_TARGET_BYTES);
    head->target = target;
    return 0;
}

/* What the headers say about body and connection. */
static int
read_framing(struct head *head, const llhttp_t *llhttp, struct error *err)
{
    const char *coding = head_find(head, "Transfer-Encoding");
    const char *expect = head_find(head, "Expect");
    bool is_newer = llhttp->http_major == 1 && llhttp->http_minor == 1;

    if (!is_newer && !(llhttp->http_major == 1 && llhttp->http_minor == 0))
        return error_set(err, ERROR_BAD_REQUEST, "HTTP/1.1 is spoken here");
    if (is_newer && head_find(head, "Host") == NULL)
        return error_set(err, ERROR_BAD_REQUEST, "the Host header is missing");
    if (coding != NULL && !is_newer)
        return error_set(err, ERROR_BAD_REQUEST,
                         "Transfer-Encoding in an HTTP/1.0 request");
    if (coding != NULL && strcasecmp(coding, "chunked") != 0)
        return error_set(err, ERROR_NOT_IMPLEMENTED,
                         "no Transfer-Encoding but chunked is understood");
    if (expect != NULL && strcasecmp(expect, "100-continue") != 0)
        return error_set(err, ERROR_BAD_REQUEST,
                         "no Expect but 100-continue is understood");
    head->is_chunked = coding != NULL;
    head->has_length = head_find(head, "Content-Length") != NULL;
    head->length = head->has_length ? llhttp->content_length : 0;
    if (head->is_chunked && head->has_length)
        return error_set(err, ERROR_BAD_REQUEST,
                         "Content-Length beside Transfer-Encoding");
    head->keep_alive = llhttp_should_keep_alive(llhttp) != 0;
    head->expects_continue = expect != NULL && is_newer;
    return 0;
}

static int
run(struct parser *parser, const char *bytes, size_t length, struct error *err)
{
    llhttp_errno_t code;

    err->code = ERROR_NONE;
    parser->err = err;
    code = llhttp_execute(&parser->llhttp, bytes, length);
    parser->err = NULL;
    if (code == HPE_OK || code == HPE_PAUSED)
        return 0;
    if (err->code != ERROR_NONE)
        return -1; /* a callback said more than llhttp knows */
    error_set(err, ERROR_BAD_REQUEST, "the request is malformed");
    return error_set_cause(err, "%s: %s", llhttp_errno_name(code),
                           llhttp_get_error_reason(&parser->llhttp));
}

int
parser_head(struct head *out, struct parser *parser, struct arena *arena,
            const char *bytes, size_t length, struct error *err)
{
    char *copy;
    int result;

    memset(out, 0, sizeof(*out));
    if (check_bytes(bytes, length, err) < 0)
        return -1;
    copy = arena_bytes(arena, bytes, length);
    out->headers = arena_array(arena, LIMIT_HEADERS + 1, sizeof(struct header));
    memset(parser, 0, sizeof(*parser));
    llhttp_init(&parser->llhttp, HTTP_REQUEST, &callbacks);
    parser->llhttp.data = parser;
    parser->head = out;
    result = run(parser, copy, length, err);
    parser->head = NULL;
    if (result < 0)
        return -1;
    if (llhttp_get_errno(&parser->llhttp) != HPE_PAUSED ||
        llhttp_get_error_pos(&parser->llhttp) != copy + length ||
        out->target == NULL)
        return error_set(err, ERROR_BAD_REQUEST, "the headers have no end");
    out->method = llhttp_method_name(parser->llhttp.method);
    cut_fields(out, copy);
    if (read_target(out, err) < 0 || check_single(out, err) < 0 ||
        read_framing(out, &parser->llhttp, err) < 0)
        return -1;
    llhttp_resume(&parser->llhttp);
    return 0;
}

int
parser_body(size_t *out_used, struct parser *parser, const char *bytes,
            size_t length, struct error *err)
{
    *out_used = 0;
    if (run(parser, bytes, length, err) < 0)
        return -1;
    *out_used = parser->is_done
                    ? (size_t)(llhttp_get_error_pos(&parser->llhttp) - bytes)
                    : length;
    return 0;
}
