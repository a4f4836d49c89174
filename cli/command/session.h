/*
 * session: the person's home and the registry, for commands that need them.
 *
 * Opened at first need, so that a command which needs neither works without;
 * both live as long as the context's arena.
 */
#ifndef CLI_COMMAND_SESSION_H
#define CLI_COMMAND_SESSION_H

#include "cli/client/client.h"
#include "cli/client/model.h"
#include "cli/command/command.h"
#include "cli/home/home.h"

/* Fills context->home. */
int session_open_home(struct context *context, struct error *err);

/*
 * Fills context->home and context->client: the registry by --registry,
 * WEIGH_REGISTRY, HF_ENDPOINT or the login, with the token that belongs to it.
 */
int session_open(struct context *context, struct error *err);

/* The same, and ERROR_UNAUTHENTICATED with the next command without a token. */
int session_open_signed_in(struct context *context, struct error *err);

/*
 * Another client than the login's, for logging in and out: closed with the
 * arena.
 */
int session_connect(struct client **out, struct context *context,
                    const struct client_settings *settings, struct error *err);

/*
 * A password: the file that --password-file names ("-": standard input), or a
 * question.  The caller wipes it.
 */
int session_read_password(char **out, struct context *context,
                          struct error *err);

/*
 * Reads MODEL[@REV] as model_parse_name does, and notes it as what the command
 * is about, so that an error can name it.
 */
int session_read_model(struct model_name *out, struct context *context,
                       const char *word, struct error *err);

/* Below a refusal by the gate: how to ask, in both ways. */
void session_hint_gated(struct context *context, const char *model);

/* After an error that left a transfer half done. */
void session_hint_again(struct context *context, const struct error *err);

/* A path for people: "~/…" below the home folder.  In the arena. */
const char *session_show_path(struct context *context, const char *path);

#endif
