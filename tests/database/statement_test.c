/* Every .sql file is what its head comment says (STYLE rule 38). */
#include <ctype.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access_access_sql.h"
#include "storage/base/arena.h"
#include "storage_db_storage_sql.h"
#include "tests/check.h"
#include "tests/database/database.h"

static const struct embed_file *const tables[] = {storage_db_storage_sql,
                                                  access_access_sql};

static void
complain(const struct embed_file *file, const char *what, const char *detail)
{
    printf("  %s: %s %s\n", file->name, what, detail);
    check_fail(__FILE__, __LINE__, "the head comment and PostgreSQL agree");
}

/* The type that the head gives parameter number: "--   $1  bigint  what". */
static const char *
head_type(struct arena *arena, const struct embed_file *file, int number)
{
    char mark[16];
    const char *at = file->bytes;

    snprintf(mark, sizeof(mark), "$%d", number);
    while (strncmp(at, "--", 2) == 0) {
        const char *word = at + 2 + strspn(at + 2, " ");
        size_t length = strlen(mark);

        if (strncmp(word, mark, length) == 0 && isspace(word[length])) {
            word += length + strspn(word + length, " ");
            return arena_bytes(arena, word, strcspn(word, " \n"));
        }
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    return NULL;
}

static bool
is_type(PGconn *link, const char *name, Oid type)
{
    char number[16];
    const char *values[] = {name, number};
    PGresult *rows;
    bool is_same;

    snprintf(number, sizeof(number), "%u", type);
    rows = PQexecParams(link, "SELECT $1::regtype = $2::oid", 2, NULL, values,
                        NULL, NULL, 0);
    is_same = PQresultStatus(rows) == PGRES_TUPLES_OK &&
              strcmp(PQgetvalue(rows, 0, 0), "t") == 0;
    PQclear(rows);
    return is_same;
}

static void
check_parameters(PGconn *link, const struct embed_file *file,
                 const PGresult *described)
{
    struct arena *arena = arena_open();
    int count = PQnparams(described);

    for (int i = 1; i <= count; i++) {
        const char *type = head_type(arena, file, i);
        const char *which = arena_format(arena, "$%d", i);

        if (type == NULL)
            complain(file, "the head does not list", which);
        else if (!is_type(link, type, PQparamtype(described, i - 1)))
            complain(file, which, arena_format(arena, "is not %s", type));
    }
    if (head_type(arena, file, count + 1) != NULL)
        complain(file, "the head lists more than",
                 arena_format(arena, "%d parameters", count));
    arena_free(arena);
}

static void
check_statement(PGconn *link, const struct embed_file *file)
{
    PGresult *prepared = PQprepare(link, file->stem, file->bytes, 0, NULL);
    PGresult *described = PQdescribePrepared(link, file->stem);
    size_t length = strlen(file->stem);

    if (strncmp(file->bytes, "-- ", 3) != 0 ||
        strncmp(file->bytes + 3, file->stem, length) != 0 ||
        file->bytes[3 + length] != ':')
        complain(file, "the head does not begin with", file->stem);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK)
        complain(file, "cannot be prepared:", PQresultErrorMessage(prepared));
    else
        check_parameters(link, file, described);
    PQclear(prepared);
    PQclear(described);
}

TEST(every_statement_can_be_prepared_and_has_the_types_its_head_lists)
{
    PGconn *link;

    test_database_migrated();
    link = PQconnectdb(test_database_conninfo());
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        for (const struct embed_file *file = tables[i]; file->stem; file++)
            check_statement(link, file);
    PQfinish(link);
}

TEST(no_two_statements_have_one_name)
{
    for (const struct embed_file *a = storage_db_storage_sql; a->stem; a++)
        for (const struct embed_file *b = access_access_sql; b->stem; b++)
            CHECK(strcmp(a->stem, b->stem) != 0);
}
