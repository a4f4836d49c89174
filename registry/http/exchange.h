/*
 * exchange: one request and its answer, from the head to the log line.
 *
 * Belongs to one thread at a time: the loop that read the head, a worker for
 * exchange_begin and exchange_end, IO threads for the body's pieces and for
 * exchange_finish, which frees it.  Knows no socket.
 */
#ifndef REGISTRY_HTTP_EXCHANGE_H
#define REGISTRY_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registry/http/answer.h"
#include "registry/http/host.h"
#include "registry/http/input.h"
#include "registry/http/intake.h"
#include "registry/http/parser.h"
#include "registry/http/request.h"
#include "registry/http/response.h"
#include "registry/http/spool.h"

struct download;

enum exchange_stage {
    EXCHANGE_BEGIN,  /* exchange_begin is next */
    EXCHANGE_BODY,   /* the body is wanted */
    EXCHANGE_ANSWER, /* the answer can be sent */
};

/* Bytes of a reader that come through memory, for PART_READER. */
struct fetch {
    char *bytes;
    size_t length;
    size_t used; /* of length, that left */
};

struct exchange {
    struct task task; /* first: a task is cast back to its exchange */
    struct host *host;
    struct connection *connection; /* the loop's; NULL when it is gone */
    struct arena *arena;
    struct request request;
    struct request_input input;
    struct response response;
    struct answer answer;
    struct intake intake;
    struct spool_sink spool;
    struct fetch fetch;
    struct download *download; /* while content leaves; NULL: none */
    enum exchange_stage stage;
    bool is_unread;  /* a body that was announced has not been read */
    bool is_refused; /* by the layer itself: the connection ends */
    bool all_sent;
    int64_t began_us;   /* monotonic */
    int64_t checked_ms; /* when the right was checked last */
    int64_t generation; /* of what downloads heard, before the check */
    bool fetch_failed;
    bool has_failed; /* an IO thread's work on the body, with err */
    struct error err;
    struct error refusal; /* of the body, while a piece of it still flies */
};

/* Who is at the other end. */
struct origin {
    const char *address;
};

/* Parses the head and finds the route; a refusal is EXCHANGE_ANSWER. */
struct exchange *exchange_open(struct host *host, const struct origin *origin,
                               struct parser *parser, const char *bytes,
                               size_t length);

/*
 * For bytes that came instead of a head, or none: the answer that ends the
 * connection.
 */
struct exchange *exchange_open_refused(struct host *host,
                                       const struct origin *origin,
                                       const char *bytes, size_t length,
                                       const struct error *err);

/* On a worker: entry, then the route's begin or, without a body, its end. */
void exchange_begin(struct exchange *exchange, struct db *db);

/* What exchange_begin does after the entry, when that was checked apart. */
void exchange_go_on(struct exchange *exchange, struct db *db);

/* Before the entry: from when on changes are to be heard. */
void exchange_note_check(struct exchange *exchange);

/* Answers with err; the connection lives on where it can. */
void exchange_turn_away(struct exchange *exchange, const struct error *err);

/* On a worker, when the whole body is there. */
void exchange_end(struct exchange *exchange, struct db *db);

/* Ends the connection with the answer for err; the body was not all read. */
void exchange_refuse(struct exchange *exchange, const struct error *err);

/* On an IO thread: its log line, what the handler asked for, the end. */
void exchange_finish(struct exchange *exchange, struct log_lines *lines);

#endif
