#include "auth/log.h"

#include <string.h>

#include "storage/base/hex.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

static int
add(struct db *db, struct arena *arena, const char *person)
{
    json_t *open = json_keep(arena, json_pack("{s:s}", "model", "acme/tiny"));
    json_t *record = json_keep(arena, json_pack("{s:s}", "account", person));
    const struct log_fact fact = {"accept", open, record};
    struct error err;
    int64_t entry = 0;

    return log_add(&entry, db, arena, &fact, &err) == 0 && entry > 0 ? 0 : -1;
}

TEST(a_leaf_names_nobody_and_commits_to_the_record)
{
    struct db *db = test_database_open();
    struct arena *arena = arena_open();
    uint8_t salt[LOG_SALT_BYTES];
    char text[DIGEST_TEXT_SIZE];
    struct digest commitment;
    const char *record;
    const char *leaf;

    CHECK(add(db, arena, "requester") == 0);
    CHECK(hex_read(salt, sizeof(salt),
                   seed_text("SELECT encode(salt, 'hex') FROM log_record")));
    record = arena_text(arena, seed_text("SELECT record FROM log_record"));
    CHECK_TEXT(record, "{\"account\":\"requester\"}");
    log_commit(&commitment, salt, record, strlen(record));
    digest_write(text, &commitment);
    leaf = seed_text("SELECT convert_from(leaf, 'UTF8') FROM log_entry");
    CHECK(strstr(leaf, "requester") == NULL);
    CHECK(strstr(leaf, "\"model\":\"acme/tiny\"") != NULL);
    CHECK(strstr(leaf, text) != NULL);
    arena_free(arena);
    db_free(db);
}

TEST(a_private_model_is_not_named)
{
    const struct repository repository = {.full_name = "acme/secret",
                                          .is_private = true};
    json_t *open = json_object();

    log_name_model(open, &repository);
    CHECK(json_object_size(open) == 0);
    json_decref(open);
}

TEST(an_entry_is_there_only_with_what_it_tells_of)
{
    struct db *db = test_database_open();
    struct arena *arena = arena_open();
    struct error err;

    CHECK(db_begin(db, &err) == 0);
    CHECK(add(db, arena, "a") == 0);
    db_rollback(db);
    CHECK(seed("SELECT count(*) FROM log_entry") == 0);
    arena_free(arena);
    db_free(db);
}

TEST(committed_entries_are_numbered_once_and_without_a_gap)
{
    struct db *db = test_database_open();
    struct db *other = test_database_connect();
    struct arena *arena = arena_open();
    struct error err;
    int64_t count;

    CHECK(log_number(&count, db, &err) == 0 && count == 0);
    CHECK(add(db, arena, "a") == 0);
    CHECK(db_begin(other, &err) == 0);
    CHECK(add(other, arena, "late") == 0);
    CHECK(add(db, arena, "b") == 0);
    CHECK(log_number(&count, db, &err) == 0 && count == 2);
    CHECK(db_commit(other, &err) == 0);
    CHECK(log_number(&count, db, &err) == 0 && count == 1);
    CHECK_TEXT(seed_text("SELECT string_agg(record ->> 'account', ' ' ORDER BY"
                         " index) FROM log_record JOIN log_entry ON entry = id"
                         " WHERE index BETWEEN 0 AND 2"),
               "a b late");
    arena_free(arena);
    db_free(other);
    db_free(db);
}

TEST(one_daemon_numbers_at_a_time)
{
    struct db *db = test_database_open();
    struct db *other = test_database_connect();
    const struct db_call lock = {.name = "log_lock"};
    struct arena *arena = arena_open();
    struct error err;
    int64_t count;

    CHECK(add(db, arena, "a") == 0);
    CHECK(db_begin(other, &err) == 0);
    CHECK(db_run(NULL, other, arena, &lock, &err) == 0);
    CHECK(log_number(&count, db, &err) == 0 && count == 0);
    db_rollback(other);
    CHECK(log_number(&count, db, &err) == 0 && count == 1);
    arena_free(arena);
    db_free(other);
    db_free(db);
}
