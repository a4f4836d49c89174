/*
 * blocks: which parts of a file are here, asked for, or missing.
 *
 * A file is cut into blocks of 1 MiB, the smallest piece that survives an
 * interruption.  Ranges are handed out from the front, so that what is here
 * can be hashed in order while the rest is on its way.  One thread at a time.
 *
 * No byte is asked for twice.  Ranges never overlap, and one that breaks goes
 * on at its next byte.  What a process forgets when it ends is a block, less a
 * byte, for each range that was on its way.
 */
#ifndef CLI_CLIENT_BLOCKS_H
#define CLI_CLIENT_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"

#define BLOCKS_BYTES 1048576 /* 1 MiB */
/* A range is at most this many blocks, and no fewer than the least if it can.
 */
#define BLOCKS_RANGE_MOST 32
#define BLOCKS_RANGE_LEAST 4
/* How far past the first missing block a range may begin. */
#define BLOCKS_AHEAD 256
/* 16 TiB: more is no file that this program takes. */
#define BLOCKS_SIZE_LIMIT ((uint64_t)16 << 40)

struct blocks {
    uint64_t size_bytes;
    size_t count;
    unsigned char *state; /* one a block */
    uint32_t *held;       /* bytes of a missing block that are here already */
    size_t front;         /* blocks before it are all here */
    size_t missing;       /* neither here nor asked for */
    uint64_t done_bytes;
};

struct blocks_range {
    uint64_t begin; /* bytes */
    uint64_t end;   /* not in it any more */
};

/* All missing.  size_bytes is at most BLOCKS_SIZE_LIMIT. */
void blocks_open(struct blocks *out, struct arena *arena, uint64_t size_bytes);

/* All missing again. */
void blocks_clear(struct blocks *blocks);

/*
 * The next range to ask for when up to connections are used; false when
 * nothing is missing or all of it is too far ahead.
 */
bool blocks_next(struct blocks_range *out, struct blocks *blocks,
                 size_t connections);

/* What did not come of a range that was asked for, from at on, is missing
 * again. */
void blocks_give_back(struct blocks *blocks, const struct blocks_range *range,
                      uint64_t at);

/* The block is here.  An index past the end, or one that is here, is nothing.
 */
void blocks_set_done(struct blocks *blocks, size_t index);
bool blocks_is_done(const struct blocks *blocks, size_t index);

/* So many bytes from the start are here without a gap. */
uint64_t blocks_ready_bytes(const struct blocks *blocks);
bool blocks_is_complete(const struct blocks *blocks);

#endif
