#include "auth/question.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "storage/base/clock.h"
#include "storage/base/hex.h"
#include "storage/base/json.h"

/* Questions that one statement writes. */
#define BATCH_LIMIT 1000

#define COMMIT_BYTES 20

struct question_queue {
    pthread_mutex_t lock;
    json_t *waiting; /* an array of objects, oldest first */
    int64_t lost;
    _Atomic uint64_t counts[QUESTION_REASONS];
};

static json_t *
number_or_null(int64_t number)
{
    return number != 0 ? json_integer(number) : json_null();
}

static json_t *
question_to_json(const struct caller *caller, const struct gate_object *object,
                 const struct gate_answer *answer)
{
    char commit[2 * COMMIT_BYTES + 1];
    char at[CLOCK_TEXT_SIZE];

    clock_write(at, clock_now_ms());
    if (object->commit != NULL)
        hex_write(commit, object->commit, COMMIT_BYTES);
    return json_pack(
        "{s:s, s:o, s:o, s:s?, s:I, s:s?, s:s?, s:b, s:s, s:o, s:s}", "at", at,
        "account", number_or_null(caller->account), "token",
        number_or_null(caller->token), "address", caller->address, "repository",
        (json_int_t)object->repository->id, "commit",
        object->commit != NULL ? commit : NULL, "path", object->path, "allowed",
        (int)answer->allowed, "reason", gate_reason_name(answer->reason),
        "access_grant", number_or_null(answer->grant), "http_request",
        caller->request_id != NULL ? caller->request_id : "");
}

/*
 * Takes the question over when there is room.  Jansson counts references with
 * plain reads, so nobody may touch one that another thread can reach.
 */
static bool
append(struct question_queue *queue, json_t *question)
{
    bool has_room;

    pthread_mutex_lock(&queue->lock);
    has_room = json_array_size(queue->waiting) < QUESTION_QUEUE_LIMIT;
    if (has_room)
        json_array_append_new(queue->waiting, question);
    pthread_mutex_unlock(&queue->lock);
    return has_room;
}

/* Takes the oldest questions out of the queue, at most BATCH_LIMIT. */
static json_t *
take_batch(struct question_queue *queue)
{
    json_t *batch = json_array();
    json_t *rest = json_array();
    json_t *question;
    size_t i;

    pthread_mutex_lock(&queue->lock);
    json_array_foreach(queue->waiting, i, question)
        json_array_append(i < BATCH_LIMIT ? batch : rest, question);
    json_decref(queue->waiting);
    queue->waiting = rest;
    pthread_mutex_unlock(&queue->lock);
    return batch;
}

/* Takes the batch over. */
static void
put_back(struct question_queue *queue, json_t *batch)
{
    pthread_mutex_lock(&queue->lock);
    json_array_extend(batch, queue->waiting);
    json_decref(queue->waiting);
    queue->waiting = batch;
    pthread_mutex_unlock(&queue->lock);
}

static int
write_batch(struct db *db, const json_t *batch, struct error *err)
{
    struct arena *arena = arena_open();
    int result = DB_RUN(NULL, db, arena, "question_add", err,
                        db_text(json_write(NULL, arena, batch)));

    arena_free(arena);
    return result;
}

struct question_queue *
question_queue_open(void)
{
    struct question_queue *queue = xcalloc(1, sizeof(*queue));

    pthread_mutex_init(&queue->lock, NULL);
    queue->waiting = json_array();
    return queue;
}

void
question_queue_free(struct question_queue *queue)
{
    if (queue == NULL)
        return;
    json_decref(queue->waiting);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

void
question_add(struct db *db, const struct caller *caller,
             const struct gate_object *object, const struct gate_answer *answer)
{
    struct question_queue *queue = caller->questions;
    json_t *question = question_to_json(caller, object, answer);
    struct error err;

    atomic_fetch_add_explicit(&queue->counts[answer->reason], 1,
                              memory_order_relaxed);
    if (append(queue, question))
        return;
    (void)question_flush(queue, db, &err);
    if (append(queue, question))
        return;
    json_decref(question);
    pthread_mutex_lock(&queue->lock);
    queue->lost++;
    pthread_mutex_unlock(&queue->lock);
}

int
question_flush(struct question_queue *queue, struct db *db, struct error *err)
{
    int result = 0;

    for (;;) {
        json_t *batch = take_batch(queue);
        size_t count = json_array_size(batch);

        if (count > 0)
            result = write_batch(db, batch, err);
        if (result < 0)
            put_back(queue, batch);
        else
            json_decref(batch);
        if (count < BATCH_LIMIT || result < 0)
            return result;
    }
}

int64_t
question_take_lost(struct question_queue *queue)
{
    int64_t lost;

    pthread_mutex_lock(&queue->lock);
    lost = queue->lost;
    queue->lost = 0;
    pthread_mutex_unlock(&queue->lock);
    return lost;
}

void
question_count(uint64_t out[QUESTION_REASONS],
               const struct question_queue *queue)
{
    for (int i = 0; i < QUESTION_REASONS; i++)
        out[i] = atomic_load_explicit(&queue->counts[i], memory_order_relaxed);
}
