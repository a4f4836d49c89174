#include "storage/content/object.h"

#include <string.h>

#include "storage/base/arena.h"
#include "storage/db/array.h"

/* The columns of object_find and object_list. */
static void
read_object(struct object *out, struct arena *arena, const struct db_rows *rows,
            int64_t row)
{
    const void *bytes;
    size_t length;

    memset(out, 0, sizeof(*out));
    bytes = db_get_bytes(&length, rows, row, 0);
    if (length == DIGEST_BYTES)
        memcpy(out->digest.bytes, bytes, length);
    out->size_bytes = (uint64_t)db_get_int(rows, row, 1);
    out->format = arena_text(arena, db_get_text(rows, row, 2));
    out->is_unsafe = db_get_bool(rows, row, 3);
    out->detail = arena_text(arena, db_get_text(rows, row, 4));
    out->added_at_ms = db_get_time(rows, row, 5);
    out->is_committed = db_get_bool(rows, row, 6);
}

int
object_find(struct object *out, struct db *db, struct arena *arena,
            int64_t repository, const struct digest *digest, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "object_find", err, db_int(repository),
               db_bytes(digest->bytes, DIGEST_BYTES)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return error_set(err, ERROR_NOT_FOUND, "no such object");
    read_object(out, arena, rows, 0);
    return 0;
}

/* The digests as one parameter; ERROR_TOO_LARGE over the limit. */
static int
list_digests(struct db_value *out, struct arena *arena,
             const struct digest *digests, size_t count, struct error *err)
{
    struct array_item *items;

    if (count > OBJECT_LIMIT)
        return error_set(err, ERROR_TOO_LARGE,
                         "more than %d objects in one request", OBJECT_LIMIT);
    items = arena_array(arena, count, sizeof(*items));
    for (size_t i = 0; i < count; i++)
        items[i] = (struct array_item){digests[i].bytes, DIGEST_BYTES};
    *out = array_of_bytes(arena, items, count);
    return 0;
}

int
object_find_all(struct object_state *out, struct db *db, int64_t repository,
                const struct digest *digests, size_t count, struct error *err)
{
    struct arena *arena = arena_open();
    struct db_value wanted;
    struct db_rows *rows;
    int result = -1;

    memset(out, 0, count * sizeof(*out));
    if (list_digests(&wanted, arena, digests, count, err) < 0 ||
        DB_RUN(&rows, db, arena, "object_find_all", err, db_int(repository),
               wanted) < 0)
        goto done;
    for (int64_t i = 0, n = db_rows_count(rows); i < n; i++) {
        /* WITH ORDINALITY counts from 1. */
        struct object_state *state = &out[db_get_int(rows, i, 0) - 1];

        state->is_present = true;
        state->size_bytes = (uint64_t)db_get_int(rows, i, 1);
        state->is_committed = db_get_bool(rows, i, 2);
    }
    result = 0;

done:
    arena_free(arena);
    return result;
}

/* Runs a statement whose rows are digests that are missing. */
static int
run_for_missing(struct db *db, struct arena *arena, const struct db_call *call,
                struct error *err)
{
    char text[DIGEST_TEXT_SIZE];
    struct digest digest = {0};
    struct db_rows *rows;
    const void *bytes;
    size_t length;

    if (db_run(&rows, db, arena, call, err) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return 0;
    bytes = db_get_bytes(&length, rows, 0, 0);
    if (length == DIGEST_BYTES)
        memcpy(digest.bytes, bytes, length);
    digest_write(text, &digest);
    return error_set(err, ERROR_UNPROCESSABLE,
                     "the file with SHA-256 %s was not uploaded to this "
                     "repository",
                     text);
}

int
object_set_committed(struct db *db, int64_t repository,
                     const struct digest *digests, size_t count,
                     struct error *err)
{
    struct db_value values[2] = {db_int(repository)};
    const struct db_call call = {"object_set_committed", values, 2};
    struct arena *arena = arena_open();
    int result = -1;

    if (list_digests(&values[1], arena, digests, count, err) == 0)
        result = run_for_missing(db, arena, &call, err);
    arena_free(arena);
    return result;
}

int
object_set_format(struct db *db, const struct object *object, struct error *err)
{
    struct arena *arena = arena_open();
    int result = DB_RUN(NULL, db, arena, "object_set_format", err,
                        db_bytes(object->digest.bytes, DIGEST_BYTES),
                        db_text(object->format), db_bool(object->is_unsafe),
                        db_text(object->detail));

    arena_free(arena);
    return result;
}

int
object_list(struct object_list *out, struct db *db, struct arena *arena,
            int64_t repository, const struct digest *after, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "object_list", err, db_int(repository),
               db_bytes(after != NULL ? (const void *)after->bytes : "",
                        after != NULL ? DIGEST_BYTES : 0),
               db_int(OBJECT_PAGE)) < 0)
        return -1;
    out->count = (size_t)db_rows_count(rows);
    out->objects = arena_array(arena, out->count, sizeof(*out->objects));
    for (size_t i = 0; i < out->count; i++)
        read_object(&out->objects[i], arena, rows, (int64_t)i);
    return 0;
}

int
object_remove(struct db *db, int64_t repository, const struct digest *digests,
              size_t count, struct error *err)
{
    struct arena *arena = arena_open();
    struct db_value wanted;
    int result = -1;

    if (list_digests(&wanted, arena, digests, count, err) == 0)
        result = DB_RUN(NULL, db, arena, "object_remove", err,
                        db_int(repository), wanted);
    arena_free(arena);
    return result;
}
