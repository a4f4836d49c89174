#include "auth/key/hashing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/base/arena.h"

#define THREADS_LIMIT 4
#define READ_BYTES ((size_t)1 << 20)

/* What the threads share. */
struct pool {
    struct hashing *hashing;
    atomic_size_t next; /* the first job that nobody took */
    atomic_bool has_failed;
    pthread_mutex_t lock;
    struct error error; /* under lock: the first failure */
};

/* Opens what the link leads to, if that lies below links_root. */
static int
open_link(const struct hashing *hashing, const char *name, struct error *err)
{
    struct arena *arena = arena_open();
    size_t length = strlen(hashing->links_root);
    char *path =
        realpath(arena_format(arena, "%s/%s", hashing->root, name), NULL);
    int fd = -1;

    if (path == NULL)
        error_set(err, ERROR_SIGNATURE, "%s: the link leads nowhere", name);
    else if (strncmp(path, hashing->links_root, length) != 0 ||
             path[length] != '/')
        error_set(err, ERROR_SIGNATURE, "%s: the link leaves the cache", name);
    else {
        fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            error_set_system(err, name);
    }
    free(path);
    arena_free(arena);
    return fd;
}

static int
open_job(const struct hashing *hashing, const struct hashing_job *job,
         struct error *err)
{
    int fd;

    if (job->is_link)
        return open_link(hashing, job->file.name, err);
    fd = openat(hashing->folder, job->file.name,
                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        error_set_system(err, job->file.name);
    return fd;
}

/* The digest of [begin, end). */
static int
hash_range(const struct hashing *hashing, struct hashing_job *job, int fd,
           uint64_t end, struct error *err)
{
    struct digest_stream *stream = digest_stream_open();
    char *block = xcalloc(1, READ_BYTES);
    uint64_t at = job->file.begin;
    int result = 0;

    while (at < end) {
        uint64_t left = end - at;
        ssize_t n =
            pread(fd, block, left < READ_BYTES ? (size_t)left : READ_BYTES,
                  (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            result = n < 0 ? error_set_system(err, job->file.name)
                           : error_set(err, ERROR_SIGNATURE,
                                       "%s became shorter", job->file.name);
            break;
        }
        digest_stream_add(stream, block, (size_t)n);
        at += (uint64_t)n;
        if (hashing->is_stopped != NULL &&
            hashing->is_stopped(hashing->state)) {
            result = error_set(err, ERROR_INTERRUPTED, NULL);
            break;
        }
    }
    digest_stream_read(&job->file.digest, stream);
    digest_stream_free(stream);
    free(block);
    return result;
}

static int
hash_job(const struct hashing *hashing, struct hashing_job *job, bool is_last,
         struct error *err)
{
    struct stat status;
    int result = -1;
    int fd = open_job(hashing, job, err);

    if (fd < 0)
        return -1;
    if (fstat(fd, &status) < 0) {
        error_set_system(err, job->file.name);
        goto done;
    }
    if (!S_ISREG(status.st_mode)) {
        error_set(err, ERROR_SIGNATURE, "%s: not a regular file",
                  job->file.name);
        goto done;
    }
    if (job->file.begin == 0)
        job->size_bytes = (uint64_t)status.st_size;
    if (job->file.end == 0 && hashing->digest != NULL)
        result = hashing->digest(&job->file.digest, hashing->state,
                                 job->file.name, fd, err);
    else if (job->file.end == 0)
        result = hash_range(hashing, job, fd, (uint64_t)status.st_size, err);
    else if (job->file.end > (uint64_t)status.st_size ||
             (is_last && job->file.end != (uint64_t)status.st_size))
        result = 0; /* The digest stays zero, which none is. */
    else
        result = hash_range(hashing, job, fd, job->file.end, err);

done:
    close(fd);
    return result;
}

static void *
work(void *state)
{
    struct pool *pool = state;
    struct hashing *hashing = pool->hashing;
    size_t i;

    while (!atomic_load(&pool->has_failed) &&
           (i = atomic_fetch_add(&pool->next, 1)) < hashing->count) {
        struct hashing_job *job = &hashing->jobs[i];
        struct error error;
        bool is_last =
            i + 1 == hashing->count ||
            strcmp(hashing->jobs[i + 1].file.name, job->file.name) != 0;

        if (job->is_skipped || hash_job(hashing, job, is_last, &error) == 0)
            continue;
        pthread_mutex_lock(&pool->lock);
        if (!atomic_exchange(&pool->has_failed, true))
            pool->error = error;
        pthread_mutex_unlock(&pool->lock);
    }
    return NULL;
}

int
hashing_run(struct hashing *hashing, struct error *err)
{
    struct pool pool = {.hashing = hashing};
    pthread_t threads[THREADS_LIMIT];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int started = 0;

    pthread_mutex_init(&pool.lock, NULL);
    /* This thread works too; one that cannot be started is done without. */
    while (started < THREADS_LIMIT && started + 1 < cores &&
           (size_t)started + 1 < hashing->count &&
           pthread_create(&threads[started], NULL, work, &pool) == 0)
        started++;
    work(&pool);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&pool.lock);
    if (!atomic_load(&pool.has_failed))
        return 0;
    *err = pool.error;
    return -1;
}
