#include "storage/content/scrub.h"

#include <string.h>

#include "storage/db/db.h"

/* Objects in one statement. */
#define BATCH 1000

struct scrub {
    struct db *db;
    const struct scrub_options *options;
    struct examiner *examiner;
    struct scrub_counts counts;
};

static struct db_value
digest_or_none(const struct digest *digest)
{
    return digest != NULL ? db_bytes(digest->bytes, DIGEST_BYTES)
                          : db_bytes("", 0);
}

int
scrub_list(struct scrub_items *out, struct db *db, struct arena *arena,
           const struct digest *after, int64_t limit, struct error *err)
{
    struct examiner_item *items;
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "scrub_list", err, digest_or_none(after),
               db_int(limit)) < 0)
        return -1;
    out->count = (size_t)db_rows_count(rows);
    items = arena_array(arena, out->count, sizeof(*items));
    for (size_t i = 0; i < out->count; i++) {
        int64_t row = (int64_t)i;
        size_t length;
        const void *bytes = db_get_bytes(&length, rows, row, 0);

        items[i] = (struct examiner_item){
            .blob = db_get_text(rows, row, 1),
            .size_bytes = (uint64_t)db_get_int(rows, row, 2),
            .was_damaged = !db_is_null(rows, row, 3),
        };
        memcpy(items[i].digest.bytes, bytes, DIGEST_BYTES);
    }
    out->items = items;
    return 0;
}

static int
find_owners(struct scrub_finding *finding, struct db *db, struct arena *arena,
            struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "scrub_owners", err,
               db_bytes(finding->digest.bytes, DIGEST_BYTES),
               db_int(SCRUB_OWNER_LIMIT)) < 0)
        return -1;
    finding->owner_count = (size_t)db_rows_count(rows);
    for (size_t i = 0; i < finding->owner_count; i++)
        finding->owners[i] = db_get_text(rows, (int64_t)i, 0);
    return 0;
}

int
scrub_note(bool *out_is_noted, struct scrub_finding *finding, struct db *db,
           struct arena *arena, const struct examiner_item *item,
           struct error *err)
{
    struct db_rows *rows;

    *out_is_noted = true;
    if (finding->reason == NULL && !item->was_damaged)
        return 0;
    if (DB_RUN(&rows, db, arena, "scrub_set", err,
               db_bytes(item->digest.bytes, DIGEST_BYTES), db_text(item->blob),
               db_text(finding->reason)) < 0)
        return -1;
    *out_is_noted = db_rows_count(rows) > 0;
    if (!*out_is_noted || finding->reason == NULL)
        return 0;
    finding->digest = item->digest;
    finding->blob = item->blob;
    finding->size_bytes = item->size_bytes;
    return find_owners(finding, db, arena, err);
}

static int
check_item(struct scrub *scrub, const struct examiner_item *item,
           struct error *err)
{
    struct arena *arena = arena_open();
    struct scrub_finding finding = {0};
    bool is_noted;
    int result = -1;

    if (examiner_judge(&finding.reason, scrub->examiner, arena, item, err) < 0)
        goto done;
    scrub->counts.objects++;
    if (scrub_note(&is_noted, &finding, scrub->db, arena, item, err) < 0)
        goto done;
    result = 0;
    if (!is_noted)
        goto done;
    if (finding.reason != NULL) {
        scrub->counts.damaged++;
        scrub->options->found(scrub->options->state, &finding);
    } else if (item->was_damaged) {
        scrub->counts.healed++;
    }

done:
    arena_free(arena);
    return result;
}

static void
count_bytes(void *state, uint64_t bytes)
{
    struct scrub *scrub = state;

    scrub->counts.bytes += bytes;
    if (scrub->options->progress != NULL)
        scrub->options->progress(scrub->options->state, &scrub->counts);
}

/* Judges the objects behind *last, and moves it; *out counts them. */
static int
check_batch(size_t *out, struct scrub *scrub, struct digest *last,
            bool *has_last, struct error *err)
{
    struct arena *arena = arena_open();
    struct scrub_items batch = {0};
    int result = scrub_list(&batch, scrub->db, arena, *has_last ? last : NULL,
                            BATCH, err);

    for (size_t i = 0; result == 0 && i < batch.count; i++) {
        result = check_item(scrub, &batch.items[i], err);
        *last = batch.items[i].digest;
        *has_last = true;
    }
    *out = batch.count;
    arena_free(arena);
    return result;
}

static int
note_round(const struct scrub *scrub, struct error *err)
{
    struct arena *arena = arena_open();
    int result = DB_RUN(NULL, scrub->db, arena, "scrub_record", err,
                        db_int(scrub->counts.objects),
                        db_int((int64_t)scrub->counts.bytes),
                        db_int(scrub->counts.damaged));

    arena_free(arena);
    return result;
}

int
scrub_check(struct scrub_counts *out, struct content_store *store,
            struct db *db, const struct scrub_options *options,
            struct error *err)
{
    struct scrub scrub = {.db = db, .options = options};
    const struct examiner_options reading = {
        .bytes_per_second = options->bytes_per_second,
        .progress = count_bytes,
        .state = &scrub,
    };
    struct digest last = {0};
    bool has_last = false;
    size_t count = BATCH;
    int result = 0;

    scrub.examiner = examiner_open(store, &reading);
    while (result == 0 && count == BATCH)
        result = check_batch(&count, &scrub, &last, &has_last, err);
    if (result == 0)
        result = note_round(&scrub, err);
    examiner_free(scrub.examiner);
    *out = scrub.counts;
    return result;
}

int
scrub_take(bool *out_is_ours, struct scrub_round *round, int64_t rest_ms,
           struct db *db, struct error *err)
{
    struct arena *arena = arena_open();
    struct db_rows *rows;
    int result =
        DB_RUN(&rows, db, arena, "scrub_take", err, db_text(round->daemon),
               db_int(rest_ms), db_int(round->lease_ms));

    *out_is_ours = result == 0 && db_rows_count(rows) > 0;
    if (*out_is_ours) {
        size_t length;
        const void *bytes = db_get_bytes(&length, rows, 0, 0);

        round->has_last = length == DIGEST_BYTES;
        if (round->has_last)
            memcpy(round->last.bytes, bytes, DIGEST_BYTES);
    }
    arena_free(arena);
    return result;
}

int
scrub_advance(bool *out_is_ours, const struct scrub_round *round,
              const struct scrub_counts *counts, struct db *db,
              struct error *err)
{
    struct arena *arena = arena_open();
    struct db_rows *rows;
    int result = DB_RUN(
        &rows, db, arena, "scrub_advance", err, db_text(round->daemon),
        round->has_last ? db_bytes(round->last.bytes, DIGEST_BYTES) : db_null(),
        db_int(counts->objects), db_int((int64_t)counts->bytes),
        db_int(counts->damaged), db_int(round->lease_ms));

    *out_is_ours = result == 0 && db_rows_count(rows) > 0;
    arena_free(arena);
    return result;
}

int
scrub_finish(struct scrub_counts *out, const struct scrub_round *round,
             struct db *db, struct error *err)
{
    struct arena *arena = arena_open();
    struct db_rows *rows;
    int result =
        DB_RUN(&rows, db, arena, "scrub_finish", err, db_text(round->daemon));

    *out = (struct scrub_counts){0};
    if (result == 0 && db_rows_count(rows) > 0) {
        out->objects = db_get_int(rows, 0, 0);
        out->bytes = (uint64_t)db_get_int(rows, 0, 1);
        out->damaged = db_get_int(rows, 0, 2);
    }
    arena_free(arena);
    return result;
}
