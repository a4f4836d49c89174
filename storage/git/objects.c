#include "storage/git/objects.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "storage/db/array.h"
#include "storage/git/handle.h"

/* What a round trip brings ahead of its being asked for. */
#define AHEAD_LIMIT 256
#define AHEAD_LIMIT_BYTES (UINT64_C(4) * 1024 * 1024)

void
objects_keep(struct view *view, const struct db_rows *rows, int column)
{
    for (int64_t i = 0; i < db_rows_count(rows); i++) {
        size_t length;
        struct oid oid;
        const void *bytes = db_get_bytes(&length, rows, i, column);

        if (db_is_null(rows, i, column))
            continue;
        assert(length == sizeof(oid.bytes));
        memcpy(oid.bytes, bytes, sizeof(oid.bytes));
        bytes = db_get_bytes(&length, rows, i, column + 3);
        cache_add(view->cache, &oid, (int)db_get_int(rows, i, column + 1),
                  (uint64_t)db_get_int(rows, i, column + 2),
                  db_is_null(rows, i, column + 3) ? NULL : bytes);
    }
}

static bool
is_known(const struct view *view, const struct oid *oid, bool with_bytes)
{
    const struct cached *cached = cache_find(view->cache, oid);

    return cached != NULL && (!with_bytes || cached->bytes != NULL);
}

/* Runs a statement of repository and oids for those that are not known. */
static int
read_missing(struct view *view, const char *statement, const struct oid *oids,
             size_t count, struct error *err)
{
    bool with_bytes = strcmp(statement, "git_object_read") == 0;
    struct arena *scratch = arena_open();
    struct array_item *items = arena_array(scratch, count, sizeof(*items));
    struct db_rows *rows;
    size_t missing = 0;
    int result = -1;

    for (size_t i = 0; i < count; i++)
        if (!is_known(view, &oids[i], with_bytes))
            items[missing++] =
                (struct array_item){oids[i].bytes, sizeof(oids[i].bytes)};
    if (missing == 0) {
        result = 0;
        goto done;
    }
    if (objects_flush(view, err) < 0 ||
        DB_RUN(&rows, view->db, scratch, statement, err,
               db_int(view->repository),
               array_of_bytes(scratch, items, missing)) < 0)
        goto done;
    objects_keep(view, rows, 0);
    result = 0;

done:
    arena_free(scratch);
    return result;
}

int
objects_read(struct view *view, const struct oid *oids, size_t count,
             struct error *err)
{
    return read_missing(view, "git_object_read", oids, count, err);
}

int
objects_read_headers(struct view *view, const struct oid *oids, size_t count,
                     struct error *err)
{
    return read_missing(view, "git_object_header", oids, count, err);
}

static int
read_all(struct view *view, const char *statement, struct error *err)
{
    struct arena *scratch = arena_open();
    struct db_rows *rows;
    int result = -1;

    if (objects_flush(view, err) < 0 ||
        DB_RUN(&rows, view->db, scratch, statement, err,
               db_int(view->repository)) < 0)
        goto done;
    objects_keep(view, rows, 0);
    result = 0;

done:
    arena_free(scratch);
    return result;
}

int
objects_read_commits(struct view *view, struct error *err)
{
    return read_all(view, "git_object_commits", err);
}

int
objects_read_history(struct view *view, struct error *err)
{
    return read_all(view, "git_object_history", err);
}

/* Where the object stands among those ahead, from the last place on. */
static bool
find_ahead(struct ahead *ahead, const struct oid *oid)
{
    for (size_t i = 0; i < ahead->count; i++) {
        size_t place = (ahead->next + i) % ahead->count;

        if (oid_is_equal(&ahead->oids[place], oid)) {
            ahead->next = place;
            return true;
        }
    }
    return false;
}

/* The object asked for, and those that a pack will ask for next. */
static size_t
choose_ahead(struct oid *out, struct view *view, const struct oid *oid)
{
    struct ahead *ahead = &view->ahead;
    uint64_t total = 0;
    size_t count = 0;

    out[count++] = *oid;
    if (!find_ahead(ahead, oid))
        return count;
    for (size_t i = ahead->next + 1; i < ahead->count && count < AHEAD_LIMIT;
         i++) {
        const struct oid *next = &ahead->oids[i];
        const struct cached *cached = cache_find(view->cache, next);

        total += cached != NULL ? cached->size : 0;
        if (total > AHEAD_LIMIT_BYTES)
            break;
        if (!is_known(view, next, true))
            out[count++] = *next;
    }
    return count;
}

int
objects_find(const struct cached **out, struct view *view,
             const struct oid *oid, struct error *err)
{
    struct oid oids[AHEAD_LIMIT];

    if (!is_known(view, oid, true) &&
        objects_read(view, oids, choose_ahead(oids, view, oid), err) < 0)
        return -1;
    *out = cache_find(view->cache, oid);
    /* A batch may have pushed out what it was read for. */
    if (*out != NULL && (*out)->bytes == NULL &&
        objects_read(view, oid, 1, err) < 0)
        return -1;
    *out = cache_find(view->cache, oid);
    return 0;
}

int
objects_find_prefix(struct oid *out, int *out_count, struct view *view,
                    const struct oid *prefix, size_t digits, struct error *err)
{
    struct oid last = *prefix;
    struct db_rows *rows;
    size_t length;

    for (size_t i = digits; i < 2 * sizeof(last.bytes); i++)
        last.bytes[i / 2] |= i % 2 == 0 ? 0xf0 : 0x0f;
    if (objects_flush(view, err) < 0 ||
        DB_RUN(&rows, view->db, view->arena, "git_object_prefix", err,
               db_int(view->repository),
               db_bytes(prefix->bytes, sizeof(prefix->bytes)),
               db_bytes(last.bytes, sizeof(last.bytes))) < 0)
        return -1;
    *out_count = (int)db_rows_count(rows);
    if (*out_count > 0)
        memcpy(out->bytes, db_get_bytes(&length, rows, 0, 0),
               sizeof(out->bytes));
    return 0;
}

int
objects_write(struct view *view, const struct oid *oid, int kind,
              const void *bytes, size_t length, struct error *err)
{
    struct pending *pending = view->pending;
    struct cached *object;

    if (is_known(view, oid, false))
        return 0;
    if (pending == NULL)
        pending = view->pending = xcalloc(1, sizeof(*pending));
    object = &pending->objects[pending->count++];
    *object = (struct cached){.oid = *oid, .kind = kind, .size = length};
    object->bytes = xcalloc(1, length + 1);
    memcpy(object->bytes, bytes, length);
    pending->held_bytes += length;
    cache_add(view->cache, oid, kind, length,
              length <= 4096 ? object->bytes : NULL);
    if (pending->count == PENDING_LIMIT ||
        pending->held_bytes > PENDING_LIMIT_BYTES)
        return objects_flush(view, err);
    return 0;
}

static int
write_pending(struct view *view, struct arena *scratch, struct error *err)
{
    const struct pending *pending = view->pending;
    size_t count = pending->count;
    struct array_item *oids = arena_array(scratch, count, sizeof(*oids));
    struct array_item *bytes = arena_array(scratch, count, sizeof(*bytes));
    int64_t *kinds = arena_array(scratch, count, sizeof(*kinds));

    for (size_t i = 0; i < count; i++) {
        const struct cached *object = &pending->objects[i];

        oids[i] = (struct array_item){object->oid.bytes, OID_BYTES};
        bytes[i] = (struct array_item){object->bytes, (size_t)object->size};
        kinds[i] = object->kind;
    }
    return DB_RUN(NULL, view->db, scratch, "git_object_write", err,
                  db_int(view->repository),
                  array_of_bytes(scratch, oids, count),
                  array_of_ints(scratch, kinds, count),
                  array_of_bytes(scratch, bytes, count));
}

int
objects_flush(struct view *view, struct error *err)
{
    struct arena *scratch;
    int result;

    if (view->pending == NULL || view->pending->count == 0)
        return 0;
    scratch = arena_open();
    result = write_pending(view, scratch, err);
    arena_free(scratch);
    objects_drop(view);
    return result;
}

void
objects_drop(struct view *view)
{
    struct pending *pending = view->pending;

    for (size_t i = 0; pending != NULL && i < pending->count; i++)
        free(pending->objects[i].bytes);
    free(pending);
    view->pending = NULL;
}
