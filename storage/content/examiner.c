#include "storage/content/examiner.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "storage/base/clock.h"
#include "storage/blob/blob.h"
#include "storage/content/store.h"

#define READ_BYTES ((size_t)1048576)

struct examiner {
    struct content_store *store;
    struct examiner_options options;
    int64_t due_us; /* no byte is read before, clock_monotonic_us */
    uint8_t buffer[READ_BYTES];
};

struct examiner *
examiner_open(struct content_store *store,
              const struct examiner_options *options)
{
    struct examiner *examiner = xcalloc(1, sizeof(*examiner));

    examiner->store = store;
    examiner->options = *options;
    return examiner;
}

void
examiner_free(struct examiner *examiner)
{
    free(examiner);
}

static bool
is_stopped(const struct examiner *examiner)
{
    return examiner->options.stop != NULL &&
           atomic_load(examiner->options.stop);
}

/* Time that was not used to read is not made up for later. */
static void
keep_rate(struct examiner *examiner, size_t length)
{
    uint64_t rate = examiner->options.bytes_per_second;
    int64_t now_us = clock_monotonic_us();
    struct timespec pause;
    int64_t early_us;

    if (rate == 0)
        return;
    if (examiner->due_us < now_us)
        examiner->due_us = now_us;
    examiner->due_us += (int64_t)((double)length * 1e6 / (double)rate);
    early_us = examiner->due_us - now_us;
    pause = (struct timespec){early_us / 1000000, early_us % 1000000 * 1000};
    while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
        continue;
}

/*
 * What lies on the disk is asked for, not what memory still has of it, and
 * what is read does not push out what clients are served from.
 */
static void
forget(const struct blob *blob, uint64_t offset, size_t length)
{
    if (blob_file(blob) >= 0)
        posix_fadvise(blob_file(blob), (off_t)offset, (off_t)length,
                      POSIX_FADV_DONTNEED);
}

/* False when some of the bytes cannot be read, or it was stopped. */
static bool
hash_blob(struct digest *out, struct examiner *examiner, struct blob *blob)
{
    struct digest_stream *stream = digest_stream_open();
    uint64_t size = blob_size(blob);
    uint64_t offset = 0;
    struct error err;

    while (offset < size && !is_stopped(examiner)) {
        size_t length =
            size - offset < READ_BYTES ? (size_t)(size - offset) : READ_BYTES;

        forget(blob, offset, length);
        if (blob_read(blob, examiner->buffer, offset, length, &err) < 0)
            break;
        forget(blob, offset, length);
        digest_stream_add(stream, examiner->buffer, length);
        offset += length;
        if (examiner->options.progress != NULL)
            examiner->options.progress(examiner->options.state, length);
        keep_rate(examiner, length);
    }
    digest_stream_read(out, stream);
    digest_stream_free(stream);
    return offset == size;
}

static const char *
judge_blob(struct examiner *examiner, struct arena *arena,
           const struct examiner_item *item, struct blob *blob)
{
    struct digest digest;

    if (blob_size(blob) != item->size_bytes)
        return arena_format(arena, "has %" PRIu64 " bytes, not %" PRIu64,
                            blob_size(blob), item->size_bytes);
    if (!hash_blob(&digest, examiner, blob))
        return "unreadable";
    if (!digest_is_equal(&digest, &item->digest))
        return "has another SHA-256";
    return NULL;
}

int
examiner_judge(const char **out, struct examiner *examiner, struct arena *arena,
               const struct examiner_item *item, struct error *err)
{
    struct blob *blob = NULL;

    if (blob_open(&blob, examiner->store->blobs, item->blob, err) == 0) {
        *out = judge_blob(examiner, arena, item, blob);
        blob_free(blob);
        if (*out != NULL && is_stopped(examiner))
            return error_set(err, ERROR_INTERRUPTED, NULL);
        return 0;
    }
    if (err->code != ERROR_NOT_FOUND)
        return -1;
    *out = "is missing";
    return 0;
}
