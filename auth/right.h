/*
 * right: what a route needs from a caller, and whether the caller has it.
 *
 * Each route names one right; registry/http asks right_decide before any
 * handler runs.  Rights on a repository come from owning its namespace, from a
 * role in the organisation that does, and never reach further than the token.
 * The registry's administrators have no rights on others' repositories: what
 * they may is RIGHT_OPERATE.  Whether bytes may leave is not decided here but
 * by auth/gate.
 */
#ifndef AUTH_RIGHT_H
#define AUTH_RIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/caller.h"
#include "storage/base/error.h"
#include "storage/db/catalog.h"

/* Models on the front page. */
#define RIGHT_LIST_LIMIT 100

enum right {
    RIGHT_NONE,      /* no route has it: a route that forgot fails a test */
    RIGHT_PUBLIC,    /* anybody */
    RIGHT_SIGNED_IN, /* any account, by token or session */
    RIGHT_ACCOUNT,   /* to change one's account: a session or a write token */
    RIGHT_LINK,      /* the URL itself carries a right; the handler checks it */
    RIGHT_SEE,       /* to see that a repository exists, and its metadata */
    RIGHT_CONTENT,   /* RIGHT_SEE here; the handler asks the gate for bytes */
    RIGHT_ASK,       /* RIGHT_SEE and an account: to ask the gate for access */
    RIGHT_WRITE,     /* to change a repository's content */
    RIGHT_REVIEW,    /* to decide requests: write, or a named reviewer */
    RIGHT_MANAGE,    /* settings, gate, deletion: the owner or an org's admin */
    RIGHT_OPERATE,   /* the registry's administrators */
};

/* What the caller is to the repository. */
struct standing {
    bool may_see;
    bool may_write;
    bool may_review;
    bool may_manage;
    const char *membership; /* "owner", "admin", "write", "read" or "" */
    bool token_gated;       /* the token may read gated files */
};

struct right_question {
    const struct caller *caller;
    enum right right;
    enum repository_kind kind;
    const char *namespace_name;
    const char *name;
};

/* A row of door_find, whose caller and repository are known. */
struct right_row {
    const struct db_rows *rows;
    int64_t row;
    enum token_role role; /* of the caller's token */
    bool is_private;      /* the repository */
};

/* What the caller of a row is to its repository. */
void right_read(struct standing *out, struct arena *arena,
                const struct right_row *given);

/*
 * Refuses when the right is missing.  A private or unknown (id 0) repository
 * is ERROR_REPO_NOT_FOUND to who may not see it (for an anonymous caller the
 * status is then 401); a missing right on a visible one is ERROR_FORBIDDEN or,
 * anonymous, ERROR_UNAUTHENTICATED "Invalid username or password.".
 */
int right_decide(const struct repository *repository,
                 const struct standing *standing, const struct caller *caller,
                 enum right right, struct error *err);

/* The same for rights that concern no repository. */
int right_check_account(const struct caller *caller, enum right right,
                        struct error *err);

/* Where repositories stand: a user or an organisation. */
struct right_namespace {
    int64_t id;
    const char *name; /* as its owner spells it */
    bool is_organization;
    bool private_by_default;
    const char *membership; /* "owner", "admin", "write" or "read" */
};

/*
 * Finds a namespace in which the caller may make repositories (RIGHT_WRITE)
 * or administer them all (RIGHT_MANAGE).  Of the question kind and name do not
 * matter; a namespace_name of NULL is the caller's own.  ERROR_UNAUTHENTICATED
 * for the anonymous, ERROR_FORBIDDEN for a namespace of others and for one that
 * does not exist.
 */
int right_check_namespace(struct right_namespace *out, struct db *db,
                          struct arena *arena,
                          const struct right_question *question,
                          struct error *err);

/* The RIGHT_LIST_LIMIT models changed last that the caller may see. */
int right_list(struct repository **out, size_t *out_count, struct db *db,
               struct arena *arena, const struct caller *caller,
               struct error *err);

#endif
