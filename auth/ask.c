#include "auth/ask.h"

#include <string.h>

#include "auth/access.h"
#include "auth/form.h"
#include "auth/gate_settings.h"
#include "auth/grant.h"
#include "auth/notice.h"
#include "storage/base/clock.h"

/* A decision may come at any time; what a client waits is a guess. */
#define RETRY_SECONDS 3600

/* An ask on its way through one transaction. */
struct work {
    struct db *db;
    struct arena *arena;
    const struct ask *ask;
    struct gate_settings settings;
    struct form form;
    struct access access;
    struct agreement_case offered;
    struct ask_result *out;
};

/* What the gate says of an account without anybody looking. */
enum verdict {
    VERDICT_WAIT,
    VERDICT_ACCEPT,
    VERDICT_REFUSE,
};

static int
read_gate(struct work *work, struct error *err)
{
    const struct repository *repository = work->ask->repository;

    if (gate_settings_find(&work->settings, work->db, work->arena,
                           repository->id, err) < 0)
        return -1;
    if (strcmp(work->settings.mode, "open") == 0)
        return error_set(err, ERROR_NOT_GATED, "%s %s is not gated",
                         repository_kind_name(repository->kind),
                         repository->full_name);
    if (form_find(&work->form, work->db, work->arena, repository->id,
                  &work->settings, err) < 0)
        return -1;
    work->offered = (struct agreement_case){
        .registry = work->ask->registry,
        .repository = repository,
        .caller = work->ask->caller,
        .settings = &work->settings,
        .offer = &work->ask->offer,
        .commit = work->form.commit,
        .access = &work->access,
    };
    return 0;
}

/* Whether anything is to be done for a request that stays as it is. */
static int
wants_agreement(bool *out, struct work *work, struct error *err)
{
    bool has = true;

    *out = false;
    if (!work->settings.has_licence ||
        strcmp(work->access.status, "rejected") == 0)
        return 0;
    if (agreement_store_has(&has, work->db, work->arena, &work->offered, err) <
        0)
        return -1;
    *out = !has;
    return 0;
}

/*
 * Checks what is agreed to.  *out is the answers that were signed, which must
 * be those that came beside them; NULL where nothing was signed.
 */
static int
check_agreement(const json_t **out, struct work *work, struct error *err)
{
    const json_t *given = work->ask->answers;
    json_t *answers = NULL;

    *out = NULL;
    if (!work->settings.has_licence)
        return 0;
    if (agreement_store_check(&answers, work->arena, &work->offered, err) < 0)
        return -1;
    *out = answers;
    if (answers == NULL || given == NULL || json_object_size(given) == 0 ||
        json_equal((json_t *)given, answers))
        return 0;
    return error_set(err, ERROR_BAD_REQUEST,
                     "the answers are not those that were signed");
}

static int
keep_agreement(struct work *work, const json_t *answers, struct error *err)
{
    if (!work->settings.has_licence)
        return 0;
    work->offered.answers = answers;
    return agreement_store_add(&work->out->receipt, work->db, work->arena,
                               &work->offered, err);
}

/* The licence changed: the request stays, a new agreement comes to it. */
static int
agree_anew(struct work *work, struct error *err)
{
    const json_t *answers = NULL;

    if (check_agreement(&answers, work, err) < 0)
        return -1;
    if (answers == NULL)
        answers = json_keep(work->arena, json_object());
    work->out->has_changed = true;
    return keep_agreement(work, answers, err);
}

static int
find_verdict(enum verdict *out, struct work *work, struct error *err)
{
    const char *mode = work->settings.mode;
    struct db_rows *rows;

    if (DB_RUN(&rows, work->db, work->arena, "ask_person", err,
               db_int(work->ask->caller->account),
               db_int(work->ask->repository->id)) < 0)
        return -1;
    *out = VERDICT_WAIT;
    if (strcmp(mode, "click") == 0 || strcmp(mode, "auto") == 0)
        *out = VERDICT_ACCEPT;
    if (db_rows_count(rows) == 1 && db_get_bool(rows, 0, 0))
        *out = VERDICT_REFUSE;
    else if (db_rows_count(rows) == 1 && db_get_bool(rows, 0, 1))
        *out = VERDICT_ACCEPT;
    return 0;
}

static int
record(struct work *work, const char *kind, const struct caller *by,
       const char *reason, struct error *err)
{
    const struct access_event event = {.repository = work->ask->repository,
                                       .access = &work->access,
                                       .kind = kind,
                                       .by = by,
                                       .reason = reason};

    return access_record(work->db, work->arena, &event, err);
}

/* What follows at once, without a reviewer. */
static int
settle(struct work *work, enum verdict verdict, struct error *err)
{
    static const char refused[] =
        "this gate takes no requests from your e-mail domain or organization";
    const struct access_change change = {"rejected", refused, 0, 0};
    int64_t ends_at_ms;

    if (verdict == VERDICT_REFUSE) {
        if (access_set(work->db, work->arena, &work->access, &change, err) < 0)
            return -1;
        return record(work, "reject", NULL, refused, err);
    }
    if (verdict == VERDICT_WAIT)
        return notice_asked(work->db, work->arena, work->ask->registry->url,
                            work->ask->repository, &work->access, err);
    if (grant_end(&ends_at_ms, &work->settings, CLOCK_NEVER, err) < 0 ||
        grant_add(work->db, work->arena, &work->access, ends_at_ms, 0, err) < 0)
        return -1;
    return record(work, "accept", NULL, "by the gate's own rule", err);
}

/* Whether the account may have one more request that waits. */
static int
check_open(struct work *work, struct error *err)
{
    int64_t account = work->ask->caller->account;
    struct db_rows *rows;

    if (work->ask->open_limit == 0)
        return 0;
    if (DB_RUN(NULL, work->db, work->arena, "ask_lock", err, db_int(account)) <
            0 ||
        DB_RUN(&rows, work->db, work->arena, "ask_count", err, db_int(account),
               db_int(work->access.id)) < 0)
        return -1;
    if (db_get_int(rows, 0, 0) < work->ask->open_limit)
        return 0;
    error_set(err, ERROR_TOO_MANY,
              "%lld of your requests wait for a decision; withdraw one or come "
              "again when one is decided",
              (long long)db_get_int(rows, 0, 0));
    err->retry_after_seconds = RETRY_SECONDS;
    return -1;
}

static int
begin_round(struct work *work, struct error *err)
{
    static const char *const statuses[] = {
        [VERDICT_WAIT] = "pending",
        [VERDICT_ACCEPT] = "accepted",
        [VERDICT_REFUSE] = "rejected",
    };
    const json_t *given = NULL;
    json_t *answers = NULL;
    enum verdict verdict = VERDICT_WAIT;

    if (check_agreement(&given, work, err) < 0)
        return -1;
    if (given == NULL)
        given = work->ask->answers;
    if (form_check_answers(&answers, work->arena, &work->form, given,
                           work->ask->caller->address, err) < 0 ||
        find_verdict(&verdict, work, err) < 0 ||
        (verdict == VERDICT_WAIT && check_open(work, err) < 0))
        return -1;
    work->out->status = statuses[verdict];
    work->out->has_changed = true;
    if (access_ask(work->db, work->arena, &work->access, statuses[verdict],
                   answers, err) < 0 ||
        record(work, "ask", work->ask->caller, NULL, err) < 0 ||
        keep_agreement(work, answers, err) < 0)
        return -1;
    return settle(work, verdict, err);
}

static int
ask_locked(struct work *work, struct error *err)
{
    const struct access_person person = {
        .repository = work->ask->repository,
        .account = work->ask->caller->account,
        .account_name = work->ask->caller->name,
        .asked = true,
    };
    struct access *access = &work->access;
    bool is_wanted;

    if (access_lock_or_add(access, work->db, work->arena, &person, err) < 0 ||
        (!access->is_new && grant_expire(work->db, work->arena,
                                         person.repository, access, err) < 0))
        return -1;
    *work->out = (struct ask_result){.request = access->public_id,
                                     .status = access->status};
    if (access->is_new || strcmp(access->status, "reset") == 0)
        return begin_round(work, err);
    if (wants_agreement(&is_wanted, work, err) < 0)
        return -1;
    return is_wanted ? agree_anew(work, err) : 0;
}

int
ask_submit(struct ask_result *out, struct db *db, struct arena *arena,
           const struct ask *ask, struct error *err)
{
    struct work work = {.db = db, .arena = arena, .ask = ask, .out = out};

    if (read_gate(&work, err) < 0 || db_begin(db, err) < 0)
        return -1;
    return db_end(db, ask_locked(&work, err), err);
}

int
ask_withdraw(struct db *db, struct arena *arena,
             const struct repository *repository, const struct caller *caller,
             struct error *err)
{
    struct access access;
    struct access_event event = {.repository = repository,
                                 .access = &access,
                                 .kind = "withdraw",
                                 .by = caller};
    int result = -1;

    if (db_begin(db, err) < 0)
        return -1;
    if (access_lock(&access, db, arena, repository->id, caller->account, err) <
        0)
        goto done;
    if (access.id == 0 || strcmp(access.status, "pending") != 0) {
        error_set(err, ERROR_NOT_FOUND,
                  "No pending access request found for this repo and this"
                  " user");
        goto done;
    }
    if (DB_RUN(NULL, db, arena, "access_withdraw", err, db_int(access.id)) <
            0 ||
        access_record(db, arena, &event, err) < 0)
        goto done;
    result = 0;

done:
    return db_end(db, result, err);
}
