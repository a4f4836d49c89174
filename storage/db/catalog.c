#include "storage/db/catalog.h"

#include <string.h>

#include "storage/base/random.h"
#include "storage/base/text.h"

static const struct {
    const char *name;
    const char *prefix;
    const char *plural;
} kinds[] = {
    [REPOSITORY_MODEL] = {"model", "", "models"},
    [REPOSITORY_DATASET] = {"dataset", "datasets/", "datasets"},
    [REPOSITORY_SPACE] = {"space", "spaces/", "spaces"},
};

const char *
repository_kind_name(enum repository_kind kind)
{
    return kinds[kind].name;
}

const char *
repository_kind_prefix(enum repository_kind kind)
{
    return kinds[kind].prefix;
}

bool
repository_kind_parse(enum repository_kind *out, const char *text)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(text, kinds[i].name) == 0 ||
            strcmp(text, kinds[i].plural) == 0) {
            *out = (enum repository_kind)i;
            return true;
        }
    return false;
}

void
catalog_read(struct repository *out, struct arena *arena,
             const struct db_rows *rows, int64_t row)
{
    *out = (struct repository){
        .id = db_get_int(rows, row, 0),
        .public_id = db_get_text(rows, row, 1),
        .namespace_id = db_get_int(rows, row, 3),
        .namespace_name = db_get_text(rows, row, 4),
        .name = db_get_text(rows, row, 5),
        .is_private = db_get_bool(rows, row, 6),
        .is_disabled = db_get_bool(rows, row, 7),
        .allow_unsafe = db_get_bool(rows, row, 8),
        .gate_mode = db_get_text(rows, row, 9),
        .created_by = db_get_int(rows, row, 10),
        .created_at_ms = db_get_time(rows, row, 11),
        .updated_at_ms = db_get_time(rows, row, 12),
    };
    repository_kind_parse(&out->kind, db_get_text(rows, row, 2));
    out->full_name =
        arena_format(arena, "%s/%s", out->namespace_name, out->name);
}

int
catalog_find(struct repository *out, struct db *db, struct arena *arena,
             const struct catalog_name *name, struct error *err)
{
    struct db_rows *rows;

    *out = (struct repository){0};
    if (DB_RUN(&rows, db, arena, "repository_find", err,
               db_text(repository_kind_name(name->kind)),
               db_text(name->namespace_name), db_text(name->name)) < 0)
        return -1;
    if (db_rows_count(rows) > 0)
        catalog_read(out, arena, rows, 0);
    return 0;
}

int
catalog_find_by_id(struct repository *out, struct db *db, struct arena *arena,
                   int64_t id, struct error *err)
{
    struct db_rows *rows;

    *out = (struct repository){0};
    if (DB_RUN(&rows, db, arena, "repository_find_by_id", err, db_int(id)) < 0)
        return -1;
    if (db_rows_count(rows) > 0)
        catalog_read(out, arena, rows, 0);
    return 0;
}

int
catalog_add(struct repository *out, struct db *db, struct arena *arena,
            const struct catalog_draft *draft, struct error *err)
{
    char public_id[RANDOM_ID_SIZE];
    struct db_rows *rows;

    if (text_check_name(draft->name, err) < 0)
        return -1;
    random_id(public_id);
    if (DB_RUN(&rows, db, arena, "repository_add", err, db_text(public_id),
               db_text(repository_kind_name(draft->kind)),
               db_int(draft->namespace_id), db_text(draft->name),
               db_bool(draft->is_private), db_int(draft->created_by)) < 0)
        return -1;
    return catalog_find_by_id(out, db, arena, db_get_int(rows, 0, 0), err);
}

int
catalog_remove(struct db *db, struct arena *arena, int64_t id,
               struct error *err)
{
    return DB_RUN(NULL, db, arena, "repository_remove", err, db_int(id));
}

int
catalog_move(struct db *db, struct arena *arena,
             const struct repository *repository, int64_t to_namespace,
             const char *to_name, struct error *err)
{
    if (text_check_name(to_name, err) < 0 ||
        DB_RUN(NULL, db, arena, "repository_redirect", err,
               db_int(repository->id)) < 0 ||
        DB_RUN(NULL, db, arena, "repository_move", err, db_int(repository->id),
               db_int(to_namespace), db_text(to_name)) < 0)
        return -1;
    return DB_RUN(NULL, db, arena, "repository_redirect_clear", err,
                  db_int(repository->id));
}
