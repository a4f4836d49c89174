/*
 * child: the server process: everything that speaks to the network.
 *
 * The parent forks it with the listeners, the secret and one end of a socket
 * pair.  It drops root, shuts itself in and serves until the parent says stop;
 * it dies with the parent.  Over the pair come struct child_message heads, each
 * followed by as many bytes as it says; back goes a byte: CHILD_READY once it
 * serves, CHILD_ALIVE for a ping.  A child meets a newer parent after USR2, so
 * the numbers of the orders and their heads never change.
 */
#ifndef REGISTRY_COMMAND_CHILD_H
#define REGISTRY_COMMAND_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "registry/command/listener.h"
#include "registry/config.h"
#include "registry/server.h"
#include "storage/base/error.h"
#include "storage/base/secret.h"

#define CHILD_READY 'r'
#define CHILD_ALIVE 'a'

enum child_order {
    CHILD_STOP = 1, /* finish what is under way and leave */
    CHILD_TLS,      /* a certificate, then a key, both PEM */
    CHILD_RETIRE,   /* leave the place to another, drop nothing */
    CHILD_PING,     /* answered by CHILD_ALIVE when all threads are */
};

struct child_message {
    uint32_t order;
    uint32_t first_length;  /* bytes of the certificate */
    uint32_t second_length; /* bytes of the key */
};

struct child_options {
    const struct config *config;
    const char *conninfo; /* of the database, private or not */
    const struct listeners *listeners;
    const struct server_tls *tls; /* NULL: plain HTTP */
    /* SECRET_KEY_BYTES; this copy, which fork left unlocked, is wiped. */
    uint8_t *secret;
    const char *spool;            /* folder for unlinked files */
    int channel;                  /* this side of the socket pair */
    int64_t retire_ms;            /* most that a retired one may take */
    pid_t parent;
};

/* The whole life of the child.  Returns once it has stopped. */
int child_run(const struct child_options *options, struct error *err);

#endif
