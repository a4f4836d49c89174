#include "registry/jobs/scrubber.h"

#include <stdlib.h>

#include "registry/jobs/jobs.h"
#include "registry/jobs/scrub_thread.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/content/scrub.h"

/* Objects that the thread has at once. */
#define BATCH 500
/* A daemon that says nothing for so long has left its round to others. */
#define LEASE_MS 30000
/* How often to look whether a round is due, or its daemon is gone. */
#define LOOK_MS 60000
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define MIB 1048576

struct scrubber {
    struct scrub_thread *thread;
    int64_t rest_ms;
    char daemon[RANDOM_ID_SIZE];
    struct scrub_round round;
    bool is_ours;               /* the round */
    int64_t look_at_ms;         /* monotonic; nothing to do before */
    struct scrub_counts counts; /* since the round was last advanced */
};

struct scrubber *
scrubber_open(const struct config *config, struct content_store *store,
              struct meter *meter)
{
    struct scrubber *scrubber;

    if (config->scrub_every_days == 0 || config->scrub_mib_per_second == 0)
        return NULL;
    scrubber = xcalloc(1, sizeof(*scrubber));
    scrubber->thread = scrub_thread_open(
        store, (uint64_t)config->scrub_mib_per_second * MIB, meter);
    scrubber->rest_ms = config->scrub_every_days * DAY_MS;
    random_id(scrubber->daemon);
    scrubber->round.daemon = scrubber->daemon;
    scrubber->round.lease_ms = LEASE_MS;
    return scrubber;
}

void
scrubber_free(struct scrubber *scrubber)
{
    if (scrubber == NULL)
        return;
    scrub_thread_free(scrubber->thread);
    free(scrubber);
}

/* The operator looks for the digest, and asks whose it is. */
static void
log_damage(const struct log *log, const struct scrub_finding *finding)
{
    char digest[DIGEST_TEXT_SIZE];
    json_t *owners = json_array();

    digest_write(digest, &finding->digest);
    for (size_t i = 0; i < finding->owner_count; i++)
        json_array_append_new(owners, json_string(finding->owners[i]));
    log_write(log, "damaged",
              json_pack("{s:s, s:s, s:s, s:o}", "sha256", digest, "blob",
                        finding->blob, "why", finding->reason, "repositories",
                        owners));
}

static int
note(struct scrubber *scrubber, const struct service *service,
     const struct scrub_verdict *verdict, struct db *db, struct arena *arena,
     struct error *err)
{
    struct scrub_finding finding = {.reason = verdict->reason};
    bool is_noted;

    if (verdict->has_failed) {
        *err = verdict->err;
        return -1;
    }
    if (scrub_note(&is_noted, &finding, db, arena, verdict->item, err) < 0)
        return -1;
    if (is_noted && verdict->reason != NULL) {
        log_damage(&service->log, &finding);
        meter_add(service->meter, METER_SCRUB_DAMAGED, 1);
        scrubber->counts.damaged++;
    }
    meter_add(service->meter, METER_SCRUB_OBJECTS, 1);
    scrubber->counts.objects++;
    scrubber->counts.bytes += verdict->item->size_bytes;
    scrubber->round.last = verdict->item->digest;
    scrubber->round.has_last = true;
    return 0;
}

/* What was judged before one that could not be is written down all the same. */
static int
note_judged(struct scrubber *scrubber, const struct service *service,
            struct db *db, struct arena *arena, struct error *err)
{
    struct scrub_verdict verdict;
    struct error later;
    int result = 0;

    while (result == 0 && scrub_thread_take(&verdict, scrubber->thread))
        result = note(scrubber, service, &verdict, db, arena, err);
    if (scrub_advance(&scrubber->is_ours, &scrubber->round, &scrubber->counts,
                      db, result == 0 ? err : &later) < 0)
        return -1;
    scrubber->counts = (struct scrub_counts){0};
    return result;
}

static int
finish(struct scrubber *scrubber, const struct service *service, struct db *db,
       struct error *err)
{
    struct scrub_counts counts;

    if (scrub_finish(&counts, &scrubber->round, db, err) < 0)
        return -1;
    scrubber->is_ours = false;
    if (counts.objects == 0)
        return 0;
    log_write(&service->log, "scrubbed",
              json_pack("{s:I, s:I, s:I}", "objects",
                        (json_int_t)counts.objects, "bytes",
                        (json_int_t)counts.bytes, "damaged",
                        (json_int_t)counts.damaged));
    return 0;
}

/* The thread has nothing: the next objects, or the end of the round. */
static int
go_on(struct scrubber *scrubber, const struct service *service, struct db *db,
      struct error *err)
{
    const struct scrub_round *round = &scrubber->round;
    struct arena *arena = arena_open();
    struct scrub_items batch;
    int result = scrub_list(&batch, db, arena,
                            round->has_last ? &round->last : NULL, BATCH, err);

    if (result == 0 && batch.count > 0)
        return scrub_thread_give(scrubber->thread, arena, batch.items,
                                 batch.count, err);
    arena_free(arena);
    return result == 0 ? finish(scrubber, service, db, err) : -1;
}

static int
step(struct scrubber *scrubber, const struct service *service, struct db *db,
     struct arena *arena, struct error *err)
{
    if (!scrubber->is_ours && scrub_take(&scrubber->is_ours, &scrubber->round,
                                         scrubber->rest_ms, db, err) < 0)
        return -1;
    if (!scrubber->is_ours)
        return 0;
    if (note_judged(scrubber, service, db, arena, err) < 0)
        return -1;
    if (!scrubber->is_ours || !scrub_thread_is_idle(scrubber->thread))
        return 0;
    return go_on(scrubber, service, db, err);
}

int
scrubber_run(struct db *db, struct arena *arena, void *state, struct error *err)
{
    const struct service *service = state;
    struct scrubber *scrubber = service->scrubber;
    int64_t now_ms = clock_monotonic_ms();
    int result;

    if (scrubber == NULL ||
        (!scrubber->is_ours && now_ms < scrubber->look_at_ms))
        return 0;
    result = step(scrubber, service, db, arena, err);
    if (result < 0)
        scrubber->is_ours = false;
    if (scrubber->is_ours)
        return 0;
    scrub_thread_drop(scrubber->thread);
    scrubber->counts = (struct scrub_counts){0};
    scrubber->look_at_ms = now_ms + LOOK_MS;
    return result;
}
