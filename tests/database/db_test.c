#include "storage/db/db.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "storage/db/array.h"
#include "storage/db/listen.h"
#include "tests/check.h"
#include "tests/database/database.h"

#define STATEMENT(name, sql)                                                   \
    {                                                                          \
        name, name ".sql", sql, sizeof(sql) - 1                                \
    }

static const struct embed_file statements[] = {
    STATEMENT("values", "SELECT $1::bigint, $2::text, $3::timestamptz,"
                        " $4::bool, NULL::text"),
    STATEMENT("bytes", "SELECT $1::bytea, $2::bigint, $3::timestamptz,"
                       " $4::bool, 'x'::text, 7::int, NULL::bytea"),
    STATEMENT("mixed", "SELECT $1::bytea, 1.5::numeric"),
    STATEMENT("divide", "SELECT 1 / $1::int"),
    STATEMENT("backend", "SELECT pg_backend_pid()"),
    STATEMENT("terminate", "SELECT pg_terminate_backend($1::int, 5000)"),
    STATEMENT("put", "INSERT INTO blob (name, size) VALUES ($1, 1)"
                     " RETURNING pg_terminate_backend($2::int)"),
    STATEMENT("add", "INSERT INTO blob (name, size) VALUES ($1, 1)"),
    STATEMENT("lose", "INSERT INTO content (digest, size, blob)"
                      " VALUES (sha256('x'), 1, $1)"),
    STATEMENT("count", "SELECT count(*) FROM blob WHERE name = $1"),
    STATEMENT("texts", "SELECT ($1::text[])[1], ($1::text[])[2],"
                       " ($1::text[])[3], cardinality($1::text[])"),
    STATEMENT("digests", "SELECT ($1::bytea[])[2], cardinality($1::bytea[])"),
    STATEMENT("notify", "SELECT pg_notify('access', $1)"),
    STATEMENT("refuse", "DO $$BEGIN RAISE 'the name is taken'"
                        " USING ERRCODE = 'WH409'; END$$"),
    STATEMENT("settings", "SELECT current_setting('statement_timeout'),"
                          " current_setting('lock_timeout'),"
                          " current_setting('timezone')"),
    {0},
};

static const struct embed_file broken[] = {
    STATEMENT("fine", "SELECT 1"),
    STATEMENT("broken", "SELECT no_such_column"),
    {0},
};

struct fixture {
    struct db *db;
    struct arena *arena;
    struct db_rows *rows;
    struct error err;
};

static struct db *
connect_to(const char *conninfo)
{
    const struct db_options options = {.conninfo = conninfo,
                                       .statements = {statements}};
    struct error err = {0};
    struct db *db = NULL;

    CHECK(db_open(&db, &options, &err) == 0);
    CHECK_TEXT(err.cause, "");
    return db;
}

static struct fixture
fixture_open(void)
{
    return (struct fixture){.db = connect_to(test_database_migrated()),
                            .arena = arena_open()};
}

static void
fixture_free(struct fixture *f)
{
    db_free(f->db);
    arena_free(f->arena);
}

static int64_t
count_blob(struct fixture *f, struct db *db, const char *name)
{
    if (DB_RUN(&f->rows, db, f->arena, "count", &f->err, db_text(name)) < 0)
        return -1;
    return db_get_int(f->rows, 0, 0);
}

TEST(values_come_back_as_they_went_in)
{
    struct fixture f = fixture_open();
    int64_t now = clock_now_ms();

    CHECK(DB_RUN(&f.rows, f.db, f.arena, "values", &f.err, db_int(INT64_MIN),
                 db_text("h\xc3\xa9"), db_time(now), db_bool(true)) == 0);
    CHECK(db_rows_count(f.rows) == 1);
    CHECK(db_get_int(f.rows, 0, 0) == INT64_MIN);
    CHECK_TEXT(db_get_text(f.rows, 0, 1), "h\xc3\xa9");
    CHECK(db_get_time(f.rows, 0, 2) == now);
    CHECK(db_get_bool(f.rows, 0, 3));
    CHECK(db_is_null(f.rows, 0, 4) && db_get_text(f.rows, 0, 4) == NULL);
    CHECK(DB_RUN(&f.rows, f.db, f.arena, "values", &f.err, db_null(),
                 db_text(NULL), db_time(CLOCK_NEVER), db_bool(false)) == 0);
    CHECK(db_get_int(f.rows, 0, 0) == 0 && db_is_null(f.rows, 0, 0));
    CHECK(db_get_time(f.rows, 0, 2) == CLOCK_NEVER);
    CHECK(!db_get_bool(f.rows, 0, 3));
    fixture_free(&f);
}

TEST(a_row_with_bytes_comes_back_in_binary_with_the_same_values)
{
    struct fixture f = fixture_open();
    int64_t now = clock_now_ms();
    size_t length;

    CHECK(DB_RUN(&f.rows, f.db, f.arena, "bytes", &f.err, db_bytes("a\0b", 3),
                 db_int(-5), db_time(now), db_bool(true)) == 0);
    CHECK(memcmp(db_get_bytes(&length, f.rows, 0, 0), "a\0b", 3) == 0);
    CHECK(length == 3);
    CHECK(db_get_int(f.rows, 0, 1) == -5);
    CHECK_TEXT(db_get_text(f.rows, 0, 1), "-5");
    CHECK(db_get_time(f.rows, 0, 2) == now);
    CHECK(db_get_bool(f.rows, 0, 3));
    CHECK_TEXT(db_get_text(f.rows, 0, 4), "x");
    CHECK(db_get_int(f.rows, 0, 5) == 7);
    CHECK(db_get_bytes(&length, f.rows, 0, 6) != NULL && length == 0);
    CHECK(DB_RUN(&f.rows, f.db, f.arena, "mixed", &f.err,
                 db_bytes("a\0b", 3)) == 0);
    CHECK(memcmp(db_get_bytes(&length, f.rows, 0, 0), "a\0b", 3) == 0);
    CHECK(length == 3);
    CHECK_TEXT(db_get_text(f.rows, 0, 1), "1.5");
    fixture_free(&f);
}

TEST(lists_are_one_parameter_whatever_their_texts_hold)
{
    const char *const texts[] = {"a,b", "quote\" back\\ {}", NULL};
    const struct array_item items[] = {{"abc", 3}, {"d\0f", 3}};
    struct fixture f = fixture_open();
    size_t length;

    CHECK(DB_RUN(&f.rows, f.db, f.arena, "texts", &f.err,
                 array_of_texts(f.arena, texts, 3)) == 0);
    CHECK_TEXT(db_get_text(f.rows, 0, 0), texts[0]);
    CHECK_TEXT(db_get_text(f.rows, 0, 1), texts[1]);
    CHECK(db_is_null(f.rows, 0, 2));
    CHECK(db_get_int(f.rows, 0, 3) == 3);
    CHECK(DB_RUN(&f.rows, f.db, f.arena, "digests", &f.err,
                 array_of_bytes(f.arena, items, 2)) == 0);
    CHECK(memcmp(db_get_bytes(&length, f.rows, 0, 0), "d\0f", 3) == 0);
    CHECK(length == 3 && db_get_int(f.rows, 0, 1) == 2);
    CHECK(DB_RUN(&f.rows, f.db, f.arena, "digests", &f.err,
                 array_of_bytes(f.arena, NULL, 0)) == 0);
    CHECK(db_get_int(f.rows, 0, 1) == 0);
    fixture_free(&f);
}

TEST(broken_keys_are_conflicts_and_name_the_constraint_to_the_log_alone)
{
    struct fixture f = fixture_open();

    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("a")) == 0);
    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("a")) == -1);
    CHECK(f.err.code == ERROR_CONFLICT);
    CHECK(strstr(f.err.cause, "blob_pkey") != NULL);
    CHECK(strstr(f.err.message, "blob") == NULL);
    CHECK(DB_RUN(NULL, f.db, f.arena, "lose", &f.err, db_text("none")) == -1);
    CHECK(f.err.code == ERROR_CONFLICT);
    fixture_free(&f);
}

TEST(mistakes_are_internal_and_a_text_that_is_not_utf8_is_the_callers)
{
    struct fixture f = fixture_open();

    CHECK(DB_RUN(NULL, f.db, f.arena, "divide", &f.err, db_int(0)) == -1);
    CHECK(f.err.code == ERROR_INTERNAL);
    CHECK(strstr(f.err.cause, "22012") != NULL);
    CHECK(DB_RUN(NULL, f.db, f.arena, "none", &f.err) == -1);
    CHECK_TEXT(f.err.message, "no statement none");
    CHECK(DB_RUN(NULL, f.db, f.arena, "divide", &f.err) == -1);
    CHECK_TEXT(f.err.message, "divide takes 1 values, not 0");
    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("\xff")) == -1);
    CHECK(f.err.code == ERROR_BAD_REQUEST);
    fixture_free(&f);
}

TEST(what_the_schema_refuses_carries_its_words_and_its_status)
{
    struct fixture f = fixture_open();

    CHECK(DB_RUN(NULL, f.db, f.arena, "refuse", &f.err) == -1);
    CHECK(f.err.code == ERROR_CONFLICT);
    CHECK_TEXT(f.err.message, "the name is taken");
    fixture_free(&f);
}

TEST(no_statement_waits_for_ever)
{
    struct fixture f = fixture_open();

    CHECK(DB_RUN(&f.rows, f.db, f.arena, "settings", &f.err) == 0);
    CHECK_TEXT(db_get_text(f.rows, 0, 0), "30s");
    CHECK_TEXT(db_get_text(f.rows, 0, 1), "10s");
    CHECK_TEXT(db_get_text(f.rows, 0, 2), "UTC");
    fixture_free(&f);
}

TEST(a_transaction_is_seen_by_others_whole_or_not_at_all)
{
    struct fixture f = fixture_open();
    struct db *other = connect_to(test_database_conninfo());

    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("a")) == 0);
    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("b")) == 0);
    CHECK(count_blob(&f, other, "a") == 0);
    CHECK(db_commit(f.db, &f.err) == 0);
    CHECK(count_blob(&f, other, "a") == 1 && count_blob(&f, other, "b") == 1);
    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("c")) == 0);
    db_rollback(f.db);
    CHECK(count_blob(&f, other, "c") == 0);
    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(db_commit(f.db, &f.err) == 0); /* nothing was in it */
    db_free(other);
    fixture_free(&f);
}

TEST(a_transaction_ends_as_its_result_says)
{
    struct fixture f = fixture_open();
    struct db *other = connect_to(test_database_conninfo());

    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("a")) == 0);
    CHECK(db_end(f.db, 0, &f.err) == 0);
    CHECK(count_blob(&f, other, "a") == 1);
    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("b")) == 0);
    CHECK(db_end(f.db, -1, &f.err) == -1);
    CHECK(count_blob(&f, other, "b") == 0);
    db_free(other);
    fixture_free(&f);
}

TEST(a_statement_that_failed_leaves_only_the_way_back)
{
    struct fixture f = fixture_open();

    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("a")) == 0);
    CHECK(DB_RUN(NULL, f.db, f.arena, "divide", &f.err, db_int(0)) == -1);
    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("b")) == -1);
    CHECK(db_commit(f.db, &f.err) == -1);
    CHECK(count_blob(&f, f.db, "a") == 0);
    /* The same when the first statement is the one that fails. */
    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(DB_RUN(NULL, f.db, f.arena, "divide", &f.err, db_int(0)) == -1);
    db_rollback(f.db);
    CHECK(count_blob(&f, f.db, "a") == 0);
    fixture_free(&f);
}

static void
terminate(struct fixture *f, struct db *other)
{
    CHECK(DB_RUN(&f->rows, f->db, f->arena, "backend", &f->err) == 0);
    CHECK(DB_RUN(NULL, other, f->arena, "terminate", &f->err,
                 db_int(db_get_int(f->rows, 0, 0))) == 0);
}

TEST(a_connection_that_the_server_ended_is_opened_again)
{
    struct fixture f = fixture_open();
    struct db *other = connect_to(test_database_conninfo());

    /* Its last words can be read, as the end that comes after them. */
    terminate(&f, other);
    CHECK(count_blob(&f, f.db, "a") == 0);
    db_free(other);
    fixture_free(&f);
}

TEST(a_break_under_a_transactions_first_statement_is_not_seen)
{
    struct fixture f = fixture_open();
    struct db *other = connect_to(test_database_conninfo());
    struct db_value backend;

    CHECK(DB_RUN(&f.rows, f.db, f.arena, "backend", &f.err) == 0);
    backend = db_int(db_get_int(f.rows, 0, 0));
    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(DB_RUN(NULL, f.db, f.arena, "put", &f.err, db_text("a"), backend) ==
          0);
    CHECK(count_blob(&f, other, "a") == 0);
    CHECK(db_commit(f.db, &f.err) == 0);
    CHECK(count_blob(&f, other, "a") == 1);
    db_free(other);
    fixture_free(&f);
}

TEST(a_break_under_a_lone_statement_is_not_tried_again)
{
    struct fixture f = fixture_open();
    struct db_value backend;

    CHECK(DB_RUN(&f.rows, f.db, f.arena, "backend", &f.err) == 0);
    backend = db_int(db_get_int(f.rows, 0, 0));
    CHECK(DB_RUN(NULL, f.db, f.arena, "put", &f.err, db_text("a"), backend) ==
          -1);
    CHECK(f.err.code == ERROR_DATABASE);
    CHECK(count_blob(&f, f.db, "a") == 0);
    fixture_free(&f);
}

TEST(a_break_inside_a_transaction_loses_all_of_it)
{
    struct fixture f = fixture_open();
    struct db *other = connect_to(test_database_conninfo());

    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("a")) == 0);
    terminate(&f, other);
    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("b")) == -1);
    CHECK(f.err.code == ERROR_DATABASE);
    CHECK(DB_RUN(NULL, f.db, f.arena, "add", &f.err, db_text("c")) == -1);
    CHECK(db_commit(f.db, &f.err) == -1);
    CHECK(count_blob(&f, f.db, "a") == 0 && count_blob(&f, f.db, "c") == 0);
    db_free(other);
    fixture_free(&f);
}

TEST(a_statement_that_cannot_be_prepared_is_named)
{
    const struct db_options options = {
        .conninfo = test_database_migrated(),
        .statements = {statements, broken},
    };
    struct error err = {0};
    struct db *db = NULL;

    CHECK(db_open(&db, &options, &err) == -1);
    CHECK(strstr(err.cause, "broken: 42703") != NULL);
    CHECK(db == NULL);
}

TEST(a_transactions_beginning_costs_no_statement_of_its_own)
{
    struct fixture f = fixture_open();
    int64_t before = db_statement_count(f.db);

    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(count_blob(&f, f.db, "a") == 0);
    CHECK(db_commit(f.db, &f.err) == 0);
    CHECK(db_statement_count(f.db) == before + 1);
    fixture_free(&f);
}

#define HEARD_SIZE 64

static void
hear(void *state, const char *channel, const char *payload)
{
    char *heard = state;

    snprintf(heard, HEARD_SIZE, "%s%s", channel, payload);
}

TEST(a_notification_reaches_who_listens_to_its_channel)
{
    const char *const channels[] = {"access", NULL};
    struct fixture f = fixture_open();
    struct listen *listening = NULL;
    char heard[HEARD_SIZE] = "";
    struct pollfd file = {.events = POLLIN};

    CHECK(listen_open(&listening, test_database_conninfo(), channels, &f.err) ==
          0);
    CHECK(DB_RUN(NULL, f.db, f.arena, "notify", &f.err, db_text(" 7")) == 0);
    file.fd = listen_fd(listening);
    while (heard[0] == '\0' && poll(&file, 1, 10000) == 1)
        CHECK(listen_read(listening, hear, heard, &f.err) == 0);
    CHECK_TEXT(heard, "access 7");
    listen_free(listening);
    fixture_free(&f);
}
