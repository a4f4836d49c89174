#include "auth/attempt.h"

#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

struct scene {
    struct db *db;
    struct arena *arena;
    struct error err;
};

static void
open_scene(struct scene *scene)
{
    *scene = (struct scene){.db = test_database_open()};
    scene->arena = arena_open();
}

static void
close_scene(struct scene *scene)
{
    arena_free(scene->arena);
    db_free(scene->db);
}

static int
try(struct scene *scene, const char *account, const char *address)
{
    const struct attempt attempt = {ATTEMPT_LOGIN, account, address, 0, 0};

    return attempt_add(scene->db, scene->arena, &attempt, &scene->err);
}

TEST(the_eleventh_try_at_an_account_is_refused_with_the_time_to_wait)
{
    struct scene scene;

    open_scene(&scene);
    for (int i = 0; i < 10; i++)
        CHECK(try(&scene, "alice", "192.0.2.1") == 0);
    CHECK(try(&scene, "Alice", "192.0.2.2") < 0);
    CHECK(scene.err.code == ERROR_TOO_MANY);
    CHECK(scene.err.retry_after_seconds > 0);
    CHECK(scene.err.retry_after_seconds <= 15 * 60);
    CHECK(try(&scene, "bob", "192.0.2.1") == 0);
    close_scene(&scene);
}

TEST(a_refused_try_does_not_lengthen_the_wait)
{
    struct scene scene;

    open_scene(&scene);
    for (int i = 0; i < 10; i++)
        CHECK(try(&scene, "alice", "192.0.2.1") == 0);
    CHECK(try(&scene, "alice", "192.0.2.1") < 0);
    CHECK(seed("SELECT count(*) FROM attempt") == 20);
    seed("UPDATE attempt SET at = at - interval '899 seconds'");
    CHECK(try(&scene, "alice", "192.0.2.1") < 0);
    CHECK(scene.err.retry_after_seconds <= 2);
    seed("UPDATE attempt SET at = at - interval '2 seconds'");
    CHECK(try(&scene, "alice", "192.0.2.1") == 0);
    close_scene(&scene);
}

TEST(an_address_is_limited_over_all_accounts)
{
    struct scene scene;

    open_scene(&scene);
    for (int i = 0; i < 60; i++)
        CHECK(try(&scene, arena_format(scene.arena, "name%d", i),
                  "192.0.2.1") == 0);
    CHECK(try(&scene, "another", "192.0.2.1") < 0);
    CHECK(try(&scene, "another", "::ffff:192.0.2.1") < 0);
    CHECK(try(&scene, "another", "192.0.2.2") == 0);
    close_scene(&scene);
}

TEST(a_network_of_ipv6_counts_as_one_address)
{
    struct scene scene;

    open_scene(&scene);
    for (int i = 0; i < 60; i++)
        CHECK(try(&scene, NULL, arena_format(scene.arena, "2001:db8::%x", i)) ==
              0);
    CHECK(try(&scene, NULL, "2001:db8::ffff:1") < 0);
    CHECK(try(&scene, NULL, "2001:db8:0:1::1") == 0);
    close_scene(&scene);
}

TEST(success_forgets_the_accounts_tries_and_one_of_the_addresss)
{
    const struct attempt attempt = {ATTEMPT_LOGIN, "alice", "192.0.2.1", 0, 0};
    struct scene scene;

    open_scene(&scene);
    for (int i = 0; i < 10; i++)
        CHECK(try(&scene, "alice", "192.0.2.1") == 0);
    CHECK(attempt_remove(scene.db, scene.arena, &attempt, &scene.err) == 0);
    CHECK(seed("SELECT count(*) FROM attempt WHERE key ~ '^account:'") == 0);
    CHECK(seed("SELECT count(*) FROM attempt WHERE key ~ '^address:'") == 9);
    CHECK(try(&scene, "alice", "192.0.2.1") == 0);
    close_scene(&scene);
}

TEST(what_was_typed_as_a_name_is_not_kept_in_clear)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(try(&scene, "correct horse battery", "192.0.2.1") == 0);
    CHECK(seed("SELECT count(*) FROM attempt WHERE key ~ 'horse'") == 0);
    close_scene(&scene);
}
