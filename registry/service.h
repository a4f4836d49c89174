/*
 * service: what every request of one daemon shares, passed to all of them.
 *
 * Made once by registry/command/serve before the first connection, never
 * changed afterwards but by a reload that swaps whole values; owned by serve.
 */
#ifndef REGISTRY_SERVICE_H
#define REGISTRY_SERVICE_H

#include "storage/base/log.h"

struct config;
struct content_store;
struct server;
struct vault;

struct service {
    const struct config *config;   /* registry/config.h */
    const char *url;               /* "http://127.0.0.1:8470", no slash */
    struct content_store *content; /* storage/content/content.h */
    const struct vault *vault;     /* auth/vault.h: the registry's own keys */
    struct server *server;         /* registry/server.h; NULL in tests */
    struct log log;
};

#endif
