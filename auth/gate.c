#include "auth/gate.h"

#include <stdlib.h>
#include <string.h>

#include "auth/question.h"
#include "storage/base/clock.h"

static const char *const reason_names[] = {
    [GATE_OPEN] = "open",
    [GATE_EXEMPT] = "exempt",
    [GATE_OWNER] = "owner",
    [GATE_MEMBER] = "member",
    [GATE_GRANTED] = "granted",
    [GATE_ANONYMOUS] = "anonymous",
    [GATE_NO_REQUEST] = "no_request",
    [GATE_PENDING] = "pending",
    [GATE_REJECTED] = "rejected",
    [GATE_RESET] = "reset",
    [GATE_EXPIRED] = "expired",
    [GATE_LICENCE] = "licence",
    [GATE_EMBARGO] = "embargo",
    [GATE_TOKEN] = "token",
    [GATE_DISABLED] = "disabled",
};

/* What no gate holds, at the root and as spelled here (the Hub's list). */
static const char *const exempt_paths[] = {
    "README.md",
    "LICENSE",
    "LICENSE.md",
    "LICENSE.txt",
};

static const struct {
    const char *status;
    enum gate_reason reason;
} statuses[] = {
    {"pending", GATE_PENDING},
    {"rejected", GATE_REJECTED},
    {"reset", GATE_RESET},
};

/* Columns of gate_check.sql. */
enum {
    MODE,
    IS_DISABLED,
    IS_LIVE,
    TOKEN_ENDS_AT,
    RELATION,
    IS_PRIVATE,
    MEMBERS_GATED,
    EMBARGO,
    STATUS,
    REASON,
    IS_EXPIRED,
    GRANT,
    ENDS_AT,
    LICENCE,
    AGREEMENT,
};

const char *
gate_reason_name(enum gate_reason reason)
{
    return reason_names[reason];
}

static bool
is_exempt(const struct gate_object *object)
{
    size_t count = sizeof(exempt_paths) / sizeof(exempt_paths[0]);

    if (!object->is_resolve || object->path == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(object->path, exempt_paths[i]) == 0)
            return true;
    return false;
}

static bool
is_open(const struct db_rows *rows)
{
    return strcmp(db_get_text(rows, 0, MODE), "open") == 0;
}

static bool
token_reaches(const struct caller *caller, const struct gate_object *object)
{
    if (object->standing != NULL)
        return object->standing->token_gated;
    return caller->role != TOKEN_FINE_GRAINED;
}

/* Whether the account passes without a request, and as what. */
static bool
is_of_the_house(enum gate_reason *out, const struct db_rows *rows)
{
    const char *relation = db_get_text(rows, 0, RELATION);

    *out = strcmp(relation, "owner") == 0 ? GATE_OWNER : GATE_MEMBER;
    if (strcmp(relation, "member") == 0)
        return is_open(rows) || !db_get_bool(rows, 0, MEMBERS_GATED);
    return relation[0] != '\0';
}

/* The state of the account's request, where nothing else decided. */
static enum gate_reason
decide_by_request(const struct db_rows *rows)
{
    const char *status = db_get_text(rows, 0, STATUS);

    if (db_is_null(rows, 0, STATUS))
        return GATE_NO_REQUEST;
    if (db_get_bool(rows, 0, IS_EXPIRED))
        return GATE_EXPIRED;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (strcmp(status, statuses[i].status) == 0)
            return statuses[i].reason;
    if (db_is_null(rows, 0, GRANT))
        return GATE_RESET;
    if (!db_is_null(rows, 0, LICENCE) && db_is_null(rows, 0, AGREEMENT))
        return GATE_LICENCE;
    return GATE_GRANTED;
}

/* For an account that signed in, where the gate is not simply open. */
static enum gate_reason
decide_by_account(const struct caller *caller, const struct gate_object *object,
                  const struct db_rows *rows)
{
    enum gate_reason reason;

    if (!is_open(rows) && !token_reaches(caller, object))
        return GATE_TOKEN;
    if (is_of_the_house(&reason, rows))
        return reason;
    if (!db_is_null(rows, 0, EMBARGO))
        return GATE_EMBARGO;
    return decide_by_request(rows);
}

/* The order matters: the first that applies is what a person is told. */
static enum gate_reason
decide(const struct caller *caller, const struct gate_object *object,
       const struct db_rows *rows)
{
    bool is_private = db_get_bool(rows, 0, IS_PRIVATE);
    bool is_visible = !is_private || db_get_text(rows, 0, RELATION)[0] != '\0';
    bool is_released = db_is_null(rows, 0, EMBARGO);

    if (db_get_bool(rows, 0, IS_DISABLED))
        return GATE_DISABLED;
    if (!db_get_bool(rows, 0, IS_LIVE))
        return GATE_TOKEN;
    if (!is_visible)
        return caller->account == 0 ? GATE_ANONYMOUS : GATE_NO_REQUEST;
    if (is_exempt(object))
        return GATE_EXEMPT;
    if (is_open(rows) && is_released && !is_private)
        return GATE_OPEN;
    if (caller->account == 0)
        return is_open(rows) ? GATE_EMBARGO : GATE_ANONYMOUS;
    return decide_by_account(caller, object, rows);
}

/* What a person is told beside the reason; column of the row, or -1. */
static int
detail_column(enum gate_reason reason)
{
    switch (reason) {
    case GATE_REJECTED:
    case GATE_RESET:
        return REASON;
    case GATE_LICENCE:
        return LICENCE;
    default:
        return -1;
    }
}

static const char *
find_detail(struct arena *arena, enum gate_reason reason,
            const struct db_rows *rows)
{
    int column = detail_column(reason);
    char at[CLOCK_TEXT_SIZE];

    if (column >= 0 && !db_is_null(rows, 0, column))
        return arena_text(arena, db_get_text(rows, 0, column));
    if (reason == GATE_EMBARGO) {
        clock_write(at, db_get_time(rows, 0, EMBARGO));
        return arena_text(arena, at);
    }
    return NULL;
}

static void
fill_answer(struct gate_answer *out, const struct caller *caller,
            const struct gate_object *object, const struct db_rows *rows)
{
    int64_t token_ends_at_ms = db_get_time(rows, 0, TOKEN_ENDS_AT);

    out->reason = decide(caller, object, rows);
    out->allowed = out->reason <= GATE_GRANTED;
    if (object->arena != NULL)
        out->detail = find_detail(object->arena, out->reason, rows);
    if (!out->allowed)
        return;
    if (out->reason == GATE_GRANTED) {
        out->grant = db_get_int(rows, 0, GRANT);
        out->valid_until_ms = db_get_time(rows, 0, ENDS_AT);
        if (!db_is_null(rows, 0, AGREEMENT))
            out->agreement = db_get_int(rows, 0, AGREEMENT);
    }
    /* What is open to everybody does not end with a token. */
    if (out->reason > GATE_EXEMPT && token_ends_at_ms < out->valid_until_ms)
        out->valid_until_ms = token_ends_at_ms;
}

static struct db_value
id_or_null(int64_t id)
{
    return id != 0 ? db_int(id) : db_null();
}

int
gate_check(struct gate_answer *out, struct db *db, const struct caller *caller,
           const struct gate_object *object, struct error *err)
{
    struct arena *arena = arena_open();
    struct db_rows *rows;
    int result = -1;

    *out = (struct gate_answer){
        .reason = GATE_DISABLED,
        .valid_until_ms = CLOCK_NEVER,
        .repository = object->repository->id,
    };
    if (DB_RUN(&rows, db, arena, "gate_check", err,
               db_int(object->repository->id), id_or_null(caller->account),
               id_or_null(caller->token)) < 0)
        goto done;
    if (db_rows_count(rows) == 1)
        fill_answer(out, caller, object, rows);
    if (caller->questions != NULL)
        question_add(db, caller, object, out);
    result = 0;

done:
    arena_free(arena);
    return result;
}

int
gate_permit(struct content_permit *out, const struct gate_answer *answer,
            const struct digest *digest, struct error *err)
{
    if (!answer->allowed)
        return error_set(err, ERROR_FORBIDDEN, NULL);
    *out = (struct content_permit){
        .repository = answer->repository,
        .object = *digest,
        .valid_until_ms = answer->valid_until_ms,
    };
    return 0;
}
