/*
 * wants: what a client of git-upload-pack asks for, and what it has.
 *
 * The body of one request of the stateless HTTP protocol, version 0: all that
 * was negotiated before comes with it again.  Source: git's
 * Documentation/gitprotocol-pack.txt and gitprotocol-http.txt.
 */
#ifndef STORAGE_GIT_WANTS_H
#define STORAGE_GIT_WANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/git/oid.h"

#define WANTS_LIMIT 20000 /* names in each of the lists */
#define WANTS_DEPTH_LIMIT 100000

struct oid_list {
    struct oid *oids;
    size_t count;
};

struct wants {
    struct oid_list wants;
    struct oid_list haves;
    struct oid_list shallows; /* the client's: it lacks what is behind them */
    int depth;                /* 0: all of the history */
    bool has_sideband;        /* "side-band-64k" */
    bool has_acks;            /* "multi_ack_detailed" */
    bool has_negotiation;     /* something follows the wants */
    bool is_done;
};

/* Lives in the arena.  ERROR_BAD_REQUEST for what is not such a body. */
int wants_parse(struct wants *out, struct arena *arena, const char *bytes,
                size_t length, struct error *err);

#endif
