/*
 * request: what came in, as a handler sees it.
 *
 * Lives in its own arena, on one thread at a time.  Handlers run on a worker
 * with a database connection.  A body of up to REQUEST_BODY_MEMORY is in
 * memory; a longer one is in an unlinked spool file, and a route with a begin
 * takes it as it comes.  Every text is checked UTF-8 without NUL.
 */
#ifndef REGISTRY_HTTP_REQUEST_H
#define REGISTRY_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/caller.h"
#include "auth/door.h"
#include "auth/right.h"
#include "registry/service.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/json.h"
#include "storage/base/source.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

/* A body over this goes to a spool file (DECISIONS: 1 MiB). */
#define REQUEST_BODY_MEMORY 1048576

struct request {
    struct arena *arena;
    struct db *db; /* NULL outside of a worker */
    const struct service *service;
    const char *id; /* X-Request-Id of the answer */
    const char *method;
    const char *target; /* as it came: path and query */
    bool is_head;
    bool is_api; /* errors as JSON */
    struct caller caller;
    /* Of routes with {types} or {prefix} and :namespace/:name. */
    struct repository repository;
    struct standing standing;
    const struct door_answer *door; /* what these were read from, or NULL */
    void *state;                 /* what begin, or at_hand, keeps for the end */
    struct request_input *input; /* registry/http's own */
};

/* A parameter of the route, percent-decoded.  NULL: the route has none. */
const char *request_param(const struct request *request, const char *name);

/* The first value in the query, decoded; NULL when it is missing. */
const char *request_query(const struct request *request, const char *name);
/* The n-th value of a repeated one (also spelled "name[]"), or NULL. */
const char *request_query_at(const struct request *request, const char *name,
                             size_t n);
/* A number in the query within bounds; ERROR_BAD_REQUEST otherwise. */
int request_query_int(int64_t *out, const struct request *request,
                      const char *name, int64_t fallback,
                      const int64_t bounds[2], struct error *err);
bool request_query_flag(const struct request *request, const char *name);

/* A header's value without outer blanks; NULL when it is missing. */
const char *request_header(const struct request *request, const char *name);
const char *request_cookie(const struct request *request, const char *name);

/* The whole body when it is in memory, followed by a NUL; else NULL. */
const char *request_body(size_t *out_length, const struct request *request);
/* The body wherever it is.  Lives as long as the request. */
const struct source *request_source(const struct request *request);

/* The body as JSON; ERROR_BAD_REQUEST or ERROR_TOO_LARGE (over 1 MiB). */
int request_json(json_t **out, struct request *request, struct error *err);

/*
 * Counts the request as an upload of the account until it is answered;
 * ERROR_TOO_MANY when the account has as many under way as there may be.
 */
int request_begin_upload(struct request *request, int64_t account,
                         struct error *err);
void request_end_upload(struct request *request);

/*
 * A field of a form body (application/x-www-form-urlencoded): the n-th value
 * of name, decoded, or NULL.  request_form_at lists all in their order.
 */
const char *request_form(struct request *request, const char *name, size_t n);
bool request_form_at(const char **out_name, const char **out_value,
                     struct request *request, size_t n);

/* A page's form: ERROR_FORBIDDEN unless its csrf field fits the session. */
int request_check_csrf(struct request *request, struct error *err);

#endif
