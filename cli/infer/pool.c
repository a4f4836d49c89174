#include "cli/infer/pool.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "storage/base/arena.h"

/* Pauses before a thread sleeps: 10 to 40 microseconds on the machines known.
 */
#define SPINS 500

#define CLOSED UINT32_MAX

struct worker {
    struct pool *pool;
    pthread_t thread;
    size_t index; /* 0 is the caller */
};

struct pool {
    /*
     * The number of the job, and below it the next chunk, or CLOSED while the
     * three fields change.  Whoever takes a chunk swaps the whole, so one who
     * slept over a job cannot take from the next by mistake; nor can the
     * fields have changed under a swap that succeeds, since a job with chunks
     * left has not ended.
     */
    _Atomic uint64_t ticket;
    _Atomic(pool_job *) job;
    _Atomic(void *) context;
    _Atomic uint32_t count;

    _Atomic uint32_t wakes; /* slept on by the workers; one more a job */
    _Atomic uint32_t sleepers;
    _Atomic uint32_t done; /* chunks; slept on by the caller */
    _Atomic bool is_waiting;
    _Atomic bool is_ending;

    size_t threads;
    size_t started;
    struct worker workers[]; /* (threads - 1) */
};

static void
futex_wait(_Atomic uint32_t *word, uint32_t value)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void
futex_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void
pause_a_little(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Takes one chunk and does it; false when none is left. */
static bool
work(struct pool *pool, size_t thread)
{
    uint64_t ticket = atomic_load(&pool->ticket);
    pool_job *job = atomic_load(&pool->job);
    void *context = atomic_load(&pool->context);
    uint32_t count = atomic_load(&pool->count);

    if ((uint32_t)ticket >= count)
        return false;
    if (!atomic_compare_exchange_strong(&pool->ticket, &ticket, ticket + 1))
        return true; /* somebody was faster: look again */
    job(context, (uint32_t)ticket, thread);
    if (atomic_fetch_add(&pool->done, 1) + 1 == count &&
        atomic_load(&pool->is_waiting))
        futex_wake(&pool->done);
    return true;
}

static void
rest(struct pool *pool, uint32_t seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&pool->wakes) != seen)
            return;
        pause_a_little();
    }
    atomic_fetch_add(&pool->sleepers, 1);
    futex_wait(&pool->wakes, seen);
    atomic_fetch_sub(&pool->sleepers, 1);
}

static void *
run_worker(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;

    while (!atomic_load(&pool->is_ending)) {
        uint32_t seen = atomic_load(&pool->wakes);

        while (work(pool, worker->index))
            ;
        if (!atomic_load(&pool->is_ending))
            rest(pool, seen);
    }
    return NULL;
}

static void
wake_workers(struct pool *pool)
{
    atomic_fetch_add(&pool->wakes, 1);
    if (atomic_load(&pool->sleepers) > 0)
        futex_wake(&pool->wakes);
}

int
pool_open(struct pool **out, size_t threads, struct error *err)
{
    struct pool *pool;

    if (threads == 0 || threads > POOL_THREAD_LIMIT)
        return error_set(err, ERROR_USAGE, "threads: 1 to %d",
                         POOL_THREAD_LIMIT);
    pool = xcalloc(1, sizeof(*pool) + (threads - 1) * sizeof(struct worker));
    pool->threads = threads;
    for (size_t i = 0; i < threads - 1; i++) {
        struct worker *worker = &pool->workers[i];
        int failure;

        worker->pool = pool;
        worker->index = i + 1;
        failure = pthread_create(&worker->thread, NULL, run_worker, worker);
        if (failure != 0) {
            pool_free(pool);
            return error_set(err, ERROR_INTERNAL, "threads: %s",
                             strerror(failure));
        }
        pool->started++;
    }
    *out = pool;
    return 0;
}

void
pool_free(struct pool *pool)
{
    if (pool == NULL)
        return;
    atomic_store(&pool->is_ending, true);
    wake_workers(pool);
    for (size_t i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    free(pool);
}

size_t
pool_threads(const struct pool *pool)
{
    return pool->threads;
}

/* Waits for the chunks that other threads still work on. */
static void
wait_for_all(struct pool *pool, uint32_t count)
{
    uint32_t done;

    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&pool->done) == count)
            return;
        pause_a_little();
    }
    atomic_store(&pool->is_waiting, true);
    while ((done = atomic_load(&pool->done)) != count)
        futex_wait(&pool->done, done);
    atomic_store(&pool->is_waiting, false);
}

void
pool_run(struct pool *pool, pool_job *job, void *context, size_t count)
{
    uint64_t number = atomic_load(&pool->ticket) >> 32;

    if (count <= 1 || pool->threads == 1) {
        for (size_t i = 0; i < count; i++)
            job(context, i, 0);
        return;
    }
    atomic_store(&pool->ticket, number << 32 | CLOSED);
    atomic_store(&pool->done, 0);
    atomic_store(&pool->job, job);
    atomic_store(&pool->context, context);
    atomic_store(&pool->count, (uint32_t)count);
    atomic_store(&pool->ticket, (number + 1) << 32);
    wake_workers(pool);
    while (work(pool, 0))
        ;
    wait_for_all(pool, (uint32_t)count);
}
