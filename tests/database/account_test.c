#include "auth/account.h"

#include <string.h>

#include "auth/login.h"
#include "auth/password.h"
#include "storage/base/clock.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

static const char png[] = "\x89PNG\r\n\x1a\n and so on";

struct scene {
    struct db *db;
    struct arena *arena;
    struct account account;
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
add(struct scene *scene, const struct account_spec *spec)
{
    return account_add(&scene->account, scene->db, scene->arena, spec,
                       &scene->err);
}

static int64_t
log_in(struct scene *scene, const char *name, const char *password)
{
    const struct login login = {name, password, "192.0.2.1", 0, 0};
    int64_t account = 0;

    login_check(&account, scene->db, scene->arena, &login, &scene->err);
    return account;
}

TEST(an_account_is_found_by_name_in_any_case_id_and_address)
{
    const struct account_spec spec = {
        .public_id = "0123456789abcdef01234567",
        .name = "__DUMMY_HUB_USER__",
        .fullname = "Dummy User",
        .email = "Dummy@Example.org",
        .is_verified = true,
    };
    struct scene scene;
    struct account found;

    open_scene(&scene);
    CHECK(add(&scene, &spec) == 0);
    CHECK(account_find(&found, scene.db, scene.arena, "__dummy_HUB_user__",
                       &scene.err) == 0);
    CHECK(found.id == scene.account.id);
    CHECK_TEXT(found.name, "__DUMMY_HUB_USER__");
    CHECK_TEXT(found.fullname, "Dummy User");
    CHECK(found.is_verified && !found.is_administrator);
    CHECK(account_find_by_public_id(&found, scene.db, scene.arena,
                                    spec.public_id, &scene.err) == 0);
    CHECK(found.id == scene.account.id);
    CHECK(account_find_by_email(&found, scene.db, scene.arena,
                                "dummy@example.org", &scene.err) == 0);
    CHECK(found.id == scene.account.id);
    CHECK(account_find(&found, scene.db, scene.arena, "nobody", &scene.err) ==
          0);
    CHECK(found.id == 0);
    close_scene(&scene);
}

TEST(what_is_taken_is_named)
{
    struct account_spec spec = {.name = "alice", .email = "a@example.org"};
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, &spec) == 0);
    spec.name = "Alice";
    spec.email = "b@example.org";
    CHECK(add(&scene, &spec) < 0);
    CHECK(scene.err.code == ERROR_CONFLICT);
    CHECK_TEXT(scene.err.message, "the name \"Alice\" is taken");
    spec.name = "bob";
    spec.email = "A@example.org";
    CHECK(add(&scene, &spec) < 0);
    CHECK_TEXT(scene.err.message,
               "there is an account with this e-mail address");
    spec.email = "b@example.org";
    spec.public_id = scene.account.public_id;
    CHECK(add(&scene, &spec) < 0);
    CHECK(strstr(scene.err.message, spec.public_id) != NULL);
    close_scene(&scene);
}

TEST(names_that_paths_need_and_malformed_ones_are_refused)
{
    static const char *const wrong[] = {
        "api", "Settings", "datasets", "a--b", "-a", "a.git",  "",   "a/b",
        "a b", "é",        "login",    "v2",   "..", "static", "new"};
    struct error err;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK(account_check_name(wrong[i], &err) < 0);
    CHECK(account_check_name("alice", &err) == 0);
    CHECK(account_check_name("DVUser", &err) == 0);
}

TEST(an_address_is_one_plain_address)
{
    static const char *const wrong[] = {
        "",          "a",
        "@b.org",    "a@",
        "a@b..org",  "a@.org",
        "a b@c.org", "a@b.org, c@d.org",
        "<a@b.org>", "a@b.org\nBcc: c@d.org",
        "a@b@c.org", "\"a\"@b.org",
    };
    struct error err;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK(account_check_email(wrong[i], &err) < 0);
    CHECK(account_check_email("first.last+tag@sub.example.org", &err) == 0);
    CHECK(account_check_email("root@localhost", &err) == 0);
}

TEST(what_describes_an_account_has_a_form_and_limits)
{
    static const char *const fullnames[] = {"two\nlines", "\xff", NULL};
    struct account_spec spec = {.name = "alice", .email = "a@example.org"};
    struct scene scene;
    char *longest;

    open_scene(&scene);
    longest = arena_alloc(scene.arena, ACCOUNT_AVATAR_LIMIT + 1);
    memset(longest, 'x', ACCOUNT_AVATAR_LIMIT + 1);
    spec.public_id = "0123456789ABCDEF01234567";
    CHECK(add(&scene, &spec) < 0);
    spec.public_id = NULL;
    for (size_t i = 0; i < 3; i++) {
        spec.fullname =
            fullnames[i] != NULL
                ? fullnames[i]
                : arena_bytes(scene.arena, longest, ACCOUNT_FULLNAME_LIMIT + 1);
        CHECK(add(&scene, &spec) < 0);
    }
    spec.fullname = NULL;
    memcpy(longest, png, sizeof(png) - 1);
    spec.avatar = longest;
    spec.avatar_length = ACCOUNT_AVATAR_LIMIT + 1;
    CHECK(add(&scene, &spec) < 0);
    CHECK(scene.err.code == ERROR_TOO_LARGE);
    spec.avatar = NULL;
    spec.email = NULL;
    CHECK(add(&scene, &spec) < 0);
    CHECK(seed("SELECT count(*) FROM account") == 0);
    spec.is_organization = true;
    CHECK(add(&scene, &spec) == 0 && scene.account.is_organization);
    close_scene(&scene);
}

TEST(a_picture_is_kept_with_the_type_that_its_bytes_have)
{
    struct account_spec spec = {
        .name = "alice",
        .email = "a@example.org",
        .avatar = "<svg onload=alert(1)>",
        .avatar_length = 21,
    };
    struct account_avatar avatar;
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, &spec) < 0);
    spec.avatar = png;
    spec.avatar_length = sizeof(png) - 1;
    CHECK(add(&scene, &spec) == 0);
    CHECK(scene.account.has_avatar);
    CHECK(account_find_avatar(&avatar, scene.db, scene.arena, "ALICE",
                              &scene.err) == 0);
    CHECK_TEXT(avatar.type, "image/png");
    CHECK(avatar.length == spec.avatar_length);
    CHECK(memcmp(avatar.bytes, png, avatar.length) == 0);
    close_scene(&scene);
}

TEST(the_right_password_logs_in_by_name_or_address)
{
    const struct account_spec spec = {
        .name = "alice",
        .email = "a@example.org",
        .password = "correct horse",
        .is_verified = true,
    };
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, &spec) == 0);
    CHECK(log_in(&scene, "Alice", "correct horse") == scene.account.id);
    CHECK(log_in(&scene, "A@example.org", "correct horse") == scene.account.id);
    CHECK(seed("SELECT count(*) FROM attempt") == 0);
    close_scene(&scene);
}

TEST(unknown_names_wrong_passwords_and_disabled_accounts_look_alike)
{
    struct account_spec spec = {
        .name = "alice",
        .email = "a@example.org",
        .password = "correct horse",
        .is_verified = true,
    };
    static const char *const names[] = {"nobody", "alice", "silent", "acme",
                                        "off"};
    struct scene scene;
    int64_t before;
    int64_t cost = 0;

    open_scene(&scene);
    CHECK(add(&scene, &spec) == 0);
    seed_account("silent");
    seed_organization("acme");
    spec.name = "off";
    spec.email = "off@example.org";
    CHECK(add(&scene, &spec) == 0);
    seed("UPDATE account SET disabled_at = now() WHERE name = 'off'");
    for (int i = 0; i < 5; i++) {
        const char *password = i == 4 ? "correct horse" : "wrong";

        before = db_statement_count(scene.db);
        CHECK(log_in(&scene, names[i], password) == 0);
        CHECK(scene.err.code == ERROR_UNAUTHENTICATED);
        CHECK_TEXT(scene.err.message, "Invalid username or password.");
        if (i == 0)
            cost = db_statement_count(scene.db) - before;
        CHECK(db_statement_count(scene.db) == before + cost);
    }
    close_scene(&scene);
}

TEST(after_ten_wrong_passwords_the_right_one_has_to_wait)
{
    const struct account_spec spec = {
        .name = "alice",
        .email = "a@example.org",
        .password = "correct horse",
        .is_verified = true,
    };
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, &spec) == 0);
    for (int i = 0; i < 10; i++)
        CHECK(log_in(&scene, "alice", "wrong") == 0);
    CHECK(log_in(&scene, "alice", "correct horse") == 0);
    CHECK(scene.err.code == ERROR_TOO_MANY);
    close_scene(&scene);
}

TEST(an_unconfirmed_address_keeps_its_person_out)
{
    const struct account_spec spec = {
        .name = "alice",
        .email = "a@example.org",
        .password = "correct horse",
    };
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, &spec) == 0);
    CHECK(log_in(&scene, "alice", "wrong") == 0);
    CHECK(scene.err.code == ERROR_UNAUTHENTICATED);
    CHECK(log_in(&scene, "alice", "correct horse") == scene.account.id);
    CHECK(scene.err.code == ERROR_FORBIDDEN);
    CHECK(account_set_verified(scene.db, scene.arena, scene.account.id,
                               &scene.err) == 0);
    scene.err = (struct error){0};
    CHECK(log_in(&scene, "alice", "correct horse") == scene.account.id);
    CHECK(scene.err.code == ERROR_NONE);
    close_scene(&scene);
}

TEST(an_account_with_repositories_is_not_removed)
{
    struct scene scene;
    struct account found;
    int64_t person;

    open_scene(&scene);
    person = seed_account("alice");
    seed_model(person, "tiny");
    CHECK(account_remove(scene.db, scene.arena, person, &scene.err) < 0);
    CHECK(scene.err.code == ERROR_CONFLICT);
    seed("DELETE FROM repository");
    CHECK(account_remove(scene.db, scene.arena, person, &scene.err) == 0);
    CHECK(account_find(&found, scene.db, scene.arena, "alice", &scene.err) ==
          0);
    CHECK(found.id == 0);
    close_scene(&scene);
}

TEST(a_password_has_bounds)
{
    char hash[PASSWORD_HASH_SIZE];
    char text[PASSWORD_LIMIT + 2];
    struct error err;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    CHECK(password_check("1234567", &err) < 0);
    CHECK(password_check("ü345678", &err) < 0);
    CHECK(password_check("ü2345678", &err) == 0);
    CHECK(password_check(text, &err) < 0);
    CHECK(password_hash(hash, text, &err) < 0);
    CHECK(password_hash(hash, "", &err) < 0);
    CHECK(!password_is_right(NULL, "x"));
    CHECK(!password_is_right(NULL, text));
}
