/*
 * closure: which objects a client lacks of what it wants.
 *
 * Walks the commits that it wants and does not have, and the trees of each,
 * leaving out what the trees of the commits that it has hold.  Only
 * storage/git includes this header.
 */
#ifndef STORAGE_GIT_CLOSURE_H
#define STORAGE_GIT_CLOSURE_H

#include "storage/base/error.h"
#include "storage/git/oid.h"
#include "storage/git/wants.h"

struct view;

/* Objects in one pack. */
#define CLOSURE_LIMIT 1000000

struct closure {
    struct oid_list objects;    /* by kind, the largest first */
    struct oid_list shallows;   /* commits sent without their parents */
    struct oid_list unshallows; /* the client's that get theirs now */
};

/*
 * Works out the shallow lists alone, which a client that deepens is told
 * before the negotiation.
 */
int closure_find_shallow(struct closure *out, struct view *view,
                         const struct wants *wants, struct error *err);

/* The shallow lists and the objects.  Lives in the view's arena. */
int closure_find(struct closure *out, struct view *view,
                 const struct wants *wants, struct error *err);

#endif
