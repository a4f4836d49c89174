#include "cli/client/exchange.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/client/refusal.h"
#include "storage/base/buffer.h"

#define CONNECT_TIMEOUT_S 10L
/* A connection that moves nothing for so long is given up. */
#define STALL_TIMEOUT_S 30L
/* To join the parts of large weights, or to check a release, takes its time;
 * that the other machine is still there is asked by TCP meanwhile. */
#define WORK_TIMEOUT_S 3600L
#define KEEPALIVE_S 30L
#define RECEIVE_BUFFER (512L * 1024)

struct exchange {
    struct arena *arena;
    const struct exchange_origin *origin;
    struct exchange_request request;
    CURL *handle;
    struct curl_slist *headers;
    char *url; /* where it goes now, after redirects */
    uint64_t sent;
    int redirects;
    int header_count;
    bool has_begun; /* the sink was told */
    struct buffer body;
    struct answer answer;
    struct error err; /* what broke off the exchange */
    bool is_broken;
};

const char *
answer_header(const struct answer *answer, const char *name)
{
    for (const struct answer_header *at = answer->headers; at != NULL;
         at = at->next)
        if (strcasecmp(at->name, name) == 0)
            return at->value;
    return "";
}

const char *
answer_next(const struct answer *answer, struct arena *arena)
{
    const char *link = answer_header(answer, "Link");
    const char *rel = strstr(link, "rel=\"next\"");
    const char *begin = strchr(link, '<');
    const char *end = begin == NULL ? NULL : strchr(begin, '>');

    if (rel == NULL || end == NULL || end > rel)
        return NULL;
    return arena_bytes(arena, begin + 1, (size_t)(end - begin - 1));
}

const struct answer *
exchange_answer(const struct exchange *exchange)
{
    return &exchange->answer;
}

const struct exchange_request *
exchange_request(const struct exchange *exchange)
{
    return &exchange->request;
}

uint64_t
exchange_sent_bytes(const struct exchange *exchange)
{
    return exchange->sent;
}

void *
exchange_handle(const struct exchange *exchange)
{
    return exchange->handle;
}

static size_t
break_off(struct exchange *exchange)
{
    exchange->is_broken = true;
    return 0;
}

/*
 * A new status line begins a new set of headers: 100 Continue, then 200.  They
 * are counted together, or a registry could send such sets for ever.
 */
static void
begin_headers(struct exchange *exchange)
{
    long status = 0;

    curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status);
    exchange->answer.status = (int)status;
    exchange->answer.headers = NULL;
}

static size_t
on_header(char *bytes, size_t one, size_t length, void *state)
{
    struct exchange *exchange = state;
    struct answer_header *header;
    const char *colon = memchr(bytes, ':', length);
    const char *value;
    size_t end = length;

    (void)one;
    if (length > EXCHANGE_HEADER_BYTES ||
        ++exchange->header_count > EXCHANGE_HEADERS_LIMIT) {
        error_set(&exchange->err, ERROR_UNPROCESSABLE,
                  "the registry's headers are too large");
        return break_off(exchange);
    }
    if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        begin_headers(exchange);
        return length;
    }
    if (colon == NULL)
        return length;
    value = colon + 1;
    while (value < bytes + end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > 0 && strchr("\r\n \t", bytes[end - 1]) != NULL &&
           bytes + end > value)
        end--;
    header = arena_alloc(exchange->arena, sizeof(*header));
    header->name = arena_bytes(exchange->arena, bytes, (size_t)(colon - bytes));
    header->value =
        arena_bytes(exchange->arena, value, (size_t)(bytes + end - value));
    header->next = exchange->answer.headers;
    exchange->answer.headers = header;
    return length;
}

static bool
is_success(int status)
{
    return status >= 200 && status < 300;
}

static int
pass_on(struct exchange *exchange, const char *bytes, size_t length)
{
    const struct exchange_sink *sink = exchange->request.sink;

    if (!exchange->has_begun && sink->begin != NULL &&
        sink->begin(sink->state, &exchange->answer, &exchange->err) < 0)
        return -1;
    exchange->has_begun = true;
    return sink->add(sink->state, bytes, length, &exchange->err);
}

static size_t
on_body(char *bytes, size_t one, size_t length, void *state)
{
    struct exchange *exchange = state;
    size_t limit = exchange->request.limit_bytes;
    long status = 0;

    (void)one;
    curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status);
    exchange->answer.status = (int)status;
    if (exchange->request.sink != NULL && is_success((int)status))
        return pass_on(exchange, bytes, length) < 0 ? break_off(exchange)
                                                    : length;
    if (limit == 0 || !is_success((int)status))
        limit = EXCHANGE_LIMIT_BYTES;
    if (buffer_add(&exchange->body, bytes, length, limit, &exchange->err) < 0) {
        error_set(&exchange->err, ERROR_UNPROCESSABLE,
                  "the registry's answer is over %zu bytes", limit);
        return break_off(exchange);
    }
    return length;
}

/* All is sent: from here on it is the registry that works. */
static void
wait_for_work(struct exchange *exchange)
{
    if (exchange->request.stall_s == 0)
        curl_easy_setopt(exchange->handle, CURLOPT_LOW_SPEED_TIME,
                         WORK_TIMEOUT_S);
}

static size_t
on_send(char *out, size_t one, size_t room, void *state)
{
    struct exchange *exchange = state;
    const struct exchange_request *request = &exchange->request;
    uint64_t left = request->length - exchange->sent;
    ssize_t n;

    room *= one;
    if (room > left)
        room = (size_t)left;
    if (room == 0)
        return 0;
    if (request->bytes != NULL) {
        memcpy(out, (const char *)request->bytes + exchange->sent, room);
        n = (ssize_t)room;
    } else {
        n = pread(request->fd, out, room,
                  (off_t)(request->offset + exchange->sent));
    }
    if (n <= 0) {
        error_set(&exchange->err, ERROR_INTERNAL,
                  "a file became shorter while it was sent");
        exchange->is_broken = true;
        return CURL_READFUNC_ABORT;
    }
    exchange->sent += (uint64_t)n;
    if (exchange->sent == request->length)
        wait_for_work(exchange);
    return (size_t)n;
}

/* curl rewinds when it has to send a body again on another connection. */
static int
on_seek(void *state, curl_off_t offset, int origin)
{
    struct exchange *exchange = state;

    if (origin != SEEK_SET || offset < 0 ||
        (uint64_t)offset > exchange->request.length)
        return CURL_SEEKFUNC_FAIL;
    exchange->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* Scheme, host and port as one text, to compare. */
static char *
origin_of(struct arena *arena, const char *url)
{
    CURLU *parts = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    char *port = NULL;
    char *origin = NULL;

    if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
            CURLUE_OK)
        origin = arena_format(arena, "%s://%s:%s", scheme, host, port);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return origin;
}

static bool
is_own_origin(struct exchange *exchange, const char *url)
{
    const char *own = origin_of(exchange->arena, exchange->origin->registry);
    const char *other = origin_of(exchange->arena, url);

    return own != NULL && other != NULL && strcasecmp(own, other) == 0;
}

static int
set_headers(struct exchange *exchange)
{
    const char *const *at = exchange->request.headers;
    const char *token = exchange->origin->token;

    curl_slist_free_all(exchange->headers);
    exchange->headers = NULL;
    for (; at != NULL && *at != NULL; at++)
        exchange->headers = curl_slist_append(exchange->headers, *at);
    if (token[0] != '\0' && !exchange->request.without_token &&
        is_own_origin(exchange, exchange->url))
        exchange->headers = curl_slist_append(
            exchange->headers,
            arena_format(exchange->arena, "Authorization: Bearer %s", token));
    curl_easy_setopt(exchange->handle, CURLOPT_HTTPHEADER, exchange->headers);
    return 0;
}

static void
set_body(struct exchange *exchange)
{
    const struct exchange_request *request = &exchange->request;
    CURL *handle = exchange->handle;
    curl_off_t length = (curl_off_t)request->length;

    if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    else if (!request->has_body && request->length == 0)
        curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    if (!request->has_body && request->length == 0)
        return;
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(handle, CURLOPT_READDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(handle, CURLOPT_SEEKDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, length);
}

static void
set_handle(struct exchange *exchange)
{
    CURL *handle = exchange->handle;

    curl_easy_setopt(handle, CURLOPT_PRIVATE, exchange);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "weigh");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT,
                     exchange->request.is_again ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME,
                     exchange->request.stall_s > 0 ? exchange->request.stall_s
                                                   : STALL_TIMEOUT_S);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_S);
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    if (exchange->origin->authority != NULL)
        curl_easy_setopt(handle, CURLOPT_CAINFO, exchange->origin->authority);
    curl_easy_setopt(handle, CURLOPT_URL, exchange->url);
}

static bool
is_http(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 ||
           strncasecmp(url, "http://", 7) == 0;
}

int
exchange_open(struct exchange **out, const struct exchange_origin *origin,
              const struct exchange_request *request, struct error *err)
{
    struct exchange *exchange = xcalloc(1, sizeof(*exchange));

    exchange->arena = arena_open();
    exchange->origin = origin;
    exchange->request = *request;
    exchange->url = request->url[0] == '/'
                        ? arena_format(exchange->arena, "%s%s",
                                       origin->registry, request->url)
                        : arena_text(exchange->arena, request->url);
    exchange->handle = curl_easy_init();
    if (exchange->handle == NULL || !is_http(exchange->url) ||
        origin_of(exchange->arena, exchange->url) == NULL) {
        exchange_free(exchange);
        return error_set(
            err, ERROR_UNPROCESSABLE,
            "the registry named no URL that is spoken here: %.200s",
            request->url);
    }
    if (strncmp(origin->registry, "https:", 6) == 0 &&
        strncasecmp(exchange->url, "https:", 6) != 0) {
        exchange_free(exchange);
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the registry leads from https to plain http");
    }
    set_handle(exchange);
    set_body(exchange);
    set_headers(exchange);
    *out = exchange;
    return 0;
}

void
exchange_free(struct exchange *exchange)
{
    if (exchange == NULL)
        return;
    curl_easy_cleanup(exchange->handle);
    curl_slist_free_all(exchange->headers);
    buffer_free(&exchange->body);
    arena_free(exchange->arena);
    free(exchange);
}

/* The whole URL that Location means; NULL when it means none that is safe. */
static char *
find_redirect(struct exchange *exchange)
{
    const char *location = answer_header(&exchange->answer, "Location");
    CURLU *parts = curl_url();
    char *whole = NULL;
    char *url = NULL;

    if (curl_url_set(parts, CURLUPART_URL, exchange->url, 0) == CURLUE_OK &&
        curl_url_set(parts, CURLUPART_URL, location, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_URL, &whole, 0) == CURLUE_OK &&
        (strncasecmp(whole, "https:", 6) == 0 ||
         (strncasecmp(whole, "http:", 5) == 0 &&
          strncasecmp(exchange->url, "http:", 5) == 0)))
        url = arena_text(exchange->arena, whole);
    curl_free(whole);
    curl_url_cleanup(parts);
    return url;
}

static bool
is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 ||
           status == 308;
}

/* Only what changes nothing is asked again elsewhere, and 307 and 308. */
static bool
may_follow(const struct exchange *exchange)
{
    const char *method = exchange->request.method;

    if (answer_header(&exchange->answer, "Location")[0] == '\0')
        return false;
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           exchange->answer.status >= 307;
}

bool
exchange_finish(struct exchange *exchange, int verdict)
{
    long status = 0;
    char *url;

    curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status);
    exchange->answer.status = (int)status;
    exchange->answer.body =
        exchange->body.bytes == NULL ? "" : exchange->body.bytes;
    exchange->answer.length = exchange->body.length;
    if (exchange->is_broken)
        return false;
    if (verdict != CURLE_OK) {
        exchange->is_broken = true;
        refusal_set_transport(&exchange->err, verdict, exchange->url);
        return false;
    }
    if (!is_redirect((int)status) || !may_follow(exchange))
        return false;
    url = find_redirect(exchange);
    if (url == NULL || ++exchange->redirects > EXCHANGE_REDIRECTS) {
        exchange->is_broken = true;
        error_set(&exchange->err, ERROR_UNPROCESSABLE,
                  "the registry redirects to nowhere safe");
        return false;
    }
    exchange->url = url;
    exchange->sent = 0;
    exchange->header_count = 0;
    buffer_free(&exchange->body);
    set_headers(exchange);
    curl_easy_setopt(exchange->handle, CURLOPT_URL, url);
    return true;
}

int
exchange_result(const struct exchange *exchange, struct error *err)
{
    int status = exchange->answer.status;

    if (exchange->is_broken) {
        *err = exchange->err;
        return -1;
    }
    if (is_success(status) || status == 303 || status == 304)
        return 0;
    return refusal_set(err, &exchange->answer);
}
