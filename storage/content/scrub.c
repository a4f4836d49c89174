#include "storage/content/scrub.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "storage/base/clock.h"
#include "storage/blob/blob.h"
#include "storage/content/store.h"

/* Objects in one statement. */
#define BATCH 1000
#define READ_BYTES ((size_t)1048576)

struct scrub {
    struct content_store *store;
    struct db *db;
    const struct scrub_options *options;
    struct scrub_counts counts;
    int64_t started_at_ms; /* clock_monotonic_ms */
    uint8_t *buffer;       /* of READ_BYTES */
};

struct item {
    struct digest digest;
    const char *blob;
    uint64_t size_bytes;
    bool was_damaged;
};

/* Waits until what was read so far is no more than the rate allows. */
static void
keep_rate(const struct scrub *scrub)
{
    uint64_t rate = scrub->options->bytes_per_second;
    struct timespec pause;
    int64_t early_ms;

    if (rate == 0)
        return;
    early_ms = (int64_t)((double)scrub->counts.bytes * 1000 / (double)rate) -
               (clock_monotonic_ms() - scrub->started_at_ms);
    if (early_ms <= 0)
        return;
    pause = (struct timespec){early_ms / 1000, early_ms % 1000 * 1000000};
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

/* False when some of the bytes cannot be read. */
static bool
hash_blob(struct digest *out, struct scrub *scrub, struct blob *blob)
{
    struct digest_stream *stream = digest_stream_open();
    uint64_t size = blob_size(blob);
    uint64_t offset = 0;
    struct error err;

    while (offset < size) {
        size_t length =
            size - offset < READ_BYTES ? (size_t)(size - offset) : READ_BYTES;

        forget(blob, offset, length);
        if (blob_read(blob, scrub->buffer, offset, length, &err) < 0)
            break;
        forget(blob, offset, length);
        digest_stream_add(stream, scrub->buffer, length);
        offset += length;
        scrub->counts.bytes += length;
        if (scrub->options->progress != NULL)
            scrub->options->progress(scrub->options->state, &scrub->counts);
        keep_rate(scrub);
    }
    digest_stream_read(out, stream);
    digest_stream_free(stream);
    return offset == size;
}

static const char *
judge_blob(struct scrub *scrub, struct arena *arena, const struct item *item,
           struct blob *blob)
{
    struct digest digest;

    if (blob_size(blob) != item->size_bytes)
        return arena_format(arena, "has %" PRIu64 " bytes, not %" PRIu64,
                            blob_size(blob), item->size_bytes);
    if (!hash_blob(&digest, scrub, blob))
        return "unreadable";
    if (!digest_is_equal(&digest, &item->digest))
        return "has another SHA-256";
    return NULL;
}

/* *out is why the item must not be served, or NULL when it is whole. */
static int
judge(const char **out, struct scrub *scrub, struct arena *arena,
      const struct item *item, struct error *err)
{
    struct blob *blob = NULL;

    if (blob_open(&blob, scrub->store->blobs, item->blob, err) == 0) {
        *out = judge_blob(scrub, arena, item, blob);
        blob_free(blob);
        return 0;
    }
    if (err->code != ERROR_NOT_FOUND)
        return -1;
    *out = "is missing";
    return 0;
}

static int
report(struct scrub *scrub, struct arena *arena, const struct item *item,
       const char *reason, struct error *err)
{
    struct scrub_finding finding = {
        .digest = item->digest,
        .blob = item->blob,
        .size_bytes = item->size_bytes,
        .reason = reason,
    };
    struct db_rows *rows;

    if (DB_RUN(&rows, scrub->db, arena, "scrub_owners", err,
               db_bytes(item->digest.bytes, DIGEST_BYTES),
               db_int(SCRUB_OWNER_LIMIT)) < 0)
        return -1;
    finding.owner_count = (size_t)db_rows_count(rows);
    for (size_t i = 0; i < finding.owner_count; i++)
        finding.owners[i] = db_get_text(rows, (int64_t)i, 0);
    scrub->options->found(scrub->options->state, &finding);
    return 0;
}

static int
check_item(struct scrub *scrub, const struct item *item, struct error *err)
{
    struct arena *arena = arena_open();
    const char *reason;
    struct db_rows *rows;
    int result = -1;

    if (judge(&reason, scrub, arena, item, err) < 0)
        goto done;
    scrub->counts.objects++;
    result = 0;
    if (reason == NULL && !item->was_damaged)
        goto done;
    result = DB_RUN(&rows, scrub->db, arena, "scrub_set", err,
                    db_bytes(item->digest.bytes, DIGEST_BYTES),
                    db_text(item->blob), db_text(reason));
    /* Another blob by now, or no object any more: nothing was found of it. */
    if (result < 0 || db_rows_count(rows) == 0)
        goto done;
    if (reason == NULL) {
        scrub->counts.healed++;
        goto done;
    }
    scrub->counts.damaged++;
    result = report(scrub, arena, item, reason, err);

done:
    arena_free(arena);
    return result;
}

/* Judges the objects behind *last, and moves it; *out counts them. */
static int
check_batch(int64_t *out, struct scrub *scrub, struct arena *arena,
            struct digest *last, size_t last_length, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, scrub->db, arena, "scrub_list", err,
               db_bytes(last->bytes, last_length), db_int(BATCH)) < 0)
        return -1;
    *out = db_rows_count(rows);
    for (int64_t i = 0; i < *out; i++) {
        size_t length;
        const void *bytes = db_get_bytes(&length, rows, i, 0);
        struct item item = {
            .blob = db_get_text(rows, i, 1),
            .size_bytes = (uint64_t)db_get_int(rows, i, 2),
            .was_damaged = !db_is_null(rows, i, 3),
        };

        memcpy(item.digest.bytes, bytes, DIGEST_BYTES);
        if (check_item(scrub, &item, err) < 0)
            return -1;
        *last = item.digest;
    }
    return 0;
}

int
scrub_check(struct scrub_counts *out, struct content_store *store,
            struct db *db, const struct scrub_options *options,
            struct error *err)
{
    struct scrub scrub = {.store = store, .db = db, .options = options};
    struct digest last = {0};
    size_t last_length = 0; /* from the start */
    int64_t count = BATCH;
    int result = 0;

    scrub.started_at_ms = clock_monotonic_ms();
    scrub.buffer = xcalloc(1, READ_BYTES);
    while (result == 0 && count == BATCH) {
        struct arena *arena = arena_open();

        result = check_batch(&count, &scrub, arena, &last, last_length, err);
        last_length = DIGEST_BYTES;
        arena_free(arena);
    }
    free(scrub.buffer);
    *out = scrub.counts;
    return result;
}
