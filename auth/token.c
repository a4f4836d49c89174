#include "auth/token.h"

#include <ctype.h>
#include <string.h>

#include "storage/base/digest.h"
#include "storage/base/random.h"
#include "storage/base/text.h"
#include "storage/db/array.h"

/* llama.cpp sends only tokens that begin so. */
#define TOKEN_PREFIX "hf_"
#define TOKEN_LETTERS 40
/* What is shown of a long text; of a short one, nothing. */
#define HINT_LENGTH 7
#define HINT_SHORTEST 20

static const struct {
    const char *name; /* in the database, and for people */
    const char *wire; /* as the Hub has it */
} roles[] = {
    [TOKEN_NONE] = {"", ""},
    [TOKEN_READ] = {"read", "read"},
    [TOKEN_WRITE] = {"write", "write"},
    [TOKEN_FINE_GRAINED] = {"fine-grained", "fineGrained"},
};

static const char *const rights[] = {"read", "write", "gated", "review",
                                     "manage"};

/* What token_find and token_list select. */
enum {
    COLUMN_ID,
    COLUMN_PUBLIC_ID,
    COLUMN_ACCOUNT,
    COLUMN_ROLE,
    COLUMN_LABEL,
    COLUMN_HINT,
    COLUMN_CREATED_AT,
    COLUMN_EXPIRES_AT,
    COLUMN_REVOKED_AT,
    COLUMN_LAST_USED_AT,
};

const char *
token_role_name(enum token_role role)
{
    return roles[role].name;
}

const char *
token_role_wire(enum token_role role)
{
    return roles[role].wire;
}

bool
token_role_parse(enum token_role *out, const char *text)
{
    *out = TOKEN_NONE;
    for (size_t i = TOKEN_READ; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strcmp(text, roles[i].name) == 0 ||
            strcmp(text, roles[i].wire) == 0)
            *out = (enum token_role)i;
    return *out != TOKEN_NONE;
}

/* The static spelling of a right of length bytes; NULL when there is none. */
static const char *
find_right(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
        if (strlen(rights[i]) == length &&
            strncmp(rights[i], text, length) == 0)
            return rights[i];
    return NULL;
}

int
token_right_parse(struct token_right *out, struct arena *arena,
                  const char *text, struct error *err)
{
    size_t length = strcspn(text, ":");
    const char *place = text + length;
    char *first;
    char *slash;

    *out = (struct token_right){.right = find_right(text, length)};
    if (out->right == NULL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a right is read, write, gated, review or manage, "
                         "then perhaps :NAMESPACE or :NAMESPACE/NAME");
    if (*place == '\0')
        return 0;
    first = arena_text(arena, place + 1);
    slash = strchr(first, '/');
    if (slash != NULL && strchr(slash + 1, '/') != NULL) {
        *slash = '\0';
        if (!repository_kind_parse(&out->kind, first))
            return error_set(err, ERROR_BAD_REQUEST,
                             "\"%s\" is no kind of repository", first);
        first = slash + 1;
        slash = strchr(first, '/');
    }
    if (slash != NULL) {
        *slash = '\0';
        out->name = slash + 1;
    }
    out->namespace_name = first;
    if (text_check_name(out->namespace_name, err) < 0)
        return -1;
    return out->name != NULL ? text_check_name(out->name, err) : 0;
}

static int
check_spec(const struct token_spec *spec, struct error *err)
{
    const char *label = spec->label != NULL ? spec->label : "";
    size_t length = spec->value != NULL ? strlen(spec->value) : 1;

    if (strlen(label) > TOKEN_LABEL_LIMIT ||
        !text_is_utf8(label, strlen(label)))
        return error_set(err, ERROR_BAD_REQUEST,
                         "a label has at most %d bytes of UTF-8",
                         TOKEN_LABEL_LIMIT);
    for (const char *c = label; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c))
            return error_set(err, ERROR_BAD_REQUEST,
                             "a label is one line of text");
    for (size_t i = 0; spec->value != NULL && i < length; i++)
        if (!isgraph((unsigned char)spec->value[i]))
            return error_set(err, ERROR_BAD_REQUEST,
                             "a token has no blanks and only ASCII");
    if (length == 0 || length > TOKEN_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a token has 1 to %d characters", TOKEN_LIMIT);
    if (spec->right_count > TOKEN_RIGHTS_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a token has at most %d rights", TOKEN_RIGHTS_LIMIT);
    if (spec->right_count > 0 && spec->role != TOKEN_FINE_GRAINED)
        return error_set(err, ERROR_BAD_REQUEST,
                         "only a fine-grained token has rights of its own");
    return 0;
}

static const char *
make_text(struct arena *arena)
{
    size_t prefix = strlen(TOKEN_PREFIX);
    char *text = arena_alloc(arena, prefix + TOKEN_LETTERS + 1);

    memcpy(text, TOKEN_PREFIX, prefix + 1);
    random_text(text + prefix, TOKEN_LETTERS);
    return text;
}

static const char *
make_hint(struct arena *arena, const char *text)
{
    int shown = strlen(text) < HINT_SHORTEST ? 0 : HINT_LENGTH;

    return arena_format(arena, "%.*s…", shown, text);
}

static int
add_row(int64_t *out, struct db *db, struct arena *arena,
        const struct token_spec *spec, const char *text, struct error *err)
{
    char id[RANDOM_ID_SIZE];
    struct db_rows *rows;
    struct digest hash;

    random_id(id);
    digest_of(&hash, text, strlen(text));
    if (DB_RUN(&rows, db, arena, "token_add", err, db_text(id),
               db_int(spec->account), db_bytes(hash.bytes, sizeof(hash.bytes)),
               db_text(make_hint(arena, text)),
               db_text(token_role_name(spec->role)),
               db_text(spec->label != NULL ? spec->label : ""),
               db_time(spec->expires_at_ms)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return error_set(err, ERROR_CONFLICT,
                         "this token is in use, or it is not for a person");
    *out = db_get_int(rows, 0, 0);
    return 0;
}

static int
add_right(struct db *db, struct arena *arena, int64_t token,
          const struct token_right *right, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "token_right_add", err, db_int(token),
               db_text(right->right),
               db_text(repository_kind_name(right->kind)),
               db_text(right->namespace_name), db_text(right->name)) < 0)
        return -1;
    if (db_rows_count(rows) == 1)
        return 0;
    if (right->name == NULL)
        return error_set(err, ERROR_BAD_REQUEST, "there is no namespace %s",
                         right->namespace_name);
    return error_set(err, ERROR_BAD_REQUEST, "there is no %s %s/%s",
                     repository_kind_name(right->kind), right->namespace_name,
                     right->name);
}

int
token_add(struct token *out, const char **out_text, struct db *db,
          struct arena *arena, const struct token_spec *spec, struct error *err)
{
    const char *text = spec->value != NULL ? spec->value : make_text(arena);
    int result = -1;
    int64_t id = 0;

    if (check_spec(spec, err) < 0 || db_begin(db, err) < 0)
        return -1;
    if (add_row(&id, db, arena, spec, text, err) < 0)
        goto done;
    for (size_t i = 0; i < spec->right_count; i++)
        if (add_right(db, arena, id, &spec->rights[i], err) < 0)
            goto done;
    result = 0;

done:
    if (db_end(db, result, err) < 0)
        return -1;
    *out_text = text;
    return token_find(out, db, arena, id, err);
}

static void
read_token(struct token *out, const struct db_rows *rows, int64_t row)
{
    *out = (struct token){
        .id = db_get_int(rows, row, COLUMN_ID),
        .public_id = db_get_text(rows, row, COLUMN_PUBLIC_ID),
        .account_name = db_get_text(rows, row, COLUMN_ACCOUNT),
        .label = db_get_text(rows, row, COLUMN_LABEL),
        .hint = db_get_text(rows, row, COLUMN_HINT),
        .created_at_ms = db_get_time(rows, row, COLUMN_CREATED_AT),
        .expires_at_ms = db_get_time(rows, row, COLUMN_EXPIRES_AT),
        .revoked_at_ms = db_get_time(rows, row, COLUMN_REVOKED_AT),
        .last_used_at_ms = db_get_time(rows, row, COLUMN_LAST_USED_AT),
    };
    token_role_parse(&out->role, db_get_text(rows, row, COLUMN_ROLE));
}

int
token_list(struct token **out, size_t *out_count, struct db *db,
           struct arena *arena, int64_t account, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "token_list", err, db_int(account)) < 0)
        return -1;
    *out_count = (size_t)db_rows_count(rows);
    *out = arena_array(arena, *out_count, sizeof(**out));
    for (size_t i = 0; i < *out_count; i++)
        read_token(&(*out)[i], rows, (int64_t)i);
    return 0;
}

int
token_find(struct token *out, struct db *db, struct arena *arena, int64_t id,
           struct error *err)
{
    struct db_rows *rows;

    *out = (struct token){0};
    if (DB_RUN(&rows, db, arena, "token_find", err, db_int(id)) < 0)
        return -1;
    if (db_rows_count(rows) > 0)
        read_token(out, rows, 0);
    return 0;
}

int
token_revoke(struct db *db, struct arena *arena, int64_t account,
             const char *public_id, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "token_revoke", err, db_int(account),
               db_text(public_id)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return error_set(err, ERROR_NOT_FOUND, "there is no such token");
    return 0;
}

int
token_revoke_leaked(struct db *db, struct arena *arena,
                    const char *const *texts, size_t count, struct error *err)
{
    struct digest *hashes = arena_array(arena, count, sizeof(*hashes));
    struct array_item *items = arena_array(arena, count, sizeof(*items));

    for (size_t i = 0; i < count; i++) {
        digest_of(&hashes[i], texts[i], strlen(texts[i]));
        items[i] = (struct array_item){hashes[i].bytes, DIGEST_BYTES};
    }
    return DB_RUN(NULL, db, arena, "token_revoke_leaked", err,
                  array_of_bytes(arena, items, count));
}

void
token_hash(struct digest *out, const char *text)
{
    size_t length = strlen(text);

    digest_of(out, text, length > TOKEN_LIMIT ? 0 : length);
}

int
token_note_use(struct db *db, int64_t token, struct error *err)
{
    struct arena *arena = arena_open();
    int result = DB_RUN(NULL, db, arena, "token_note_use", err, db_int(token));

    arena_free(arena);
    return result;
}
