/*
 * outflow: sends an exchange's answer, a round at a time.
 */
#ifndef REGISTRY_HTTP_OUTFLOW_H
#define REGISTRY_HTTP_OUTFLOW_H

#include "registry/http/exchange.h"
#include "registry/http/wire.h"

enum outflow {
    OUTFLOW_SENT,   /* all of it, to the kernel */
    OUTFLOW_MORE,   /* the round is over; others may have their turn */
    OUTFLOW_WAIT,   /* until the socket can be written */
    OUTFLOW_FETCH,  /* until an IO thread ran outflow_fetch */
    OUTFLOW_BROKEN, /* the peer is gone, or must not get more: reset */
};

/* Sends at most LIMIT_ROUND_BYTES. */
enum outflow outflow_send(struct exchange *exchange, struct wire *wire);

/* On an IO thread: reads what comes next into exchange->fetch. */
void outflow_fetch(struct exchange *exchange);

#endif
