#include "cli/client/blocks.h"

#include <string.h>

enum block_state {
    BLOCK_MISSING,
    BLOCK_ASKED,
    BLOCK_DONE,
};

void
blocks_open(struct blocks *out, struct arena *arena, uint64_t size_bytes)
{
    *out = (struct blocks){.size_bytes = size_bytes};
    out->count = (size_t)((size_bytes + BLOCKS_BYTES - 1) / BLOCKS_BYTES);
    out->state = arena_alloc(arena, out->count);
    out->held = arena_array(arena, out->count, sizeof(*out->held));
    out->missing = out->count;
}

void
blocks_clear(struct blocks *blocks)
{
    memset(blocks->state, BLOCK_MISSING, blocks->count);
    memset(blocks->held, 0, blocks->count * sizeof(*blocks->held));
    blocks->front = 0;
    blocks->missing = blocks->count;
    blocks->done_bytes = 0;
}

/* The last block is shorter. */
static uint64_t
end_of(const struct blocks *blocks, size_t index)
{
    uint64_t end = (uint64_t)(index + 1) * BLOCKS_BYTES;

    return end < blocks->size_bytes ? end : blocks->size_bytes;
}

/* Large files in few requests, small ones over all connections. */
static size_t
range_length(const struct blocks *blocks, size_t connections)
{
    size_t length = blocks->missing / (2 * connections);

    if (length < BLOCKS_RANGE_LEAST)
        return BLOCKS_RANGE_LEAST;
    return length < BLOCKS_RANGE_MOST ? length : BLOCKS_RANGE_MOST;
}

bool
blocks_next(struct blocks_range *out, struct blocks *blocks, size_t connections)
{
    size_t most = range_length(blocks, connections);
    size_t first = blocks->front;
    size_t end;

    while (first < blocks->count && blocks->state[first] != BLOCK_MISSING)
        first++;
    if (first == blocks->count || first > blocks->front + BLOCKS_AHEAD)
        return false;
    /* A block of which a part is here begins a range of its own. */
    for (end = first; end < blocks->count && end - first < most &&
                      blocks->state[end] == BLOCK_MISSING &&
                      (end == first || blocks->held[end] == 0);
         end++)
        blocks->state[end] = BLOCK_ASKED;
    blocks->missing -= end - first;
    *out = (struct blocks_range){(uint64_t)first * BLOCKS_BYTES +
                                     blocks->held[first],
                                 end_of(blocks, end - 1)};
    return true;
}

void
blocks_give_back(struct blocks *blocks, const struct blocks_range *range,
                 uint64_t at)
{
    for (size_t i = (size_t)(range->begin / BLOCKS_BYTES);
         i < blocks->count && (uint64_t)i * BLOCKS_BYTES < range->end; i++) {
        if (blocks->state[i] != BLOCK_ASKED)
            continue;
        blocks->state[i] = BLOCK_MISSING;
        blocks->missing++;
        if (at > (uint64_t)i * BLOCKS_BYTES && at < end_of(blocks, i))
            blocks->held[i] = (uint32_t)(at - (uint64_t)i * BLOCKS_BYTES);
    }
}

void
blocks_set_done(struct blocks *blocks, size_t index)
{
    if (index >= blocks->count || blocks->state[index] == BLOCK_DONE)
        return;
    if (blocks->state[index] == BLOCK_MISSING)
        blocks->missing--;
    blocks->state[index] = BLOCK_DONE;
    blocks->done_bytes +=
        end_of(blocks, index) - (uint64_t)index * BLOCKS_BYTES;
    while (blocks->front < blocks->count &&
           blocks->state[blocks->front] == BLOCK_DONE)
        blocks->front++;
}

bool
blocks_is_done(const struct blocks *blocks, size_t index)
{
    return index < blocks->count && blocks->state[index] == BLOCK_DONE;
}

uint64_t
blocks_ready_bytes(const struct blocks *blocks)
{
    return blocks->front == 0 ? 0 : end_of(blocks, blocks->front - 1);
}

bool
blocks_is_complete(const struct blocks *blocks)
{
    return blocks->front == blocks->count;
}
