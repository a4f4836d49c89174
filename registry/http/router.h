/*
 * router: finds the route for a request's path.
 *
 * Tables are compiled once: each pattern into segments, "{prefix}" and
 * "{types}" into one variant a kind of repository.  Of several that match,
 * the one wins whose first segment that differs is the more literal: words,
 * then ":name.git" with an ending, then ":name", then "*name"; then the one
 * that stands first.  A struct router never changes after router_open.
 */
#ifndef REGISTRY_HTTP_ROUTER_H
#define REGISTRY_HTTP_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "registry/http/route.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/catalog.h"

#define ROUTER_SEGMENTS 24 /* in a pattern */
#define ROUTER_PARAMETERS 8
#define ROUTER_ALLOW_SIZE 64

struct router;

struct parameter {
    const char *name;
    const char *value; /* decoded */
    size_t offset;     /* of the undecoded value in the target */
    size_t length;
};

struct route_match {
    const struct route *route; /* NULL: none */
    int family;                /* which table it stands in, from 0 */
    bool has_repository;       /* :namespace and :name behind a kind */
    enum repository_kind kind;
    struct parameter parameters[ROUTER_PARAMETERS];
    size_t parameter_count;
    /* Methods that the path knows, with commas; "" for an unknown path. */
    char allow[ROUTER_ALLOW_SIZE];
};

/* Never fails on tables that compile: a bad pattern is asserted. */
struct router *router_open(const struct route *const *tables);
void router_free(struct router *router); /* NULL is allowed */

/*
 * Finds the route for a target, its query left out.  ERROR_NOT_FOUND;
 * ERROR_METHOD_NOT_ALLOWED, with out->allow; ERROR_BAD_REQUEST for a malformed
 * escape or a "." or ".." segment.  Values live in the arena.
 */
int router_find(struct route_match *out, const struct router *router,
                struct arena *arena, const char *method, const char *target,
                struct error *err);

#endif
