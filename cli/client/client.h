/*
 * client: one registry, spoken to by one person.
 *
 * Runs exchanges, many at once, on the thread that calls; Ctrl-C ends every
 * wait.  client_send is for short questions and repeats what failed on the way
 * when that can do no harm.  A token is never sent over plain HTTP except to
 * this machine itself.
 */
#ifndef CLI_CLIENT_CLIENT_H
#define CLI_CLIENT_CLIENT_H

#include <stdbool.h>

#include "cli/client/exchange.h"
#include "cli/terminal/interrupt.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/json.h"

struct client;

struct client_question {
    const char *method;
    const char *path;
    const json_t *body; /* borrowed, or NULL for none */
};

struct client_settings {
    const char *registry; /* as login_check_url writes it */
    const char *token;    /* "" for none */
    bool sends_password;  /* as much of a secret as a token */
    struct interrupt *interrupt;
};

/*
 * Connects to nothing yet.  ERROR_USAGE when a secret would go over plain
 * HTTP.  The caller frees *out with client_free.
 */
int client_open(struct client **out, const struct client_settings *settings,
                struct error *err);
void client_free(struct client *client); /* NULL is allowed */

const char *client_registry(const struct client *client);
bool client_has_token(const struct client *client);

/* One exchange to its end.  The answer lives in the arena. */
int client_send(struct answer *out, struct client *client, struct arena *arena,
                const struct exchange_request *request, struct error *err);

/* GET, and the answer as JSON. */
int client_get(json_t **out, struct client *client, struct arena *arena,
               const char *path, struct error *err);

/* GET of a list, with all the pages that follow it. */
int client_get_list(json_t **out, struct client *client, struct arena *arena,
                    const char *path, struct error *err);

/* Any method; *out, of which NULL is allowed, is as with client_get, or JSON
 * null when the answer has no body. */
int client_call(json_t **out, struct client *client, struct arena *arena,
                const struct client_question *question, struct error *err);

/* For many exchanges at once: what exchange_open wants. */
const struct exchange_origin *client_origin(const struct client *client);

/* Starts one; it stays the caller's. */
int client_start(struct client *client, struct exchange *exchange,
                 struct error *err);

/* Takes back one that is under way. */
void client_stop(struct client *client, struct exchange *exchange);

/*
 * Works until one is done, which *out then is, or timeout_ms are over, or
 * client_wake was called: *out is NULL.  ERROR_INTERRUPTED on Ctrl-C.
 */
int client_step(struct exchange **out, struct client *client, int timeout_ms,
                struct error *err);

/* Ends a client_step early; from any thread. */
void client_wake(struct client *client);

#endif
