/*
 * gather: many requests that ask the door in one round trip.
 *
 * On a worker.  gather_ask puts the question for all; gather_answer then
 * leaves each exchange with an answer, or, when the handler wants more than
 * memory, past the entry: who called posts it to go on alone.
 */
#ifndef REGISTRY_HTTP_GATHER_H
#define REGISTRY_HTTP_GATHER_H

#include <stdbool.h>

#include "registry/crew.h"
#include "registry/http/entry.h"
#include "registry/http/exchange.h"

struct gather {
    struct db *db;
    /* Of those whose proof could be read, in their order. */
    struct entry entries[CREW_GATHER_LIMIT];
    const struct door_answer *answers[CREW_GATHER_LIMIT];
    int count;
    int next;        /* of entries: whose answer is taken next */
    bool has_failed; /* the database gave none, with err */
    struct error err;
};

/* Whether the request may wait for others: its route says so. */
bool gather_takes(const struct exchange *exchange);

/*
 * Asks for count tasks of exchanges, at most CREW_GATHER_LIMIT.  Those whose
 * proof cannot be read are answered with that.
 */
void gather_ask(struct gather *out, struct task *const *tasks, int count,
                struct db *db);

/*
 * To be called for each of the exchanges in their order; it has an answer
 * afterwards, or goes on alone.
 */
void gather_answer(struct gather *gather, struct exchange *exchange);

#endif
