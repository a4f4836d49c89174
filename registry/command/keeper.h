/*
 * keeper: the server children of a parent: one that serves, at most one that
 * starts to take its place, and those that finish what they have.
 *
 * A new child shares the listening sockets with the old, so no connection is
 * refused while it takes over; the old one is then told to leave.  A child
 * that does not leave in its time is killed.
 */
#ifndef REGISTRY_COMMAND_KEEPER_H
#define REGISTRY_COMMAND_KEEPER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "registry/command/child.h"
#include "storage/base/error.h"
#include "storage/base/log.h"

#define KEEPER_CHILDREN 8

enum keeper_state {
    KEEPER_NONE,
    KEEPER_STARTING,
    KEEPER_SERVING,
    KEEPER_LEAVING,
};

struct keeper_child {
    enum keeper_state state;
    pid_t pid;
    int channel; /* -1 once it is broken */
    int64_t began_ms;
    int64_t deadline_ms; /* then it is killed; 0: never */
    int64_t silent_ms;   /* how long it has been asked without an answer */
};

struct keeper {
    struct keeper_child children[KEEPER_CHILDREN];
    struct log log;
};

/* The child's life, behind fork; never returns. */
typedef void keeper_life(void *state, int channel, pid_t parent);

/*
 * Forks a starting child, which is killed when it does not come to serve in
 * its time.  ERROR_BUSY when too many still leave.
 */
int keeper_start(struct keeper *keeper, keeper_life *life, void *state,
                 struct error *err);

/* One that an earlier program in this process started. */
void keeper_adopt(struct keeper *keeper, enum keeper_state state, pid_t pid,
                  int channel);

/* The first in that state, or NULL. */
struct keeper_child *keeper_find(struct keeper *keeper,
                                 enum keeper_state state);

bool keeper_is_empty(const struct keeper *keeper);

/* Closes the channel, which ends the child, when it does not take it. */
void keeper_order(struct keeper *keeper, struct keeper_child *child,
                  enum child_order order, const struct server_tls *tls);

/* The starting child serves from now on; the one before leaves in drain_ms. */
void keeper_promote(struct keeper *keeper, int64_t drain_ms);

/* Those that leave since before this program have drain_ms from now on. */
void keeper_limit_leaving(struct keeper *keeper, int64_t drain_ms);

/*
 * Asks the child that serves, if there is one, whether it lives; called each
 * every_ms, and keeper_read takes the answer.  One that was silent for hang_ms
 * is killed; 0 is never.  The time counts in calls, so a parent that was
 * stopped itself does not take its child to hang.
 */
void keeper_ping(struct keeper *keeper, int64_t every_ms, int64_t hang_ms);

/* Tells all to stop within stop_ms. */
void keeper_stop(struct keeper *keeper, int64_t stop_ms);

/* Fills fds, KEEPER_CHILDREN of them, with the channels, in their order. */
void keeper_poll(const struct keeper *keeper, struct pollfd *fds);

/* A byte that came from a child, or 0; closes a channel that has ended. */
char keeper_read(struct keeper_child *child);

/* Kills those that took too long. */
void keeper_tick(struct keeper *keeper);

/* Forgets one child that has died; *out_was is KEEPER_NONE without one. */
void keeper_reap(struct keeper *keeper, struct keeper_child *out_was);

#endif
