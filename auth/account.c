#include "auth/account.h"

#include <ctype.h>
#include <string.h>

#include "auth/password.h"
#include "storage/base/hex.h"
#include "storage/base/random.h"
#include "storage/base/text.h"

/* What all account_find statements select. */
enum {
    COLUMN_ID,
    COLUMN_PUBLIC_ID,
    COLUMN_KIND,
    COLUMN_NAME,
    COLUMN_FULLNAME,
    COLUMN_EMAIL,
    COLUMN_VERIFIED,
    COLUMN_ADMINISTRATOR,
    COLUMN_DISABLED,
    COLUMN_PRIVATE_BY_DEFAULT,
    COLUMN_AVATAR,
    COLUMN_CREATED_AT,
    COLUMN_COUNT,
};

_Static_assert(COLUMN_COUNT == ACCOUNT_COLUMNS, "account.h counts them");

/* First segments of paths, now or later, and words that would mislead. */
/* clang-format off */
static const char *const reserved[] = {
    "account", "accounts", "activity", "admin", "administrator", "agreements",
    "api", "apps", "assets", "avatars", "billing", "blob", "blog", "cas",
    "chat", "checkpoint", "collections", "dashboard", "datasets", "docs",
    "explore", "favicon.ico", "gated", "git", "health", "help", "home", "inbox",
    "invitations", "invite", "join", "lfs", "licence", "licences", "license",
    "licenses", "log", "login", "logout", "logs", "me", "metrics", "models",
    "new", "notifications", "oauth", "organization", "organizations", "orgs",
    "papers", "password", "pricing", "privacy", "raw", "ready", "receipts",
    "register", "releases", "report", "requests", "resolve", "reviews",
    "robots.txt", "root", "search", "security.txt", "sessions", "settings",
    "signin", "signup", "sitemap.xml", "spaces", "static", "status", "support",
    "system", "tasks", "terms", "tile", "token", "tokens", "tree", "uploads",
    "user", "users", "v1", "v2", "verify", "weighd", "weighhouse", "xet",
};
/* clang-format on */

static const struct {
    const char *type;
    size_t offset;
    size_t length;
    const char *bytes;
} pictures[] = {
    {"image/png", 0, 8, "\x89PNG\r\n\x1a\n"},
    {"image/jpeg", 0, 3, "\xff\xd8\xff"},
    {"image/gif", 0, 4, "GIF8"},
    {"image/webp", 8, 4, "WEBP"},
};

int
account_check_name(const char *name, struct error *err)
{
    if (text_check_name(name, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (text_is_same_name(name, reserved[i]))
            return error_set(err, ERROR_BAD_REQUEST,
                             "the name \"%s\" is reserved", name);
    return 0;
}

static bool
is_domain(const char *domain)
{
    char before = '.';

    for (const char *c = domain; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && *c != '.' && *c != '-')
            return false;
        if (*c == '.' && before == '.')
            return false;
        before = *c;
    }
    return before != '.';
}

int
account_check_email(const char *email, struct error *err)
{
    const char *at = strchr(email, '@');
    bool is_good = at != NULL && at != email && is_domain(at + 1) &&
                   strlen(email) <= ACCOUNT_EMAIL_LIMIT;

    /* No quotes and no lists: what is here goes into a mail's head. */
    for (const char *c = email; is_good && c < at; c++)
        is_good = isalnum((unsigned char)*c) ||
                  strchr("!#$%&'*+-/=?^_`{|}~.", *c) != NULL;
    if (!is_good)
        return error_set(err, ERROR_BAD_REQUEST,
                         "an e-mail address looks like person@example.org");
    return 0;
}

static int
check_fullname(const char *fullname, struct error *err)
{
    size_t length = strlen(fullname);

    for (size_t i = 0; i < length; i++)
        if (iscntrl((unsigned char)fullname[i]))
            return error_set(err, ERROR_BAD_REQUEST,
                             "a full name is one line of text");
    if (length > ACCOUNT_FULLNAME_LIMIT || !text_is_utf8(fullname, length))
        return error_set(err, ERROR_BAD_REQUEST,
                         "a full name has at most %d bytes of UTF-8",
                         ACCOUNT_FULLNAME_LIMIT);
    return 0;
}

static int
check_avatar(const char **out_type, const struct account_spec *spec,
             struct error *err)
{
    const char *bytes = spec->avatar;

    *out_type = NULL;
    if (bytes == NULL)
        return 0;
    if (spec->avatar_length > ACCOUNT_AVATAR_LIMIT)
        return error_set(err, ERROR_TOO_LARGE, "a picture has at most %d bytes",
                         ACCOUNT_AVATAR_LIMIT);
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
        if (spec->avatar_length >= pictures[i].offset + pictures[i].length &&
            memcmp(bytes + pictures[i].offset, pictures[i].bytes,
                   pictures[i].length) == 0)
            *out_type = pictures[i].type;
    if (*out_type == NULL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a picture is PNG, JPEG, GIF or WebP");
    return 0;
}

static int
check_spec(const struct account_spec *spec, struct error *err)
{
    if (account_check_name(spec->name, err) < 0)
        return -1;
    if (spec->public_id != NULL &&
        !hex_is_text(spec->public_id, RANDOM_ID_SIZE - 1))
        return error_set(err, ERROR_BAD_REQUEST,
                         "an id is 24 lower-case hexadecimal digits");
    if (spec->fullname != NULL && check_fullname(spec->fullname, err) < 0)
        return -1;
    if (spec->email == NULL && !spec->is_organization)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a person needs an e-mail address");
    if (spec->email != NULL && account_check_email(spec->email, err) < 0)
        return -1;
    return 0;
}

static int
refuse_taken(const struct db_rows *rows, const struct account_spec *spec,
             struct error *err)
{
    if (db_get_bool(rows, 0, 1))
        return error_set(err, ERROR_CONFLICT, "the name \"%s\" is taken",
                         spec->name);
    if (db_get_bool(rows, 0, 2))
        return error_set(err, ERROR_CONFLICT,
                         "there is an account with this e-mail address");
    if (db_get_bool(rows, 0, 3))
        return error_set(err, ERROR_CONFLICT, "the id %s is taken",
                         spec->public_id);
    /* Somebody else was faster by less than a statement. */
    return error_set(err, ERROR_CONFLICT, "the name \"%s\" is taken",
                     spec->name);
}

int
account_add(struct account *out, struct db *db, struct arena *arena,
            const struct account_spec *spec, struct error *err)
{
    char hash[PASSWORD_HASH_SIZE] = "";
    char id[RANDOM_ID_SIZE];
    const char *type;
    struct db_rows *rows;

    if (check_spec(spec, err) < 0 || check_avatar(&type, spec, err) < 0)
        return -1;
    if (spec->password != NULL && password_hash(hash, spec->password, err) < 0)
        return -1;
    random_id(id);
    if (DB_RUN(&rows, db, arena, "account_add", err,
               db_text(spec->public_id != NULL ? spec->public_id : id),
               db_text(spec->is_organization ? "organization" : "user"),
               db_text(spec->name),
               db_text(spec->fullname != NULL ? spec->fullname : ""),
               db_text(spec->email),
               db_text(spec->password != NULL ? hash : NULL),
               db_bool(spec->is_verified), db_bool(spec->is_administrator),
               db_bool(spec->private_by_default),
               db_bytes(spec->avatar, spec->avatar_length), db_text(type)) < 0)
        return -1;
    if (db_is_null(rows, 0, 0))
        return refuse_taken(rows, spec, err);
    return account_find_by_id(out, db, arena, db_get_int(rows, 0, 0), err);
}

void
account_read(struct account *out, const struct db_rows *rows, int64_t row)
{
    const char *kind = db_get_text(rows, row, COLUMN_KIND);

    *out = (struct account){
        .id = db_get_int(rows, row, COLUMN_ID),
        .public_id = db_get_text(rows, row, COLUMN_PUBLIC_ID),
        .is_organization = strcmp(kind, "organization") == 0,
        .name = db_get_text(rows, row, COLUMN_NAME),
        .fullname = db_get_text(rows, row, COLUMN_FULLNAME),
        .email = db_get_text(rows, row, COLUMN_EMAIL),
        .is_verified = db_get_bool(rows, row, COLUMN_VERIFIED),
        .is_administrator = db_get_bool(rows, row, COLUMN_ADMINISTRATOR),
        .is_disabled = db_get_bool(rows, row, COLUMN_DISABLED),
        .private_by_default = db_get_bool(rows, row, COLUMN_PRIVATE_BY_DEFAULT),
        .has_avatar = db_get_bool(rows, row, COLUMN_AVATAR),
        .created_at_ms = db_get_time(rows, row, COLUMN_CREATED_AT),
    };
    if (out->fullname[0] == '\0')
        out->fullname = out->name;
}

static int
find(struct account *out, struct db *db, struct arena *arena,
     const char *statement, struct db_value value, struct error *err)
{
    struct db_rows *rows;

    *out = (struct account){0};
    if (DB_RUN(&rows, db, arena, statement, err, value) < 0)
        return -1;
    if (db_rows_count(rows) > 0)
        account_read(out, rows, 0);
    return 0;
}

int
account_find(struct account *out, struct db *db, struct arena *arena,
             const char *name, struct error *err)
{
    return find(out, db, arena, "account_find", db_text(name), err);
}

int
account_find_by_public_id(struct account *out, struct db *db,
                          struct arena *arena, const char *public_id,
                          struct error *err)
{
    return find(out, db, arena, "account_find_by_public_id", db_text(public_id),
                err);
}

int
account_find_by_id(struct account *out, struct db *db, struct arena *arena,
                   int64_t id, struct error *err)
{
    return find(out, db, arena, "account_find_by_id", db_int(id), err);
}

int
account_find_by_email(struct account *out, struct db *db, struct arena *arena,
                      const char *email, struct error *err)
{
    return find(out, db, arena, "account_find_by_email", db_text(email), err);
}

int
account_list(struct account **out, size_t *out_count, struct db *db,
             struct arena *arena, bool organizations, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "account_list", err,
               db_text(organizations ? "organization" : "user")) < 0)
        return -1;
    *out_count = (size_t)db_rows_count(rows);
    *out = arena_array(arena, *out_count, sizeof(**out));
    for (size_t i = 0; i < *out_count; i++)
        account_read(&(*out)[i], rows, (int64_t)i);
    return 0;
}

int
account_remove(struct db *db, struct arena *arena, int64_t account,
               struct error *err)
{
    if (DB_RUN(NULL, db, arena, "account_remove", err, db_int(account)) == 0)
        return 0;
    if (err->code == ERROR_CONFLICT)
        error_set(err, ERROR_CONFLICT,
                  "there are repositories or signing keys under this name");
    return -1;
}

int
account_set_password(struct db *db, struct arena *arena, int64_t account,
                     const char *password, int64_t keep, struct error *err)
{
    char hash[PASSWORD_HASH_SIZE];

    if (password_hash(hash, password, err) < 0)
        return -1;
    return DB_RUN(NULL, db, arena, "account_set_password", err, db_int(account),
                  db_text(hash), db_int(keep));
}

int
account_set_fullname(struct db *db, struct arena *arena, int64_t account,
                     const char *fullname, struct error *err)
{
    if (check_fullname(fullname, err) < 0)
        return -1;
    return DB_RUN(NULL, db, arena, "account_set_fullname", err, db_int(account),
                  db_text(fullname));
}

int
account_set_verified(struct db *db, struct arena *arena, int64_t account,
                     struct error *err)
{
    return DB_RUN(NULL, db, arena, "account_set_verified", err,
                  db_int(account));
}

int
account_count(struct account_counts *out, struct db *db, struct arena *arena,
              int64_t account, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "account_count", err, db_int(account)) < 0)
        return -1;
    *out = (struct account_counts){
        .models = db_get_int(rows, 0, 0),
        .datasets = db_get_int(rows, 0, 1),
        .spaces = db_get_int(rows, 0, 2),
        .members = db_get_int(rows, 0, 3),
    };
    return 0;
}

int
account_find_avatar(struct account_avatar *out, struct db *db,
                    struct arena *arena, const char *name, struct error *err)
{
    struct db_rows *rows;

    *out = (struct account_avatar){0};
    if (DB_RUN(&rows, db, arena, "account_find_avatar", err, db_text(name)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return 0;
    out->bytes = db_get_bytes(&out->length, rows, 0, 0);
    out->type = db_get_text(rows, 0, 1);
    return 0;
}
