/*
 * organization: a namespace that several people share, with roles.
 *
 * admin may everything, write may change repositories and decide requests,
 * read may see private ones.  An organisation is an account (auth/account) of
 * its own kind; it has no password and no tokens.
 */
#ifndef AUTH_ORGANIZATION_H
#define AUTH_ORGANIZATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/account.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

/* One person in one organisation; which of the two is described depends. */
struct membership {
    struct account account;
    const char *role; /* "admin", "write", "read" */
};

struct organization_member {
    const char *name;
    const char *role;
};

struct organization_spec {
    struct account_spec account; /* is_organization is set by itself */
    const struct organization_member *members;
    size_t member_count;
};

/* "admin", "write" or "read": its static spelling, else NULL. */
const char *organization_find_role(const char *text);

/*
 * Adds an organisation with its members, or nothing.  ERROR_NOT_FOUND for a
 * member who is no person, ERROR_BAD_REQUEST for a role, and what account_add
 * refuses.  Not inside a transaction.
 */
int organization_add(struct account *out, struct db *db, struct arena *arena,
                     const struct organization_spec *spec, struct error *err);

/*
 * ERROR_CONFLICT when nobody would administer the organisation without this
 * account; organization 0 asks about all of the account's.
 */
int organization_check_left(struct db *db, struct arena *arena, int64_t account,
                            int64_t organization, struct error *err);

/*
 * Adds a member or changes the role; role NULL removes.  ERROR_CONFLICT for
 * the last admin, since nobody could make another.  Not inside a transaction.
 */
int organization_set_member(struct db *db, struct arena *arena,
                            int64_t organization, int64_t account,
                            const char *role, struct error *err);

/* The people in an organisation, and the organisations of a person. */
int organization_list_members(struct membership **out, size_t *out_count,
                              struct db *db, struct arena *arena,
                              int64_t organization, struct error *err);
int organization_list_of(struct membership **out, size_t *out_count,
                         struct db *db, struct arena *arena, int64_t account,
                         struct error *err);

#endif
