#include "storage/content/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/clock.h"
#include "storage/blob/blob.h"
#include "storage/content/object.h"
#include "storage/content/store.h"
#include "storage/db/array.h"

/* Rows in one statement: few enough that no lock is held for long. */
#define BATCH 1000

struct collection {
    struct content_store *store;
    struct db *db;
    struct collect_options options;
    struct collect_counts counts;
    /* Names of old blobs, to be looked up in the database together. */
    char names[BATCH][BLOB_NAME_SIZE];
    size_t name_count;
};

/* Runs a statement that takes at most BATCH rows until it takes fewer. */
static int
repeat(int64_t *total, struct db *db, const struct db_call *call,
       struct error *err)
{
    int64_t count = BATCH;

    while (count == BATCH) {
        struct arena *arena = arena_open();
        struct db_rows *rows;
        int result = db_run(&rows, db, arena, call, err);

        count = result == 0 ? db_rows_count(rows) : 0;
        *total += count;
        arena_free(arena);
        if (result < 0)
            return -1;
    }
    return 0;
}

static int
collect_claims(struct collection *c, struct error *err)
{
    const struct db_value values[] = {db_int(c->options.uncommitted_ms),
                                      db_int(BATCH)};
    const struct db_call uploads = {"collect_uploads", &values[1], 1};
    const struct db_call claims = {"collect_uncommitted", values, 2};

    if (repeat(&c->counts.uploads, c->db, &uploads, err) < 0)
        return -1;
    return repeat(&c->counts.uncommitted, c->db, &claims, err);
}

/* Removes of the objects after from, up to the last, what nobody has. */
static int
remove_objects(struct collection *c, struct arena *arena, struct db_value from,
               struct db_value last, struct error *err)
{
    struct array_item items[BATCH];
    struct db_rows *found;
    struct db_rows *removed;
    int64_t count;

    if (DB_RUN(&found, c->db, arena, "collect_lock_content", err, from, last) <
        0)
        return -1;
    count = db_rows_count(found);
    for (int64_t i = 0; i < count; i++)
        items[i].bytes = db_get_bytes(&items[i].length, found, i, 0);
    if (count == 0)
        return 0;
    if (DB_RUN(&removed, c->db, arena, "collect_content", err,
               array_of_bytes(arena, items, (size_t)count)) < 0)
        return -1;
    c->counts.objects += db_rows_count(removed);
    return 0;
}

/*
 * One slice of all objects, in a transaction: its last statement sees what
 * came between the judgement of the one before and its locks.  *last, of which
 * *length bytes count, is moved on; a length of 0 says that there was none.
 */
static int
collect_slice(struct collection *c, struct arena *arena, struct digest *last,
              size_t *length, struct error *err)
{
    struct db_value from = db_bytes(
        arena_bytes(arena, (const char *)last->bytes, *length), *length);
    struct db_rows *next;
    const void *bytes;

    if (DB_RUN(&next, c->db, arena, "collect_next_content", err, from,
               db_int(BATCH)) < 0)
        return -1;
    *length = 0;
    if (db_rows_count(next) == 0)
        return 0;
    bytes = db_get_bytes(length, next, 0, 0);
    memcpy(last->bytes, bytes, DIGEST_BYTES);
    return remove_objects(c, arena, from, db_bytes(bytes, *length), err);
}

static int
collect_objects(struct collection *c, struct error *err)
{
    struct digest last = {0};
    size_t length = 0; /* from the start */

    do {
        struct arena *arena = arena_open();
        int result = db_begin(c->db, err);

        if (result == 0) {
            result = collect_slice(c, arena, &last, &length, err);
            result = db_end(c->db, result, err);
        }
        arena_free(arena);
        if (result < 0)
            return -1;
    } while (length > 0);
    return 0;
}

/* One slice of all blobs; last, a name, is moved on, and "" at the end. */
static int
collect_blob_slice(struct collection *c, struct arena *arena,
                   char last[BLOB_NAME_SIZE], struct error *err)
{
    struct db_value from = db_text(arena_text(arena, last));
    struct db_rows *rows;
    const char *name;

    if (DB_RUN(&rows, c->db, arena, "collect_next_blob", err, from,
               db_int(BATCH)) < 0)
        return -1;
    last[0] = '\0';
    if (db_rows_count(rows) == 0)
        return 0;
    name = db_get_text(rows, 0, 0);
    snprintf(last, BLOB_NAME_SIZE, "%s", name);
    if (DB_RUN(&rows, c->db, arena, "collect_blobs", err, from, db_text(name)) <
        0)
        return -1;
    c->counts.blobs += db_rows_count(rows);
    return 0;
}

static int
collect_blobs(struct collection *c, struct error *err)
{
    char last[BLOB_NAME_SIZE] = "";

    do {
        struct arena *arena = arena_open();
        int result = collect_blob_slice(c, arena, last, err);

        arena_free(arena);
        if (result < 0)
            return -1;
    } while (last[0] != '\0');
    return 0;
}

/* Bytes first: a kill between the two leaves a row that is tried again. */
static int
remove_garbage(struct collection *c, struct arena *arena,
               const struct db_rows *garbage, struct error *err)
{
    const char *names[BATCH];
    size_t count = 0;

    for (int64_t i = 0, n = db_rows_count(garbage); i < n; i++) {
        names[count++] = db_get_text(garbage, i, 0);
        if (blob_remove(c->store->blobs, names[count - 1], err) < 0)
            return -1;
    }
    c->counts.removed += (int64_t)count;
    return DB_RUN(NULL, c->db, arena, "collect_remove_garbage", err,
                  array_of_texts(arena, names, count));
}

static int
collect_garbage(struct collection *c, struct error *err)
{
    int64_t count = BATCH;

    while (count == BATCH) {
        struct arena *arena = arena_open();
        struct db_rows *garbage;
        int result = DB_RUN(&garbage, c->db, arena, "collect_list_garbage", err,
                            db_int(c->options.grace_ms), db_int(BATCH));

        count = result == 0 ? db_rows_count(garbage) : 0;
        if (count > 0)
            result = remove_garbage(c, arena, garbage, err);
        arena_free(arena);
        if (result < 0)
            return -1;
    }
    return 0;
}

/* Removes those of the noted names that the database does not know. */
static int
remove_orphans(struct collection *c, struct error *err)
{
    struct arena *arena = arena_open();
    const char *names[BATCH];
    struct db_rows *orphans;
    int result;

    for (size_t i = 0; i < c->name_count; i++)
        names[i] = c->names[i];
    result = DB_RUN(&orphans, c->db, arena, "collect_find_orphans", err,
                    array_of_texts(arena, names, c->name_count));
    for (int64_t i = 0; result == 0 && i < db_rows_count(orphans); i++) {
        result = blob_remove(c->store->blobs, db_get_text(orphans, i, 0), err);
        c->counts.removed += result == 0;
        c->counts.orphans += result == 0;
    }
    c->name_count = 0;
    arena_free(arena);
    return result;
}

static int
note_blob(void *state, const struct blob_entry *entry, struct error *err)
{
    struct collection *c = state;

    if (entry->modified_at_ms > clock_now_ms() - c->options.grace_ms)
        return 0;
    if (!entry->is_committed) {
        c->counts.removed++;
        c->counts.orphans++;
        return blob_remove_uncommitted(c->store->blobs, entry->name, err);
    }
    memcpy(c->names[c->name_count++], entry->name, BLOB_NAME_SIZE);
    return c->name_count == BATCH ? remove_orphans(c, err) : 0;
}

static int
collect_orphans(struct collection *c, struct error *err)
{
    if (blob_list(c->store->blobs, note_blob, c, err) < 0)
        return -1;
    return remove_orphans(c, err);
}

static int
collect_all(struct collect_counts *out, struct content_store *store,
            struct db *db, const struct collect_options *options,
            struct error *err)
{
    struct collection *c = xcalloc(1, sizeof(*c));
    int result = -1;

    c->store = store;
    c->db = db;
    c->options = *options;
    if (c->options.grace_ms == 0)
        c->options.grace_ms = COLLECT_GRACE_MS;
    if (c->options.uncommitted_ms == 0)
        c->options.uncommitted_ms = OBJECT_UNCOMMITTED_MS;
    if (collect_claims(c, err) == 0 && collect_objects(c, err) == 0 &&
        collect_blobs(c, err) == 0 && collect_garbage(c, err) == 0)
        result = collect_orphans(c, err);
    *out = c->counts;
    free(c);
    return result;
}

int
collect_run(struct collect_counts *out, struct content_store *store,
            struct db *db, const struct collect_options *options,
            struct error *err)
{
    struct arena *arena = arena_open();
    const struct db_call begin = {"collect_begin", NULL, 0};
    const struct db_call end = {"collect_end", NULL, 0};
    struct error unused;
    struct db_rows *rows;
    int result;

    *out = (struct collect_counts){0};
    result = db_run(&rows, db, arena, &begin, err);
    if (result == 0 && db_get_bool(rows, 0, 0)) {
        result = collect_all(out, store, db, options, err);
        db_rollback(db);
        /* A connection that broke has let go by itself. */
        db_run(NULL, db, arena, &end, &unused);
    }
    arena_free(arena);
    return result;
}
