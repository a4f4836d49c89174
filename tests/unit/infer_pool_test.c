#include "cli/infer/pool.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "tests/check.h"

#define CHUNKS 50
#define JOBS 2000

static void
count_chunk(void *context, size_t chunk, size_t thread)
{
    _Atomic int *counts = context;

    (void)thread;
    atomic_fetch_add(&counts[chunk], 1);
}

TEST(every_chunk_of_every_job_runs_exactly_once)
{
    static const size_t threads[] = {1, 2, 5};
    struct error err;

    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        _Atomic int counts[CHUNKS] = {0};
        struct pool *pool = NULL;
        bool is_right = true;

        CHECK(pool_open(&pool, threads[i], &err) == 0);
        for (int job = 0; job < JOBS; job++)
            pool_run(pool, count_chunk, counts, 1 + (size_t)job % CHUNKS);
        for (int c = 0; c < CHUNKS; c++)
            is_right = is_right && counts[c] == JOBS - c * (JOBS / CHUNKS);
        CHECK(is_right);
        pool_free(pool);
    }
}

static void
note_thread(void *context, size_t chunk, size_t thread)
{
    _Atomic size_t *largest = context;

    (void)chunk;
    if (thread > atomic_load(largest))
        atomic_store(largest, thread);
}

TEST(a_thread_has_a_number_below_the_pool_s_threads)
{
    _Atomic size_t largest = 0;
    struct pool *pool = NULL;
    struct error err;

    CHECK(pool_open(&pool, 3, &err) == 0);
    CHECK(pool_threads(pool) == 3);
    pool_run(pool, note_thread, &largest, 1000);
    CHECK(largest < 3);
    pool_free(pool);
}

TEST(no_thread_and_too_many_threads_are_refused)
{
    struct pool *pool = NULL;
    struct error err;

    CHECK(pool_open(&pool, 0, &err) == -1);
    CHECK(err.code == ERROR_USAGE);
    CHECK(pool_open(&pool, POOL_THREAD_LIMIT + 1, &err) == -1);
    CHECK(pool == NULL);
}
