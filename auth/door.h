/*
 * door: who asks, and all that is to be known of them at a repository.
 *
 * One statement answers for any number of requests, so that under load many
 * share a round trip.  Nothing is kept: each request is asked for anew.  What
 * follows from the answer is decided by auth/right and auth/gate.
 */
#ifndef AUTH_DOOR_H
#define AUTH_DOOR_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/caller.h"
#include "auth/gate.h"
#include "auth/right.h"
#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"
#include "storage/git/oid.h"

struct door_question {
    struct arena *arena;         /* the answer's */
    const struct digest *token;  /* of a token's text; NULL: caller is known */
    const struct caller *caller; /* not NULL when token is */
    enum repository_kind kind;
    const char *namespace_name;
    const char *name;
    const char *revision; /* NULL: none is named */
};

struct door_answer {
    bool is_known; /* false: a token that nobody may use, and nothing else */
    /* Of a token that was found by its digest. */
    int64_t account;
    const char *account_name;
    bool administrator;
    int64_t token;
    enum token_role role;
    /* Of the repository; its id is 0 for none. */
    struct repository repository;
    struct standing standing;
    struct gate_facts facts;
    /*
     * What the branch, the tag or the ref holds, or main when the revision is
     * the commit's id that it holds; zero when the revision is anything else.
     */
    struct oid target;
};

/*
 * Answers count questions, in their order, each in its question's arena, and
 * notes that the tokens were used.  -1 when none could be answered.
 */
int door_ask(const struct door_answer **out, struct db *db,
             const struct door_question *questions, size_t count,
             struct error *err);

/*
 * The caller that a question's token was answered with; ERROR_UNAUTHENTICATED
 * as caller_find_by_token.
 */
int door_take_caller(struct caller *out, const struct door_answer *answer,
                     struct error *err);

/*
 * Finds the repository and what a known caller is to it, in one round trip,
 * and refuses as right_decide does.
 */
int door_check(struct repository *out, struct standing *out_standing,
               struct db *db, struct arena *arena,
               const struct right_question *question, struct error *err);

#endif
