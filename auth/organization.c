#include "auth/organization.h"

#include <string.h>

static const char *const roles[] = {"admin", "write", "read"};

const char *
organization_find_role(const char *text)
{
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strcmp(text, roles[i]) == 0)
            return roles[i];
    return NULL;
}

static int
check_role(const char *role, struct error *err)
{
    if (role != NULL && organization_find_role(role) == NULL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a role is admin, write or read");
    return 0;
}

static int
set_role(struct db *db, struct arena *arena, int64_t organization,
         int64_t account, const char *role, struct error *err)
{
    if (role == NULL)
        return DB_RUN(NULL, db, arena, "organization_remove_member", err,
                      db_int(organization), db_int(account));
    return DB_RUN(NULL, db, arena, "organization_set_member", err,
                  db_int(organization), db_int(account), db_text(role));
}

static int
add_member(struct db *db, struct arena *arena, int64_t organization,
           const struct organization_member *member, struct error *err)
{
    struct account person;

    if (check_role(member->role, err) < 0)
        return -1;
    if (account_find(&person, db, arena, member->name, err) < 0)
        return -1;
    if (person.id == 0 || person.is_organization)
        return error_set(err, ERROR_NOT_FOUND, "there is no person %s",
                         member->name);
    return set_role(db, arena, organization, person.id, member->role, err);
}

int
organization_add(struct account *out, struct db *db, struct arena *arena,
                 const struct organization_spec *spec, struct error *err)
{
    struct account_spec account = spec->account;
    int result = -1;

    account.is_organization = true;
    account.password = NULL;
    if (db_begin(db, err) < 0)
        return -1;
    if (account_add(out, db, arena, &account, err) < 0)
        goto done;
    for (size_t i = 0; i < spec->member_count; i++)
        if (add_member(db, arena, out->id, &spec->members[i], err) < 0)
            goto done;
    result = 0;

done:
    return db_end(db, result, err);
}

int
organization_check_left(struct db *db, struct arena *arena, int64_t account,
                        int64_t organization, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "organization_find_alone", err,
               db_int(account),
               organization != 0 ? db_int(organization) : db_null()) < 0)
        return -1;
    if (db_rows_count(rows) > 0)
        return error_set(err, ERROR_CONFLICT,
                         "%s would be left without an admin: give the role to "
                         "somebody else first",
                         db_get_text(rows, 0, 0));
    return 0;
}

int
organization_set_member(struct db *db, struct arena *arena,
                        int64_t organization, int64_t account, const char *role,
                        struct error *err)
{
    bool stays = role != NULL && strcmp(role, "admin") == 0;
    int result = -1;

    if (check_role(role, err) < 0 || db_begin(db, err) < 0)
        return -1;
    /* Two admins who leave at once must not both see the other. */
    if (DB_RUN(NULL, db, arena, "organization_lock", err,
               db_int(organization)) < 0 ||
        (!stays &&
         organization_check_left(db, arena, account, organization, err) < 0))
        goto done;
    result = set_role(db, arena, organization, account, role, err);

done:
    return db_end(db, result, err);
}

static void
read_memberships(struct membership **out, size_t *out_count,
                 struct arena *arena, const struct db_rows *rows)
{
    *out_count = (size_t)db_rows_count(rows);
    *out = arena_array(arena, *out_count, sizeof(**out));
    for (size_t i = 0; i < *out_count; i++) {
        struct membership *membership = &(*out)[i];

        account_read(&membership->account, rows, (int64_t)i);
        membership->role = db_get_text(rows, (int64_t)i, ACCOUNT_COLUMNS);
    }
}

int
organization_list_members(struct membership **out, size_t *out_count,
                          struct db *db, struct arena *arena,
                          int64_t organization, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "organization_list_members", err,
               db_int(organization)) < 0)
        return -1;
    read_memberships(out, out_count, arena, rows);
    return 0;
}

int
organization_list_of(struct membership **out, size_t *out_count, struct db *db,
                     struct arena *arena, int64_t account, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "organization_list_of", err, db_int(account)) <
        0)
        return -1;
    read_memberships(out, out_count, arena, rows);
    return 0;
}
