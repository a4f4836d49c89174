#include "registry/http/channel.h"

#include <stdlib.h>

#include "storage/base/clock.h"

void
channel_enter(struct connection *c, enum channel_state state)
{
    c->state = state;
    c->since_ms = clock_monotonic_ms();
    c->mark_ms = c->since_ms;
    c->mark_bytes = 0;
}

void
channel_want_read(struct connection *c, bool wanted)
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
run_finish(struct task **tasks, int count, struct db *db)
{
    const struct exchange *first = (struct exchange *)tasks[0];
    struct log_lines lines;

    (void)db;
    log_lines_open(&lines, &first->request.service->log);
    for (int i = 0; i < count; i++)
        exchange_finish((struct exchange *)tasks[i], &lines);
    log_lines_write(&lines);
}

void
channel_drop(struct connection *c, bool all_sent)
{
    struct exchange *exchange = c->exchange;

    if (exchange == NULL)
        return;
    c->exchange = NULL;
    exchange->connection = NULL;
    exchange->all_sent = all_sent;
    exchange->task.run_many = run_finish;
    c->host->post(c->host, PLACE_IO, &exchange->task);
}

void
channel_dispose(struct connection *c)
{
    struct host *host = c->host;

    channel_want_read(c, false);
    event_del(&c->writable);
    if (c->is_away) {
        c->state = CHANNEL_CLOSED;
        return;
    }
    channel_drop(c, false);
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

void
channel_abort(struct connection *c)
{
    wire_reset(c->wire);
    channel_dispose(c);
}

/* On the loop: a thread is done with the exchange. */
static void
resume(struct task *task, struct db *db)
{
    struct exchange *exchange = (struct exchange *)task;
    struct connection *c = exchange->connection;

    (void)db;
    c->is_away = false;
    if (c->state == CHANNEL_CLOSED) {
        channel_dispose(c);
        return;
    }
    if (c->state == CHANNEL_BODY)
        intake_land(&exchange->intake);
    c->pump(c);
}

void
channel_come_back(struct task *task)
{
    struct exchange *exchange = (struct exchange *)task;
    struct host *host = exchange->host;

    task->run = resume;
    task->run_many = NULL;
    host->post(host, PLACE_LOOP, task);
}

void
channel_send_away(struct connection *c, enum place place,
                  void (*run)(struct task *, struct db *))
{
    c->is_away = true;
    c->exchange->task.run = run;
    c->host->post(c->host, place, &c->exchange->task);
}
