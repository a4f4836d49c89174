#include "storage/db/summary.h"

#include <assert.h>
#include <string.h>

#include "storage/db/array.h"

/* Columns of repository_find, which summary_list's rows begin with. */
#define REPOSITORY_COLUMNS 13

int
summary_set(struct db *db, struct arena *arena, int64_t repository,
            const struct summary *summary, struct error *err)
{
    return DB_RUN(
        NULL, db, arena, "summary_set", err, db_int(repository),
        db_bytes(summary->head, sizeof(summary->head)), db_text(summary->card),
        array_of_texts(arena, summary->tags, summary->tag_count),
        db_text(summary->pipeline_tag), db_text(summary->library_name),
        db_text(summary->license), db_text(summary->safetensors),
        db_text(summary->gguf), db_int((int64_t)summary->used_bytes));
}

/* PostgreSQL joins the tags by NUL's stand-in, the unit separator. */
static void
read_tags(struct summary *out, struct arena *arena, const char *joined)
{
    const char **tags;
    size_t count = 0;

    if (joined == NULL || joined[0] == '\0')
        return;
    for (const char *at = joined; at != NULL; at = strchr(at + 1, '\x1f'))
        count++;
    tags = arena_array(arena, count, sizeof(*tags));
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(joined, "\x1f");

        tags[i] = arena_bytes(arena, joined, length);
        joined += length + 1;
    }
    out->tags = tags;
    out->tag_count = count;
}

static void
read_summary(struct summary *out, struct arena *arena,
             const struct db_rows *rows, int64_t row, int first)
{
    size_t length;
    const void *head = db_get_bytes(&length, rows, row, first);

    *out = (struct summary){
        .card = db_get_text(rows, row, first + 1),
        .pipeline_tag = db_get_text(rows, row, first + 3),
        .library_name = db_get_text(rows, row, first + 4),
        .license = db_get_text(rows, row, first + 5),
        .safetensors = db_get_text(rows, row, first + 6),
        .gguf = db_get_text(rows, row, first + 7),
        .used_bytes = (uint64_t)db_get_int(rows, row, first + 8),
        .downloads = (uint64_t)db_get_int(rows, row, first + 9),
    };
    if (out->card == NULL)
        out->card = "{}";
    if (length == sizeof(out->head))
        memcpy(out->head, head, sizeof(out->head));
    read_tags(out, arena, db_get_text(rows, row, first + 2));
}

int
summary_find(struct summary *out, struct db *db, struct arena *arena,
             int64_t repository, struct error *err)
{
    struct db_rows *rows;

    *out = (struct summary){.card = "{}"};
    if (DB_RUN(&rows, db, arena, "summary_find", err, db_int(repository)) < 0)
        return -1;
    if (db_rows_count(rows) > 0)
        read_summary(out, arena, rows, 0, 0);
    return 0;
}

static const char *const orders[] = {
    [SUMMARY_BY_UPDATED] = "updated",
    [SUMMARY_BY_CREATED] = "created",
    [SUMMARY_BY_DOWNLOADS] = "downloads",
};

static int
run_list(struct db_rows **out, struct db *db, struct arena *arena,
         const struct summary_filter *filter, struct error *err)
{
    return DB_RUN(out, db, arena, "summary_list", err,
                  db_text(repository_kind_name(filter->kind)),
                  db_int(filter->viewer), db_text(filter->author),
                  db_text(filter->search),
                  array_of_texts(arena, filter->tags, filter->tag_count),
                  filter->gated < 0 ? db_null() : db_bool(filter->gated > 0),
                  db_text(orders[filter->order]), db_bool(filter->is_ascending),
                  db_int(filter->after_key), db_int(filter->after_id),
                  db_int((int64_t)filter->limit + 1));
}

int
summary_list(struct summary_list *out, struct db *db, struct arena *arena,
             const struct summary_filter *filter, struct error *err)
{
    struct db_rows *rows;

    *out = (struct summary_list){0};
    assert(filter->limit <= SUMMARY_PAGE);
    if (run_list(&rows, db, arena, filter, err) < 0)
        return -1;
    out->count = (size_t)db_rows_count(rows);
    if (out->count > filter->limit) {
        out->count = filter->limit;
        out->has_more = true;
    }
    out->items = arena_array(arena, out->count, sizeof(*out->items));
    for (size_t i = 0; i < out->count; i++) {
        struct summary_item *item = &out->items[i];

        catalog_read(&item->repository, arena, rows, (int64_t)i);
        read_summary(&item->summary, arena, rows, (int64_t)i,
                     REPOSITORY_COLUMNS);
        out->last_key = db_get_int(rows, (int64_t)i, REPOSITORY_COLUMNS + 10);
    }
    return 0;
}
