#include "registry/census.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"

#define BUCKETS 4096
#define RETRY_SECONDS 5

/* What counts as one client: an IPv4 address, or 64 bits of IPv6. */
struct client {
    struct client *next;
    uint64_t key;
    int count;
};

struct census {
    pthread_mutex_t lock;
    int limit;
    int limit_per_address;
    int count;
    struct client *buckets[BUCKETS];
};

struct census *
census_open(int limit, int limit_per_address)
{
    struct census *census = xcalloc(1, sizeof(*census));

    pthread_mutex_init(&census->lock, NULL);
    census->limit = limit;
    census->limit_per_address = limit_per_address;
    return census;
}

void
census_free(struct census *census)
{
    if (census == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct client *next;

        for (struct client *c = census->buckets[i]; c != NULL; c = next) {
            next = c->next;
            free(c);
        }
    }
    pthread_mutex_destroy(&census->lock);
    free(census);
}

static uint64_t
read_key(const char *address)
{
    unsigned char bytes[16] = {0};
    uint64_t key = 0;

    if (inet_pton(AF_INET, address, bytes + 4) != 1)
        inet_pton(AF_INET6, address, bytes);
    memcpy(&key, bytes, sizeof(key));
    return key;
}

static struct client **
find(struct census *census, uint64_t key)
{
    /* Fibonacci hashing: the upper bits of a product mix all of the key. */
    size_t bucket = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 52);
    struct client **at = &census->buckets[bucket % BUCKETS];

    while (*at != NULL && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

/* Under the lock. */
static int
add(struct census *census, uint64_t key, bool is_proxy, struct error *err)
{
    struct client **at = find(census, key);

    if (census->count >= census->limit)
        return error_set(err, ERROR_BUSY,
                         "there are too many connections; try again");
    if (!is_proxy && *at != NULL && (*at)->count >= census->limit_per_address)
        return error_set(err, ERROR_TOO_MANY,
                         "there are too many connections from this address");
    if (*at == NULL) {
        *at = xcalloc(1, sizeof(**at));
        (*at)->key = key;
    }
    (*at)->count++;
    census->count++;
    return 0;
}

int
census_add(struct census *census, const char *address, bool is_proxy,
           struct error *err)
{
    int result;

    pthread_mutex_lock(&census->lock);
    result = add(census, read_key(address), is_proxy, err);
    pthread_mutex_unlock(&census->lock);
    if (result < 0)
        err->retry_after_seconds = RETRY_SECONDS;
    return result;
}

void
census_remove(struct census *census, const char *address)
{
    struct client **at;

    pthread_mutex_lock(&census->lock);
    at = find(census, read_key(address));
    if (*at != NULL) {
        census->count--;
        if (--(*at)->count == 0) {
            struct client *gone = *at;

            *at = gone->next;
            free(gone);
        }
    }
    pthread_mutex_unlock(&census->lock);
}

int
census_count(struct census *census)
{
    int count;

    pthread_mutex_lock(&census->lock);
    count = census->count;
    pthread_mutex_unlock(&census->lock);
    return count;
}
