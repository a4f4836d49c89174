#include "auth/slots.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/db/array.h"

#define BUCKETS 256
#define LEASE_MS 30000
#define RENEW_MS 10000
#define RETRY_SECONDS 5
/* Two that ask at once may want the same slot; the third time is no chance. */
#define TRIES 3
/* Slots that one statement gives back. */
#define BATCH 1000

struct slot {
    struct slot *next;
    int64_t account;
    int64_t number;
    bool is_used;
};

struct slots {
    pthread_mutex_t lock;
    int64_t limit;
    int64_t renewed_at_ms; /* monotonic */
    int64_t count;
    char daemon[RANDOM_ID_SIZE];
    struct slot *buckets[BUCKETS];
};

struct slots *
slots_open(int64_t limit)
{
    struct slots *slots = xcalloc(1, sizeof(*slots));

    pthread_mutex_init(&slots->lock, NULL);
    slots->limit = limit;
    random_id(slots->daemon);
    return slots;
}

void
slots_free(struct slots *slots)
{
    if (slots == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct slot *next;

        for (struct slot *s = slots->buckets[i]; s != NULL; s = next) {
            next = s->next;
            free(s);
        }
    }
    pthread_mutex_destroy(&slots->lock);
    free(slots);
}

static struct slot **
find_bucket(struct slots *slots, int64_t account)
{
    return &slots->buckets[(uint64_t)account % BUCKETS];
}

/* One of the account's that is used, or is not.  Under the lock. */
static struct slot *
find(struct slots *slots, int64_t account, bool is_used)
{
    struct slot *slot = *find_bucket(slots, account);

    while (slot != NULL &&
           (slot->account != account || slot->is_used != is_used))
        slot = slot->next;
    return slot;
}

static void
add(struct slots *slots, int64_t account, int64_t number, bool is_used)
{
    struct slot **bucket = find_bucket(slots, account);
    struct slot *slot = xcalloc(1, sizeof(*slot));

    *slot = (struct slot){NULL, account, number, is_used};
    pthread_mutex_lock(&slots->lock);
    slot->next = *bucket;
    *bucket = slot;
    slots->count++;
    pthread_mutex_unlock(&slots->lock);
}

static bool
take_kept(struct slots *slots, int64_t account)
{
    struct slot *slot;

    pthread_mutex_lock(&slots->lock);
    slot = find(slots, account, false);
    if (slot != NULL)
        slot->is_used = true;
    pthread_mutex_unlock(&slots->lock);
    return slot != NULL;
}

int
slots_take(struct slots *slots, struct db *db, struct arena *arena,
           int64_t account, struct error *err)
{
    if (take_kept(slots, account))
        return 0;
    for (int i = 0; i < TRIES; i++) {
        struct db_rows *rows;

        if (DB_RUN(&rows, db, arena, "slot_take", err, db_int(account),
                   db_text(slots->daemon), db_int(slots->limit),
                   db_int(LEASE_MS)) < 0)
            return -1;
        if (db_rows_count(rows) == 0)
            continue;
        add(slots, account, db_get_int(rows, 0, 0), true);
        return 0;
    }
    error_set(err, ERROR_TOO_MANY,
              "too many of your uploads are under way; wait for one");
    err->retry_after_seconds = RETRY_SECONDS;
    return -1;
}

void
slots_give(struct slots *slots, int64_t account)
{
    struct slot *slot;

    pthread_mutex_lock(&slots->lock);
    slot = find(slots, account, true);
    if (slot != NULL)
        slot->is_used = false;
    pthread_mutex_unlock(&slots->lock);
}

/* Takes those that nobody uses out; returns how many. */
static size_t
take_out(struct slots *slots, int64_t *accounts, int64_t *numbers)
{
    size_t count = 0;

    pthread_mutex_lock(&slots->lock);
    for (size_t i = 0; i < BUCKETS && count < BATCH; i++) {
        struct slot **at = &slots->buckets[i];

        while (*at != NULL && count < BATCH) {
            struct slot *slot = *at;

            if (slot->is_used) {
                at = &slot->next;
                continue;
            }
            accounts[count] = slot->account;
            numbers[count++] = slot->number;
            *at = slot->next;
            free(slot);
        }
    }
    slots->count -= (int64_t)count;
    pthread_mutex_unlock(&slots->lock);
    return count;
}

static int
give_back(struct slots *slots, struct db *db, struct arena *arena,
          struct error *err)
{
    int64_t accounts[BATCH];
    int64_t numbers[BATCH];
    size_t count = take_out(slots, accounts, numbers);

    if (count == 0 ||
        DB_RUN(NULL, db, arena, "slot_give", err, db_text(slots->daemon),
               array_of_ints(arena, accounts, count),
               array_of_ints(arena, numbers, count)) == 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        add(slots, accounts[i], numbers[i], false);
    return -1;
}

static bool
is_renewal_due(struct slots *slots, int64_t now_ms)
{
    bool is_due;

    pthread_mutex_lock(&slots->lock);
    is_due = slots->count > 0 && now_ms - slots->renewed_at_ms >= RENEW_MS;
    pthread_mutex_unlock(&slots->lock);
    return is_due;
}

int
slots_write(struct slots *slots, struct db *db, struct arena *arena,
            struct error *err)
{
    int64_t now_ms = clock_monotonic_ms();

    if (give_back(slots, db, arena, err) < 0)
        return -1;
    if (!is_renewal_due(slots, now_ms))
        return 0;
    if (DB_RUN(NULL, db, arena, "slot_renew", err, db_text(slots->daemon),
               db_int(LEASE_MS)) < 0)
        return -1;
    slots->renewed_at_ms = now_ms; /* read and set by this job alone */
    return 0;
}
