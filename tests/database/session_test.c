#include "auth/session.h"

#include <string.h>

#include "auth/account.h"
#include "storage/base/arena.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

struct scene {
    struct db *db;
    struct arena *arena;
    int64_t person;
    const char *cookie;  /* the one that the session began with */
    const char *renewed; /* NULL unless the last look-up rotated it */
    struct caller caller;
    struct error err;
};

static void
open_scene(struct scene *scene)
{
    const struct caller from = {.address = "192.0.2.1", .user_agent = "tests"};

    *scene = (struct scene){.db = test_database_open()};
    scene->arena = arena_open();
    scene->person = seed_account("Person");
    CHECK(session_add(&scene->cookie, scene->db, scene->arena, scene->person,
                      &from, &scene->err) == 0);
}

static void
close_scene(struct scene *scene)
{
    arena_free(scene->arena);
    db_free(scene->db);
}

/* Who the cookie is of; 0 for nobody. */
static int64_t
look(struct scene *scene, const char *cookie)
{
    CHECK(caller_find_by_session(&scene->caller, &scene->renewed, scene->db,
                                 scene->arena, cookie, &scene->err) == 0);
    return scene->caller.account;
}

TEST(a_cookie_shows_who_signed_in)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(look(&scene, scene.cookie) == scene.person);
    CHECK_TEXT(scene.caller.name, "Person");
    CHECK(scene.caller.session != 0 && scene.caller.token == 0);
    CHECK(scene.caller.role == TOKEN_NONE);
    CHECK(scene.renewed == NULL);
    close_scene(&scene);
}

TEST(an_unknown_an_ended_and_an_old_cookie_are_nobody)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(look(&scene, "") == 0);
    CHECK(look(&scene, "0123456789012345678901234567890123456789") == 0);
    seed("UPDATE session SET expires_at = now()");
    CHECK(look(&scene, scene.cookie) == 0);
    seed("UPDATE session SET expires_at = now() + interval '1 hour'");
    CHECK(look(&scene, scene.cookie) == scene.person);
    CHECK(session_remove(scene.db, scene.arena, scene.caller.session,
                         &scene.err) == 0);
    CHECK(look(&scene, scene.cookie) == 0);
    close_scene(&scene);
}

TEST(a_disabled_account_is_signed_out)
{
    struct scene scene;

    open_scene(&scene);
    seed("UPDATE account SET disabled_at = now()");
    CHECK(look(&scene, scene.cookie) == 0);
    close_scene(&scene);
}

TEST(the_database_never_holds_the_cookie)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(seed("SELECT count(*) FROM session s"
               " WHERE strpos(s::text, '%s') > 0",
               scene.cookie) == 0);
    close_scene(&scene);
}

TEST(after_an_hour_the_cookie_changes_and_the_old_one_lives_a_minute)
{
    struct scene scene;
    const char *renewed;

    open_scene(&scene);
    seed("UPDATE session SET rotated_at = now() - interval '61 minutes'");
    CHECK(look(&scene, scene.cookie) == scene.person);
    renewed = scene.renewed;
    CHECK(renewed != NULL && strcmp(renewed, scene.cookie) != 0);
    CHECK(look(&scene, scene.cookie) == scene.person);
    CHECK(scene.renewed == NULL);
    CHECK(look(&scene, renewed) == scene.person);
    seed("UPDATE session SET rotated_at = now() - interval '61 seconds'");
    CHECK(look(&scene, scene.cookie) == 0);
    CHECK(look(&scene, renewed) == scene.person);
    close_scene(&scene);
}

TEST(a_session_is_found_and_rotated_in_one_round_trip)
{
    struct scene scene;
    int64_t before;

    open_scene(&scene);
    seed("UPDATE session SET rotated_at = now() - interval '2 hours'");
    before = db_statement_count(scene.db);
    CHECK(look(&scene, scene.cookie) == scene.person);
    CHECK(scene.renewed != NULL);
    CHECK(db_statement_count(scene.db) == before + 1);
    close_scene(&scene);
}

TEST(a_new_password_ends_all_sessions_but_the_one_that_set_it)
{
    const struct caller from = {.address = "192.0.2.2", .user_agent = ""};
    struct scene scene;
    const char *other;

    open_scene(&scene);
    CHECK(session_add(&other, scene.db, scene.arena, scene.person, &from,
                      &scene.err) == 0);
    CHECK(look(&scene, scene.cookie) == scene.person);
    CHECK(account_set_password(scene.db, scene.arena, scene.person,
                               "another password", scene.caller.session,
                               &scene.err) == 0);
    CHECK(look(&scene, scene.cookie) == scene.person);
    CHECK(look(&scene, other) == 0);
    close_scene(&scene);
}

TEST(a_form_fits_its_own_session_alone)
{
    static const uint8_t secret[SECRET_KEY_BYTES] = {7};
    struct db *db = test_database_open();
    char text[DIGEST_TEXT_SIZE];
    struct vault *vault = NULL;
    struct error err;

    CHECK(vault_open(&vault, db, secret, &err) == 0);
    session_write_csrf(text, vault, 41);
    CHECK(session_is_csrf(vault, 41, text));
    CHECK(!session_is_csrf(vault, 42, text));
    CHECK(!session_is_csrf(vault, 41, ""));
    session_write_csrf(text, vault, 0);
    CHECK(!session_is_csrf(vault, 0, text));
    vault_free(vault);
    db_free(db);
}
