#include "storage/db/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/hex.h"
#include "storage/db/await.h"
#include "storage/db/link.h"
#include "storage/db/state.h"
#include "storage_db_storage_sql.h"

#define COPY_BYTES 65536

struct dump {
    PGconn *link;
    PGresult *tables; /* name, reading, writing */
    int level;
};

/* Runs a statement of sql/ with text parameters. */
static int
run(PGresult **out, struct dump *dump, const unsigned char *sql,
    const char *const *values, int count, struct error *err)
{
    PGresult *result =
        link_ask_with(dump->link, (const char *)sql, values, count);

    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        state_to_error(err, dump->link, result, "dump");
        PQclear(result);
        return -1;
    }
    *out = result;
    return 0;
}

static int
run_alone(struct dump *dump, const unsigned char *sql, struct error *err)
{
    PGresult *result;

    if (run(&result, dump, sql, NULL, 0, err) < 0)
        return -1;
    PQclear(result);
    return 0;
}

/* Nothing here is short: tables are long and a restore waits for its bytes. */
static int
open_link(struct dump *dump, const char *conninfo, struct error *err)
{
    if (link_open(&dump->link, conninfo, err) < 0 ||
        link_run(dump->link, "SET statement_timeout = 0", err) < 0 ||
        link_run(dump->link, "SET idle_in_transaction_session_timeout = 0",
                 err) < 0)
        return -1;
    return link_run(dump->link, "SET bytea_output = 'hex'", err);
}

static int
find_tables(struct dump *dump, struct error *err)
{
    PGresult *levels;

    if (link_run(dump->link, (const char *)storage_sql_migration_prepare, err) <
            0 ||
        run(&levels, dump, storage_sql_migration_list, NULL, 0, err) < 0)
        return -1;
    dump->level = PQntuples(levels);
    PQclear(levels);
    if (run(&dump->tables, dump, storage_sql_dump_tables, NULL, 0, err) < 0)
        return -1;
    if (PQntuples(dump->tables) > DUMP_TABLES_LIMIT)
        return error_set(err, ERROR_INTERNAL, "too many tables to dump");
    return 0;
}

int
dump_open(struct dump **out, const char *conninfo, struct error *err)
{
    struct dump *dump = xcalloc(1, sizeof(*dump));

    if (open_link(dump, conninfo, err) < 0 ||
        run_alone(dump, storage_sql_dump_lock, err) < 0 ||
        find_tables(dump, err) < 0 ||
        link_run(dump->link, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                 err) < 0) {
        dump_free(dump);
        return -1;
    }
    *out = dump;
    return 0;
}

int
dump_open_empty(struct dump **out, const char *conninfo, struct error *err)
{
    struct dump *dump = xcalloc(1, sizeof(*dump));

    if (open_link(dump, conninfo, err) < 0 || find_tables(dump, err) < 0 ||
        link_run(dump->link, "BEGIN", err) < 0) {
        dump_free(dump);
        return -1;
    }
    *out = dump;
    return 0;
}

void
dump_free(struct dump *dump)
{
    if (dump == NULL)
        return;
    PQclear(dump->tables);
    PQfinish(dump->link);
    free(dump);
}

size_t
dump_table_count(const struct dump *dump)
{
    return (size_t)PQntuples(dump->tables);
}

const char *
dump_table_name(const struct dump *dump, size_t table)
{
    return PQgetvalue(dump->tables, (int)table, 0);
}

int
dump_level(const struct dump *dump)
{
    return dump->level;
}

/*
 * Sends a COPY statement; the answer must be of this kind.  It comes at once,
 * and libpq waits without end for the rest of one that it has no memory for.
 */
static int
begin_copy(struct dump *dump, const char *sql, ExecStatusType wanted,
           struct error *err)
{
    PGresult *result = NULL;
    int outcome = 0;

    if (PQsendQuery(dump->link, sql))
        result = await_result(dump->link, LINK_ANSWER_TIMEOUT_MS);
    if (PQresultStatus(result) != wanted)
        outcome = state_to_error(err, dump->link, result, "copy");
    PQclear(result);
    return outcome;
}

/* What PostgreSQL says at the end of a COPY. */
static int
end_copy(struct dump *dump, struct error *err)
{
    PGresult *result;
    int outcome = 0;

    while ((result = await_result(dump->link, AWAIT_FOREVER)) != NULL) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK && outcome == 0)
            outcome = state_to_error(err, dump->link, result, "copy");
        PQclear(result);
    }
    return outcome;
}

int
dump_read_table(struct dump *dump, size_t table,
                int (*sink)(void *state, const void *bytes, size_t length,
                            struct error *err),
                void *state, struct error *err)
{
    int length;

    if (begin_copy(dump, PQgetvalue(dump->tables, (int)table, 1),
                   PGRES_COPY_OUT, err) < 0)
        return -1;
    for (;;) {
        char *row = NULL;
        int result;

        length = await_copy_data(&row, dump->link);
        if (length < 0)
            break;
        result = sink(state, row, (size_t)length, err);
        PQfreemem(row);
        if (result < 0)
            return -1;
    }
    return length == -1 ? end_copy(dump, err)
                        : state_lost(err, dump->link, "copy");
}

int
dump_list_blobs(struct dump_blob **out, size_t *out_count, struct dump *dump,
                struct arena *arena, struct error *err)
{
    struct dump_blob *blobs;
    PGresult *rows;
    int result = 0;
    int count;

    if (run(&rows, dump, storage_sql_dump_blobs, NULL, 0, err) < 0)
        return -1;
    count = PQntuples(rows);
    blobs = arena_array(arena, (size_t)count, sizeof(*blobs));
    for (int i = 0; result == 0 && i < count; i++) {
        blobs[i].name = arena_text(arena, PQgetvalue(rows, i, 0));
        blobs[i].size_bytes = strtoull(PQgetvalue(rows, i, 2), NULL, 10);

        if (strncmp(PQgetvalue(rows, i, 1), "\\x", 2) != 0 ||
            !hex_read(blobs[i].digest.bytes, DIGEST_BYTES,
                      PQgetvalue(rows, i, 1) + 2))
            result = error_set(err, ERROR_INTERNAL, "a digest is not one");
    }
    PQclear(rows);
    *out = blobs;
    *out_count = (size_t)count;
    return result;
}

int
dump_list_sequences(struct dump_sequence **out, size_t *out_count,
                    struct dump *dump, struct arena *arena, struct error *err)
{
    struct dump_sequence *sequences;
    PGresult *rows;
    int count;

    if (run(&rows, dump, storage_sql_dump_sequences, NULL, 0, err) < 0)
        return -1;
    count = PQntuples(rows);
    sequences = arena_array(arena, (size_t)count, sizeof(*sequences));
    for (int i = 0; i < count; i++) {
        sequences[i].name = arena_text(arena, PQgetvalue(rows, i, 0));
        sequences[i].value = strtoll(PQgetvalue(rows, i, 1), NULL, 10);
    }
    PQclear(rows);
    *out = sequences;
    *out_count = (size_t)count;
    return 0;
}

int
dump_begin_table(struct dump *dump, size_t table, struct error *err)
{
    return begin_copy(dump, PQgetvalue(dump->tables, (int)table, 2),
                      PGRES_COPY_IN, err);
}

int
dump_add(struct dump *dump, const void *bytes, size_t length, struct error *err)
{
    const char *at = bytes;

    while (length > 0) {
        int part = length < COPY_BYTES ? (int)length : COPY_BYTES;

        if (PQputCopyData(dump->link, at, part) != 1)
            return state_lost(err, dump->link, "copy");
        at += part;
        length -= (size_t)part;
    }
    return 0;
}

int
dump_end_table(struct dump *dump, struct error *err)
{
    if (PQputCopyEnd(dump->link, NULL) != 1)
        return state_lost(err, dump->link, "copy");
    return end_copy(dump, err);
}

int
dump_set_sequence(struct dump *dump, const struct dump_sequence *sequence,
                  struct error *err)
{
    char number[32];
    const char *const values[] = {sequence->name, number};
    PGresult *rows;
    int count;

    snprintf(number, sizeof(number), "%lld", (long long)sequence->value);
    if (run(&rows, dump, storage_sql_load_sequence, values, 2, err) < 0)
        return -1;
    count = PQntuples(rows);
    PQclear(rows);
    if (count == 0)
        return error_set(err, ERROR_BAD_REQUEST, "no sequence is called %s",
                         sequence->name);
    return 0;
}

int
dump_commit(struct dump *dump, struct error *err)
{
    return link_run(dump->link, "COMMIT", err);
}

int
dump_check(struct dump *dump, struct error *err)
{
    return link_run(dump->link, "SELECT 1", err);
}
