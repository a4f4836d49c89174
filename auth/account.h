/*
 * account: people and organisations, which share one namespace.
 *
 * A struct account is a record whose texts live in the arena it was found
 * with.  Names are looked up without regard to case.
 */
#ifndef AUTH_ACCOUNT_H
#define AUTH_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

#define ACCOUNT_FULLNAME_LIMIT 200   /* bytes */
#define ACCOUNT_EMAIL_LIMIT 254      /* characters: RFC 5321 4.5.3.1 */
#define ACCOUNT_AVATAR_LIMIT 1048576 /* bytes */

struct account {
    int64_t id;            /* 0: none */
    const char *public_id; /* 24 hexadecimal digits */
    bool is_organization;
    const char *name;
    const char *fullname; /* the name when there is none */
    const char *email;    /* NULL: none */
    bool is_verified;     /* the e-mail address */
    bool is_administrator;
    bool is_disabled;
    bool private_by_default; /* an organisation's new repositories */
    bool has_avatar;
    int64_t created_at_ms;
};

struct account_spec {
    const char *public_id; /* NULL: a new one */
    bool is_organization;
    const char *name;
    const char *fullname; /* NULL: none */
    const char *email;    /* NULL: none, for organisations alone */
    const char *password; /* NULL: none; then nobody can log in with one */
    bool is_verified;
    bool is_administrator;
    bool private_by_default;
    const void *avatar; /* NULL: none */
    size_t avatar_length;
};

/* text_check_name, and none of the words that stand for pages and routes. */
int account_check_name(const char *name, struct error *err);

/* One plain address, "person@example.org": ASCII, no names around it. */
int account_check_email(const char *email, struct error *err);

/* ERROR_BAD_REQUEST for what is malformed, ERROR_CONFLICT for what is taken. */
int account_add(struct account *out, struct db *db, struct arena *arena,
                const struct account_spec *spec, struct error *err);

/* By name, by public id, or by row.  With none of it out->id is 0. */
int account_find(struct account *out, struct db *db, struct arena *arena,
                 const char *name, struct error *err);
int account_find_by_public_id(struct account *out, struct db *db,
                              struct arena *arena, const char *public_id,
                              struct error *err);
int account_find_by_id(struct account *out, struct db *db, struct arena *arena,
                       int64_t id, struct error *err);
/* A person's, without regard to case. */
int account_find_by_email(struct account *out, struct db *db,
                          struct arena *arena, const char *email,
                          struct error *err);

/*
 * Reads a row whose first columns are those of account_find, for other
 * statements that find accounts; ACCOUNT_COLUMNS is how many those are.
 */
#define ACCOUNT_COLUMNS 12
void account_read(struct account *out, const struct db_rows *rows, int64_t row);

/* All people, or all organisations, by name. */
int account_list(struct account **out, size_t *out_count, struct db *db,
                 struct arena *arena, bool organizations, struct error *err);

/* ERROR_CONFLICT while repositories are left. */
int account_remove(struct db *db, struct arena *arena, int64_t account,
                   struct error *err);

/* Sets a password, verified by whoever calls; ends all sessions but keep. */
int account_set_password(struct db *db, struct arena *arena, int64_t account,
                         const char *password, int64_t keep, struct error *err);
int account_set_fullname(struct db *db, struct arena *arena, int64_t account,
                         const char *fullname, struct error *err);
int account_set_verified(struct db *db, struct arena *arena, int64_t account,
                         struct error *err);

/* What a namespace shows to everybody. */
struct account_counts {
    int64_t models;
    int64_t datasets;
    int64_t spaces;
    int64_t members; /* of an organisation */
};

int account_count(struct account_counts *out, struct db *db,
                  struct arena *arena, int64_t account, struct error *err);

struct account_avatar {
    const void *bytes;
    size_t length; /* 0: none */
    const char *type;
};

/* A picture that was given with account_add: PNG, JPEG, GIF or WebP. */
int account_find_avatar(struct account_avatar *out, struct db *db,
                        struct arena *arena, const char *name,
                        struct error *err);

#endif
