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

static const char *
copy_text(struct arena *arena, const struct db_rows *rows, int64_t row,
          int column)
{
    const char *text = db_get_text(rows, row, column);

    return text != NULL ? arena_text(arena, text) : NULL;
}

/* Of a column that is never null. */
static const char *
copy_word(struct arena *arena, const struct db_rows *rows, int64_t row,
          int column)
{
    const char *word = copy_text(arena, rows, row, column);

    return word != NULL ? word : "";
}

void
gate_read_facts(struct gate_facts *out, struct arena *arena,
                const struct db_rows *rows, int64_t row, int column)
{
    *out = (struct gate_facts){
        .mode = copy_word(arena, rows, row, column + MODE),
        .is_disabled = db_get_bool(rows, row, column + IS_DISABLED),
        .is_live = db_get_bool(rows, row, column + IS_LIVE),
        .token_ends_at_ms = db_get_time(rows, row, column + TOKEN_ENDS_AT),
        .relation = copy_word(arena, rows, row, column + RELATION),
        .is_private = db_get_bool(rows, row, column + IS_PRIVATE),
        .members_gated = db_get_bool(rows, row, column + MEMBERS_GATED),
        .is_embargoed = !db_is_null(rows, row, column + EMBARGO),
        .released_at_ms = db_get_time(rows, row, column + EMBARGO),
        .status = copy_text(arena, rows, row, column + STATUS),
        .reason = copy_text(arena, rows, row, column + REASON),
        .is_expired = db_get_bool(rows, row, column + IS_EXPIRED),
        .grant = db_get_int(rows, row, column + GRANT),
        .ends_at_ms = db_get_time(rows, row, column + ENDS_AT),
        .licence = copy_text(arena, rows, row, column + LICENCE),
        .agreement = db_get_int(rows, row, column + AGREEMENT),
    };
}

static bool
is_open(const struct gate_facts *facts)
{
    return strcmp(facts->mode, "open") == 0;
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
is_of_the_house(enum gate_reason *out, const struct gate_facts *facts)
{
    const char *relation = facts->relation;

    *out = strcmp(relation, "owner") == 0 ? GATE_OWNER : GATE_MEMBER;
    if (strcmp(relation, "member") == 0)
        return is_open(facts) || !facts->members_gated;
    return relation[0] != '\0';
}

/* The state of the account's request, where nothing else decided. */
static enum gate_reason
decide_by_request(const struct gate_facts *facts)
{
    if (facts->status == NULL)
        return GATE_NO_REQUEST;
    if (facts->is_expired)
        return GATE_EXPIRED;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (strcmp(facts->status, statuses[i].status) == 0)
            return statuses[i].reason;
    if (facts->grant == 0)
        return GATE_RESET;
    if (facts->licence != NULL && facts->agreement == 0)
        return GATE_LICENCE;
    return GATE_GRANTED;
}

/* For an account that signed in, where the gate is not simply open. */
static enum gate_reason
decide_by_account(const struct caller *caller, const struct gate_object *object,
                  const struct gate_facts *facts)
{
    enum gate_reason reason;

    if (!is_open(facts) && !token_reaches(caller, object))
        return GATE_TOKEN;
    if (is_of_the_house(&reason, facts))
        return reason;
    if (facts->is_embargoed)
        return GATE_EMBARGO;
    return decide_by_request(facts);
}

/* The order matters: the first that applies is what a person is told. */
static enum gate_reason
decide(const struct caller *caller, const struct gate_object *object,
       const struct gate_facts *facts)
{
    bool is_visible = !facts->is_private || facts->relation[0] != '\0';

    if (facts->is_disabled)
        return GATE_DISABLED;
    if (!facts->is_live)
        return GATE_TOKEN;
    if (!is_visible)
        return caller->account == 0 ? GATE_ANONYMOUS : GATE_NO_REQUEST;
    if (is_exempt(object))
        return GATE_EXEMPT;
    if (is_open(facts) && !facts->is_embargoed && !facts->is_private)
        return GATE_OPEN;
    if (caller->account == 0)
        return is_open(facts) ? GATE_EMBARGO : GATE_ANONYMOUS;
    return decide_by_account(caller, object, facts);
}

/* What a person is told beside the reason; may be NULL. */
static const char *
find_detail(struct arena *arena, enum gate_reason reason,
            const struct gate_facts *facts)
{
    const char *detail = NULL;
    char at[CLOCK_TEXT_SIZE];

    switch (reason) {
    case GATE_REJECTED:
    case GATE_RESET:
        detail = facts->reason;
        break;
    case GATE_LICENCE:
        detail = facts->licence;
        break;
    case GATE_EMBARGO:
        clock_write(at, facts->released_at_ms);
        detail = at;
        break;
    default:
        break;
    }
    return detail != NULL ? arena_text(arena, detail) : NULL;
}

static void
fill_answer(struct gate_answer *out, const struct caller *caller,
            const struct gate_object *object, const struct gate_facts *facts)
{
    out->reason = decide(caller, object, facts);
    out->allowed = out->reason <= GATE_GRANTED;
    if (object->arena != NULL)
        out->detail = find_detail(object->arena, out->reason, facts);
    if (!out->allowed)
        return;
    if (out->reason == GATE_GRANTED) {
        out->grant = facts->grant;
        out->valid_until_ms = facts->ends_at_ms;
        out->agreement = facts->agreement;
    }
    /* What is open to everybody does not end with a token. */
    if (out->reason > GATE_EXEMPT &&
        facts->token_ends_at_ms < out->valid_until_ms)
        out->valid_until_ms = facts->token_ends_at_ms;
}

static struct db_value
id_or_null(int64_t id)
{
    return id != 0 ? db_int(id) : db_null();
}

/* Answers from what is asked for now; GATE_DISABLED when it is all gone. */
static int
ask(struct gate_answer *out, struct db *db, const struct caller *caller,
    const struct gate_object *object, struct error *err)
{
    struct arena *arena = arena_open();
    struct gate_facts facts;
    struct db_rows *rows;
    int result;

    result = DB_RUN(&rows, db, arena, "gate_check", err,
                    db_int(object->repository->id), id_or_null(caller->account),
                    id_or_null(caller->token));
    if (result == 0 && db_rows_count(rows) == 1) {
        gate_read_facts(&facts, arena, rows, 0, 0);
        fill_answer(out, caller, object, &facts);
    }
    arena_free(arena);
    return result;
}

int
gate_check(struct gate_answer *out, struct db *db, const struct caller *caller,
           const struct gate_object *object, struct error *err)
{
    *out = (struct gate_answer){
        .reason = GATE_DISABLED,
        .valid_until_ms = CLOCK_NEVER,
        .repository = object->repository->id,
    };
    if (object->facts != NULL)
        fill_answer(out, caller, object, object->facts);
    else if (ask(out, db, caller, object, err) < 0)
        return -1;
    if (caller->questions != NULL)
        question_add(db, caller, object, out);
    return 0;
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
