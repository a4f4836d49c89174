/*
 * loop: one event loop on one thread, with the connections it accepted.
 *
 * All loops listen on the same sockets.  Other threads reach a loop through
 * its mailbox alone.
 */
#ifndef REGISTRY_LOOP_H
#define REGISTRY_LOOP_H

#include <stdbool.h>
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

/*
 * The same for a server whose place another takes: a kept connection may send
 * one more request, whose answer says that it was the last.  A stop may follow.
 */
void loop_retire(struct loop *loop, int64_t retire_ms);

/* When it last had a turn, monotonic: one that hangs has an old one. */
int64_t loop_beat_ms(struct loop *loop);

/* True once it was stopped or retired and has nothing left. */
bool loop_is_done(struct loop *loop);

/* Waits for the end of a loop that was stopped.  NULL is allowed. */
void loop_free(struct loop *loop);

#endif
