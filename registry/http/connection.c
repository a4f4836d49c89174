#include "registry/http/connection.h"

#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "registry/http/download.h"
#include "registry/http/exchange.h"
#include "registry/http/outflow.h"
#include "registry/http/wire.h"
#include "storage/base/clock.h"

/* Reads of one connection before others have their turn. */
#define TURN_READS 8
#define HEAD_READ_BYTES (16 * 1024)

static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

enum state {
    STATE_HEAD,   /* a head is read; idle while no byte of one is there */
    STATE_BUSY,   /* a worker has the exchange */
    STATE_BODY,   /* the body is read; an IO thread may have a piece of it */
    STATE_SEND,   /* the answer leaves; an IO thread may read for it */
    STATE_DRAIN,  /* the answer left, what still comes is dropped */
    STATE_CLOSED, /* freed when its exchange is back */
};

struct connection {
    struct connection *next;
    struct connection *previous;
    struct host *host;
    struct wire *wire;
    struct event readable;
    struct event writable;
    enum state state;
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

static void pump(struct connection *c); /* the tasks' way back in */

static void
enter(struct connection *c, enum state state)
{
    c->state = state;
    c->since_ms = clock_monotonic_ms();
    c->mark_ms = c->since_ms;
    c->mark_bytes = 0;
}

static void
want_read(struct connection *c, bool wanted)
{
    if (wanted == c->is_reading)
        return;
    c->is_reading = wanted;
    if (wanted)
        event_add(&c->readable, NULL);
    else
        event_del(&c->readable);
}

static void
run_finish(struct task *task, struct db *db)
{
    (void)db;
    exchange_finish((struct exchange *)task);
}

/* Lets go of the exchange; its end is an IO thread's work. */
static void
drop_exchange(struct connection *c, bool all_sent)
{
    struct exchange *exchange = c->exchange;

    if (exchange == NULL)
        return;
    c->exchange = NULL;
    exchange->connection = NULL;
    exchange->all_sent = all_sent;
    exchange->task.run = run_finish;
    c->host->post(c->host, PLACE_IO, &exchange->task);
}

/* Frees the connection, or leaves that to the exchange's return. */
static void
dispose(struct connection *c)
{
    struct host *host = c->host;

    want_read(c, false);
    event_del(&c->writable);
    if (c->is_away) {
        c->state = STATE_CLOSED;
        return;
    }
    drop_exchange(c, false);
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        host->connections = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    host->connection_count--;
    if (!c->is_surplus)
        host->release(host, c->address);
    wire_free(c->wire);
    buffer_free(&c->input);
    free(c);
}

/* What is left of an answer must not look like all of it. */
static void
abort_connection(struct connection *c)
{
    wire_reset(c->wire);
    dispose(c);
}

static void
come_back(struct task *task)
{
    struct exchange *exchange = (struct exchange *)task;
    struct host *host = exchange->host;

    host->post(host, PLACE_LOOP, task);
}

/* On the loop: a thread is done with the exchange. */
static void
resume(struct task *task, struct db *db)
{
    struct exchange *exchange = (struct exchange *)task;
    struct connection *c = exchange->connection;

    (void)db;
    c->is_away = false;
    if (c->state == STATE_CLOSED) {
        dispose(c);
        return;
    }
    if (c->state == STATE_BODY)
        intake_land(&exchange->intake);
    pump(c);
}

static void
run_begin(struct task *task, struct db *db)
{
    exchange_begin((struct exchange *)task, db);
    task->run = resume;
    come_back(task);
}

static void
run_end(struct task *task, struct db *db)
{
    exchange_end((struct exchange *)task, db);
    task->run = resume;
    come_back(task);
}

static void
run_fly(struct task *task, struct db *db)
{
    struct exchange *exchange = (struct exchange *)task;

    (void)db;
    exchange->has_failed = intake_fly(&exchange->intake, &exchange->err) < 0;
    task->run = resume;
    come_back(task);
}

static void
run_fetch(struct task *task, struct db *db)
{
    (void)db;
    outflow_fetch((struct exchange *)task);
    task->run = resume;
    come_back(task);
}

static void
send_away(struct connection *c, enum place place,
          void (*run)(struct task *, struct db *))
{
    c->is_away = true;
    c->exchange->task.run = run;
    c->host->post(c->host, place, &c->exchange->task);
}

static bool
refuse_head(struct connection *c, const struct error *err)
{
    const struct origin origin = {c->address};

    c->exchange = exchange_open_refused(c->host, &origin, err);
    c->exchange->connection = c;
    enter(c, STATE_SEND);
    return true;
}

/* A head that does not end: too long a path, or too much of all. */
static bool
refuse_long_head(struct connection *c)
{
    size_t line = LIMIT_TARGET_BYTES + 64; /* method, path and version */
    struct error err;

    if (memmem(c->input.bytes, line, "\r\n", 2) == NULL)
        error_set(&err, ERROR_URI_TOO_LONG, "the path is over %d bytes",
                  LIMIT_TARGET_BYTES);
    else
        error_set(&err, ERROR_HEADERS_TOO_LARGE,
                  "the headers are over %d bytes", LIMIT_HEAD_BYTES);
    return refuse_head(c, &err);
}

/* Reads on towards the end of a head; false when the socket has no more. */
static bool
read_head(struct connection *c)
{
    ssize_t n = wire_read(c->wire, c->host->scratch, HEAD_READ_BYTES);

    if (n == WIRE_AGAIN) {
        want_read(c, true);
        return false;
    }
    if (n <= 0) {
        dispose(c);
        return false;
    }
    if (c->head_ms == 0)
        c->head_ms = clock_monotonic_ms();
    buffer_append(&c->input, c->host->scratch, (size_t)n);
    return true;
}

/* Takes a head out of what was read.  False: wait, or the end. */
static bool
take_head(struct connection *c)
{
    const struct origin origin = {c->address};
    size_t length;

    if (c->input.length > 0) {
        size_t blank = parser_skip_blank(c->input.bytes, c->input.length);

        if (blank > 0)
            c->seen = 0;
        buffer_consume(&c->input, blank);
    }
    if (c->input.length == 0) {
        buffer_free(&c->input);
        return read_head(c);
    }
    length = parser_find_head(c->input.bytes, c->input.length, &c->seen);
    if (length > LIMIT_HEAD_BYTES ||
        (length == 0 && c->input.length > LIMIT_HEAD_BYTES))
        return refuse_long_head(c);
    if (length == 0)
        return read_head(c);
    c->exchange =
        exchange_open(c->host, &origin, &c->parser, c->input.bytes, length);
    c->exchange->connection = c;
    buffer_consume(&c->input, length);
    c->seen = 0;
    c->head_ms = 0;
    want_read(c, false);
    if (c->exchange->stage == EXCHANGE_ANSWER) {
        enter(c, STATE_SEND);
        return true;
    }
    enter(c, STATE_BUSY);
    send_away(c, PLACE_WORKER, run_begin);
    return false;
}

static int
add_body(void *state, const char *bytes, size_t length, struct error *err)
{
    struct exchange *exchange = state;

    return intake_add(&exchange->intake, bytes, length, err);
}

/* The begin agreed: says so to who waits for it, and reads on. */
static bool
start_body(struct connection *c)
{
    struct exchange *exchange = c->exchange;
    size_t length = sizeof(interim) - 1;

    if (exchange->input.head.expects_continue && c->input.length == 0 &&
        (wire_write(c->wire, interim, length, false) != (ssize_t)length ||
         wire_flush(c->wire) < 0)) {
        abort_connection(c);
        return false;
    }
    c->parser.body = add_body;
    c->parser.body_state = exchange;
    enter(c, STATE_BODY);
    return true;
}

/* Ends the body early with the answer for err. */
static bool
refuse_body(struct connection *c, const struct error *err)
{
    struct exchange *exchange = c->exchange;

    if (c->is_away) { /* said when the piece that flies has landed */
        exchange->is_refused = true;
        exchange->refusal = *err;
        want_read(c, false);
        return false;
    }
    exchange_refuse(exchange, err);
    enter(c, STATE_SEND);
    return true;
}

/* Parses what was read before, or else reads; 0 goes on, 1 waits, -1 ends. */
static int
read_body(struct connection *c, size_t room, struct error *err)
{
    char *bytes = c->host->scratch;
    size_t used;
    ssize_t n;

    if (c->input.length > 0) {
        n = (ssize_t)(c->input.length < room ? c->input.length : room);
        if (parser_body(&used, &c->parser, c->input.bytes, (size_t)n, err) < 0)
            return -1;
        buffer_consume(&c->input, used);
        return 0;
    }
    if (room > HOST_SCRATCH_BYTES)
        room = HOST_SCRATCH_BYTES;
    n = wire_read(c->wire, bytes, room);
    if (n == WIRE_AGAIN)
        return 1;
    if (n <= 0)
        return error_set(err, ERROR_INTERRUPTED, "the client went away");
    c->mark_bytes += (uint64_t)n;
    if (parser_body(&used, &c->parser, bytes, (size_t)n, err) < 0)
        return -1;
    buffer_append(&c->input, bytes + used, (size_t)n - used);
    return 0;
}

/* The body is in: the rest to the IO thread, then the handler. */
static bool
finish_body(struct connection *c)
{
    want_read(c, false);
    if (!intake_is_empty(&c->exchange->intake) || c->is_away)
        return false;
    enter(c, STATE_BUSY);
    send_away(c, PLACE_WORKER, run_end);
    return false;
}

static void
launch(struct connection *c)
{
    if (!c->is_away && intake_launch(&c->exchange->intake))
        send_away(c, PLACE_IO, run_fly);
}

/* False: wait for the socket, for an IO thread, or the end. */
static bool
take_body(struct connection *c)
{
    struct exchange *exchange = c->exchange;
    struct error err;

    if (!c->is_away && exchange->is_refused)
        return refuse_body(c, &exchange->refusal);
    if (!c->is_away && exchange->has_failed)
        return refuse_body(c, &exchange->err);
    launch(c);
    for (int turn = 0; turn < TURN_READS; turn++) {
        size_t room = intake_room(&exchange->intake);
        int result;

        if (c->parser.is_done)
            return finish_body(c);
        if (room == 0) { /* the IO thread's return goes on from here */
            want_read(c, false);
            return false;
        }
        result = read_body(c, room, &err);
        if (result < 0 && err.code == ERROR_INTERRUPTED) {
            dispose(c);
            return false;
        }
        if (result < 0)
            return refuse_body(c, &err);
        if (result > 0) {
            want_read(c, true);
            return false;
        }
        launch(c);
    }
    if (c->parser.is_done)
        return finish_body(c);
    want_read(c, true);
    event_active(&c->readable, EV_READ, 0); /* bytes may wait in memory */
    return false;
}

/* Drops what still comes, so that the answer is not lost to a reset. */
static bool
drain(struct connection *c)
{
    for (int turn = 0; turn < TURN_READS; turn++) {
        ssize_t n = wire_read(c->wire, c->host->scratch, HEAD_READ_BYTES);

        if (n == WIRE_AGAIN) {
            want_read(c, true);
            return false;
        }
        if (n > 0)
            c->drained += (size_t)n;
        if (n <= 0 || c->drained > LIMIT_DRAIN_BYTES) {
            dispose(c);
            return false;
        }
    }
    want_read(c, true);
    event_active(&c->readable, EV_READ, 0);
    return false;
}

/* The answer has left: the next request, or the end. */
static bool
end_exchange(struct connection *c)
{
    bool close = c->exchange->answer.close;

    drop_exchange(c, true);
    c->has_served = true;
    if (close) {
        wire_end(c->wire);
        buffer_free(&c->input);
        enter(c, STATE_DRAIN);
        return true;
    }
    wire_rest(c->wire);
    enter(c, STATE_HEAD);
    c->head_ms = c->input.length > 0 ? c->since_ms : 0;
    if (c->input.length == 0 && atomic_load(&c->host->is_stopping)) {
        dispose(c);
        return false;
    }
    return true;
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
    case OUTFLOW_WAIT:
        if (answer->at != at || answer->done != done)
            c->mark_ms = clock_monotonic_ms();
        event_add(&c->writable, NULL);
        return false;
    case OUTFLOW_FETCH:
        send_away(c, PLACE_IO, run_fetch);
        return false;
    case OUTFLOW_BROKEN:
        abort_connection(c);
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
        return start_body(c);
    enter(c, STATE_SEND);
    return true;
}

/* One step in the state that it is in; false when it has to wait or ended. */
static bool
step(struct connection *c)
{
    switch (c->state) {
    case STATE_HEAD:
        return take_head(c);
    case STATE_BUSY:
        return take_back(c);
    case STATE_BODY:
        return take_body(c);
    case STATE_SEND:
        return send_answer(c);
    case STATE_DRAIN:
        return drain(c);
    case STATE_CLOSED:
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

static void
on_event(evutil_socket_t fd, short what, void *state)
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
    c->wire = wire_open(fd, tls);
    strncpy(c->address, address, sizeof(c->address) - 1);
    event_assign(&c->readable, host->base, fd, EV_READ | EV_PERSIST, on_event,
                 c);
    event_assign(&c->writable, host->base, fd, EV_WRITE, on_event, c);
    c->next = host->connections;
    if (c->next != NULL)
        c->next->previous = c;
    host->connections = c;
    host->connection_count++;
    enter(c, STATE_HEAD);
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
    refuse_head(c, err);
    pump(c);
}

static void
end_head(struct connection *c, int64_t now_ms)
{
    const struct limits *limits = c->host->limits;
    struct error err;

    if (c->head_ms != 0 && now_ms - c->head_ms > limits->head_ms &&
        c->input.length > 0) {
        want_read(c, false);
        error_set(&err, ERROR_TIMEOUT, NULL);
        refuse_head(c, &err);
        pump(c);
        return;
    }
    if (now_ms - c->since_ms >
        (c->has_served ? limits->idle_ms : limits->head_ms))
        dispose(c);
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
        if (refuse_body(c, &err))
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
        abort_connection(c);
}

static void
tick(struct connection *c, int64_t now_ms)
{
    switch (c->state) {
    case STATE_HEAD:
        end_head(c, now_ms);
        break;
    case STATE_BODY:
        end_body(c, now_ms);
        break;
    case STATE_SEND:
        end_send(c, now_ms);
        break;
    case STATE_DRAIN:
        if (now_ms - c->since_ms > c->host->limits->drain_ms)
            dispose(c);
        break;
    case STATE_BUSY:
    case STATE_CLOSED:
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
        if (c->state == STATE_HEAD && c->input.length == 0)
            dispose(c);
    }
}

void
connection_reset(struct host *host)
{
    struct connection *next;

    for (struct connection *c = host->connections; c != NULL; c = next) {
        next = c->next;
        if (c->state != STATE_CLOSED)
            abort_connection(c);
    }
}
