#include "cli/client/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/client/backoff.h"
#include "storage/base/clock.h"

#define BATCH_OBJECTS 100 /* in one question */
#define STEP_MS 100
/* Standing still on the way, or while the registry puts a part on its disk. */
#define STALL_S 60L
/* How often the registry is asked where to send, when it lacks as much as
 * before. */
#define PLANS 2
#define PART_DIGITS 15
#define PARTS_LIMIT 100000

static const char *const lfs_headers[] = {
    "Content-Type: application/vnd.git-lfs+json",
    "Accept: application/vnd.git-lfs+json",
    NULL,
};

/* One body to send: a whole object, or a part of one. */
struct piece {
    const struct upload_file *file;
    const char *url;
    uint64_t offset;
    uint64_t length;
    struct exchange *exchange; /* while it is under way */
    int fd;
    struct piece *next;
};

/* What is left to be said once all pieces of an object are there. */
struct ending {
    const struct upload_file *file;
    const char *complete; /* URL that joins the parts, or NULL */
    json_t *parts;
    struct ending *next;
};

struct run {
    struct client *client;
    struct arena *arena;
    const struct upload_batch *batch;
    struct piece *waiting;
    struct piece **waiting_end;
    int under_way;
    struct piece *flying[UPLOAD_CONNECTIONS];
    struct ending *endings;
    uint64_t missing_bytes; /* as the registry said when it was asked last */
    uint64_t total_bytes;
    uint64_t present_bytes; /* in parts of an earlier try */
    uint64_t sent_bytes;
    struct backoff backoff;
    struct progress progress;
};

static void
add_piece(struct run *run, const struct upload_file *file, const char *url,
          uint64_t offset, uint64_t length)
{
    struct piece *piece = arena_alloc(run->arena, sizeof(*piece));

    piece->file = file;
    piece->url = arena_text(run->arena, url);
    piece->offset = offset;
    piece->length = length;
    piece->fd = -1;
    *run->waiting_end = piece;
    run->waiting_end = &piece->next;
    run->total_bytes += length;
}

static int
make_no_sense(const struct upload_file *file, struct error *err)
{
    return error_set(err, ERROR_UNPROCESSABLE,
                     "%s: the registry's words about the upload make no sense",
                     file->name);
}

static bool
is_present(const json_t *present, size_t number)
{
    const json_t *item;
    size_t i;

    json_array_foreach(present, i, item)
    {
        if (json_integer_value(item) == (json_int_t)number)
            return true;
    }
    return false;
}

/* 0 for what is no size. */
static uint64_t
read_part_bytes(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > PART_DIGITS || text[digits] != '\0')
        return 0;
    return strtoull(text, NULL, 10);
}

/* The parts that the registry lacks, each with its own address. */
static int
plan_parts(struct run *run, const struct upload_file *file,
           const json_t *action, struct error *err)
{
    const json_t *header = json_object_get(action, "header");
    const json_t *present = json_object_get(action, "present");
    const char *size = json_text(header, "chunk_size");
    struct ending *ending = run->endings;
    uint64_t part_bytes = read_part_bytes(size);
    json_t *parts = json_keep(run->arena, json_array());
    uint64_t offset = 0;

    if (part_bytes == 0 || file->size_bytes / part_bytes >= PARTS_LIMIT)
        return make_no_sense(file, err);
    for (size_t number = 1; offset < file->size_bytes; number++) {
        const char *name = arena_format(run->arena, "%05zu", number);
        const char *url = json_text(header, name);
        uint64_t length = file->size_bytes - offset;

        if (length > part_bytes)
            length = part_bytes;
        if (url == NULL)
            return make_no_sense(file, err);
        if (is_present(present, number))
            run->present_bytes += length;
        else
            add_piece(run, file, url, offset, length);
        json_array_append_new(parts, json_pack("{s:I, s:s}", "partNumber",
                                               (json_int_t)number, "etag", ""));
        offset += length;
    }
    ending->complete = arena_text(run->arena, json_text(action, "href"));
    ending->parts = parts;
    return 0;
}

/* What the registry wants of one object. */
static int
plan_object(struct run *run, const struct upload_file *file,
            const json_t *object, struct error *err)
{
    const json_t *problem = json_object_get(object, "error");
    const json_t *action =
        json_object_get(json_object_get(object, "actions"), "upload");
    const char *href = json_text(action, "href");
    struct ending *ending;

    if (json_is_object(problem)) {
        const char *message = json_text(problem, "message");

        return error_set(err, ERROR_UNPROCESSABLE, "%s: %s", file->name,
                         message != NULL ? message : "refused");
    }
    if (!json_is_object(action))
        return 0;
    if (href == NULL)
        return make_no_sense(file, err);
    ending = arena_alloc(run->arena, sizeof(*ending));
    ending->file = file;
    ending->next = run->endings;
    run->endings = ending;
    if (json_text(json_object_get(action, "header"), "chunk_size") != NULL)
        return plan_parts(run, file, action, err);
    add_piece(run, file, href, 0, file->size_bytes);
    return 0;
}

static json_t *
object_of(const struct upload_file *file)
{
    char digest[DIGEST_TEXT_SIZE];

    digest_write(digest, &file->digest);
    return json_pack("{s:s, s:I}", "oid", digest, "size",
                     (json_int_t)file->size_bytes);
}

static int
post(json_t **out, struct run *run, const char *url, const json_t *body,
     bool without_token, struct error *err)
{
    struct exchange_request request = {.method = "POST",
                                       .url = url,
                                       .headers = lfs_headers,
                                       .without_token = without_token,
                                       .has_body = true};
    struct answer answer;
    size_t length;

    request.bytes = json_write(&length, run->arena, body);
    request.length = length;
    if (client_send(&answer, run->client, run->arena, &request, err) < 0)
        return -1;
    if (out == NULL)
        return 0;
    return json_read(out, run->arena, answer.body, answer.length, err);
}

/* Asks about files from first on; at most BATCH_OBJECTS. */
static int
plan_batch(struct run *run, size_t first, struct error *err)
{
    const struct upload_batch *batch = run->batch;
    size_t count = batch->count - first;
    json_t *objects = json_array();
    const json_t *answers;
    json_t *body;
    json_t *answer;

    if (count > BATCH_OBJECTS)
        count = BATCH_OBJECTS;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(objects, object_of(&batch->files[first + i]));
    body = json_keep(run->arena,
                     json_pack("{s:s, s:[s, s], s:o, s:s}", "operation",
                               "upload", "transfers", "multipart", "basic",
                               "objects", objects, "hash_algo", "sha256"));
    if (post(&answer, run,
             arena_format(run->arena, "/%s.git/info/lfs/objects/batch",
                          batch->model),
             body, false, err) < 0)
        return -1;
    answers = json_object_get(answer, "objects");
    if (json_array_size(answers) != count)
        return make_no_sense(&batch->files[first], err);
    for (size_t i = 0; i < count; i++)
        if (plan_object(run, &batch->files[first + i],
                        json_array_get(answers, i), err) < 0)
            return -1;
    return 0;
}

static void
end_piece(struct run *run, struct piece *piece)
{
    for (size_t i = 0; i < UPLOAD_CONNECTIONS; i++)
        if (run->flying[i] == piece)
            run->flying[i] = NULL;
    run->under_way--;
    exchange_free(piece->exchange);
    piece->exchange = NULL;
    close(piece->fd);
    piece->fd = -1;
}

static int
start_piece(struct run *run, struct piece *piece, struct error *err)
{
    struct exchange_request request = {.method = "PUT",
                                       .url = piece->url,
                                       .without_token = true,
                                       .stall_s = STALL_S,
                                       .is_again = run->backoff.failed > 0,
                                       .offset = piece->offset,
                                       .length = piece->length,
                                       .has_body = true,
                                       .state = piece};

    piece->fd = open(piece->file->path, O_RDONLY | O_CLOEXEC);
    if (piece->fd < 0)
        return error_set_system(err, piece->file->path);
    request.fd = piece->fd;
    run->under_way++;
    for (size_t i = 0; i < UPLOAD_CONNECTIONS; i++)
        if (run->flying[i] == NULL) {
            run->flying[i] = piece;
            break;
        }
    if (exchange_open(&piece->exchange, client_origin(run->client), &request,
                      err) < 0 ||
        client_start(run->client, piece->exchange, err) < 0)
        return -1;
    return 0;
}

static int
fill(struct run *run, struct error *err)
{
    while (run->waiting != NULL && run->under_way < UPLOAD_CONNECTIONS &&
           backoff_is_over(&run->backoff, clock_monotonic_ms())) {
        struct piece *piece = run->waiting;

        run->waiting = piece->next;
        if (run->waiting == NULL)
            run->waiting_end = &run->waiting;
        piece->next = NULL;
        if (start_piece(run, piece, err) < 0)
            return -1;
    }
    return 0;
}

static int
land(struct run *run, struct exchange *exchange, struct error *err)
{
    struct piece *piece = exchange_request(exchange)->state;
    int result = exchange_result(exchange, err);

    end_piece(run, piece);
    if (result == 0) {
        run->sent_bytes += piece->length;
        backoff_reset(&run->backoff);
        return 0;
    }
    if (backoff_fail_aloud(&run->backoff, &run->progress, err) < 0)
        return -1;
    *run->waiting_end = piece;
    run->waiting_end = &piece->next;
    return 0;
}

/* Of the pieces that are on their way. */
static uint64_t
count_flying(const struct run *run)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < UPLOAD_CONNECTIONS; i++)
        if (run->flying[i] != NULL && run->flying[i]->exchange != NULL)
            bytes += exchange_sent_bytes(run->flying[i]->exchange);
    return bytes;
}

static int
send_pieces(struct run *run, struct error *err)
{
    struct exchange *done;

    while (run->waiting != NULL || run->under_way > 0) {
        if (fill(run, err) < 0 ||
            client_step(&done, run->client, STEP_MS, err) < 0)
            return -1;
        if (done != NULL && land(run, done, err) < 0)
            return -1;
        progress_set(&run->progress,
                     run->present_bytes + run->sent_bytes + count_flying(run));
    }
    return 0;
}

/* Joins the parts of each object and asks whether it is there. */
static int
finish(struct run *run, struct error *err)
{
    for (struct ending *e = run->endings; e != NULL; e = e->next) {
        json_t *body = json_keep(run->arena, object_of(e->file));

        if (e->complete != NULL) {
            json_object_set(body, "parts", e->parts);
            if (post(NULL, run, e->complete, body, true, err) < 0)
                return -1;
            json_object_del(body, "parts");
        }
        if (post(NULL, run,
                 arena_format(run->arena, "/%s.git/info/lfs/verify",
                              run->batch->model),
                 body, false, err) < 0)
            return -1;
    }
    return 0;
}

/* What the registry lacks, by its own words, and where to send it. */
static int
plan(struct run *run, struct error *err)
{
    run->waiting = NULL;
    run->waiting_end = &run->waiting;
    run->endings = NULL;
    run->total_bytes = run->sent_bytes;
    run->present_bytes = 0;
    for (size_t i = 0; i < run->batch->count; i += BATCH_OBJECTS)
        if (plan_batch(run, i, err) < 0)
            return -1;
    run->missing_bytes = run->total_bytes - run->sent_bytes;
    return 0;
}

static void
drop_flying(struct run *run)
{
    for (size_t i = 0; i < UPLOAD_CONNECTIONS; i++) {
        if (run->flying[i] == NULL)
            continue;
        if (run->flying[i]->exchange != NULL)
            client_stop(run->client, run->flying[i]->exchange);
        end_piece(run, run->flying[i]);
    }
}

/* Sends what is planned. */
static int
carry_out(struct run *run, struct error *err)
{
    int result;

    progress_begin(&run->progress, run->batch->terminal, run->batch->is_quiet,
                   run->total_bytes + run->present_bytes,
                   run->present_bytes + run->sent_bytes);
    result = send_pieces(run, err);
    drop_flying(run);
    if (result == 0)
        progress_end(&run->progress);
    progress_hide(&run->progress);
    return result == 0 ? finish(run, err) : -1;
}

/* An address that was good has ended, or the upload that it is a part of. */
static bool
is_outdated(const struct error *err)
{
    return err->code == ERROR_FORBIDDEN || err->code == ERROR_NOT_FOUND ||
           err->code == ERROR_UNAUTHENTICATED;
}

int
upload_run(uint64_t *out_sent, struct client *client, struct arena *arena,
           const struct upload_batch *batch, struct error *err)
{
    struct run run = {.client = client,
                      .arena = arena,
                      .batch = batch,
                      .backoff = {.tries = BACKOFF_TRANSFER_TRIES,
                                  .asked_seconds = BACKOFF_TRANSFER_ASKED_S}};
    uint64_t before;
    int result = -1;
    int plans = 0;

    run.missing_bytes = UINT64_MAX;
    do {
        before = run.missing_bytes;
        if (plan(&run, err) < 0)
            goto done;
        result = carry_out(&run, err);
    } while (result < 0 && is_outdated(err) &&
             (++plans < PLANS || run.missing_bytes < before));
    if (result < 0 && err->code == ERROR_NOT_FOUND)
        error_set(err, ERROR_UNPROCESSABLE,
                  "the registry forgot what it had taken of the upload");

done:
    *out_sent = run.sent_bytes;
    return result;
}
