/*
 * mail: one message to one address, by SMTP.
 *
 * Plain text, UTF-8.  TLS whenever the server offers it, and always when there
 * is a password to send.
 */
#ifndef REGISTRY_HOOKS_MAIL_H
#define REGISTRY_HOOKS_MAIL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"

#define MAIL_CONNECT_TIMEOUT_SECONDS 10L
#define MAIL_TIMEOUT_SECONDS 60L

struct mail_server {
    const char *url;      /* smtp://host:port or smtps://host:port */
    const char *user;     /* NULL: without signing in */
    const char *password; /* NULL: none */
    const char *from;     /* one address */
    /* Who vouches for its certificate, PEM; NULL: the system's authorities. */
    const char *authorities;
    size_t authorities_length;
};

struct mail {
    int64_t id; /* the same at every try, for who gets it twice */
    const char *recipient;
    const char *subject;
    const char *body;
    int64_t at_ms;
};

/*
 * The message as it goes over the wire: head, body in quoted-printable, lines
 * ended by CR LF.  In the arena.
 */
char *mail_write(struct arena *arena, const struct mail_server *server,
                 const struct mail *mail);

/*
 * Sends it, unless stop becomes true.  ERROR_UNPROCESSABLE when the server will
 * never take it, ERROR_NETWORK when another try makes sense; the message says
 * what the server said.
 */
int mail_send(const struct mail_server *server, const struct mail *mail,
              const atomic_bool *stop, struct error *err);

#endif
