#include "storage/git/ref.h"

#include <string.h>

#include "storage/base/hex.h"
#include "storage/git/handle.h"
#include "storage/git/library.h"
#include "storage/git/objects.h"

/* Columns in the order name, target, symbolic. */
static void
fill_ref(struct ref *out, const struct db_rows *rows, int64_t row)
{
    size_t length;
    const void *target = db_get_bytes(&length, rows, row, 1);

    *out = (struct ref){.name = db_get_text(rows, row, 0),
                        .symbolic = db_get_text(rows, row, 2)};
    if (length == sizeof(out->target.bytes))
        memcpy(out->target.bytes, target, length);
}

int
ref_list(struct ref_list *out, struct view *view, const char *prefix,
         struct error *err)
{
    struct db_rows *rows;
    struct ref *refs;
    size_t count;

    if (DB_RUN(&rows, view->db, view->arena, "git_ref_list", err,
               db_int(view->repository), db_text(prefix)) < 0)
        return -1;
    count = (size_t)db_rows_count(rows);
    refs = arena_array(view->arena, count, sizeof(*refs));
    for (size_t i = 0; i < count; i++)
        fill_ref(&refs[i], rows, (int64_t)i);
    *out = (struct ref_list){refs, count};
    return 0;
}

static int
find_with(struct ref *out, struct view *view, const char *statement,
          const char *name, struct error *err)
{
    struct db_rows *rows;

    *out = (struct ref){0};
    if (DB_RUN(&rows, view->db, view->arena, statement, err,
               db_int(view->repository), db_text(name)) < 0)
        return -1;
    if (db_rows_count(rows) > 0)
        fill_ref(out, rows, 0);
    return 0;
}

int
ref_find(struct ref *out, struct view *view, const char *name,
         struct error *err)
{
    return find_with(out, view, "git_ref_find", name, err);
}

int
ref_lock(struct ref *out, struct view *view, const char *name,
         struct error *err)
{
    return find_with(out, view, "git_ref_lock", name, err);
}

/* What follows the folder that refs may be in, or NULL. */
static const char *
short_name(const char *name)
{
    static const char *const folders[] = {REF_BRANCHES, REF_TAGS, REF_PULLS};

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (strncmp(name, folders[i], strlen(folders[i])) == 0)
            return name + strlen(folders[i]);
    return NULL;
}

int
ref_check_name(const char *name, struct error *err)
{
    const char *rest = short_name(name);
    int is_valid = 0;

    if (library_start(err) < 0)
        return -1;
    if (rest == NULL || rest[0] == '-' || strlen(name) > REF_NAME_LIMIT ||
        strcmp(rest, "HEAD") == 0 || hex_is_text(rest, OID_TEXT_SIZE - 1) ||
        strncmp(rest, "refs/", 5) == 0 ||
        strchr(name, 0x7f) != NULL || /* git refuses it, libgit2 does not */
        git_reference_name_is_valid(&is_valid, name) < 0 || !is_valid)
        return error_set(err, ERROR_BAD_REQUEST,
                         "\"%s\" is not a valid name for a branch or a tag",
                         rest != NULL ? rest : name);
    return 0;
}

int
ref_set(bool *out_moved, struct view *view, const char *name,
        const struct oid *from, const struct oid *target, struct error *err)
{
    struct db_rows *rows;

    if (objects_flush(view, err) < 0)
        return -1;
    if (from == NULL) {
        if (DB_RUN(&rows, view->db, view->arena, "git_ref_add", err,
                   db_int(view->repository), db_text(name),
                   db_bytes(target->bytes, OID_BYTES)) < 0)
            return -1;
    } else if (DB_RUN(&rows, view->db, view->arena, "git_ref_move", err,
                      db_int(view->repository), db_text(name),
                      db_bytes(from->bytes, OID_BYTES),
                      db_bytes(target->bytes, OID_BYTES)) < 0) {
        return -1;
    }
    *out_moved = db_rows_count(rows) > 0;
    return 0;
}

int
ref_set_head(struct view *view, struct error *err)
{
    return DB_RUN(NULL, view->db, view->arena, "git_ref_head", err,
                  db_int(view->repository), db_text(REF_MAIN));
}

int
ref_remove(bool *out_moved, struct view *view, const char *name,
           const struct oid *from, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, view->db, view->arena, "git_ref_remove", err,
               db_int(view->repository), db_text(name),
               db_bytes(from->bytes, OID_BYTES)) < 0)
        return -1;
    *out_moved = db_rows_count(rows) > 0;
    return 0;
}
