#include "registry/http/outflow.h"

#include "registry/http/download.h"
#include "storage/base/arena.h"
#include "storage/content/content.h"

#define FETCH_BYTES (1 << 20)

/* length bytes of the part, and with them the next one if that fits. */
static ssize_t
send_memory(struct wire *wire, const struct answer *answer, size_t length,
            size_t budget)
{
    const struct part *part = &answer->parts[answer->at];
    const struct part *next =
        answer->at + 1 < answer->count ? &answer->parts[answer->at + 1] : NULL;
    bool joins = next != NULL && next->kind == PART_MEMORY &&
                 answer->done + length == part->length &&
                 next->length <= budget - length;
    const struct iovec pieces[2] = {
        {(void *)(part->bytes + answer->done), length},
        {joins ? (void *)next->bytes : NULL, joins ? next->length : 0},
    };

    return wire_write_all(wire, pieces, joins ? 2 : 1,
                          answer->at + 1 + joins < answer->count);
}

static ssize_t
send_file(const struct exchange *exchange, struct wire *wire, int fd,
          uint64_t offset, size_t length)
{
    const struct wire_file file = {fd, offset, exchange->host->scratch,
                                   HOST_SCRATCH_BYTES};

    return wire_send_file(wire, &file, length);
}

/* Bytes that outflow_fetch brought; -3 when it has to bring some first. */
#define NEEDS_FETCH (-3)

static ssize_t
send_fetched(struct exchange *exchange, struct wire *wire, size_t length)
{
    struct fetch *fetch = &exchange->fetch;
    ssize_t n;

    if (exchange->fetch_failed)
        return WIRE_BROKEN;
    if (fetch->used == fetch->length)
        return NEEDS_FETCH;
    if (length > fetch->length - fetch->used)
        length = fetch->length - fetch->used;
    n = wire_write(wire, fetch->bytes + fetch->used, length, false);
    if (n > 0)
        fetch->used += (size_t)n;
    return n;
}

static ssize_t
send_reader(struct exchange *exchange, struct wire *wire, size_t length)
{
    const struct answer *answer = &exchange->answer;
    uint64_t offset = answer->parts[answer->at].offset + answer->done;
    struct content_extent extent;
    struct error err;

    if (content_reader_extent(&extent, exchange->response.reader, offset,
                              length, &err) < 0)
        return WIRE_BROKEN;
    if (extent.fd < 0)
        return send_fetched(exchange, wire, length);
    if (extent.length < length)
        length = extent.length;
    return send_file(exchange, wire, extent.fd, extent.offset, length);
}

static ssize_t
send_part(struct exchange *exchange, struct wire *wire, size_t budget)
{
    const struct answer *answer = &exchange->answer;
    const struct part *part = &answer->parts[answer->at];
    uint64_t left = answer_left(answer);
    size_t length = left < budget ? (size_t)left : budget;

    switch (part->kind) {
    case PART_MEMORY:
        return send_memory(wire, answer, length, budget);
    case PART_FILE:
        return send_file(exchange, wire, exchange->response.fd,
                         part->offset + answer->done, length);
    case PART_READER:
        return send_reader(exchange, wire, length);
    }
    return WIRE_BROKEN;
}

static bool
must_stop(const struct exchange *exchange)
{
    return exchange->download != NULL &&
           download_is_stopped(exchange->download);
}

enum outflow
outflow_send(struct exchange *exchange, struct wire *wire)
{
    struct answer *answer = &exchange->answer;
    size_t budget = LIMIT_ROUND_BYTES;

    if (must_stop(exchange))
        return OUTFLOW_BROKEN;
    while (!answer_is_sent(answer)) {
        ssize_t n;

        if (budget == 0)
            return OUTFLOW_MORE;
        n = send_part(exchange, wire, budget);
        if (n == NEEDS_FETCH)
            return OUTFLOW_FETCH;
        if (n == WIRE_AGAIN)
            return OUTFLOW_WAIT;
        if (n < 0)
            return OUTFLOW_BROKEN;
        answer_advance(answer, (uint64_t)n);
        budget -= (size_t)n;
    }
    switch (wire_flush(wire)) {
    case 0:
        return OUTFLOW_SENT;
    case WIRE_AGAIN:
        return OUTFLOW_WAIT;
    default:
        return OUTFLOW_BROKEN;
    }
}

void
outflow_fetch(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    struct fetch *fetch = &exchange->fetch;
    uint64_t left = answer_left(answer);
    uint64_t offset = answer->parts[answer->at].offset + answer->done;

    fetch->length = left < FETCH_BYTES ? (size_t)left : FETCH_BYTES;
    fetch->used = 0;
    if (fetch->bytes == NULL)
        fetch->bytes = xrealloc(NULL, FETCH_BYTES);
    exchange->fetch_failed =
        content_reader_read(exchange->response.reader, fetch->bytes, offset,
                            fetch->length, &exchange->err) < 0;
}
