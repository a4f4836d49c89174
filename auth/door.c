#include "auth/door.h"

#include <string.h>

#include "auth/token.h"
#include "storage/db/array.h"

/* Columns of door_find, behind the repository's and auth/right's. */
enum {
    TOKEN = 16,
    ROLE,
    ACCOUNT,
    ACCOUNT_NAME,
    ADMINISTRATOR,
    IS_DUE,
    FACTS,
    TARGET = FACTS + 15,
};

/* The questions, a column each. */
struct columns {
    struct array_item *hashes;
    int64_t *accounts;
    int64_t *tokens;
    const char **kinds;
    const char **namespaces;
    const char **names;
    const char **revisions;
};

static void
open_columns(struct columns *out, struct arena *arena, size_t count)
{
    *out = (struct columns){
        .hashes = arena_array(arena, count, sizeof(*out->hashes)),
        .accounts = arena_array(arena, count, sizeof(*out->accounts)),
        .tokens = arena_array(arena, count, sizeof(*out->tokens)),
        .kinds = arena_array(arena, count, sizeof(*out->kinds)),
        .namespaces = arena_array(arena, count, sizeof(*out->namespaces)),
        .names = arena_array(arena, count, sizeof(*out->names)),
        .revisions = arena_array(arena, count, sizeof(*out->revisions)),
    };
}

static void
fill_columns(struct columns *columns, size_t at,
             const struct door_question *question)
{
    if (question->token != NULL) {
        columns->hashes[at] = (struct array_item){
            question->token->bytes, sizeof(question->token->bytes)};
    } else {
        columns->accounts[at] = question->caller->account;
        columns->tokens[at] = question->caller->token;
    }
    columns->kinds[at] = repository_kind_name(question->kind);
    columns->namespaces[at] = question->namespace_name;
    columns->names[at] = question->name;
    columns->revisions[at] = question->revision;
}

/* The texts of a repository are the rows' own. */
static void
copy_repository(struct repository *repository, struct arena *arena)
{
    repository->public_id = arena_text(arena, repository->public_id);
    repository->namespace_name = arena_text(arena, repository->namespace_name);
    repository->name = arena_text(arena, repository->name);
    repository->gate_mode = arena_text(arena, repository->gate_mode);
}

static void
read_repository(struct door_answer *out, const struct door_question *question,
                const struct db_rows *rows, int64_t row)
{
    const void *target;
    size_t length;

    catalog_read(&out->repository, question->arena, rows, row);
    copy_repository(&out->repository, question->arena);
    right_read(&out->standing, question->arena,
               &(struct right_row){
                   .rows = rows,
                   .row = row,
                   .role = out->role,
                   .is_private = out->repository.is_private,
               });
    gate_read_facts(&out->facts, question->arena, rows, row, FACTS);
    target = db_get_bytes(&length, rows, row, TARGET);
    if (length == sizeof(out->target.bytes))
        memcpy(out->target.bytes, target, length);
}

static const struct door_answer *
read_answer(const struct door_question *question, const struct db_rows *rows,
            int64_t row)
{
    struct door_answer *out = arena_alloc(question->arena, sizeof(*out));

    memset(out, 0, sizeof(*out));
    if (question->token != NULL && db_is_null(rows, row, ACCOUNT))
        return out;
    out->is_known = true;
    if (question->token != NULL) {
        out->token = db_get_int(rows, row, TOKEN);
        token_role_parse(&out->role, db_get_text(rows, row, ROLE));
        out->account = db_get_int(rows, row, ACCOUNT);
        out->account_name =
            arena_text(question->arena, db_get_text(rows, row, ACCOUNT_NAME));
        out->administrator = db_get_bool(rows, row, ADMINISTRATOR);
    } else {
        out->role = question->caller->role;
    }
    if (!db_is_null(rows, row, 0))
        read_repository(out, question, rows, row);
    return out;
}

static int
find(struct db_rows **out, struct db *db, struct arena *arena,
     const struct door_question *questions, size_t count, struct error *err)
{
    struct columns columns;

    open_columns(&columns, arena, count);
    for (size_t i = 0; i < count; i++)
        fill_columns(&columns, i, &questions[i]);
    return DB_RUN(out, db, arena, "door_find", err,
                  array_of_bytes(arena, columns.hashes, count),
                  array_of_ints(arena, columns.accounts, count),
                  array_of_ints(arena, columns.tokens, count),
                  array_of_texts(arena, columns.kinds, count),
                  array_of_texts(arena, columns.namespaces, count),
                  array_of_texts(arena, columns.names, count),
                  array_of_texts(arena, columns.revisions, count));
}

/* Many requests at once mostly have the same token. */
static int
note_uses(const struct db_rows *rows, struct db *db, struct error *err)
{
    int64_t noted = 0;

    for (int64_t i = 0; i < db_rows_count(rows); i++) {
        int64_t token = db_get_int(rows, i, TOKEN);

        if (token == noted || !db_get_bool(rows, i, IS_DUE))
            continue;
        if (token_note_use(db, token, err) < 0)
            return -1;
        noted = token;
    }
    return 0;
}

int
door_ask(const struct door_answer **out, struct db *db,
         const struct door_question *questions, size_t count, struct error *err)
{
    struct arena *arena = arena_open();
    struct db_rows *rows;
    int result = find(&rows, db, arena, questions, count, err);

    if (result == 0 && (size_t)db_rows_count(rows) != count)
        result = error_set(err, ERROR_INTERNAL, "door_find gave %lld rows",
                           (long long)db_rows_count(rows));
    for (size_t i = 0; i < count && result == 0; i++)
        out[i] = read_answer(&questions[i], rows, (int64_t)i);
    if (result == 0)
        result = note_uses(rows, db, err);
    arena_free(arena);
    return result;
}

int
door_take_caller(struct caller *out, const struct door_answer *answer,
                 struct error *err)
{
    caller_forget(out);
    if (!answer->is_known)
        return caller_refuse(err);
    out->token = answer->token;
    out->role = answer->role;
    out->account = answer->account;
    out->name = answer->account_name;
    out->administrator = answer->administrator;
    return 0;
}

int
door_check(struct repository *out, struct standing *out_standing, struct db *db,
           struct arena *arena, const struct right_question *question,
           struct error *err)
{
    const struct door_question asked = {
        .arena = arena,
        .caller = question->caller,
        .kind = question->kind,
        .namespace_name = question->namespace_name,
        .name = question->name,
    };
    const struct door_answer *answer = NULL;

    if (door_ask(&answer, db, &asked, 1, err) != 0)
        return -1;
    *out = answer->repository;
    *out_standing = answer->standing;
    return right_decide(out, out_standing, question->caller, question->right,
                        err);
}
