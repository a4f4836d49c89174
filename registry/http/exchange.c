#include "registry/http/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/session.h"
#include "registry/http/cookie.h"
#include "registry/http/download.h"
#include "registry/http/entry.h"
#include "registry/http/meter.h"
#include "registry/http/proxy.h"
#include "registry/http/refusal.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/base/text.h"

#define USER_AGENT_LIMIT 256
/* A body that took longer than this to come has its right checked again. */
#define CHECK_AGAIN_MS 1000
#define SESSION_SECONDS (SESSION_DAYS * 24 * 3600)

static struct exchange *
open_bare(struct host *host, const struct origin *origin)
{
    struct exchange *exchange = xcalloc(1, sizeof(*exchange));
    struct request *request = &exchange->request;

    exchange->host = host;
    exchange->arena = arena_open();
    exchange->began_us = clock_monotonic_us();
    exchange->input.spool = -1;
    exchange->spool.fd = -1;
    response_open(&exchange->response, exchange->arena, host->spool_folder);
    request->arena = exchange->arena;
    request->service = host->service;
    request->input = &exchange->input;
    request->method = "";
    request->target = "";
    request->id = "";
    request->caller.name = "";
    request->caller.user_agent = "";
    request->caller.address = arena_text(exchange->arena, origin->address);
    request->caller.questions = host->service->questions;
    return exchange;
}

static bool
is_sane_id(const char *id)
{
    size_t length = id != NULL ? strlen(id) : 0;

    if (length == 0 || length > LIMIT_REQUEST_ID)
        return false;
    for (size_t i = 0; i < length; i++)
        if (id[i] < 0x21 || id[i] > 0x7e)
            return false;
    return true;
}

static void
set_id(struct request *request)
{
    const char *id = request_header(request, "X-Amzn-Trace-Id");
    char fresh[RANDOM_ID_SIZE];

    if (!is_sane_id(id))
        id = request_header(request, "X-Request-Id");
    if (!is_sane_id(id)) {
        random_id(fresh);
        id = arena_text(request->arena, fresh);
    }
    request->id = id;
    request->caller.request_id = id;
}

static bool
is_api(const char *target)
{
    return strncmp(target, "/api/", 5) == 0;
}

/*
 * The path out of a head that could not be read, as far as it can be told:
 * only so that its refusal has the form that its client reads.
 */
static void
guess_target(struct request *request, const char *bytes, size_t length)
{
    const char *at = length > 0 ? memchr(bytes, ' ', length) : NULL;
    size_t left;
    size_t used = 0;

    if (at == NULL || length - (size_t)(++at - bytes) == 0 || *at != '/')
        return;
    left = length - (size_t)(at - bytes);
    while (used < left && used < LIMIT_TARGET_BYTES && at[used] > ' ' &&
           at[used] < 0x7f)
        used++;
    request->target = arena_bytes(request->arena, at, used);
    request->is_api = is_api(request->target);
}

static void
read_head(struct request *request, const char *trusted_proxies)
{
    const char *agent = request_header(request, "User-Agent");

    request->method = request->input->head.method;
    request->target = request->input->head.target;
    request->is_head = strcmp(request->method, "HEAD") == 0;
    request->is_api = is_api(request->target);
    request->caller.address =
        proxy_find_client(request->arena, trusted_proxies,
                          request->caller.address, &request->input->head);
    if (agent != NULL) {
        size_t length = strnlen(agent, USER_AGENT_LIMIT);

        request->caller.user_agent = text_line(
            request->arena, arena_bytes(request->arena, agent, length));
    }
}

static int
read_query(struct request *request, struct error *err)
{
    const char *query = strchr(request->target, '?');

    if (query == NULL)
        return 0;
    query++;
    return fields_parse(&request->input->query, request->arena, query,
                        strcspn(query, "#"), LIMIT_QUERY_FIELDS, err);
}

/* A session that got a new cookie hands it out with whatever answer. */
static void
renew(struct exchange *exchange)
{
    if (exchange->input.renewed != NULL &&
        !response_has(&exchange->response, "Set-Cookie"))
        cookie_set_session(&exchange->response, &exchange->request,
                           exchange->input.renewed, SESSION_SECONDS);
}

/* Lays out the response, which is then all that is left of the handling. */
static void
answer(struct exchange *exchange)
{
    const struct head *head = &exchange->input.head;
    bool is_stopping = atomic_load(&exchange->host->is_stopping);

    request_end_upload(&exchange->request);
    renew(exchange);
    answer_make(&exchange->answer, &exchange->response, &exchange->request,
                !head->keep_alive || exchange->is_unread || is_stopping ||
                    exchange->is_refused);
    exchange->stage = EXCHANGE_ANSWER;
}

static void
log_failure(const struct exchange *exchange, const struct error *err)
{
    if (err->status < 500)
        return;
    log_write(&exchange->request.service->log, "error",
              json_pack("{s:s, s:s, s:s, s:s}", "id", exchange->request.id,
                        "code", error_name(err->code), "message", err->message,
                        "cause", err->cause));
}

void
exchange_turn_away(struct exchange *exchange, const struct error *err)
{
    log_failure(exchange, err);
    refusal_answer(&exchange->response, &exchange->request, err);
    answer(exchange);
}

void
exchange_refuse(struct exchange *exchange, const struct error *err)
{
    exchange->is_refused = true;
    exchange_turn_away(exchange, err);
}

struct exchange *
exchange_open(struct host *host, const struct origin *origin,
              struct parser *parser, const char *bytes, size_t length)
{
    struct exchange *exchange = open_bare(host, origin);
    struct request *request = &exchange->request;
    struct head *head = &exchange->input.head;
    struct error err;

    if (parser_head(head, parser, exchange->arena, bytes, length, &err) < 0) {
        memset(head, 0, sizeof(*head));
        guess_target(request, bytes, length);
        set_id(request);
        exchange_refuse(exchange, &err);
        return exchange;
    }
    read_head(request, host->trusted_proxies);
    set_id(request);
    exchange->is_unread = head_has_body(head);
    if (read_query(request, &err) < 0 ||
        router_find(&exchange->input.match, host->router, exchange->arena,
                    request->method, request->target, &err) < 0)
        exchange_turn_away(exchange, &err);
    request->repository.kind = exchange->input.match.kind;
    return exchange;
}

struct exchange *
exchange_open_refused(struct host *host, const struct origin *origin,
                      const char *bytes, size_t length, const struct error *err)
{
    struct exchange *exchange = open_bare(host, origin);

    guess_target(&exchange->request, bytes, length);
    set_id(&exchange->request);
    exchange_refuse(exchange, err);
    return exchange;
}

void
exchange_note_check(struct exchange *exchange)
{
    exchange->checked_ms = clock_monotonic_ms();
    exchange->generation = downloads_generation(exchange->host->downloads);
}

static int
check(struct exchange *exchange, struct error *err)
{
    exchange_note_check(exchange);
    return entry_check(&exchange->request, exchange->input.match.route, err);
}

/* The handler's part, with the whole body there. */
static void
handle(struct exchange *exchange)
{
    const struct route *route = exchange->input.match.route;
    struct response *response = &exchange->response;
    struct request *request = &exchange->request;
    struct error err;

    if (route->handle(request, response, &err) < 0) {
        if (request->db != NULL)
            db_rollback(request->db);
        log_failure(exchange, &err);
        refusal_answer(response, request, &err);
    }
    answer(exchange);
    if (response->reader != NULL && !request->is_head)
        exchange->download =
            download_begin(exchange->host->downloads, request, &response->gate,
                           exchange->generation);
}

static uint64_t
find_limit(const struct limits *limits, const struct route *route)
{
    if (route->limit_bytes == ROUTE_COMMIT_BYTES)
        return (uint64_t)limits->commit_bytes;
    return route->limit_bytes > 0 ? route->limit_bytes
                                  : (uint64_t)limits->json_bytes;
}

/* Opens the way for the body; -1 refuses it unread. */
static int
begin_body(struct exchange *exchange, struct error *err)
{
    const struct route *route = exchange->input.match.route;
    const struct head *head = &exchange->input.head;
    struct body_sink sink = {0};

    if (route->begin != NULL) {
        if (route->begin(&sink, &exchange->request, err) < 0)
            return -1;
        intake_open_sink(&exchange->intake, &sink);
    } else {
        spool_sink_open(&sink, &exchange->spool, exchange->host->spool_folder,
                        find_limit(exchange->host->limits, route));
        intake_open_memory(&exchange->intake, &exchange->input.memory, &sink);
    }
    if (head->has_length && head->length > sink.limit_bytes)
        return error_set(err, ERROR_TOO_LARGE,
                         "the body is over the limit of %llu bytes",
                         (unsigned long long)sink.limit_bytes);
    return 0;
}

void
exchange_begin(struct exchange *exchange, struct db *db)
{
    struct error err;

    exchange->request.db = db;
    if (check(exchange, &err) < 0)
        exchange_turn_away(exchange, &err);
    else
        exchange_go_on(exchange, db);
}

void
exchange_go_on(struct exchange *exchange, struct db *db)
{
    struct request *request = &exchange->request;
    bool has_body = exchange->is_unread;
    const char *moved;
    struct error err;

    request->db = db;
    moved = entry_moved(request);
    if (moved != NULL) {
        response_redirect(&exchange->response, 307, moved);
        answer(exchange);
        return;
    }
    if (has_body || exchange->input.match.route->begin != NULL) {
        if (begin_body(exchange, &err) < 0) {
            if (db != NULL)
                db_rollback(db);
            exchange_turn_away(exchange, &err);
            return;
        }
    }
    if (has_body) {
        exchange->stage = EXCHANGE_BODY;
        return;
    }
    exchange_end(exchange, db);
}

/* Makes the body readable as memory or as the spool file. */
static int
open_body(struct exchange *exchange, struct error *err)
{
    struct request_input *input = &exchange->input;

    input->spool = exchange->spool.fd;
    if (input->spool >= 0)
        return source_of_file(&input->file_source, input->spool, err);
    source_of_memory(&input->memory_source,
                     input->memory.length > 0 ? input->memory.bytes : "",
                     input->memory.length);
    return 0;
}

void
exchange_end(struct exchange *exchange, struct db *db)
{
    struct request *request = &exchange->request;
    const struct route *route = exchange->input.match.route;
    struct error err;

    request->db = db;
    exchange->is_unread = false;
    if (open_body(exchange, &err) < 0) {
        exchange_turn_away(exchange, &err);
        return;
    }
    if (clock_monotonic_ms() - exchange->checked_ms > CHECK_AGAIN_MS &&
        route->right != RIGHT_LINK && check(exchange, &err) < 0) {
        exchange_turn_away(exchange, &err);
        return;
    }
    handle(exchange);
}

static void
write_line(struct log_lines *lines, const struct exchange *exchange)
{
    const struct request *request = &exchange->request;
    const struct route *route = exchange->input.match.route;
    int64_t took_us = clock_monotonic_us() - exchange->began_us;

    log_line_begin(lines, "request");
    log_line_text(lines, "id", request->id);
    log_line_text(lines, "method", request->method);
    log_line_text(lines, "route", route != NULL ? route->pattern : "");
    log_line_text(lines, "account", request->caller.name);
    log_line_text(lines, "address", request->caller.address);
    log_line_int(lines, "status", exchange->answer.status);
    log_line_int(lines, "bytes", (int64_t)exchange->answer.body_bytes);
    log_line_int(lines, "ms", took_us / 1000);
    log_line_bool(lines, "whole", exchange->all_sent);
    log_line_end(lines);
}

static void
count(const struct exchange *exchange)
{
    const struct route_match *match = &exchange->input.match;
    const struct meter_request request = {
        .family = match->route != NULL ? match->family : -1,
        .method = exchange->request.method,
        .status = exchange->answer.status,
        .duration_us = clock_monotonic_us() - exchange->began_us,
        .bytes_in = exchange->intake.total_bytes,
        .bytes_out = exchange->answer.body_bytes,
    };

    meter_add_request(exchange->request.service->meter, &request);
}

/* Tells the handler what left of its own body. */
static void
tell_sent(const struct exchange *exchange)
{
    const struct response *response = &exchange->response;
    const struct answer *sent = &exchange->answer;
    bool is_whole = exchange->all_sent && sent->status == 200 &&
                    sent->body_bytes == response->length;

    if (response->sent == NULL)
        return;
    response->sent(response->sent_state,
                   sent->status == 200 || sent->status == 206 ? sent->body_bytes
                                                              : 0,
                   is_whole);
}

void
exchange_finish(struct exchange *exchange, struct log_lines *lines)
{
    struct response *response = &exchange->response;

    download_end(exchange->download);
    tell_sent(exchange);
    write_line(lines, exchange);
    count(exchange);
    request_end_upload(&exchange->request); /* who went away unanswered */
    intake_free(&exchange->intake);
    if (exchange->spool.fd >= 0)
        close(exchange->spool.fd);
    buffer_free(&exchange->input.memory);
    free(exchange->fetch.bytes);
    response_free(response);
    arena_free(exchange->arena);
    free(exchange);
}
