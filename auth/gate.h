/*
 * gate: the one door.  Every byte of a repository that leaves asks here.
 *
 * gate_check answers with a decision and its reason; it never turns the reason
 * into a status or a text, which registry/http/refusal.c alone does.  An answer
 * that allows carries the permit without which storage/content opens no
 * reader.  Each question is noted in the caller's queue (auth/question).
 */
#ifndef AUTH_GATE_H
#define AUTH_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/caller.h"
#include "auth/right.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/content/content.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

enum gate_reason {
    /* allowed */
    GATE_OPEN,    /* the gate is open to everybody */
    GATE_EXEMPT,  /* a file that no gate holds: card, licence */
    GATE_OWNER,   /* owns the namespace */
    GATE_MEMBER,  /* of the organisation, which the gate lets in */
    GATE_GRANTED, /* a live grant */
    /* refused */
    GATE_ANONYMOUS,  /* gated, and nobody is signed in */
    GATE_NO_REQUEST, /* never asked, or withdrew */
    GATE_PENDING,
    GATE_REJECTED,
    GATE_RESET,    /* withdrawn by the reviewers: may ask again */
    GATE_EXPIRED,  /* the grant came to its end: may ask again */
    GATE_LICENCE,  /* accepted, but the licence changed: must agree anew */
    GATE_EMBARGO,  /* not released yet */
    GATE_TOKEN,    /* the token does not reach gated files */
    GATE_DISABLED, /* the repository is switched off */
};

/* All that a decision on one repository rests on, as it was when it was read.
 */
struct gate_facts {
    const char *mode; /* open, click, auto, manual, quorum */
    bool is_disabled;
    bool is_live; /* account and token are good */
    int64_t token_ends_at_ms;
    const char *relation; /* owner, admin, creator, member, or "" */
    bool is_private;
    bool members_gated;
    bool is_embargoed;
    int64_t released_at_ms; /* of an embargo */
    const char *status;     /* of the request; NULL: there is none */
    const char *reason;     /* a reviewer's; may be NULL */
    bool is_expired;
    int64_t grant; /* 0: none is in force */
    int64_t ends_at_ms;
    const char *licence; /* NULL: none is wanted */
    int64_t agreement;   /* 0: not agreed to that licence */
};

struct gate_object {
    const struct repository *repository; /* one that the caller may see */
    const struct standing *standing;     /* or NULL */
    const struct gate_facts *facts; /* read just now; NULL: asks for them */
    const uint8_t *commit;          /* 20 bytes, or NULL */
    const char *path;               /* or NULL */
    const struct digest *digest;    /* of weights, or NULL */
    bool is_resolve; /* asked through resolve, where root cards are exempt */
    struct arena *arena; /* for the answer's texts; NULL: it has none */
};

struct gate_answer {
    bool allowed;
    enum gate_reason reason;
    int64_t grant;          /* access_grant's id, 0 for none */
    int64_t agreement;      /* id, 0 for none */
    int64_t valid_until_ms; /* CLOCK_NEVER for no end; checked while sending */
    int64_t repository;
    const char *detail; /* a reviewer's reason, a date; may be NULL */
};

/* Reads the columns of gate_check.sql from the column given on. */
void gate_read_facts(struct gate_facts *out, struct arena *arena,
                     const struct db_rows *rows, int64_t row, int column);

/*
 * Decides in one round trip, from the rows as they are now, or in none from
 * the facts that the request's own first statement (auth/door) brought:
 * object->standing says only whether the token reaches gated files (NULL: it
 * does unless it is fine-grained).  -1 only when the question could not be
 * decided; a refusal is 0 with allowed false.  The registry's administrators,
 * and reviewers, pass by a grant like anybody else.
 */
int gate_check(struct gate_answer *out, struct db *db,
               const struct caller *caller, const struct gate_object *object,
               struct error *err);

/*
 * Leave to read one object of the repository that an answer allowed: the only
 * place that makes one.  ERROR_FORBIDDEN for an answer that refuses.
 */
int gate_permit(struct content_permit *out, const struct gate_answer *answer,
                const struct digest *digest, struct error *err);

/* "granted", "no_request", …: what is recorded and logged.  Static. */
const char *gate_reason_name(enum gate_reason reason);

#endif
