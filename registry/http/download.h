/*
 * download: the weights that are leaving, and how to stop them.
 *
 * A download is noted before its first byte and forgotten after its last.
 * When something about its repository, account or token changed, a worker asks
 * the gate again, and one that is refused gets its stop flag, which the loop
 * looks at between two rounds.  A struct downloads is used by all threads.
 */
#ifndef REGISTRY_HTTP_DOWNLOAD_H
#define REGISTRY_HTTP_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/gate.h"
#include "registry/http/host.h"
#include "registry/http/request.h"

struct downloads;
struct download;

/* What was heard: ids, 0 for those it does not speak of; all 0: everything. */
struct access_change {
    int64_t repository;
    int64_t account;
    int64_t token;
};

/* post runs a task on a worker; owner is handed to it. */
struct downloads *downloads_open(void (*post)(void *owner, struct task *task),
                                 void *owner);
void downloads_free(struct downloads *downloads); /* NULL is allowed */

/* How often something was heard so far. */
int64_t downloads_generation(struct downloads *downloads);

/*
 * Notes a download that answer allowed.  What was heard since generation, at
 * which the gate had not been asked yet, makes it ask again at once.  Freed by
 * download_end.
 */
struct download *download_begin(struct downloads *downloads,
                                const struct request *request,
                                const struct gate_answer *answer,
                                int64_t generation);
void download_end(struct download *download); /* NULL is allowed */

/* True when it was stopped or its time is over. */
bool download_is_stopped(const struct download *download);

/* Asks the gate again for each that the change may concern. */
void downloads_change(struct downloads *downloads,
                      const struct access_change *change);

/* Reads what table access_grant and its like say on channel "access". */
bool access_change_parse(struct access_change *out, const char *payload);

#endif
