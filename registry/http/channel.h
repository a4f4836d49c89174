/*
 * channel: the inside of a connection, for its own few files.
 *
 * connection.c moves it from state to state, inflow reads heads and bodies,
 * outflow sends answers.  While the exchange is away with a worker or an IO
 * thread the channel waits for it, even when the client is gone.
 */
#ifndef REGISTRY_HTTP_CHANNEL_H
#define REGISTRY_HTTP_CHANNEL_H

#include <event2/event_struct.h>
#include <netinet/in.h>

#include "registry/http/exchange.h"
#include "registry/http/wire.h"

/* Reads of one connection before others have their turn. */
#define CHANNEL_TURN_READS 8
#define CHANNEL_READ_BYTES 16384 /* of a head, at once */

enum channel_state {
    CHANNEL_HEAD,   /* a head is read; idle while no byte of one is there */
    CHANNEL_BUSY,   /* a worker has the exchange */
    CHANNEL_BODY,   /* the body is read; an IO thread may have a piece of it */
    CHANNEL_SEND,   /* the answer leaves; an IO thread may read for it */
    CHANNEL_DRAIN,  /* the answer left, what still comes is dropped */
    CHANNEL_CLOSED, /* freed when its exchange is back */
};

struct connection {
    struct connection *next;
    struct connection *previous;
    struct host *host;
    void (*pump)(struct connection *c); /* goes on in whatever state */
    struct wire *wire;
    struct event readable;
    struct event writable;
    enum channel_state state;
    bool is_away; /* the exchange is with a worker or an IO thread */
    bool is_reading;
    struct parser parser;
    struct buffer input; /* read and not parsed yet */
    size_t seen;         /* of input, by parser_find_head */
    struct exchange *exchange;
    int64_t since_ms; /* when the state began */
    int64_t head_ms;  /* when the first byte of a head came; 0: none did */
    int64_t mark_ms;  /* when a body's window began, or bytes last left */
    uint64_t mark_bytes;
    size_t drained;
    bool has_served;
    bool is_surplus; /* over a limit, and not counted */
    char address[INET6_ADDRSTRLEN];
};

/* Notes the state and when it began. */
void channel_enter(struct connection *c, enum channel_state state);
void channel_want_read(struct connection *c, bool wanted);

/* Hands the exchange to a thread; run ends with channel_come_back. */
void channel_send_away(struct connection *c, enum place place,
                       void (*run)(struct task *task, struct db *db));
void channel_come_back(struct task *task);

/* Lets go of the exchange; its end is an IO thread's work. */
void channel_drop(struct connection *c, bool all_sent);

/* Frees the connection, or leaves that to the exchange's return. */
void channel_dispose(struct connection *c);

/* The same, and the peer sees that it broke. */
void channel_abort(struct connection *c);

#endif
