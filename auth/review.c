#include "auth/review.h"

#include <string.h>

#include "auth/access.h"
#include "auth/account.h"
#include "auth/gate_settings.h"
#include "auth/grant.h"
#include "auth/notice.h"
#include "storage/base/clock.h"

static const char no_request[] =
    "No access request found matching your criteria";

/* What a decision turns into, and from which states it may come. */
struct transition {
    const char *status;
    const char *kind; /* of the event */
    const char *from[4];
};

static const struct transition transitions[] = {
    {"accepted", "accept", {"pending", "rejected", NULL}},
    {"rejected", "reject", {"pending", "accepted", NULL}},
    {"pending", "pending", {"accepted", "rejected", NULL}},
    {"reset", "reset", {"pending", "accepted", "rejected", NULL}},
};

/* A decision on its way through one transaction. */
struct work {
    struct db *db;
    struct arena *arena;
    const struct review *review;
    struct gate_settings settings;
    int64_t account; /* 0: the target names a request */
    const char *account_name;
    struct access access;
};

static bool
is_quorum(const struct work *work)
{
    return strcmp(work->settings.mode, "quorum") == 0;
}

static size_t
count_characters(const char *text)
{
    size_t count = 0;

    /* Bytes that continue a UTF-8 character are no character. */
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static int
check_reason(const struct review *review, struct error *err)
{
    const char *member = strcmp(review->status, "reset") == 0
                             ? "resetReason"
                             : "rejectionReason";

    if (review->reason == NULL)
        return 0;
    if (count_characters(review->reason) > REVIEW_REASON_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Too big: expected string to have <=%d characters"
                         " → at %s",
                         REVIEW_REASON_LIMIT, member);
    return 0;
}

static int
open_work(struct work *work, struct error *err)
{
    const struct review_target *target = &work->review->target;
    struct account account;

    if (check_reason(work->review, err) < 0 ||
        gate_settings_find(&work->settings, work->db, work->arena,
                           work->review->repository->id, err) < 0)
        return -1;
    if (target->request != NULL)
        return 0;
    if ((target->user != NULL
             ? account_find(&account, work->db, work->arena, target->user, err)
             : account_find_by_public_id(&account, work->db, work->arena,
                                         target->user_id, err)) < 0)
        return -1;
    if (account.id == 0 || account.is_organization)
        return error_set(err, ERROR_NOT_FOUND, "User not found");
    work->account = account.id;
    work->account_name = account.name;
    return 0;
}

static int
lock_request(struct work *work, struct error *err)
{
    const struct repository *repository = work->review->repository;
    const char *name = work->review->target.request;

    if ((name != NULL
             ? access_lock_by_name(&work->access, work->db, work->arena,
                                   repository->id, name, err)
             : access_lock(&work->access, work->db, work->arena, repository->id,
                           work->account, err)) < 0)
        return -1;
    if (work->access.id == 0)
        return 0;
    return grant_expire(work->db, work->arena, repository, &work->access, err);
}

/* Writes the event, and the mail about it. */
static int
record(struct work *work, const char *kind, struct error *err)
{
    const struct access_event event = {
        .repository = work->review->repository,
        .access = &work->access,
        .kind = kind,
        .by = work->review->caller,
        .reason = work->review->reason,
    };

    if (access_record(work->db, work->arena, &event, err) < 0)
        return -1;
    return notice_decided(work->db, work->arena, &event, err);
}

/* Sets the state and what follows for the grant. */
static int
set_status(struct work *work, const char *status, int64_t granted_by,
           struct error *err)
{
    const struct review *review = work->review;
    const struct access_change change = {
        .status = status,
        .reason = review->reason,
        .decided_by = review->caller->account,
        .granted_by = granted_by,
    };
    int64_t ends_at_ms;

    if (access_set(work->db, work->arena, &work->access, &change, err) < 0)
        return -1;
    if (strcmp(status, "accepted") != 0)
        return grant_revoke(work->db, work->arena, &work->access,
                            review->reason, err);
    if (grant_end(&ends_at_ms, &work->settings, review->until_ms, err) < 0)
        return -1;
    return grant_add(work->db, work->arena, &work->access, ends_at_ms,
                     review->caller->account, err);
}

/* One vote; *out_is_enough says that it was the last one needed. */
static int
vote(bool *out_is_enough, struct work *work, struct error *err)
{
    const struct caller *caller = work->review->caller;
    struct db_rows *rows;

    if (work->access.account == caller->account)
        return error_set(err, ERROR_FORBIDDEN,
                         "nobody votes on their own request");
    if (DB_RUN(&rows, work->db, work->arena, "review_find_votes", err,
               db_int(work->access.id), db_int(caller->account)) < 0)
        return -1;
    if (!db_get_bool(rows, 0, 0))
        return error_set(err, ERROR_FORBIDDEN,
                         "only the reviewers whom the gate names may vote");
    if (db_get_bool(rows, 0, 1))
        return error_set(err, ERROR_CONFLICT,
                         "you have voted on this request already");
    *out_is_enough = db_get_int(rows, 0, 2) + 1 >= work->settings.quorum;
    return record(work, "vote", err);
}

static const struct transition *
find_transition(const char *status)
{
    for (size_t i = 0; i < sizeof(transitions) / sizeof(transitions[0]); i++)
        if (strcmp(status, transitions[i].status) == 0)
            return &transitions[i];
    return NULL;
}

static bool
may_come_from(const struct transition *transition, const char *status)
{
    for (size_t i = 0; transition->from[i] != NULL; i++)
        if (strcmp(status, transition->from[i]) == 0)
            return true;
    return false;
}

static int
decide(struct work *work, struct error *err)
{
    const struct transition *transition = find_transition(work->review->status);
    bool is_acceptance = strcmp(transition->status, "accepted") == 0;
    bool is_enough = true;

    if (lock_request(work, err) < 0)
        return -1;
    if (work->access.id == 0 || !may_come_from(transition, work->access.status))
        return error_set(err, ERROR_NOT_FOUND, "%s", no_request);
    if (is_acceptance && is_quorum(work)) {
        if (strcmp(work->access.status, "pending") != 0)
            return error_set(err, ERROR_NOT_FOUND, "%s", no_request);
        if (vote(&is_enough, work, err) < 0)
            return -1;
    }
    if (!is_enough)
        return 0;
    if (set_status(work, transition->status, 0, err) < 0)
        return -1;
    return record(work, transition->kind, err);
}

static int
grant(struct work *work, struct error *err)
{
    const struct review *review = work->review;
    const struct repository *repository = review->repository;
    const struct access_person person = {
        .repository = repository,
        .account = work->account,
        .account_name = work->account_name,
    };

    if (strcmp(work->settings.mode, "open") == 0)
        return error_set(err, ERROR_NOT_GATED, "%s %s is not gated",
                         repository_kind_name(repository->kind),
                         repository->full_name);
    if (is_quorum(work))
        return error_set(err, ERROR_FORBIDDEN,
                         "under a quorum access is voted on, not granted");
    if (work->account == 0)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a grant names a user or a userId");
    if (access_lock_or_add(&work->access, work->db, work->arena, &person, err) <
            0 ||
        grant_expire(work->db, work->arena, repository, &work->access, err) < 0)
        return -1;
    if (strcmp(work->access.status, "accepted") == 0)
        return error_set(err, ERROR_BAD_REQUEST,
                         "That user already has access to the repo");
    if (set_status(work, "accepted", review->caller->account, err) < 0)
        return -1;
    return record(work, "grant", err);
}

static int
revoke(struct work *work, struct error *err)
{
    if (lock_request(work, err) < 0)
        return -1;
    if (work->access.id == 0 || strcmp(work->access.status, "accepted") != 0)
        return error_set(err, ERROR_NOT_FOUND, "%s", no_request);
    if (set_status(work, work->review->status, 0, err) < 0)
        return -1;
    return record(work, "revoke", err);
}

/* Runs one of the three above as a transaction. */
static int
run(struct db *db, struct arena *arena, const struct review *review,
    int (*step)(struct work *work, struct error *err), struct error *err)
{
    struct work work = {.db = db, .arena = arena, .review = review};

    if (open_work(&work, err) < 0 || db_begin(db, err) < 0)
        return -1;
    return db_end(db, step(&work, err), err);
}

int
review_decide(struct db *db, struct arena *arena, const struct review *review,
              struct error *err)
{
    return run(db, arena, review, decide, err);
}

int
review_grant(struct db *db, struct arena *arena, const struct review *review,
             struct error *err)
{
    return run(db, arena, review, grant, err);
}

int
review_revoke(struct db *db, struct arena *arena, const struct review *review,
              struct error *err)
{
    return run(db, arena, review, revoke, err);
}

/* decide, where a request that has the status already is left alone. */
static int
decide_anew(struct work *work, struct error *err)
{
    if (lock_request(work, err) < 0)
        return -1;
    if (work->access.id != 0 &&
        strcmp(work->access.status, work->review->status) == 0)
        return 0;
    return decide(work, err);
}

int
review_decide_one(enum review_outcome *out, struct db *db, struct arena *arena,
                  const struct review *review, struct error *err)
{
    *out = REVIEW_OK;
    if (run(db, arena, review, decide_anew, err) == 0)
        return 0;
    if (err->code != ERROR_NOT_FOUND)
        return -1;
    *out = strcmp(err->message, no_request) == 0 ? REVIEW_REQUEST_NOT_FOUND
                                                 : REVIEW_USER_NOT_FOUND;
    return 0;
}
