#include "storage/git/cache.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/random.h"

#define FIRST_BITS 8

struct cache {
    struct cached *slots; /* 1 << bits of them, at most half full */
    unsigned bits;
    size_t count;
    size_t held; /* objects whose bytes are here */
    size_t held_bytes;
    uint64_t factor; /* odd and random, so that nobody can aim at one slot */
};

struct cache *
cache_open(void)
{
    struct cache *cache = xcalloc(1, sizeof(*cache));

    cache->bits = FIRST_BITS;
    cache->slots = xcalloc((size_t)1 << cache->bits, sizeof(*cache->slots));
    random_bytes(&cache->factor, sizeof(cache->factor));
    cache->factor |= 1;
    return cache;
}

static void
drop_bytes(struct cache *cache)
{
    /* Sets of names hold none, and are as long as a history. */
    for (size_t i = 0; cache->held > 0; i++) {
        cache->held -= cache->slots[i].bytes != NULL;
        free(cache->slots[i].bytes);
        cache->slots[i].bytes = NULL;
    }
    cache->held_bytes = 0;
}

void
cache_free(struct cache *cache)
{
    if (cache == NULL)
        return;
    drop_bytes(cache);
    free(cache->slots);
    free(cache);
}

/* The object's slot, or the empty one where it belongs. */
static struct cached *
find_slot(const struct cache *cache, const struct oid *oid)
{
    size_t mask = ((size_t)1 << cache->bits) - 1;
    uint64_t head;
    size_t at;

    memcpy(&head, oid->bytes, sizeof(head));
    at = (size_t)(head * cache->factor >> (64 - cache->bits));
    while (cache->slots[at].kind != 0 &&
           !oid_is_equal(&cache->slots[at].oid, oid))
        at = (at + 1) & mask;
    return &cache->slots[at];
}

static void
grow(struct cache *cache)
{
    struct cached *old = cache->slots;
    size_t old_size = (size_t)1 << cache->bits;

    cache->bits++;
    cache->slots = xcalloc((size_t)1 << cache->bits, sizeof(*cache->slots));
    for (size_t i = 0; i < old_size; i++)
        if (old[i].kind != 0)
            *find_slot(cache, &old[i].oid) = old[i];
    free(old);
}

const struct cached *
cache_find(const struct cache *cache, const struct oid *oid)
{
    const struct cached *slot = find_slot(cache, oid);

    return slot->kind != 0 ? slot : NULL;
}

void
cache_add(struct cache *cache, const struct oid *oid, int kind, uint64_t size,
          const void *bytes)
{
    struct cached *slot;

    if (bytes != NULL && cache->held_bytes + size > CACHE_LIMIT_BYTES)
        drop_bytes(cache);
    if (2 * (cache->count + 1) > (size_t)1 << cache->bits)
        grow(cache);
    slot = find_slot(cache, oid);
    if (slot->kind == 0) {
        *slot = (struct cached){.oid = *oid, .kind = kind, .size = size};
        cache->count++;
    }
    if (bytes == NULL || slot->bytes != NULL)
        return;
    slot->bytes = xcalloc(1, (size_t)size + 1);
    memcpy(slot->bytes, bytes, (size_t)size);
    cache->held_bytes += (size_t)size;
    cache->held++;
}
