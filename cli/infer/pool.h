/*
 * pool: threads that share the chunks of one job after another.
 *
 * The caller works too, and pool_run returns when every chunk is done; a
 * thread that the system has not run yet is not waited for.  Between jobs the
 * threads spin for some microseconds, since the next one is usually that near,
 * and then sleep.  One caller at a time.
 */
#ifndef CLI_INFER_POOL_H
#define CLI_INFER_POOL_H

#include <stddef.h>

#include "storage/base/error.h"

#define POOL_THREAD_LIMIT 256

struct pool;

/* chunk counts from 0; thread is below the pool's number of threads. */
typedef void pool_job(void *context, size_t chunk, size_t thread);

/* threads counts the caller; the caller frees *out with pool_free. */
int pool_open(struct pool **out, size_t threads, struct error *err);
void pool_free(struct pool *pool); /* NULL is allowed */

size_t pool_threads(const struct pool *pool);

/* Runs job for each chunk below count (at most 2^32 - 1), in any order. */
void pool_run(struct pool *pool, pool_job *job, void *context, size_t count);

#endif
