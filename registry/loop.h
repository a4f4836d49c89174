/*
 * loop: one event loop on one thread, with the connections it accepted.
 *
 * All loops listen on the same sockets.  Other threads reach a loop through
 * its mailbox alone.
 */
#ifndef REGISTRY_LOOP_H
#define REGISTRY_LOOP_H

#include <stdint.h>

#include "registry/census.h"
#include "registry/crew.h"
#include "registry/http/host.h"
#include "registry/http/tls.h"
#include "storage/base/error.h"

struct loop;

/* What all loops of a server share; outlives them. */
struct loop_options {
    const int *listeners;
    int listener_count;
    struct tls *tls; /* NULL: plain */
    struct census *census;
    struct crew *workers;
    struct crew *io;
    struct host host; /* what of it does not depend on the loop */
};

/* Starts the thread.  The caller stops it, joins it and frees it. */
int loop_open(struct loop **out, const struct loop_options *options,
              struct error *err);

/*
 * Takes no more connections and lets requests under way finish for at most
 * stop_ms.  From any thread, once.
 */
void loop_stop(struct loop *loop, int64_t stop_ms);

/* Waits for the end of a loop that was stopped.  NULL is allowed. */
void loop_free(struct loop *loop);

#endif
