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
struct delivery_queue;
struct mailer;
struct meter;
struct question_queue;
struct recent;
struct scrubber;
struct server;
struct slots;
struct vault;

struct service {
    const struct config *config;   /* registry/config.h */
    const char *url;               /* "http://127.0.0.1:8470", no slash */
    struct content_store *content; /* storage/content/content.h */
    const struct vault *vault;     /* auth/vault.h: the registry's own keys */
    struct server *server;         /* registry/server.h; NULL in tests */
    /* What was asked and delivered, until a job of the server writes it. */
    struct question_queue *questions;  /* auth/question.h */
    struct delivery_queue *deliveries; /* auth/delivery.h */
    struct scrubber *scrubber; /* registry/jobs/scrubber.h; NULL: no rounds */
    struct mailer *mailer;     /* registry/hooks/mailer.h; NULL: no mail */
    struct meter *meter;       /* registry/http/meter.h; NULL: nobody counts */
    struct slots *uploads;     /* auth/slots.h; NULL: nobody counts */
    struct recent *recent;     /* storage/git/recent.h; NULL: none are kept */
    struct log log;
};

#endif
