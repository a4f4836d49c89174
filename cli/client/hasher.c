#include "cli/client/hasher.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/base/arena.h"

/* Bytes that are read, hashed and pushed to the disk in one go. */
#define WINDOW_BYTES 8388608 /* 8 MiB */

struct hasher {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct hasher_file *files; /* waiting or under way, in their order */
    struct hasher_file *finished;
    unsigned char *window;
    bool is_stopping;
    void (*wake)(void *);
    void *state;
};

/* Hashes [from, to) of the file; not under the lock. */
static int
hash_window(struct hasher *hasher, struct hasher_file *file, uint64_t to)
{
    size_t length = (size_t)(to - file->hashed);
    size_t done = 0;

    while (done < length) {
        ssize_t n = pread(file->fd, hasher->window + done, length - done,
                          (off_t)(file->hashed + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_system(&file->err, "read");
        if (n == 0)
            return error_set(&file->err, ERROR_INTERNAL,
                             "a file became shorter while it was written");
        done += (size_t)n;
    }
    digest_stream_add(file->stream, hasher->window, length);
    return 0;
}

/*
 * Starts writing the new window to the disk, and waits for the one before it,
 * so that the disk always has work and memory holds two windows.
 */
static void
push_to_disk(struct hasher_file *file, uint64_t to)
{
    off_t begin = (off_t)file->synced;
    off_t length = (off_t)(file->hashed - file->synced);

    if (file->size_bytes < HASHER_LARGE_BYTES)
        return;
    sync_file_range(file->fd, (off_t)file->hashed, (off_t)(to - file->hashed),
                    SYNC_FILE_RANGE_WRITE);
    if (length == 0 ||
        sync_file_range(file->fd, begin, length,
                        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                            SYNC_FILE_RANGE_WAIT_AFTER) < 0)
        return;
    posix_fadvise(file->fd, begin, length, POSIX_FADV_DONTNEED);
    if (file->journal != NULL)
        journal_add_synced(file->journal,
                           (size_t)((uint64_t)begin / BLOCKS_BYTES),
                           (size_t)length / BLOCKS_BYTES);
    file->synced = file->hashed;
}

static void
finish(struct hasher_file *file)
{
    if (file->err.code == ERROR_NONE && fdatasync(file->fd) < 0)
        error_set_system(&file->err, "sync");
    digest_stream_read(&file->digest, file->stream);
    digest_stream_free(file->stream);
    file->stream = NULL;
}

/* The first file with something to do; NULL for none. */
static struct hasher_file *
find_work(const struct hasher *hasher)
{
    struct hasher_file *file = hasher->files;

    while (file != NULL && file->ready == file->hashed &&
           file->hashed < file->size_bytes)
        file = file->next;
    return file;
}

static void
move_to_finished(struct hasher *hasher, struct hasher_file *file)
{
    struct hasher_file **at = &hasher->files;

    while (*at != file)
        at = &(*at)->next;
    *at = file->next;
    file->next = hasher->finished;
    hasher->finished = file;
}

/* One window of one file; the lock is held on entry and at the end. */
static void
work(struct hasher *hasher, struct hasher_file *file)
{
    uint64_t to = file->ready;
    bool is_last;

    if (to > file->hashed + WINDOW_BYTES)
        to = file->hashed + WINDOW_BYTES;
    pthread_mutex_unlock(&hasher->lock);
    if (hash_window(hasher, file, to) == 0)
        push_to_disk(file, to);
    file->hashed = to;
    is_last = to == file->size_bytes || file->err.code != ERROR_NONE;
    if (is_last)
        finish(file);
    pthread_mutex_lock(&hasher->lock);
    if (!is_last)
        return;
    move_to_finished(hasher, file);
    hasher->wake(hasher->state);
}

static void *
run(void *state)
{
    struct hasher *hasher = state;
    struct hasher_file *file;

    pthread_mutex_lock(&hasher->lock);
    while (!hasher->is_stopping) {
        file = find_work(hasher);
        if (file == NULL)
            pthread_cond_wait(&hasher->more, &hasher->lock);
        else
            work(hasher, file);
    }
    pthread_mutex_unlock(&hasher->lock);
    return NULL;
}

int
hasher_open(struct hasher **out, void (*wake)(void *), void *state,
            struct error *err)
{
    struct hasher *hasher = xcalloc(1, sizeof(*hasher));

    hasher->window = xcalloc(1, WINDOW_BYTES);
    hasher->wake = wake;
    hasher->state = state;
    pthread_mutex_init(&hasher->lock, NULL);
    pthread_cond_init(&hasher->more, NULL);
    if (pthread_create(&hasher->thread, NULL, run, hasher) != 0) {
        free(hasher->window);
        free(hasher);
        return error_set(err, ERROR_INTERNAL, "no thread for hashing");
    }
    *out = hasher;
    return 0;
}

void
hasher_free(struct hasher *hasher)
{
    if (hasher == NULL)
        return;
    pthread_mutex_lock(&hasher->lock);
    hasher->is_stopping = true;
    pthread_cond_signal(&hasher->more);
    pthread_mutex_unlock(&hasher->lock);
    pthread_join(hasher->thread, NULL);
    for (struct hasher_file *file = hasher->files; file != NULL;
         file = file->next)
        digest_stream_free(file->stream);
    pthread_cond_destroy(&hasher->more);
    pthread_mutex_destroy(&hasher->lock);
    free(hasher->window);
    free(hasher);
}

void
hasher_add(struct hasher *hasher, struct hasher_file *file)
{
    struct hasher_file **end = &hasher->files;

    file->ready = file->hashed = file->synced = 0;
    file->next = NULL;
    file->err = (struct error){0};
    file->stream = digest_stream_open();
    pthread_mutex_lock(&hasher->lock);
    while (*end != NULL)
        end = &(*end)->next;
    *end = file;
    pthread_cond_signal(&hasher->more);
    pthread_mutex_unlock(&hasher->lock);
}

void
hasher_set_ready(struct hasher *hasher, struct hasher_file *file,
                 uint64_t bytes)
{
    pthread_mutex_lock(&hasher->lock);
    if (bytes > file->ready) {
        file->ready = bytes;
        pthread_cond_signal(&hasher->more);
    }
    pthread_mutex_unlock(&hasher->lock);
}

struct hasher_file *
hasher_take(struct hasher *hasher)
{
    struct hasher_file *file;

    pthread_mutex_lock(&hasher->lock);
    file = hasher->finished;
    if (file != NULL)
        hasher->finished = file->next;
    pthread_mutex_unlock(&hasher->lock);
    return file;
}
