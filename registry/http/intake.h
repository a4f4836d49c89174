/*
 * intake: a request's body on its way from the socket to where it is kept.
 *
 * The loop fills one piece while an IO thread works off another, so that at
 * most two are in memory; when both are full nothing is read, which makes the
 * sender wait.  Short bodies stay in memory and need no IO thread.
 */
#ifndef REGISTRY_HTTP_INTAKE_H
#define REGISTRY_HTTP_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registry/http/route.h"
#include "storage/base/buffer.h"
#include "storage/base/error.h"

/*
 * Hashed and written by other threads while the next one fills: so long that
 * waking them costs little beside it.
 */
#define INTAKE_PIECE_BYTES 4194304

struct intake {
    struct buffer *memory; /* where a short body stays */
    struct body_sink sink; /* add NULL: memory serves */
    /* Takes over when memory is full; NULL: that is an error. */
    struct body_sink spill;
    uint64_t limit_bytes;
    uint64_t total_bytes;
    char *filling;
    size_t filling_length;
    char *flying; /* an IO thread's while is_flying */
    size_t flying_length;
    bool is_flying;
};

/* For a body read by the layer: memory first, spill when it grows. */
void intake_open_memory(struct intake *intake, struct buffer *memory,
                        const struct body_sink *spill);
void intake_open_sink(struct intake *intake, const struct body_sink *sink);
void intake_free(struct intake *intake); /* frees the sink's state too */

/*
 * Where intake_room bytes may be read to, so that intake_add needs no copy of
 * them; NULL while the body is short.  Valid until the next call.
 */
char *intake_place(struct intake *intake);

/* How many bytes it can take now; 0: wait until the IO thread is done. */
size_t intake_room(const struct intake *intake);

/* Takes bytes, no more than there is room.  ERROR_TOO_LARGE. */
int intake_add(struct intake *intake, const char *bytes, size_t length,
               struct error *err);

/*
 * Makes a piece ready for intake_fly when there is one and none flies; then
 * an IO thread calls intake_fly, and the loop intake_land when it is back.
 */
bool intake_launch(struct intake *intake);
int intake_fly(struct intake *intake, struct error *err);
void intake_land(struct intake *intake);

/* True when nothing waits or flies. */
bool intake_is_empty(const struct intake *intake);

#endif
