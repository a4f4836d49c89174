/*
 * config: the settings of one daemon, read once from a file and flags.
 *
 * The file holds "key = value" lines and "#" comments; every key is a flag
 * too ("--sign-up closed").  An unknown key is an error that names file and
 * line, and so is a key that comes twice.  A struct config is a record that
 * never changes after config_load; its texts live in the arena it was read
 * with.
 */
#ifndef REGISTRY_CONFIG_H
#define REGISTRY_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/http/limits.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

#define CONFIG_FILE_LIMIT 65536 /* bytes */
#define CONFIG_LISTEN_LIMIT 8   /* addresses to listen on */

struct config {
    const char *file;        /* where it was read from; NULL: none */
    const char *data;        /* folder, never NULL, made by serve */
    const char *listen;      /* "127.0.0.1:8470", several with commas */
    const char *url;         /* no slash at the end; from listen when not set */
    const char *database;    /* conninfo; NULL: a private PostgreSQL in data */
    const char *blobs;       /* folder; data/blobs when not set */
    const char *secret_file; /* data/secret when not set */
    const char *user;        /* whom root becomes */
    const char *tls_certificate; /* PEM file with the chain; NULL: plain HTTP */
    const char *tls_key;
    const char *trusted_proxies; /* addresses with commas; NULL: none */
    const char *metrics;         /* who may read /metrics; as trusted_proxies */
    const char *sign_up;         /* open, invitation, closed */
    const char *smtp_url;        /* smtp://host:port; NULL: links are logged */
    const char *smtp_user;
    const char *smtp_password_file;
    const char *smtp_ca_file; /* NULL: the system's authorities */
    const char *mail_from;
    int64_t loops;   /* 0: one a core */
    int64_t workers; /* each with a connection to the database */
    int64_t io_threads;
    int64_t record_days;          /* questions to the gate; 0: for good */
    int64_t scrub_mib_per_second; /* 0: no scrub in the background */
    int64_t scrub_every_days;     /* likewise */
    int64_t hang_timeout_ms;      /* of the server child; 0: never replaced */
    struct limits limits;
    bool confine; /* Landlock and seccomp for the server child */
};

/*
 * Reads the file named by --config, if any, then the flags that are keys, from
 * argv[1] on, and takes both out of *argc and argv: what is left belongs to
 * the command.  ERROR_USAGE for an unknown key in the file or a bad value.
 */
int config_load(struct config *out, struct arena *arena, int *argc, char **argv,
                struct error *err);

/* Every key as a line of help: its flag and what it sets. */
void config_write_help(void (*line)(void *state, const char *flag,
                                    const char *help),
                       void *state);

#endif
