#include "auth/link.h"

#include <string.h>

#include "storage/base/digest.h"
#include "storage/base/random.h"

#define LINK_LETTERS 40

static const struct {
    const char *name;
    int64_t hours;
} kinds[] = {
    [LINK_VERIFY] = {"verify", 24},
    [LINK_INVITE] = {"invite", 168},
    [LINK_PASSWORD] = {"password", 1},
};

int
link_add(const char **out_text, struct db *db, struct arena *arena,
         const struct link *link, struct error *err)
{
    char *text = arena_alloc(arena, LINK_LETTERS + 1);
    struct digest hash;

    random_text(text, LINK_LETTERS);
    digest_of(&hash, text, LINK_LETTERS);
    *out_text = text;
    return DB_RUN(NULL, db, arena, "link_add", err,
                  db_text(kinds[link->kind].name),
                  db_bytes(hash.bytes, sizeof(hash.bytes)),
                  link->account != 0 ? db_int(link->account) : db_null(),
                  db_text(link->email),
                  link->created_by != 0 ? db_int(link->created_by) : db_null(),
                  db_int(kinds[link->kind].hours));
}

static int
run(struct link *out, struct db *db, struct arena *arena, const char *statement,
    const char *text, struct error *err)
{
    struct db_rows *rows;
    struct digest hash;

    digest_of(&hash, text, strlen(text));
    if (DB_RUN(&rows, db, arena, statement, err, db_text(kinds[out->kind].name),
               db_bytes(hash.bytes, sizeof(hash.bytes))) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return error_set(err, ERROR_NOT_FOUND,
                         "this link is used up, too old, or not complete");
    out->account = db_get_int(rows, 0, 0);
    out->email = db_get_text(rows, 0, 1);
    return 0;
}

int
link_find(struct link *out, struct db *db, struct arena *arena,
          enum link_kind kind, const char *text, struct error *err)
{
    *out = (struct link){.kind = kind};
    return run(out, db, arena, "link_find", text, err);
}

int
link_use(struct link *out, struct db *db, struct arena *arena,
         enum link_kind kind, const char *text, struct error *err)
{
    *out = (struct link){.kind = kind};
    return run(out, db, arena, "link_use", text, err);
}
