/*
 * route: tables of routes, and finding the one for a request.
 *
 * A pattern is literal segments, ":name" for one segment, "*name" for the
 * rest.  "{types}" stands for models, datasets or spaces and "{prefix}" for
 * nothing, datasets/ or spaces/; with :namespace and :name behind, they are
 * the repository on which the right is checked, before the handler runs.  A GET
 * route answers HEAD too.
 */
#ifndef REGISTRY_HTTP_ROUTE_H
#define REGISTRY_HTTP_ROUTE_H

#include "auth/right.h"
#include "registry/http/request.h"
#include "registry/http/response.h"

/* Fills the response, or returns -1 and the refusal in err. */
typedef int route_handler(struct request *request, struct response *response,
                          struct error *err);

/*
 * Where a streamed body goes.  add runs on an IO thread, one call at a time;
 * free runs once, whatever happened.  state is the sink's own.
 */
struct body_sink {
    int (*add)(void *state, const void *bytes, size_t length,
               struct error *err);
    void (*free)(void *state);
    void *state;
    uint64_t limit_bytes; /* more is ERROR_TOO_LARGE */
};

/*
 * Runs on a worker when the headers are in and the right is checked: decides
 * whether the body is wanted and where it goes.  -1 refuses it unread.
 */
typedef int route_begin(struct body_sink *out, struct request *request,
                        struct error *err);

struct route {
    const char *method;
    const char *pattern;
    enum right right;
    route_handler *handle; /* the end, for a route with a begin */
    route_begin *begin;    /* NULL: the layer reads the body first */
    /* Of a body read by the layer; 0: a JSON body's, as configured. */
    uint64_t limit_bytes;
};

/*
 * Whether the handler needs nothing but memory now, after the door's answer:
 * then it runs at once behind those of other requests.
 */
typedef bool route_at_hand(struct request *request);

/*
 * A handler whose requests ask the door together: of routes without a begin
 * that have a right on a repository.
 */
struct prompt {
    route_handler *handle; /* NULL: the table's end */
    route_at_hand *at_hand;
};

/* In the place of a number: what is configured for a commit's body. */
#define ROUTE_COMMIT_BYTES UINT64_MAX

/* All tables, joined in registry/routes/routes.c; the last is NULL. */
extern const struct route *const all_routes[];

/* registry/routes/resolve.c */
extern const struct prompt all_prompts[];

#endif
