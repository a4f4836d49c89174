#include "cli/client/download.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "cli/client/backoff.h"
#include "storage/base/clock.h"

#define OPEN_FILES_LIMIT 32
#define STEP_MS 100
/* A range that stands still is given up, and the rest of it asked for anew;
 * that costs nothing, so there is no need for patience. */
#define STALL_MS 10000
/* Room that stays free for whatever else writes to the disk. */
#define SPARE_BYTES ((uint64_t)16 << 20)

/* One range on its way. */
struct flight {
    struct run *run;
    struct partial *partial;
    struct blocks_range range;
    uint64_t at; /* the next byte that comes */
    int64_t moved_at_ms;
    struct exchange *exchange;
    struct exchange_sink sink;
    const char *headers[2];
    char range_text[80];
    struct flight *next;
};

struct run {
    struct client *client;
    const struct download_batch *batch;
    struct arena *arena;
    const char *boot;
    struct hasher *hasher;
    struct partial **open; /* OPEN_FILES_LIMIT, NULL where none is */
    size_t next_item;
    size_t finished;
    struct flight *flights;
    size_t flight_count;
    uint64_t done_bytes;
    struct backoff backoff; /* of tries that bring no byte */
    struct progress progress;
};

static void
on_hashed(void *state)
{
    client_wake(state);
}

/* Whether the answer is as long as the range, or does not say. */
static bool
is_length_right(const struct flight *flight, const struct answer *answer)
{
    const char *length = answer_header(answer, "Content-Length");
    char expected[32];

    snprintf(expected, sizeof(expected), "%" PRIu64,
             flight->range.end - flight->range.begin);
    return length[0] == '\0' || strcmp(length, expected) == 0;
}

/* A whole file may come as 200, a part must come as the part that it is. */
static int
on_begin(void *state, const struct answer *answer, struct error *err)
{
    const struct flight *flight = state;
    const struct partial_item *item = flight->partial->item;
    bool is_whole =
        flight->range.begin == 0 && flight->range.end == item->size_bytes;
    char expected[96];

    snprintf(expected, sizeof(expected),
             "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, flight->range.begin,
             flight->range.end - 1, item->size_bytes);
    if (!(answer->status == 200 && is_whole) &&
        !(answer->status == 206 &&
          strcmp(answer_header(answer, "Content-Range"), expected) == 0))
        return error_set(err, ERROR_DIGEST_MISMATCH,
                         "%s: the registry gave another range than was asked",
                         item->name);
    if (!is_length_right(flight, answer))
        return error_set(err, ERROR_DIGEST_MISMATCH,
                         "%s: the registry gave another length than was asked",
                         item->name);
    return 0;
}

static int
on_bytes(void *state, const void *bytes, size_t length, struct error *err)
{
    struct flight *flight = state;
    struct partial *partial = flight->partial;

    if (length > flight->range.end - flight->at)
        return error_set(err, ERROR_DIGEST_MISMATCH,
                         "%s: the registry gave more than was asked",
                         partial->item->name);
    if (partial_add(partial, flight->at, bytes, length, err) < 0)
        return -1;
    flight->at += length;
    flight->moved_at_ms = clock_monotonic_ms();
    flight->run->done_bytes += length;
    backoff_reset(&flight->run->backoff);
    /* The last bytes wait until no range needs the file any more. */
    if (!blocks_is_complete(&partial->blocks))
        hasher_set_ready(flight->run->hasher, &partial->hashing,
                         blocks_ready_bytes(&partial->blocks));
    return 0;
}

static int
start_flight(struct run *run, struct partial *partial,
             const struct blocks_range *range, struct error *err)
{
    struct flight *flight = xcalloc(1, sizeof(*flight));
    struct exchange_request request = {
        .method = "GET",
        .url = partial->item->url,
        .is_again = run->backoff.failed > 0,
    };

    flight->run = run;
    flight->partial = partial;
    flight->range = *range;
    flight->at = range->begin;
    flight->moved_at_ms = clock_monotonic_ms();
    flight->sink = (struct exchange_sink){on_begin, on_bytes, flight};
    snprintf(flight->range_text, sizeof(flight->range_text),
             "Range: bytes=%" PRIu64 "-%" PRIu64, range->begin, range->end - 1);
    flight->headers[0] = flight->range_text;
    if (range->begin > 0 || range->end < partial->item->size_bytes)
        request.headers = flight->headers;
    request.sink = &flight->sink;
    request.state = flight;
    if (exchange_open(&flight->exchange, client_origin(run->client), &request,
                      err) < 0 ||
        client_start(run->client, flight->exchange, err) < 0) {
        exchange_free(flight->exchange);
        free(flight);
        return -1;
    }
    flight->next = run->flights;
    run->flights = flight;
    run->flight_count++;
    partial->flights++;
    return 0;
}

static void
end_flight(struct run *run, struct flight *flight)
{
    struct flight **at = &run->flights;
    struct partial *partial = flight->partial;

    while (*at != flight)
        at = &(*at)->next;
    *at = flight->next;
    run->flight_count--;
    partial->flights--;
    blocks_give_back(&partial->blocks, &flight->range, flight->at);
    if (partial->flights == 0)
        hasher_set_ready(run->hasher, &partial->hashing,
                         blocks_ready_bytes(&partial->blocks));
    exchange_free(flight->exchange);
    free(flight);
}

/* Opens the next file into a free place; what it holds already is progress. */
static int
open_next(struct run *run, struct partial **place, struct error *err)
{
    struct partial *partial = xcalloc(1, sizeof(*partial));

    if (partial_open(partial, &run->batch->items[run->next_item], run->arena,
                     run->boot, err) < 0) {
        partial_close(partial);
        free(partial);
        return -1;
    }
    run->next_item++;
    *place = partial;
    run->done_bytes += partial->blocks.done_bytes;
    run->progress.drawn_bytes += partial->blocks.done_bytes;
    hasher_add(run->hasher, &partial->hashing);
    hasher_set_ready(run->hasher, &partial->hashing,
                     blocks_ready_bytes(&partial->blocks));
    return 0;
}

/* The first open file with a range to ask for; *out is NULL for none. */
static int
find_range(struct partial **out, struct blocks_range *range, struct run *run,
           struct error *err)
{
    *out = NULL;
    for (size_t i = 0; i < OPEN_FILES_LIMIT; i++) {
        if (run->open[i] == NULL) {
            if (run->next_item == run->batch->count)
                continue;
            if (open_next(run, &run->open[i], err) < 0)
                return -1;
        }
        if (blocks_next(range, &run->open[i]->blocks,
                        run->batch->connections)) {
            *out = run->open[i];
            return 0;
        }
    }
    return 0;
}

static int
fill(struct run *run, struct error *err)
{
    while (run->flight_count < run->batch->connections &&
           backoff_is_over(&run->backoff, clock_monotonic_ms())) {
        struct blocks_range range;
        struct partial *partial;

        if (find_range(&partial, &range, run, err) < 0)
            return -1;
        if (partial == NULL)
            return 0;
        if (start_flight(run, partial, &range, err) < 0)
            return -1;
    }
    return 0;
}

static int
land(struct run *run, struct exchange *exchange, struct error *err)
{
    struct flight *flight = exchange_request(exchange)->state;
    struct partial *partial = flight->partial;
    const int status = exchange_answer(exchange)->status;
    bool is_short = flight->at < flight->range.end;
    int result = exchange_result(exchange, err);

    if (result == 0 && status != 200 && status != 206)
        result = error_set(err, ERROR_UNPROCESSABLE,
                           "%s: the registry answered with status %d",
                           partial->item->name, status);
    if (result == 0 && is_short)
        result = error_set(err, ERROR_NETWORK, "%s: the answer was cut short",
                           partial->item->name);
    end_flight(run, flight);
    if (result == 0)
        return 0;
    return backoff_fail_aloud(&run->backoff, &run->progress, err);
}

/* libcurl's own limit is on a mean speed, and so comes much later. */
static int
land_stalled(struct run *run, struct error *err)
{
    int64_t now_ms = clock_monotonic_ms();
    struct flight *next;

    for (struct flight *at = run->flights; at != NULL; at = next) {
        next = at->next;
        if (now_ms - at->moved_at_ms < STALL_MS)
            continue;
        error_set(err, ERROR_NETWORK, "%s: nothing came from %s for %d s",
                  at->partial->item->name, client_registry(run->client),
                  STALL_MS / 1000);
        client_stop(run->client, at->exchange);
        end_flight(run, at);
        if (backoff_fail_aloud(&run->backoff, &run->progress, err) < 0)
            return -1;
    }
    return 0;
}

static void
close_place(struct run *run, struct partial *partial)
{
    for (size_t i = 0; i < OPEN_FILES_LIMIT; i++)
        if (run->open[i] == partial)
            run->open[i] = NULL;
    partial_close(partial);
    free(partial);
}

static int
take_hashed(struct run *run, struct error *err)
{
    struct hasher_file *file;

    while ((file = hasher_take(run->hasher)) != NULL) {
        struct partial *partial = file->state;
        bool again;

        if (partial_finish(&again, partial, err) < 0)
            return -1;
        if (again) {
            run->done_bytes -= partial->item->size_bytes;
            hasher_add(run->hasher, &partial->hashing);
            continue;
        }
        run->finished++;
        close_place(run, partial);
    }
    return 0;
}

static int
run_all(struct run *run, struct error *err)
{
    struct exchange *done;

    while (run->finished < run->batch->count) {
        if (fill(run, err) < 0 ||
            client_step(&done, run->client, STEP_MS, err) < 0)
            return -1;
        if ((done != NULL && land(run, done, err) < 0) ||
            land_stalled(run, err) < 0)
            return -1;
        if (take_hashed(run, err) < 0)
            return -1;
        progress_set(&run->progress, run->done_bytes);
    }
    return 0;
}

static void
close_all(struct run *run)
{
    while (run->flights != NULL) {
        client_stop(run->client, run->flights->exchange);
        end_flight(run, run->flights);
    }
    hasher_free(run->hasher);
    for (size_t i = 0; i < OPEN_FILES_LIMIT; i++) {
        if (run->open[i] == NULL)
            continue;
        partial_close(run->open[i]);
        free(run->open[i]);
    }
    arena_free(run->arena);
}

int
download_run(struct client *client, const struct download_batch *batch,
             struct error *err)
{
    struct run run = {.client = client,
                      .batch = batch,
                      .backoff = {.tries = BACKOFF_TRANSFER_TRIES,
                                  .asked_seconds = BACKOFF_TRANSFER_ASKED_S}};
    uint64_t total = 0;
    int result = -1;

    for (size_t i = 0; i < batch->count; i++)
        total += batch->items[i].size_bytes;
    run.arena = arena_open();
    run.boot = journal_find_boot(run.arena);
    run.open =
        arena_array(run.arena, OPEN_FILES_LIMIT, sizeof(struct partial *));
    progress_begin(&run.progress, batch->terminal, batch->is_quiet, total, 0);
    if (hasher_open(&run.hasher, on_hashed, client, err) < 0)
        goto done;
    result = run_all(&run, err);
    if (result == 0)
        progress_end(&run.progress);
    else
        progress_hide(&run.progress);

done:
    close_all(&run);
    return result;
}

int
download_check_space(const struct download_batch *batch, const char *folder,
                     struct error *err)
{
    char needed_text[PROGRESS_SIZE_TEXT];
    char free_text[PROGRESS_SIZE_TEXT];
    struct statvfs disk;
    uint64_t needed = 0;
    uint64_t available;

    for (size_t i = 0; i < batch->count; i++)
        needed += partial_missing_bytes(&batch->items[i]);
    if (statvfs(folder, &disk) < 0)
        return error_set_system(err, folder);
    available = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (needed == 0 || needed + SPARE_BYTES <= available)
        return 0;
    progress_size(needed_text, needed);
    progress_size(free_text, available);
    return error_set(err, ERROR_NO_SPACE, "%s is needed, %s is free in %s",
                     needed_text, free_text, folder);
}
