#include "registry/jobs/scrub_thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct scrub_thread {
    struct examiner *examiner; /* the thread's alone while it runs */
    struct meter *meter;
    pthread_t thread;
    bool has_thread;
    bool is_over;     /* the thread is to end */
    atomic_bool stop; /* the item under way is to be left */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct arena *arena; /* of the batch; NULL: none */
    const struct examiner_item *items;
    struct scrub_verdict *verdicts; /* one an item */
    size_t count;
    size_t judged;
    size_t taken;
};

static void
count_bytes(void *state, uint64_t bytes)
{
    meter_add(state, METER_SCRUB_BYTES, bytes);
}

struct scrub_thread *
scrub_thread_open(struct content_store *store, uint64_t bytes_per_second,
                  struct meter *meter)
{
    struct scrub_thread *thread = xcalloc(1, sizeof(*thread));
    const struct examiner_options options = {
        .bytes_per_second = bytes_per_second,
        .stop = &thread->stop,
        .progress = count_bytes,
        .state = meter,
    };

    pthread_mutex_init(&thread->lock, NULL);
    pthread_cond_init(&thread->changed, NULL);
    thread->examiner = examiner_open(store, &options);
    return thread;
}

void
scrub_thread_free(struct scrub_thread *thread)
{
    if (thread == NULL)
        return;
    if (thread->has_thread) {
        pthread_mutex_lock(&thread->lock);
        thread->is_over = true;
        atomic_store(&thread->stop, true);
        pthread_cond_broadcast(&thread->changed);
        pthread_mutex_unlock(&thread->lock);
        pthread_join(thread->thread, NULL);
    }
    examiner_free(thread->examiner);
    arena_free(thread->arena);
    pthread_cond_destroy(&thread->changed);
    pthread_mutex_destroy(&thread->lock);
    free(thread);
}

/* Without the lock: arena and verdict are this thread's until it is judged. */
static void
judge(struct scrub_thread *thread, size_t i)
{
    struct scrub_verdict *verdict = &thread->verdicts[i];

    verdict->item = &thread->items[i];
    verdict->has_failed =
        examiner_judge(&verdict->reason, thread->examiner, thread->arena,
                       verdict->item, &verdict->err) < 0;
}

static void *
run_thread(void *state)
{
    struct scrub_thread *thread = state;

    pthread_mutex_lock(&thread->lock);
    while (!thread->is_over) {
        if (thread->judged == thread->count || atomic_load(&thread->stop)) {
            atomic_store(&thread->stop, false);
            thread->count = thread->judged;
            pthread_cond_broadcast(&thread->changed);
            pthread_cond_wait(&thread->changed, &thread->lock);
            continue;
        }
        pthread_mutex_unlock(&thread->lock);
        judge(thread, thread->judged);
        pthread_mutex_lock(&thread->lock);
        if (!atomic_load(&thread->stop))
            thread->judged++;
    }
    pthread_mutex_unlock(&thread->lock);
    return NULL;
}

bool
scrub_thread_is_idle(struct scrub_thread *thread)
{
    bool is_idle;

    pthread_mutex_lock(&thread->lock);
    is_idle = thread->taken == thread->count;
    pthread_mutex_unlock(&thread->lock);
    return is_idle;
}

static int
start(struct scrub_thread *thread, struct error *err)
{
    if (!thread->has_thread)
        thread->has_thread =
            pthread_create(&thread->thread, NULL, run_thread, thread) == 0;
    if (!thread->has_thread)
        return error_set(err, ERROR_INTERNAL, "no thread to read weights");
    return 0;
}

int
scrub_thread_give(struct scrub_thread *thread, struct arena *arena,
                  const struct examiner_item *items, size_t count,
                  struct error *err)
{
    int result;

    pthread_mutex_lock(&thread->lock);
    arena_free(thread->arena);
    thread->arena = arena;
    thread->items = items;
    thread->verdicts = arena_array(arena, count, sizeof(*thread->verdicts));
    thread->judged = 0;
    thread->taken = 0;
    result = start(thread, err);
    thread->count = result == 0 ? count : 0;
    pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->lock);
    return result;
}

bool
scrub_thread_take(struct scrub_verdict *out, struct scrub_thread *thread)
{
    bool is_there;

    pthread_mutex_lock(&thread->lock);
    is_there = thread->taken < thread->judged;
    if (is_there)
        *out = thread->verdicts[thread->taken++];
    pthread_mutex_unlock(&thread->lock);
    return is_there;
}

void
scrub_thread_drop(struct scrub_thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    if (thread->has_thread) {
        atomic_store(&thread->stop, true);
        pthread_cond_broadcast(&thread->changed);
        while (atomic_load(&thread->stop))
            pthread_cond_wait(&thread->changed, &thread->lock);
    }
    thread->count = thread->judged;
    thread->taken = thread->judged;
    pthread_mutex_unlock(&thread->lock);
}
