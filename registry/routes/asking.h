/*
 * asking: an ask for access as it comes in, from a form or as JSON.
 */
#ifndef REGISTRY_ROUTES_ASKING_H
#define REGISTRY_ROUTES_ASKING_H

#include "auth/ask.h"
#include "registry/http/request.h"

/* How the registry signs and what it calls itself. */
struct agreement_registry asking_registry(const struct request *request);

/*
 * Asks for the request's repository.
 *
 * A form, and the Hub's JSON, is flat: label to text.  In both the name
 * "agree" holds the digest of the licence that was agreed to ("sha256:…").
 * Ours has "answers" (an object), and for who signed "agreement" (the
 * envelope's exact text) with "key" (PEM).  A session's ask needs the form's
 * csrf.
 */
int asking_submit(struct ask_result *out, struct request *request,
                  struct error *err);

#endif
