/*
 * entry: who is it, and may they come in: before any handler runs.
 *
 * On a worker.  Finds the caller by token or session, refuses what another
 * site made a browser send, and checks the route's right.
 */
#ifndef REGISTRY_HTTP_ENTRY_H
#define REGISTRY_HTTP_ENTRY_H

#include "registry/http/request.h"
#include "registry/http/route.h"
#include "storage/base/error.h"

/* Fills caller, and repository and standing where the route has one. */
int entry_check(struct request *request, const struct route *route,
                struct error *err);

/*
 * Where a repository that moved is now: the target with its new name, when
 * this request should be sent on there; NULL otherwise.
 */
const char *entry_moved(const struct request *request);

/* True when a route has a right that is one on a repository. */
bool entry_is_repository_right(enum right right);

#endif
