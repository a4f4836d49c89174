#include "registry/http/tally.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "storage/base/arena.h"

#define BUCKETS 256

struct entry {
    struct entry *next;
    int64_t account;
    int64_t count;
};

struct tally {
    pthread_mutex_t lock;
    int64_t limit;
    struct entry *buckets[BUCKETS];
};

struct tally *
tally_open(int64_t limit)
{
    struct tally *tally = xcalloc(1, sizeof(*tally));

    pthread_mutex_init(&tally->lock, NULL);
    tally->limit = limit;
    return tally;
}

void
tally_free(struct tally *tally)
{
    if (tally == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct entry *next;

        for (struct entry *e = tally->buckets[i]; e != NULL; e = next) {
            next = e->next;
            free(e);
        }
    }
    pthread_mutex_destroy(&tally->lock);
    free(tally);
}

/* Where the account's entry is, or would be.  Under the lock. */
static struct entry **
find(struct tally *tally, int64_t account)
{
    struct entry **at = &tally->buckets[(uint64_t)account % BUCKETS];

    while (*at != NULL && (*at)->account != account)
        at = &(*at)->next;
    return at;
}

bool
tally_add(struct tally *tally, int64_t account)
{
    struct entry **at;
    bool is_counted;

    pthread_mutex_lock(&tally->lock);
    at = find(tally, account);
    if (*at == NULL) {
        *at = xcalloc(1, sizeof(**at));
        (*at)->account = account;
    }
    is_counted = (*at)->count < tally->limit;
    (*at)->count += is_counted;
    pthread_mutex_unlock(&tally->lock);
    return is_counted;
}

void
tally_remove(struct tally *tally, int64_t account)
{
    struct entry **at;

    pthread_mutex_lock(&tally->lock);
    at = find(tally, account);
    if (*at != NULL && --(*at)->count == 0) {
        struct entry *gone = *at;

        *at = gone->next;
        free(gone);
    }
    pthread_mutex_unlock(&tally->lock);
}
