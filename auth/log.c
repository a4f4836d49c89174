#include "auth/log.h"

#include "storage/base/clock.h"
#include "storage/base/random.h"

/* "2026-11-24": a leaf tells the day and nothing finer. */
#define DAY_LENGTH 10

/* Entries that one transaction numbers. */
#define BATCH_LIMIT 10000

void
log_commit(struct digest *out, const uint8_t salt[LOG_SALT_BYTES],
           const char *record, size_t length)
{
    digest_hmac(out, salt, LOG_SALT_BYTES, record, length);
}

void
log_name_model(json_t *open, const struct repository *repository)
{
    if (!repository->is_private)
        json_object_set_new(open, "model", json_string(repository->full_name));
}

/* The leaf's exact bytes; what is hashed into the tree is these. */
static char *
write_leaf(size_t *out_length, struct arena *arena, const struct log_fact *fact,
           const struct digest *commitment)
{
    char day[CLOCK_TEXT_SIZE];
    char text[DIGEST_TEXT_SIZE];
    json_t *leaf = json_keep(arena, json_object());

    clock_write(day, clock_now_ms());
    day[DAY_LENGTH] = '\0';
    digest_write(text, commitment);
    json_object_set_new(leaf, "kind", json_string(fact->kind));
    json_object_set_new(leaf, "day", json_string(day));
    if (fact->open != NULL)
        json_object_update(leaf, (json_t *)fact->open);
    json_object_set_new(leaf, "commitment", json_string(text));
    return json_write(out_length, arena, leaf);
}

int
log_add(int64_t *out, struct db *db, struct arena *arena,
        const struct log_fact *fact, struct error *err)
{
    uint8_t salt[LOG_SALT_BYTES];
    struct digest commitment;
    struct db_rows *rows;
    size_t record_length;
    size_t leaf_length;
    char *record = json_write(&record_length, arena, fact->record);
    char *leaf;

    random_bytes(salt, sizeof(salt));
    log_commit(&commitment, salt, record, record_length);
    leaf = write_leaf(&leaf_length, arena, fact, &commitment);
    if (leaf_length > LOG_LEAF_LIMIT_BYTES)
        return error_set(err, ERROR_TOO_LARGE, "a log entry of %zu bytes",
                         leaf_length);
    if (DB_RUN(&rows, db, arena, "log_add", err, db_text(fact->kind),
               db_bytes(leaf, leaf_length), db_bytes(salt, sizeof(salt)),
               db_text(record)) < 0)
        return -1;
    if (out != NULL)
        *out = db_get_int(rows, 0, 0);
    return 0;
}

int
log_number(int64_t *out, struct db *db, struct error *err)
{
    const struct db_call lock = {.name = "log_lock"};
    struct arena *arena = arena_open();
    struct db_rows *rows;
    int result = -1;

    *out = 0;
    /*
     * The lock is a statement of its own: what numbers the entries must see
     * what the holder before it committed.
     */
    if (db_begin(db, err) < 0 || db_run(&rows, db, arena, &lock, err) < 0)
        goto done;
    if (db_get_bool(rows, 0, 0)) {
        if (DB_RUN(&rows, db, arena, "log_number", err, db_int(BATCH_LIMIT)) <
            0)
            goto done;
        *out = db_rows_count(rows);
    }
    result = 0;

done:
    result = db_end(db, result, err);
    arena_free(arena);
    return result;
}
