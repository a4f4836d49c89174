#include "storage/git/recent.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/random.h"

struct kept {
    int64_t repository;
    struct oid target;
    struct recent_file file; /* path and bytes stand behind */
    char text[];             /* the bytes, a NUL, the path, a NUL */
};

struct recent {
    pthread_mutex_t lock; /* over places */
    struct kept *places[RECENT_PLACES];
    /* Odd and random, so that nobody can aim at one place. */
    uint64_t factor;
};

struct recent *
recent_open(void)
{
    struct recent *recent = xcalloc(1, sizeof(*recent));

    pthread_mutex_init(&recent->lock, NULL);
    random_bytes(&recent->factor, sizeof(recent->factor));
    recent->factor |= 1;
    return recent;
}

void
recent_free(struct recent *recent)
{
    if (recent == NULL)
        return;
    for (size_t i = 0; i < RECENT_PLACES; i++)
        free(recent->places[i]);
    pthread_mutex_destroy(&recent->lock);
    free(recent);
}

static uint64_t
mix(uint64_t sum, uint64_t factor, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < length; i++)
        sum = (sum ^ at[i]) * factor;
    return sum;
}

static struct kept **
find_place(struct recent *recent, const struct recent_key *key)
{
    uint64_t sum = mix((uint64_t)key->repository, recent->factor,
                       key->target.bytes, sizeof(key->target.bytes));

    sum = mix(sum, recent->factor, key->path, strlen(key->path));
    return &recent->places[(sum >> 32) % RECENT_PLACES];
}

static bool
is_it(const struct kept *kept, const struct recent_key *key)
{
    return kept != NULL && kept->repository == key->repository &&
           oid_is_equal(&kept->target, &key->target) &&
           strcmp(kept->file.entry.path, key->path) == 0;
}

bool
recent_find(struct recent_file *out, struct recent *recent, struct arena *arena,
            const struct recent_key *key)
{
    struct kept **place = find_place(recent, key);
    bool is_kept;

    pthread_mutex_lock(&recent->lock);
    is_kept = is_it(*place, key);
    if (is_kept) {
        *out = (*place)->file;
        out->entry.path = arena_text(arena, out->entry.path);
        out->bytes = arena_bytes(arena, out->bytes, (size_t)out->length);
    }
    pthread_mutex_unlock(&recent->lock);
    return is_kept;
}

void
recent_add(struct recent *recent, const struct recent_key *key,
           const struct recent_file *file)
{
    struct kept **place = find_place(recent, key);
    size_t path_size = strlen(key->path) + 1;
    struct kept *kept;
    struct kept *old;

    if (file->length > RECENT_LIMIT_BYTES)
        return;
    kept = xcalloc(1, sizeof(*kept) + (size_t)file->length + 1 + path_size);
    kept->repository = key->repository;
    kept->target = key->target;
    kept->file = *file;
    memcpy(kept->text, file->bytes, (size_t)file->length);
    memcpy(kept->text + file->length + 1, key->path, path_size);
    kept->file.bytes = kept->text;
    kept->file.entry.path = kept->text + file->length + 1;
    pthread_mutex_lock(&recent->lock);
    old = *place;
    *place = kept;
    pthread_mutex_unlock(&recent->lock);
    free(old);
}
