#include "auth/right.h"

#include <assert.h>
#include <string.h>

static const char no_permission[] = "You have read access but not the required "
                                    "permissions for this operation";
static const char not_signed_in[] = "Invalid username or password.";

/* Columns of door_find behind those that catalog_read takes. */
enum {
    FIND_MEMBERSHIP = 13,
    FIND_REVIEWER,
    FIND_RIGHTS,
};

/* Columns of right_find_namespace. */
enum {
    NAMESPACE_ID,
    NAMESPACE_NAME,
    NAMESPACE_KIND,
    NAMESPACE_PRIVATE_BY_DEFAULT,
    NAMESPACE_MEMBERSHIP,
    NAMESPACE_MAY_WRITE,
    NAMESPACE_MAY_MANAGE,
};

/* How far the token lets its account go. */
struct reach {
    bool private; /* sees private repositories */
    bool gated;   /* reads gated files of its own account's repositories */
    bool write;
    bool review;
    bool manage;
};

/* Whether the words, with blanks between, have this one among them. */
static bool
lists(const char *words, const char *word)
{
    size_t length = strlen(word);

    while (words != NULL && *words != '\0') {
        size_t found = strcspn(words, " ");

        if (found == length && memcmp(words, word, length) == 0)
            return true;
        words += found + (words[found] == ' ');
    }
    return false;
}

static struct reach
find_reach(enum token_role role, const char *rights)
{
    bool is_full = role == TOKEN_NONE || role == TOKEN_WRITE;
    struct reach reach = {
        .private = true,
        .gated = true,
        .write = is_full,
        .review = is_full,
        .manage = is_full,
    };

    if (role != TOKEN_FINE_GRAINED)
        return reach;
    reach.write = lists(rights, "write");
    reach.review = reach.write || lists(rights, "review");
    reach.manage = lists(rights, "manage");
    reach.gated = reach.write || reach.manage || lists(rights, "read");
    reach.private = reach.gated || reach.review;
    return reach;
}

static bool
is_administrating(const char *membership)
{
    return strcmp(membership, "owner") == 0 || strcmp(membership, "admin") == 0;
}

static bool
is_writing(const char *membership)
{
    return is_administrating(membership) || strcmp(membership, "write") == 0;
}

void
right_read(struct standing *out, struct arena *arena,
           const struct right_row *given)
{
    const struct db_rows *rows = given->rows;
    int64_t row = given->row;
    const char *membership = db_get_text(rows, row, FIND_MEMBERSHIP);
    bool is_member = membership[0] != '\0';
    bool is_reviewer = db_get_bool(rows, row, FIND_REVIEWER);
    const char *rights = db_get_text(rows, row, FIND_RIGHTS);
    struct reach reach = find_reach(given->role, rights);

    *out = (struct standing){.membership = arena_text(arena, membership)};
    out->may_see =
        !given->is_private || ((is_member || is_reviewer) && reach.private);
    out->may_write = is_writing(membership) && reach.write;
    out->may_review = (is_writing(membership) || is_reviewer) && reach.review;
    out->may_manage = is_administrating(membership) && reach.manage;
    /* Others' gated files need the right that is named so. */
    out->token_gated = given->role != TOKEN_FINE_GRAINED ||
                       lists(rights, "gated") || (is_member && reach.gated);
}

/* Whether this caller has the right, on a repository that they may see. */
static bool
has_right(const struct standing *standing, const struct caller *caller,
          enum right right)
{
    switch (right) {
    case RIGHT_PUBLIC:
    case RIGHT_LINK:
    case RIGHT_SEE:
    case RIGHT_CONTENT:
        return true;
    case RIGHT_ASK:
        return caller->account != 0;
    case RIGHT_WRITE:
        return standing->may_write;
    case RIGHT_REVIEW:
        return standing->may_review;
    case RIGHT_MANAGE:
        return standing->may_manage;
    case RIGHT_NONE:
    case RIGHT_SIGNED_IN:
    case RIGHT_ACCOUNT:
    case RIGHT_OPERATE:
        break;
    }
    return false;
}

static int
refuse_hidden(const struct caller *caller, struct error *err)
{
    error_set(err, ERROR_REPO_NOT_FOUND, NULL);
    if (caller->account == 0)
        err->status = 401;
    return -1;
}

static struct db_value
fine_grained_token(const struct caller *caller)
{
    return caller->role == TOKEN_FINE_GRAINED ? db_int(caller->token)
                                              : db_null();
}

int
right_decide(const struct repository *repository,
             const struct standing *standing, const struct caller *caller,
             enum right right, struct error *err)
{
    if (repository->id == 0 || !standing->may_see)
        return refuse_hidden(caller, err);
    if (has_right(standing, caller, right))
        return 0;
    if (caller->account == 0)
        return error_set(err, ERROR_UNAUTHENTICATED, "%s", not_signed_in);
    return error_set(err, ERROR_FORBIDDEN, "%s", no_permission);
}

int
right_check_account(const struct caller *caller, enum right right,
                    struct error *err)
{
    bool may_change = caller->role == TOKEN_NONE || caller->role == TOKEN_WRITE;

    if (right == RIGHT_PUBLIC || right == RIGHT_LINK)
        return 0;
    if (caller->account == 0)
        return error_set(err, ERROR_UNAUTHENTICATED, "%s", not_signed_in);
    if (right == RIGHT_SIGNED_IN)
        return 0;
    if (right == RIGHT_ACCOUNT && may_change)
        return 0;
    if (right == RIGHT_ACCOUNT)
        return error_set(err, ERROR_FORBIDDEN,
                         "this needs a session or a token with role write");
    if (right == RIGHT_OPERATE && caller->administrator && may_change)
        return 0;
    return error_set(err, ERROR_FORBIDDEN, NULL);
}

static void
read_namespace(struct right_namespace *out, const struct db_rows *rows)
{
    const char *kind = db_get_text(rows, 0, NAMESPACE_KIND);

    *out = (struct right_namespace){
        .id = db_get_int(rows, 0, NAMESPACE_ID),
        .name = db_get_text(rows, 0, NAMESPACE_NAME),
        .is_organization = strcmp(kind, "organization") == 0,
        .private_by_default =
            db_get_bool(rows, 0, NAMESPACE_PRIVATE_BY_DEFAULT),
        .membership = db_get_text(rows, 0, NAMESPACE_MEMBERSHIP),
    };
}

/* The token's part of a right on a whole namespace. */
static bool
token_reaches(const struct caller *caller, const struct db_rows *rows,
              enum right right)
{
    if (caller->role == TOKEN_FINE_GRAINED)
        return db_get_bool(rows, 0,
                           right == RIGHT_WRITE ? NAMESPACE_MAY_WRITE
                                                : NAMESPACE_MAY_MANAGE);
    return caller->role != TOKEN_READ;
}

int
right_check_namespace(struct right_namespace *out, struct db *db,
                      struct arena *arena,
                      const struct right_question *question, struct error *err)
{
    const struct caller *caller = question->caller;
    const char *name = question->namespace_name;
    bool is_allowed = false;
    struct db_rows *rows;

    assert(question->right == RIGHT_WRITE || question->right == RIGHT_MANAGE);
    if (caller->account == 0)
        return error_set(err, ERROR_UNAUTHENTICATED, "%s", not_signed_in);
    if (DB_RUN(&rows, db, arena, "right_find_namespace", err,
               db_text(name != NULL ? name : caller->name),
               db_int(caller->account), fine_grained_token(caller)) < 0)
        return -1;
    if (db_rows_count(rows) == 1) {
        read_namespace(out, rows);
        is_allowed = question->right == RIGHT_WRITE
                         ? is_writing(out->membership)
                         : is_administrating(out->membership);
        is_allowed = is_allowed && token_reaches(caller, rows, question->right);
    }
    if (!is_allowed)
        return error_set(err, ERROR_FORBIDDEN, "%s", no_permission);
    return 0;
}

int
right_list(struct repository **out, size_t *out_count, struct db *db,
           struct arena *arena, const struct caller *caller, struct error *err)
{
    /* What a fine-grained token may see of what is private is its rows'. */
    int64_t account = caller->role == TOKEN_FINE_GRAINED ? 0 : caller->account;
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "right_list", err, db_int(account),
               db_int(RIGHT_LIST_LIMIT)) < 0)
        return -1;
    *out_count = (size_t)db_rows_count(rows);
    *out = arena_array(arena, *out_count, sizeof(**out));
    for (size_t i = 0; i < *out_count; i++)
        catalog_read(&(*out)[i], arena, rows, (int64_t)i);
    return 0;
}
