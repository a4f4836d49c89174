/*
 * cookie: the one cookie there is, the session's.
 *
 * HttpOnly, SameSite=Lax, for the whole site, and Secure when the registry's
 * own address is https.  The value is what auth/session made: letters and
 * digits.
 */
#ifndef REGISTRY_HTTP_COOKIE_H
#define REGISTRY_HTTP_COOKIE_H

#include <stddef.h>

#include "registry/http/request.h"
#include "registry/http/response.h"
#include "storage/base/arena.h"

#define COOKIE_SESSION "weighhouse_session"

/* Signs in, or renews: the browser keeps value for max_age_seconds. */
void cookie_set_session(struct response *response,
                        const struct request *request, const char *value,
                        int max_age_seconds);

/* Signs out. */
void cookie_remove_session(struct response *response,
                           const struct request *request);

/* The value of one cookie in a Cookie header; NULL when it is not there. */
const char *cookie_find(struct arena *arena, const char *header,
                        const char *name);

#endif
