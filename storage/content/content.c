#include "storage/content/content.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/clock.h"
#include "storage/blob/blob.h"
#include "storage/content/ingest.h"
#include "storage/content/store.h"

/*
 * Another upload of the same object may be first, and a connection may break.
 * Every try begins anew, and most second ones find the object there.
 */
#define COMMIT_TRIES 10
/* Of these, how many may find the database away. */
#define BROKEN_TRIES 3

struct content_writer {
    struct content_store *store;
    struct ingest *ingest;
    struct digest digest;
};

struct content_reader {
    struct source source;
    struct blob *blob;
    struct digest digest;
    bool is_unsafe;
};

int
content_store_open(struct content_store **out, const char *place,
                   struct error *err)
{
    struct content_store *store = xcalloc(1, sizeof(*store));

    if (blob_store_open(&store->blobs, place, err) < 0) {
        free(store);
        return -1;
    }
    *out = store;
    return 0;
}

void
content_store_free(struct content_store *store)
{
    if (store == NULL)
        return;
    blob_store_free(store->blobs);
    free(store);
}

int
content_writer_open(struct content_writer **out, struct content_store *store,
                    const struct digest *digest, uint64_t size_bytes,
                    struct error *err)
{
    struct content_writer *writer = xcalloc(1, sizeof(*writer));

    writer->store = store;
    writer->digest = *digest;
    if (ingest_open(&writer->ingest, store->blobs, digest, size_bytes, err) <
        0) {
        content_writer_free(writer);
        return -1;
    }
    *out = writer;
    return 0;
}

int
content_writer_add(struct content_writer *writer, const void *bytes,
                   size_t length, struct error *err)
{
    return ingest_add(writer->ingest, bytes, length, err);
}

void
content_writer_free(struct content_writer *writer)
{
    if (writer == NULL)
        return;
    ingest_free(writer->ingest);
    free(writer);
}

/* What the store had when an object was to be given to its owner. */
struct found {
    const char *blob; /* NULL: no such object */
    bool is_damaged;
};

/* Gives an object that is there to the owner. */
static int
add_owner(struct found *out, struct content_writer *writer, struct db *db,
          struct arena *arena, const struct content_owner *owner,
          struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "content_add_owner", err,
               db_int(owner->repository),
               db_bytes(writer->digest.bytes, DIGEST_BYTES),
               owner->account != 0 ? db_int(owner->account) : db_null()) < 0)
        return -1;
    *out = (struct found){0};
    if (db_rows_count(rows) > 0)
        *out = (struct found){db_get_text(rows, 0, 0), db_get_bool(rows, 0, 1)};
    return 0;
}

/* Ours in place of bytes that are damaged, for all who have the object. */
static int
heal(struct content_writer *writer, struct db *db, struct arena *arena,
     struct error *err)
{
    return DB_RUN(NULL, db, arena, "content_heal", err,
                  db_bytes(writer->digest.bytes, DIGEST_BYTES),
                  db_text(ingest_name(writer->ingest)),
                  db_int((int64_t)ingest_size(writer->ingest)));
}

static int
add_object(struct content_writer *writer, struct db *db, struct arena *arena,
           struct error *err)
{
    const char *name = ingest_name(writer->ingest);
    int64_t size = (int64_t)ingest_size(writer->ingest);

    if (DB_RUN(NULL, db, arena, "content_add_blob", err, db_text(name),
               db_int(size)) < 0)
        return -1;
    return DB_RUN(NULL, db, arena, "content_add", err,
                  db_bytes(writer->digest.bytes, DIGEST_BYTES), db_int(size),
                  db_text(name));
}

/* *out_blob is the blob that the object has in the end. */
static int
add_rows(const char **out_blob, struct content_writer *writer, struct db *db,
         struct arena *arena, const struct content_owner *owner,
         struct error *err)
{
    struct found found;
    int result;

    if (add_owner(&found, writer, db, arena, owner, err) < 0)
        return -1;
    if (found.blob == NULL || found.is_damaged) {
        result = found.is_damaged ? heal(writer, db, arena, err)
                                  : add_object(writer, db, arena, err);
        if (result < 0 || add_owner(&found, writer, db, arena, owner, err) < 0)
            return -1;
    }
    *out_blob = found.blob;
    return 0;
}

static int
try_commit(const char **out_blob, struct content_writer *writer, struct db *db,
           struct arena *arena, const struct content_owner *owner,
           struct error *err)
{
    if (ingest_check_age(writer->ingest, err) < 0 || db_begin(db, err) < 0)
        return -1;
    return db_end(db, add_rows(out_blob, writer, db, arena, owner, err), err);
}

/* Fills err when no try succeeded. */
static int
commit_rows(const char **out_blob, struct content_writer *writer, struct db *db,
            struct arena *arena, const struct content_owner *owner,
            struct error *err)
{
    struct error failure = {0};

    for (int try = 0; try < COMMIT_TRIES; try++) {
        if (try_commit(out_blob, writer, db, arena, owner, &failure) == 0)
            return 0;
        if (failure.code == ERROR_DATABASE && try + 1 < BROKEN_TRIES)
            continue;
        if (failure.code != ERROR_CONFLICT)
            break;
    }
    *err = failure;
    return -1;
}

int
content_writer_commit(struct content_writer *writer, struct db *db,
                      const struct content_owner *owner, struct error *err)
{
    struct arena *arena = arena_open();
    const char *blob = NULL;
    struct digest digest;
    struct error ignored;
    int result = -1;

    if (ingest_finish(&digest, writer->ingest, &writer->digest, err) < 0 ||
        commit_rows(&blob, writer, db, arena, owner, err) < 0)
        goto done;
    /* The object was there already: ours is one too many. */
    if (blob != NULL && strcmp(blob, ingest_name(writer->ingest)) != 0)
        blob_remove(writer->store->blobs, ingest_name(writer->ingest),
                    &ignored);
    result = 0;

done:
    arena_free(arena);
    return result;
}

static int
read_at(void *state, void *out, uint64_t offset, size_t length,
        struct error *err)
{
    struct content_reader *reader = state;

    return blob_read(reader->blob, out, offset, length, err);
}

static void
refuse_damaged(struct error *err, const char *name, const char *why)
{
    error_set(err, ERROR_DAMAGED, NULL);
    error_set_cause(err, "blob %s: %s", name, why);
}

/* What the scrub found, or a row without its blob, or one of another size. */
static int
open_blob(struct blob **out, struct content_store *store,
          const struct db_rows *rows, struct error *err)
{
    const char *name = db_get_text(rows, 0, 0);
    int64_t size = db_get_int(rows, 0, 1);

    if (!db_is_null(rows, 0, 3)) {
        refuse_damaged(err, name, db_get_text(rows, 0, 3));
        return -1;
    }
    if (blob_open(out, store->blobs, name, err) < 0) {
        if (err->code == ERROR_NOT_FOUND)
            refuse_damaged(err, name, "is missing");
        return -1;
    }
    if (blob_size(*out) == (uint64_t)size)
        return 0;
    error_set(err, ERROR_DAMAGED, NULL);
    error_set_cause(err, "blob %s: has %" PRIu64 " bytes, not %" PRId64, name,
                    blob_size(*out), size);
    blob_free(*out);
    return -1;
}

static int
open_reader(struct content_reader **out, struct content_store *store,
            const struct db_rows *rows, const struct digest *digest,
            struct error *err)
{
    struct content_reader *reader;
    struct blob *blob;

    if (db_rows_count(rows) == 0)
        return error_set(err, ERROR_NOT_FOUND, "no such object");
    if (open_blob(&blob, store, rows, err) < 0)
        return -1;
    reader = xcalloc(1, sizeof(*reader));
    reader->blob = blob;
    reader->digest = *digest;
    reader->is_unsafe = db_get_bool(rows, 0, 2);
    reader->source = (struct source){blob_size(blob), read_at, reader};
    *out = reader;
    return 0;
}

int
content_reader_open(struct content_reader **out, struct content_store *store,
                    struct db *db, const struct content_permit *permit,
                    struct error *err)
{
    struct arena *arena;
    struct db_rows *rows;
    int result = -1;

    if (permit->valid_until_ms <= clock_now_ms())
        return error_set(err, ERROR_FORBIDDEN, "the permission has ended");
    arena = arena_open();
    if (DB_RUN(&rows, db, arena, "content_find", err,
               db_int(permit->repository),
               db_bytes(permit->object.bytes, DIGEST_BYTES)) == 0)
        result = open_reader(out, store, rows, &permit->object, err);
    arena_free(arena);
    return result;
}

int
content_inspect_open(struct content_reader **out, struct content_store *store,
                     struct db *db, const struct digest *digest,
                     struct error *err)
{
    struct arena *arena = arena_open();
    struct db_rows *rows;
    int result = -1;

    if (DB_RUN(&rows, db, arena, "content_inspect", err,
               db_bytes(digest->bytes, DIGEST_BYTES)) == 0)
        result = open_reader(out, store, rows, digest, err);
    arena_free(arena);
    return result;
}

void
content_reader_free(struct content_reader *reader)
{
    if (reader == NULL)
        return;
    blob_free(reader->blob);
    free(reader);
}

bool
content_reader_is_unsafe(const struct content_reader *reader)
{
    return reader->is_unsafe;
}

uint64_t
content_reader_size(const struct content_reader *reader)
{
    return reader->source.size_bytes;
}

const struct digest *
content_reader_digest(const struct content_reader *reader)
{
    return &reader->digest;
}

int
content_reader_extent(struct content_extent *out,
                      const struct content_reader *reader, uint64_t offset,
                      uint64_t length, struct error *err)
{
    uint64_t size = reader->source.size_bytes;

    if (offset >= size)
        return error_set(err, ERROR_RANGE, NULL);
    out->fd = blob_file(reader->blob);
    out->offset = offset;
    out->length = length < size - offset ? length : size - offset;
    return 0;
}

int
content_reader_read(struct content_reader *reader, void *out, uint64_t offset,
                    size_t length, struct error *err)
{
    uint64_t size = reader->source.size_bytes;

    if (offset > size || length > size - offset)
        return error_set(err, ERROR_RANGE, NULL);
    return blob_read(reader->blob, out, offset, length, err);
}

const struct source *
content_reader_source(struct content_reader *reader)
{
    return &reader->source;
}
