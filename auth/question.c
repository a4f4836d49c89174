#include "auth/question.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/clock.h"
#include "storage/db/array.h"

/* Rows in one statement: few enough that nobody waits for it. */
#define REMOVE_LIMIT 10000

/* Questions that one statement writes. */
#define BATCH_LIMIT 1000

#define COMMIT_BYTES 20

struct question {
    struct question *next;
    int64_t at_ms;
    int64_t account;
    int64_t token;
    int64_t repository;
    int64_t grant;
    enum gate_reason reason;
    bool allowed;
    bool has_commit;
    uint8_t commit[COMMIT_BYTES];
    const char *address;      /* these are NULL or in texts */
    const char *path;         /* may be NULL */
    const char *http_request; /* "" for none */
    char texts[];
};

/* Oldest first. */
struct batch {
    struct question *first;
    struct question **last;
    size_t count;
};

struct question_queue {
    pthread_mutex_t lock; /* over waiting and lost */
    struct batch waiting;
    int64_t lost;
    _Atomic uint64_t counts[QUESTION_REASONS];
};

static void
open_batch(struct batch *out)
{
    out->first = NULL;
    out->last = &out->first;
    out->count = 0;
}

static void
free_batch(struct batch *batch)
{
    while (batch->first != NULL) {
        struct question *next = batch->first->next;

        free(batch->first);
        batch->first = next;
    }
}

static size_t
size_of(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

/* Copies text to *at, which moves on; NULL stays NULL. */
static const char *
put_text(char **at, const char *text)
{
    size_t size = size_of(text);
    char *copy = *at;

    if (text == NULL)
        return NULL;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

static struct question *
make_question(const struct caller *caller, const struct gate_object *object,
              const struct gate_answer *answer)
{
    const char *id = caller->request_id != NULL ? caller->request_id : "";
    struct question *question =
        xcalloc(1, sizeof(*question) + size_of(caller->address) +
                       size_of(object->path) + size_of(id));
    char *at = question->texts;

    question->at_ms = clock_now_ms();
    question->account = caller->account;
    question->token = caller->token;
    question->repository = object->repository->id;
    question->grant = answer->grant;
    question->reason = answer->reason;
    question->allowed = answer->allowed;
    question->has_commit = object->commit != NULL;
    if (question->has_commit)
        memcpy(question->commit, object->commit, COMMIT_BYTES);
    question->address = put_text(&at, caller->address);
    question->path = put_text(&at, object->path);
    question->http_request = put_text(&at, id);
    return question;
}

/* Takes the question over when there is room. */
static bool
append(struct question_queue *queue, struct question *question)
{
    struct batch *waiting = &queue->waiting;
    bool has_room;

    pthread_mutex_lock(&queue->lock);
    has_room = waiting->count < QUESTION_QUEUE_LIMIT;
    if (has_room) {
        *waiting->last = question;
        waiting->last = &question->next;
        waiting->count++;
    }
    pthread_mutex_unlock(&queue->lock);
    return has_room;
}

/* Takes the oldest questions out of the queue, at most BATCH_LIMIT. */
static void
take_batch(struct batch *out, struct question_queue *queue)
{
    struct batch *waiting = &queue->waiting;

    open_batch(out);
    pthread_mutex_lock(&queue->lock);
    while (waiting->first != NULL && out->count < BATCH_LIMIT) {
        struct question *question = waiting->first;

        waiting->first = question->next;
        question->next = NULL;
        *out->last = question;
        out->last = &question->next;
        out->count++;
    }
    waiting->count -= out->count;
    if (waiting->first == NULL)
        waiting->last = &waiting->first;
    pthread_mutex_unlock(&queue->lock);
}

/* Takes the batch over, before those that came meanwhile. */
static void
put_back(struct question_queue *queue, struct batch *batch)
{
    struct batch *waiting = &queue->waiting;

    pthread_mutex_lock(&queue->lock);
    if (waiting->first == NULL)
        waiting->last = batch->last;
    *batch->last = waiting->first;
    waiting->first = batch->first;
    waiting->count += batch->count;
    pthread_mutex_unlock(&queue->lock);
}

/* The questions, a column each. */
struct columns {
    int64_t *at;
    int64_t *accounts;
    int64_t *tokens;
    int64_t *repositories;
    int64_t *grants;
    int64_t *allowed;
    struct array_item *commits;
    const char **addresses;
    const char **paths;
    const char **reasons;
    const char **requests;
};

static void
fill_columns(struct columns *out, struct arena *arena,
             const struct batch *batch)
{
    size_t count = batch->count;
    size_t i = 0;

    *out = (struct columns){
        .at = arena_array(arena, count, sizeof(*out->at)),
        .accounts = arena_array(arena, count, sizeof(*out->accounts)),
        .tokens = arena_array(arena, count, sizeof(*out->tokens)),
        .repositories = arena_array(arena, count, sizeof(*out->repositories)),
        .grants = arena_array(arena, count, sizeof(*out->grants)),
        .allowed = arena_array(arena, count, sizeof(*out->allowed)),
        .commits = arena_array(arena, count, sizeof(*out->commits)),
        .addresses = arena_array(arena, count, sizeof(*out->addresses)),
        .paths = arena_array(arena, count, sizeof(*out->paths)),
        .reasons = arena_array(arena, count, sizeof(*out->reasons)),
        .requests = arena_array(arena, count, sizeof(*out->requests)),
    };
    for (const struct question *q = batch->first; q != NULL; q = q->next) {
        out->at[i] = q->at_ms;
        out->accounts[i] = q->account;
        out->tokens[i] = q->token;
        out->repositories[i] = q->repository;
        out->grants[i] = q->grant;
        out->allowed[i] = q->allowed;
        if (q->has_commit)
            out->commits[i] = (struct array_item){q->commit, COMMIT_BYTES};
        out->addresses[i] = q->address;
        out->paths[i] = q->path;
        out->reasons[i] = gate_reason_name(q->reason);
        out->requests[i] = q->http_request;
        i++;
    }
}

static int
write_batch(struct db *db, const struct batch *batch, struct error *err)
{
    struct arena *arena = arena_open();
    size_t count = batch->count;
    struct columns columns;
    int result;

    fill_columns(&columns, arena, batch);
    result = DB_RUN(NULL, db, arena, "question_add", err,
                    array_of_ints(arena, columns.at, count),
                    array_of_ints(arena, columns.accounts, count),
                    array_of_ints(arena, columns.tokens, count),
                    array_of_texts(arena, columns.addresses, count),
                    array_of_ints(arena, columns.repositories, count),
                    array_of_bytes(arena, columns.commits, count),
                    array_of_texts(arena, columns.paths, count),
                    array_of_ints(arena, columns.allowed, count),
                    array_of_texts(arena, columns.reasons, count),
                    array_of_ints(arena, columns.grants, count),
                    array_of_texts(arena, columns.requests, count));
    arena_free(arena);
    return result;
}

struct question_queue *
question_queue_open(void)
{
    struct question_queue *queue = xcalloc(1, sizeof(*queue));

    pthread_mutex_init(&queue->lock, NULL);
    open_batch(&queue->waiting);
    return queue;
}

void
question_queue_free(struct question_queue *queue)
{
    if (queue == NULL)
        return;
    free_batch(&queue->waiting);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

void
question_add(struct db *db, const struct caller *caller,
             const struct gate_object *object, const struct gate_answer *answer)
{
    struct question_queue *queue = caller->questions;
    struct question *question = make_question(caller, object, answer);
    struct error err;

    atomic_fetch_add_explicit(&queue->counts[answer->reason], 1,
                              memory_order_relaxed);
    if (append(queue, question))
        return;
    (void)question_flush(queue, db, &err);
    if (append(queue, question))
        return;
    free(question);
    pthread_mutex_lock(&queue->lock);
    queue->lost++;
    pthread_mutex_unlock(&queue->lock);
}

int
question_flush(struct question_queue *queue, struct db *db, struct error *err)
{
    struct batch batch;

    do {
        take_batch(&batch, queue);
        if (batch.count > 0 && write_batch(db, &batch, err) < 0) {
            put_back(queue, &batch);
            return -1;
        }
        free_batch(&batch);
    } while (batch.count == BATCH_LIMIT);
    return 0;
}

int
question_remove(struct db *db, int64_t days, struct error *err)
{
    int64_t count = REMOVE_LIMIT;

    while (count == REMOVE_LIMIT) {
        struct arena *arena = arena_open();
        struct db_rows *rows;
        int result = DB_RUN(&rows, db, arena, "question_remove", err,
                            db_int(days), db_int(REMOVE_LIMIT));

        count = result == 0 ? db_rows_count(rows) : 0;
        arena_free(arena);
        if (result < 0)
            return -1;
    }
    return 0;
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
