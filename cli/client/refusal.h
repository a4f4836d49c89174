/*
 * refusal: the error that a registry's answer, or libcurl's verdict, means.
 */
#ifndef CLI_CLIENT_REFUSAL_H
#define CLI_CLIENT_REFUSAL_H

#include <stdbool.h>

#include "cli/client/exchange.h"
#include "storage/base/error.h"

/*
 * The error by X-Error-Code, else by status; the text is X-Error-Message, else
 * the JSON body's "error" or "message".  Of 429 and 503 it says when to try
 * again, when Retry-After does.  Always -1.
 */
int refusal_set(struct error *err, const struct answer *answer);

/* ERROR_NETWORK that names the host and what libcurl found.  Always -1. */
int refusal_set_transport(struct error *err, int verdict, const char *url);

/* There was no connection, so the registry did nothing. */
bool refusal_is_unsent(const struct error *err);

/* The registry did nothing and said that a later time suits it better. */
bool refusal_is_later(const struct error *err);

/* Trying again later may help: the network, a daemon that restarts. */
bool refusal_is_temporary(const struct error *err);

#endif
