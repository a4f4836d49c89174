#include "auth/delivery.h"

#include <pthread.h>
#include <stdlib.h>

#include "storage/base/json.h"

#define COMMIT_BYTES 20

/* What is still to be added to one delivery. */
struct note {
    int64_t delivery;
    uint64_t bytes;
    bool all;
};

struct delivery_queue {
    pthread_mutex_t lock;
    struct note *notes;
    size_t count;
    size_t capacity;
};

int
delivery_begin(int64_t *out, struct db *db, const struct caller *caller,
               const struct delivery *delivery, struct error *err)
{
    const struct gate_object *object = delivery->object;
    const struct gate_answer *answer = delivery->answer;
    const struct digest *digest = object->digest;
    struct arena *arena = arena_open();
    struct db_rows *rows;
    int result = DB_RUN(
        &rows, db, arena, "delivery_begin", err, db_int(caller->account),
        db_text(caller->name != NULL ? caller->name : ""),
        answer->grant != 0 ? db_int(answer->grant) : db_null(),
        answer->agreement != 0 ? db_int(answer->agreement) : db_null(),
        db_text(gate_reason_name(answer->reason)),
        db_int(object->repository->id), db_text(object->repository->full_name),
        db_bytes(object->commit, COMMIT_BYTES), db_text(object->path),
        digest != NULL ? db_bytes(digest->bytes, DIGEST_BYTES) : db_null(),
        db_int((int64_t)delivery->size_bytes), db_text(caller->address),
        db_text(caller->user_agent));

    if (result == 0)
        *out = db_get_int(rows, 0, 0);
    arena_free(arena);
    return result;
}

struct delivery_queue *
delivery_queue_open(void)
{
    struct delivery_queue *queue = xcalloc(1, sizeof(*queue));

    pthread_mutex_init(&queue->lock, NULL);
    return queue;
}

void
delivery_queue_free(struct delivery_queue *queue)
{
    if (queue == NULL)
        return;
    free(queue->notes);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

/*
 * Finds or makes the note of a delivery.  There is one for each download since
 * the last flush, so their number is bounded by what the server answers in a
 * second, or by its deliveries of an hour while the database is away.
 */
static struct note *
find_note(struct delivery_queue *queue, int64_t delivery)
{
    for (size_t i = queue->count; i > 0; i--)
        if (queue->notes[i - 1].delivery == delivery)
            return &queue->notes[i - 1];
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity > 0 ? 2 * queue->capacity : 64;
        queue->notes =
            xrealloc(queue->notes, queue->capacity * sizeof(*queue->notes));
    }
    queue->notes[queue->count] = (struct note){.delivery = delivery};
    return &queue->notes[queue->count++];
}

void
delivery_note(struct delivery_queue *queue, int64_t delivery, uint64_t bytes,
              bool all)
{
    struct note *note;

    pthread_mutex_lock(&queue->lock);
    note = find_note(queue, delivery);
    note->bytes += bytes;
    note->all = note->all || all;
    pthread_mutex_unlock(&queue->lock);
}

static char *
notes_to_json(struct arena *arena, const struct note *notes, size_t count)
{
    json_t *list = json_keep(arena, json_array());

    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            list, json_pack("{s:I, s:I, s:b}", "delivery",
                            (json_int_t)notes[i].delivery, "bytes",
                            (json_int_t)notes[i].bytes, "all", notes[i].all));
    return json_write(NULL, arena, list);
}

int
delivery_flush(struct delivery_queue *queue, struct db *db, struct error *err)
{
    struct arena *arena = arena_open();
    struct note *notes;
    size_t count;
    int result = 0;

    pthread_mutex_lock(&queue->lock);
    notes = queue->notes;
    count = queue->count;
    queue->notes = NULL;
    queue->count = 0;
    queue->capacity = 0;
    pthread_mutex_unlock(&queue->lock);
    if (count > 0)
        result = DB_RUN(NULL, db, arena, "delivery_note", err,
                        db_text(notes_to_json(arena, notes, count)));
    for (size_t i = 0; result < 0 && i < count; i++)
        delivery_note(queue, notes[i].delivery, notes[i].bytes, notes[i].all);
    free(notes);
    arena_free(arena);
    return result;
}
