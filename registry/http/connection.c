#include "registry/http/connection.h"

#include <stdlib.h>
#include <string.h>

#include "registry/http/channel.h"
#include "registry/http/download.h"
#include "registry/http/inflow.h"
#include "registry/http/outflow.h"
#include "storage/base/clock.h"

static void
run_fetch(struct task *task, struct db *db)
{
    (void)db;
    outflow_fetch((struct exchange *)task);
    channel_come_back(task);
}

/* Drops what still comes, so that the answer is not lost to a reset. */
static bool
drain(struct connection *c)
{
    for (int turn = 0; turn < CHANNEL_TURN_READS; turn++) {
        ssize_t n = wire_read(c->wire, c->host->scratch, CHANNEL_READ_BYTES);

        if (n == WIRE_AGAIN) {
            channel_want_read(c, true);
            return false;
        }
        if (n > 0)
            c->drained += (size_t)n;
        if (n <= 0 || c->drained > LIMIT_DRAIN_BYTES) {
            channel_dispose(c);
            return false;
        }
    }
    channel_want_read(c, true);
    event_active(&c->readable, EV_READ, 0);
    return false;
}

/* The answer has left: the next request, or the end. */
static bool
end_exchange(struct connection *c)
{
    bool close = c->exchange->answer.close;

    channel_drop(c, true);
    c->has_served = true;
    if (close) {
        wire_end(c->wire);
        buffer_free(&c->input);
        channel_enter(c, CHANNEL_DRAIN);
        return true;
    }
    wire_rest(c->wire);
    channel_enter(c, CHANNEL_HEAD);
    c->head_ms = c->input.length > 0 ? c->since_ms : 0;
    if (c->input.length == 0 && atomic_load(&c->host->is_stopping) &&
        !atomic_load(&c->host->is_retiring)) {
        channel_dispose(c);
        return false;
    }
    return c->input.length > 0 || !c->is_reading || !wire_is_read_out(c->wire);
}

static bool
send_answer(struct connection *c)
{
    const struct answer *answer = &c->exchange->answer;
    size_t at = answer->at;
    uint64_t done = answer->done;

    if (c->is_away)
        return false;
    switch (outflow_send(c->exchange, c->wire)) {
    case OUTFLOW_SENT:
        return end_exchange(c);
    case OUTFLOW_MORE:
        /*
         * The others' turn, and then on at once: the socket is called writable
         * again only when a third of it is empty, and until then nothing would
         * leave.
         */
        c->mark_ms = clock_monotonic_ms();
        event_active(&c->writable, EV_WRITE, 0);
        return false;
    case OUTFLOW_WAIT:
        if (answer->at != at || answer->done != done)
            c->mark_ms = clock_monotonic_ms();
        event_add(&c->writable, NULL);
        return false;
    case OUTFLOW_FETCH:
        channel_send_away(c, PLACE_IO, run_fetch);
        return false;
    case OUTFLOW_BROKEN:
        channel_abort(c);
        return false;
    }
    return false;
}

/* What a worker brought back. */
static bool
take_back(struct connection *c)
{
    if (c->is_away)
        return false;
    if (c->exchange->stage == EXCHANGE_BODY)
        return inflow_start_body(c);
    channel_enter(c, CHANNEL_SEND);
    return true;
}

/* One step in the state that it is in; false when it has to wait or ended. */
static bool
step(struct connection *c)
{
    switch (c->state) {
    case CHANNEL_HEAD:
        return inflow_take_head(c);
    case CHANNEL_BUSY:
        return take_back(c);
    case CHANNEL_BODY:
        return inflow_take_body(c);
    case CHANNEL_SEND:
        return send_answer(c);
    case CHANNEL_DRAIN:
        return drain(c);
    case CHANNEL_CLOSED:
        return false;
    }
    return false;
}

static void
pump(struct connection *c)
{
    while (step(c))
        continue;
}

/*
 * Bytes that nobody reads yet are looked away from only when they come: most
 * requests are answered before the next one.
 */
static void
on_readable(evutil_socket_t fd, short what, void *state)
{
    struct connection *c = state;

    (void)fd;
    (void)what;
    if (c->state == CHANNEL_BUSY || c->state == CHANNEL_SEND)
        channel_want_read(c, false);
    else
        pump(c);
}

static void
on_writable(evutil_socket_t fd, short what, void *state)
{
    (void)fd;
    (void)what;
    pump(state);
}

static struct connection *
open_connection(struct host *host, int fd, struct tls *tls, const char *address)
{
    struct connection *c = xcalloc(1, sizeof(*c));

    c->host = host;
    c->pump = pump;
    c->wire = wire_open(fd, tls);
    strncpy(c->address, address, sizeof(c->address) - 1);
    event_assign(&c->readable, host->base, fd, EV_READ | EV_PERSIST,
                 on_readable, c);
    event_assign(&c->writable, host->base, fd, EV_WRITE, on_writable, c);
    c->next = host->connections;
    if (c->next != NULL)
        c->next->previous = c;
    host->connections = c;
    host->connection_count++;
    channel_enter(c, CHANNEL_HEAD);
    return c;
}

void
connection_open(struct host *host, int fd, struct tls *tls, const char *address)
{
    pump(open_connection(host, fd, tls, address));
}

void
connection_open_refused(struct host *host, int fd, const char *address,
                        const struct error *err)
{
    struct connection *c = open_connection(host, fd, NULL, address);

    c->is_surplus = true;
    inflow_refuse_head(c, err);
    pump(c);
}

static void
end_head(struct connection *c, int64_t now_ms)
{
    const struct limits *limits = c->host->limits;
    struct error err;

    if (c->head_ms != 0 && now_ms - c->head_ms > limits->head_ms &&
        c->input.length > 0) {
        channel_want_read(c, false);
        error_set(&err, ERROR_TIMEOUT, NULL);
        inflow_refuse_head(c, &err);
        pump(c);
        return;
    }
    if (now_ms - c->since_ms >
        (c->has_served ? limits->idle_ms : limits->head_ms))
        channel_dispose(c);
}

/* A body that comes too slowly; waiting for our own IO does not count. */
static void
end_body(struct connection *c, int64_t now_ms)
{
    const struct limits *limits = c->host->limits;
    struct error err;

    if (!c->is_reading) {
        c->mark_ms = now_ms;
        c->mark_bytes = 0;
    }
    if (now_ms - c->mark_ms < limits->body_window_ms)
        return;
    if (c->mark_bytes * 1000 <
        (uint64_t)(limits->body_bytes_per_second * limits->body_window_ms)) {
        error_set(&err, ERROR_TIMEOUT, "the body comes too slowly");
        if (inflow_refuse_body(c, &err))
            pump(c);
        return;
    }
    c->mark_ms = now_ms;
    c->mark_bytes = 0;
}

static void
end_send(struct connection *c, int64_t now_ms)
{
    const struct download *download = c->exchange->download;

    if ((download != NULL && download_is_stopped(download)) ||
        (!c->is_away && now_ms - c->mark_ms > c->host->limits->send_ms))
        channel_abort(c);
}

static void
tick(struct connection *c, int64_t now_ms)
{
    switch (c->state) {
    case CHANNEL_HEAD:
        end_head(c, now_ms);
        break;
    case CHANNEL_BODY:
        end_body(c, now_ms);
        break;
    case CHANNEL_SEND:
        end_send(c, now_ms);
        break;
    case CHANNEL_DRAIN:
        if (now_ms - c->since_ms > c->host->limits->drain_ms)
            channel_dispose(c);
        break;
    case CHANNEL_BUSY:
    case CHANNEL_CLOSED:
        break;
    }
}

void
connection_tick(struct host *host)
{
    int64_t now_ms = clock_monotonic_ms();
    struct connection *next;

    for (struct connection *c = host->connections; c != NULL; c = next) {
        next = c->next;
        tick(c, now_ms);
    }
}

void
connection_stop(struct host *host)
{
    struct connection *next;

    for (struct connection *c = host->connections; c != NULL; c = next) {
        next = c->next;
        if (c->state == CHANNEL_HEAD && c->input.length == 0)
            channel_dispose(c);
    }
}

void
connection_reset(struct host *host)
{
    struct connection *next;

    for (struct connection *c = host->connections; c != NULL; c = next) {
        next = c->next;
        if (c->state != CHANNEL_CLOSED)
            channel_abort(c);
    }
}
