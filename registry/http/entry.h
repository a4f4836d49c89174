/*
 * entry: who is it, and may they come in: before any handler runs.
 *
 * On a worker.  Finds the caller by token or session, refuses what another
 * site made a browser send, and checks the route's right.
 */
#ifndef REGISTRY_HTTP_ENTRY_H
#define REGISTRY_HTTP_ENTRY_H

#include "auth/door.h"
#include "registry/http/request.h"
#include "registry/http/route.h"
#include "storage/base/error.h"

/* Fills caller, and repository and standing where the route has one. */
int entry_check(struct request *request, const struct route *route,
                struct error *err);

/*
 * The same in three steps, for who asks the door for many requests at once:
 * begin reads how the caller proves who they are, question is what the door is
 * to be asked, end takes its answer, which lives as long as the request.
 * Routes with a right on a repository only.
 */
struct entry {
    struct request *request;
    const struct route *route;
    struct digest token; /* of its text */
    bool has_token;
};

int entry_begin(struct entry *out, struct request *request,
                const struct route *route, struct db *db, struct error *err);
struct door_question entry_question(const struct entry *entry);
int entry_end(const struct entry *entry, const struct door_answer *answer,
              struct error *err);

/*
 * Where a repository that moved is now: the target with its new name, when
 * this request should be sent on there; NULL otherwise.
 */
const char *entry_moved(const struct request *request);

/* True when a route has a right that is one on a repository. */
bool entry_is_repository_right(enum right right);

#endif
