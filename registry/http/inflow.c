#include "registry/http/inflow.h"

#include <string.h>

#include "registry/http/gather.h"
#include "storage/base/clock.h"

static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

static void
run_begin(struct task *task, struct db *db)
{
    exchange_begin((struct exchange *)task, db);
    channel_come_back(task);
}

static void
run_go_on(struct task *task, struct db *db)
{
    exchange_go_on((struct exchange *)task, db);
    channel_come_back(task);
}

/* Back with its answer, or on alone. */
static void
send_on(struct exchange *exchange)
{
    if (exchange->stage == EXCHANGE_ANSWER) {
        channel_come_back(&exchange->task);
        return;
    }
    exchange->task.run = run_go_on;
    exchange->task.run_many = NULL;
    exchange->host->post(exchange->host, PLACE_WORKER, &exchange->task);
}

static void
run_begin_many(struct task **tasks, int count, struct db *db)
{
    struct gather gather;

    gather_ask(&gather, tasks, count, db);
    for (int i = 0; i < count; i++) {
        struct exchange *exchange = (struct exchange *)tasks[i];

        gather_answer(&gather, exchange);
        send_on(exchange);
    }
}

static void
run_end(struct task *task, struct db *db)
{
    exchange_end((struct exchange *)task, db);
    channel_come_back(task);
}

static void
run_fly(struct task *task, struct db *db)
{
    struct exchange *exchange = (struct exchange *)task;

    (void)db;
    exchange->has_failed = intake_fly(&exchange->intake, &exchange->err) < 0;
    channel_come_back(task);
}

bool
inflow_refuse_head(struct connection *c, const struct error *err)
{
    const struct origin origin = {c->address};

    c->exchange = exchange_open_refused(c->host, &origin, c->input.bytes,
                                        c->input.length, err);
    c->exchange->connection = c;
    channel_enter(c, CHANNEL_SEND);
    return true;
}

/* A head that does not end: too long a path, or too much of all. */
static void
refuse_long_head(struct connection *c)
{
    size_t line = LIMIT_TARGET_BYTES + 64; /* method, path and version */
    struct error err;

    /* LIMIT_HEAD_LEAST: the input is longer than a line may be. */
    if (memmem(c->input.bytes, line, "\r\n", 2) == NULL)
        error_set(&err, ERROR_URI_TOO_LONG, "the path is over %d bytes",
                  LIMIT_TARGET_BYTES);
    else
        error_set(&err, ERROR_HEADERS_TOO_LARGE,
                  "the headers are over %lld bytes",
                  (long long)c->host->limits->head_bytes);
    inflow_refuse_head(c, &err);
}

/* Reads on towards the end of a head; false when the socket has no more. */
static bool
read_head(struct connection *c)
{
    ssize_t n = wire_read(c->wire, c->host->scratch, CHANNEL_READ_BYTES);

    if (n == WIRE_AGAIN) {
        channel_want_read(c, true);
        return false;
    }
    if (n <= 0) {
        channel_dispose(c);
        return false;
    }
    if (c->head_ms == 0)
        c->head_ms = clock_monotonic_ms();
    buffer_append(&c->input, c->host->scratch, (size_t)n);
    return true;
}

/*
 * Looks for the end of a head in what was read: 1 with its length, 0 for not
 * yet, -1 when the answer is a refusal.
 */
static int
find_head(size_t *out, struct connection *c)
{
    size_t limit = (size_t)c->host->limits->head_bytes;
    size_t from = c->seen;
    struct error err;

    *out = parser_find_head(c->input.bytes, c->input.length, &c->seen);
    if (*out > limit || (*out == 0 && c->input.length > limit)) {
        refuse_long_head(c);
        return -1;
    }
    if (*out == 0 &&
        parser_has_bare_newline(c->input.bytes, c->input.length, from)) {
        error_set(&err, ERROR_BAD_REQUEST,
                  "a line of the headers ends without CR");
        inflow_refuse_head(c, &err);
        return -1;
    }
    return *out > 0;
}

/* Takes a head out of what was read.  False: wait, or the end. */
bool
inflow_take_head(struct connection *c)
{
    const struct origin origin = {c->address};
    size_t length;
    int found;

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
    found = find_head(&length, c);
    if (found < 0)
        return true;
    if (found == 0)
        return read_head(c);
    c->exchange =
        exchange_open(c->host, &origin, &c->parser, c->input.bytes, length);
    c->exchange->connection = c;
    buffer_consume(&c->input, length);
    c->seen = 0;
    c->head_ms = 0;
    if (c->input.length == 0)
        buffer_free(&c->input);
    else
        channel_want_read(c, false);
    if (c->exchange->stage == EXCHANGE_ANSWER) {
        channel_enter(c, CHANNEL_SEND);
        return true;
    }
    channel_enter(c, CHANNEL_BUSY);
    c->exchange->task.run_many =
        gather_takes(c->exchange) ? run_begin_many : NULL;
    channel_send_away(c, PLACE_WORKER, run_begin);
    return false;
}

static int
add_body(void *state, const char *bytes, size_t length, struct error *err)
{
    struct exchange *exchange = state;

    return intake_add(&exchange->intake, bytes, length, err);
}

/* The begin agreed: says so to who waits for it, and reads on. */
bool
inflow_start_body(struct connection *c)
{
    struct exchange *exchange = c->exchange;
    size_t length = sizeof(interim) - 1;

    if (exchange->input.head.expects_continue && c->input.length == 0 &&
        (wire_write(c->wire, interim, length, false) != (ssize_t)length ||
         wire_flush(c->wire) < 0)) {
        channel_abort(c);
        return false;
    }
    c->parser.body = add_body;
    c->parser.body_state = exchange;
    channel_enter(c, CHANNEL_BODY);
    return true;
}

/* Ends the body early with the answer for err. */
bool
inflow_refuse_body(struct connection *c, const struct error *err)
{
    struct exchange *exchange = c->exchange;

    if (c->is_away) { /* said when the piece that flies has landed */
        exchange->is_refused = true;
        exchange->refusal = *err;
        channel_want_read(c, false);
        return false;
    }
    exchange_refuse(exchange, err);
    channel_enter(c, CHANNEL_SEND);
    return true;
}

/* Parses what was read before, or else reads; 0 goes on, 1 waits, -1 ends. */
static int
read_body(struct connection *c, size_t room, struct error *err)
{
    char *bytes = intake_place(&c->exchange->intake);
    size_t used;
    ssize_t n;

    if (c->input.length > 0) {
        n = (ssize_t)(c->input.length < room ? c->input.length : room);
        if (parser_body(&used, &c->parser, c->input.bytes, (size_t)n, err) < 0)
            return -1;
        buffer_consume(&c->input, used);
        return 0;
    }
    if (bytes == NULL)
        bytes = c->host->scratch;
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
    channel_want_read(c, false);
    if (!intake_is_empty(&c->exchange->intake) || c->is_away)
        return false;
    channel_enter(c, CHANNEL_BUSY);
    channel_send_away(c, PLACE_WORKER, run_end);
    return false;
}

static void
launch(struct connection *c)
{
    if (!c->is_away && intake_launch(&c->exchange->intake))
        channel_send_away(c, PLACE_IO, run_fly);
}

/* False: wait for the socket, for an IO thread, or the end. */
bool
inflow_take_body(struct connection *c)
{
    struct exchange *exchange = c->exchange;
    struct error err;

    if (!c->is_away && exchange->is_refused)
        return inflow_refuse_body(c, &exchange->refusal);
    if (!c->is_away && exchange->has_failed)
        return inflow_refuse_body(c, &exchange->err);
    launch(c);
    for (int turn = 0; turn < CHANNEL_TURN_READS; turn++) {
        size_t room = intake_room(&exchange->intake);
        int result;

        if (c->parser.is_done)
            return finish_body(c);
        if (room == 0) { /* the IO thread's return goes on from here */
            channel_want_read(c, false);
            return false;
        }
        result = read_body(c, room, &err);
        if (result < 0 && err.code == ERROR_INTERRUPTED) {
            channel_dispose(c);
            return false;
        }
        if (result < 0)
            return inflow_refuse_body(c, &err);
        if (result > 0) {
            channel_want_read(c, true);
            return false;
        }
        launch(c);
    }
    if (c->parser.is_done)
        return finish_body(c);
    channel_want_read(c, true);
    event_active(&c->readable, EV_READ, 0); /* bytes may wait in memory */
    return false;
}
