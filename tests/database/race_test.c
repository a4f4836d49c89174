/* Two who act at once: the second sees what the first did. */
#include <pthread.h>
#include <string.h>

#include "auth/access.h"
#include "auth/grant.h"
#include "storage/base/clock.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/scene.h"
#include "tests/database/seed.h"

/* Looks whether somebody waits, some milliseconds each. */
#define TRIES 2000

/* What the second does, on a thread and a connection of its own. */
struct second {
    struct scene *scene;
    struct db *db;
    int (*act)(struct scene *scene, struct db *db, struct arena *arena,
               struct error *err);
    struct error err;
    int result;
    pthread_t thread;
};

static void *
run_second(void *state)
{
    struct second *second = state;
    struct arena *arena = arena_open();

    second->result =
        second->act(second->scene, second->db, arena, &second->err);
    arena_free(arena);
    return NULL;
}

static bool
is_anybody_waiting(void)
{
    return seed("SELECT count(*) FROM pg_stat_activity WHERE datname ="
                " current_database() AND wait_event_type = 'Lock'") > 0;
}

/* Starts it, and returns when it waits for a lock that the first holds. */
static void
start_second(struct second *second)
{
    int tries = 0;

    CHECK(pthread_create(&second->thread, NULL, run_second, second) == 0);
    while (!is_anybody_waiting() && tries < TRIES)
        tries++;
    CHECK(tries < TRIES);
}

static void
finish_second(struct second *second)
{
    CHECK(pthread_join(second->thread, NULL) == 0);
    db_free(second->db);
}

static int
review_as_first(struct scene *scene, const char *status, struct db *db,
                struct arena *arena, struct error *err)
{
    const struct review review = scene_review(scene, &scene->first, status);

    return review_decide(db, arena, &review, err);
}

static int
accept(struct scene *scene, struct db *db, struct arena *arena,
       struct error *err)
{
    return review_as_first(scene, "accepted", db, arena, err);
}

static int
revoke(struct scene *scene, struct db *db, struct arena *arena,
       struct error *err)
{
    const struct review review = scene_review(scene, &scene->first, "reset");

    return review_revoke(db, arena, &review, err);
}

static int
ask(struct scene *scene, struct db *db, struct arena *arena, struct error *err)
{
    const struct ask asked = {
        &scene->repository, &scene->person, &scene->registry, NULL, {0}, 0};
    struct ask_result result;

    return ask_submit(&result, db, arena, &asked, err);
}

static int
withdraw(struct scene *scene, struct db *db, struct arena *arena,
         struct error *err)
{
    return ask_withdraw(db, arena, &scene->repository, &scene->person, err);
}

/* The first holds the person's request and has not committed yet. */
static struct access
hold(struct scene *scene)
{
    struct access access = {0};

    CHECK(db_begin(scene->db, &scene->err) == 0);
    CHECK(access_lock(&access, scene->db, scene->arena, scene->repository.id,
                      scene->person.account, &scene->err) == 0);
    CHECK(access.id != 0);
    return access;
}

static void
set(struct scene *scene, const struct access *access, const char *status)
{
    const struct access_change change = {.status = status};

    CHECK(access_set(scene->db, scene->arena, access, &change, &scene->err) ==
          0);
    if (strcmp(status, "accepted") == 0)
        CHECK(grant_add(scene->db, scene->arena, access, CLOCK_NEVER, 0,
                        &scene->err) == 0);
    else
        CHECK(grant_revoke(scene->db, scene->arena, access, NULL,
                           &scene->err) == 0);
}

static void
open_pending(struct scene *scene)
{
    scene_open(scene);
    CHECK(scene_set_gate(scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(scene) == 0);
}

/* Hostile input 43. */
TEST(of_two_who_accept_at_once_one_does)
{
    struct scene scene;
    struct second second = {.scene = &scene, .act = accept};
    struct access access;

    open_pending(&scene);
    second.db = test_database_connect();
    access = hold(&scene);
    start_second(&second);
    set(&scene, &access, "accepted");
    CHECK(db_commit(scene.db, &scene.err) == 0);
    finish_second(&second);
    CHECK(second.result < 0 && second.err.status == 404);
    CHECK(seed("SELECT count(*) FROM access_grant") == 1);
    scene_close(&scene);
}

TEST(who_accepts_what_was_just_reset_is_refused)
{
    struct scene scene;
    struct second second = {.scene = &scene, .act = accept};
    struct access access;

    open_pending(&scene);
    second.db = test_database_connect();
    access = hold(&scene);
    start_second(&second);
    set(&scene, &access, "reset");
    CHECK(db_commit(scene.db, &scene.err) == 0);
    finish_second(&second);
    CHECK(second.result < 0 && second.err.status == 404);
    CHECK(scene_door(&scene) == GATE_RESET);
    CHECK(seed("SELECT count(*) FROM access_grant") == 0);
    scene_close(&scene);
}

/* Hostile input 43: an approval that races with a revocation. */
TEST(who_revokes_what_is_being_accepted_revokes_it)
{
    struct scene scene;
    struct second second = {.scene = &scene, .act = revoke};
    struct access access;

    open_pending(&scene);
    second.db = test_database_connect();
    access = hold(&scene);
    start_second(&second);
    set(&scene, &access, "accepted");
    CHECK(db_commit(scene.db, &scene.err) == 0);
    finish_second(&second);
    CHECK(second.result == 0);
    CHECK(scene_door(&scene) == GATE_RESET);
    CHECK(seed("SELECT count(*) FROM access_grant"
               " WHERE revoked_at IS NULL") == 0);
    scene_close(&scene);
}

TEST(who_asks_while_withdrawing_has_one_new_request)
{
    struct scene scene;
    struct second second = {.scene = &scene, .act = ask};
    struct access access;

    open_pending(&scene);
    second.db = test_database_connect();
    access = hold(&scene);
    start_second(&second);
    CHECK(DB_RUN(NULL, scene.db, scene.arena, "access_withdraw", &scene.err,
                 db_int(access.id)) == 0);
    CHECK(db_commit(scene.db, &scene.err) == 0);
    finish_second(&second);
    CHECK(second.result == 0);
    CHECK(scene_has_status("pending"));
    CHECK(seed("SELECT count(*) FROM request") == 2);
    scene_close(&scene);
}

TEST(who_withdraws_what_was_just_accepted_is_refused)
{
    struct scene scene;
    struct second second = {.scene = &scene, .act = withdraw};
    struct access access;

    open_pending(&scene);
    second.db = test_database_connect();
    access = hold(&scene);
    start_second(&second);
    set(&scene, &access, "accepted");
    CHECK(db_commit(scene.db, &scene.err) == 0);
    finish_second(&second);
    CHECK(second.result < 0 && second.err.status == 404);
    CHECK(scene_door(&scene) == GATE_GRANTED);
    scene_close(&scene);
}

TEST(who_asks_twice_at_once_has_one_request)
{
    struct scene scene;
    struct second second = {.scene = &scene, .act = ask};
    struct access_person person = {.asked = true, .account_name = "person"};
    struct access access;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    second.db = test_database_connect();
    person.repository = &scene.repository;
    person.account = scene.person.account;
    CHECK(db_begin(scene.db, &scene.err) == 0);
    CHECK(access_lock_or_add(&access, scene.db, scene.arena, &person,
                             &scene.err) == 0);
    start_second(&second);
    CHECK(db_commit(scene.db, &scene.err) == 0);
    finish_second(&second);
    CHECK(second.result == 0);
    CHECK(seed("SELECT count(*) FROM request") == 1);
    scene_close(&scene);
}
