#include "auth/slots.h"

#include <pthread.h>
#include <stdio.h>

#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

/* Two daemons that share a database, with three uploads an account. */
#define LIMIT 3

struct daemon {
    struct slots *slots;
    struct db *db;
};

struct scene {
    struct daemon daemons[2];
    struct arena *arena;
    int64_t account;
    struct error err;
};

static void
open_scene(struct scene *scene)
{
    *scene = (struct scene){.arena = arena_open()};
    scene->daemons[0].db = test_database_open();
    scene->daemons[1].db = test_database_connect();
    scene->account = seed_account("alice");
    for (int i = 0; i < 2; i++)
        scene->daemons[i].slots = slots_open(LIMIT);
}

static void
close_scene(struct scene *scene)
{
    for (int i = 0; i < 2; i++) {
        slots_free(scene->daemons[i].slots);
        db_free(scene->daemons[i].db);
    }
    arena_free(scene->arena);
}

static int
take(struct scene *scene, int i)
{
    return slots_take(scene->daemons[i].slots, scene->daemons[i].db,
                      scene->arena, scene->account, &scene->err);
}

static int
write(struct scene *scene, int i)
{
    return slots_write(scene->daemons[i].slots, scene->daemons[i].db,
                       scene->arena, &scene->err);
}

TEST(a_limit_holds_over_two_daemons)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(take(&scene, 0) == 0);
    CHECK(take(&scene, 1) == 0);
    CHECK(take(&scene, 0) == 0);
    CHECK(take(&scene, 1) < 0);
    CHECK(scene.err.code == ERROR_TOO_MANY);
    CHECK(scene.err.retry_after_seconds > 0);
    scene.account = seed_account("bob");
    CHECK(take(&scene, 1) == 0);
    close_scene(&scene);
}

TEST(a_place_that_became_free_is_the_daemons_own_until_it_is_written)
{
    struct scene scene;

    open_scene(&scene);
    for (int i = 0; i < LIMIT; i++)
        CHECK(take(&scene, 0) == 0);
    slots_give(scene.daemons[0].slots, scene.account);
    CHECK(take(&scene, 1) < 0);
    CHECK(take(&scene, 0) == 0);
    slots_give(scene.daemons[0].slots, scene.account);
    CHECK(write(&scene, 0) == 0);
    CHECK(seed("SELECT count(*) FROM upload_slot") == LIMIT - 1);
    CHECK(take(&scene, 1) == 0);
    close_scene(&scene);
}

TEST(a_daemon_that_is_gone_loses_its_places_with_the_lease)
{
    struct scene scene;

    open_scene(&scene);
    for (int i = 0; i < LIMIT; i++)
        CHECK(take(&scene, 0) == 0);
    seed("UPDATE upload_slot SET leased_until = now()");
    for (int i = 0; i < LIMIT; i++)
        CHECK(take(&scene, 1) == 0);
    CHECK(seed("SELECT count(*) FROM upload_slot") == LIMIT);
    /* What the first gives back, the second has by now. */
    slots_give(scene.daemons[0].slots, scene.account);
    CHECK(write(&scene, 0) == 0);
    CHECK(seed("SELECT count(*) FROM upload_slot") == LIMIT);
    close_scene(&scene);
}

TEST(a_daemon_that_lives_keeps_its_places)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(take(&scene, 0) == 0);
    seed("UPDATE upload_slot SET leased_until = now() + interval '1 s'");
    CHECK(write(&scene, 0) == 0);
    CHECK(seed("SELECT count(*) FROM upload_slot"
               " WHERE leased_until > now() + interval '20 s'") == 1);
    close_scene(&scene);
}

TEST(a_lowered_limit_counts_what_is_over_it)
{
    struct scene scene;
    struct slots *lower = slots_open(1);

    open_scene(&scene);
    CHECK(take(&scene, 0) == 0);
    CHECK(take(&scene, 0) == 0);
    CHECK(slots_take(lower, scene.daemons[1].db, scene.arena, scene.account,
                     &scene.err) < 0);
    slots_free(lower);
    close_scene(&scene);
}

/* One place and two who want it, so often that they want it at once. */
#define ROUNDS 100

struct contest {
    pthread_barrier_t begin;
    int64_t accounts[ROUNDS];
    struct daemon daemons[2];
};

struct contestant {
    struct contest *contest;
    int number;
    bool has_won[ROUNDS];
};

static void *
contend(void *state)
{
    struct contestant *own = state;
    struct contest *contest = own->contest;
    const struct daemon *daemon = &contest->daemons[own->number];
    struct arena *arena = arena_open();
    struct error err;

    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(&contest->begin);
        own->has_won[i] = slots_take(daemon->slots, daemon->db, arena,
                                     contest->accounts[i], &err) == 0;
    }
    arena_free(arena);
    return NULL;
}

TEST(two_daemons_at_once_never_give_one_place_twice)
{
    struct contest contest = {0};
    struct contestant contestants[2] = {{&contest, 0, {0}}, {&contest, 1, {0}}};
    pthread_t threads[2];

    contest.daemons[0].db = test_database_open();
    contest.daemons[1].db = test_database_connect();
    pthread_barrier_init(&contest.begin, NULL, 2);
    for (int i = 0; i < ROUNDS; i++) {
        char name[16];

        snprintf(name, sizeof(name), "user%d", i);
        contest.accounts[i] = seed_account(name);
    }
    for (int i = 0; i < 2; i++) {
        contest.daemons[i].slots = slots_open(1);
        CHECK(pthread_create(&threads[i], NULL, contend, &contestants[i]) == 0);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < ROUNDS; i++)
        CHECK(contestants[0].has_won[i] + contestants[1].has_won[i] == 1);
    CHECK(seed("SELECT count(*) FROM upload_slot") == ROUNDS);
    for (int i = 0; i < 2; i++) {
        slots_free(contest.daemons[i].slots);
        db_free(contest.daemons[i].db);
    }
    pthread_barrier_destroy(&contest.begin);
}
