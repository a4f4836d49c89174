/*
 * exchange: one HTTP request and its answer, over libcurl.
 *
 * The other side may be hostile: headers and body are bounded, only http and
 * https are spoken, and the person's token goes to the registry's own scheme,
 * host and port and nowhere else, whatever redirects say.  An https answer
 * never leads to http.  An exchange is run by a client, see client.h.
 */
#ifndef CLI_CLIENT_EXCHANGE_H
#define CLI_CLIENT_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"

/* The most of an answer that is kept in memory when nobody says otherwise. */
#define EXCHANGE_LIMIT_BYTES 8388608 /* 8 MiB */
#define EXCHANGE_HEADERS_LIMIT 200
#define EXCHANGE_HEADER_BYTES 8192
#define EXCHANGE_REDIRECTS 5

struct exchange;

/* The answer; lives as long as its exchange, or as the arena it was given. */
struct answer {
    int status;
    const char *body; /* followed by a NUL; of a sink, only of refusals */
    size_t length;
    const struct answer_header *headers; /* the last of a name counts */
};

struct answer_header {
    const char *name;
    const char *value;
    const struct answer_header *next;
};

/* Where the body of a 2xx goes as it comes. */
struct exchange_sink {
    /* The headers are in; -1 breaks off.  May be NULL. */
    int (*begin)(void *state, const struct answer *answer, struct error *err);
    int (*add)(void *state, const void *bytes, size_t length,
               struct error *err);
    void *state;
};

/* Everything is borrowed until the exchange is freed. */
struct exchange_request {
    const char *method;
    const char *url; /* whole, or beginning with '/' at the registry's root */
    const char *const *headers; /* "Name: value"; ended by NULL, or NULL */
    bool without_token;
    const void *bytes; /* the body, or NULL: then of fd, when length is not 0 */
    int fd;
    uint64_t offset;
    uint64_t length;
    bool has_body;                    /* also one of length 0 */
    const struct exchange_sink *sink; /* NULL: into memory */
    size_t limit_bytes;               /* in memory; 0: EXCHANGE_LIMIT_BYTES */
    /* Given up when nothing moves for so long; 0: 30 s, and an hour once all
     * is sent, for what the registry does then. */
    long stall_s;
    bool is_again; /* not over a connection that may have failed unseen */
    void *state;   /* the caller's own */
};

/* What exchanges of one client share. */
struct exchange_origin {
    const char *registry;  /* base URL */
    const char *token;     /* "" for none */
    const char *authority; /* file of certificates to trust, or NULL */
};

/* The caller frees *out with exchange_free. */
int exchange_open(struct exchange **out, const struct exchange_origin *origin,
                  const struct exchange_request *request, struct error *err);
void exchange_free(struct exchange *exchange); /* NULL is allowed */

/* The libcurl handle, for whoever runs it. */
void *exchange_handle(const struct exchange *exchange);

/*
 * Takes libcurl's verdict.  True: a redirect was followed, and the handle has
 * to be run once more.
 */
bool exchange_finish(struct exchange *exchange, int verdict);

/*
 * 0 for a 2xx or 304.  Else the error that the registry told, by X-Error-Code
 * and X-Error-Message, or what went wrong on the way.
 */
int exchange_result(const struct exchange *exchange, struct error *err);

/* How much of the body has left so far. */
uint64_t exchange_sent_bytes(const struct exchange *exchange);

const struct answer *exchange_answer(const struct exchange *exchange);
const struct exchange_request *
exchange_request(const struct exchange *exchange);

/* A header's value, "" when it is missing. */
const char *answer_header(const struct answer *answer, const char *name);

/* The next page's URL in a Link header, in the arena; NULL for none. */
const char *answer_next(const struct answer *answer, struct arena *arena);

#endif
