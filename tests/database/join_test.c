#include "auth/join.h"

#include <string.h>

#include "auth/link.h"
#include "auth/login.h"
#include "auth/outbox.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

#define URL "http://registry.example.org"

struct scene {
    struct db *db;
    struct arena *arena;
    struct join join;
    bool is_ready;
    struct outbox_mail mail;
    struct error err;
};

static void
open_scene(struct scene *scene)
{
    *scene = (struct scene){.db = test_database_open()};
    scene->arena = arena_open();
    scene->join = (struct join){
        .name = "alice",
        .email = "alice@example.org",
        .password = "correct horse",
        .address = "192.0.2.1",
        .policy = JOIN_OPEN,
        .url = URL,
    };
}

static void
close_scene(struct scene *scene)
{
    arena_free(scene->arena);
    db_free(scene->db);
}

static int
ask(struct scene *scene)
{
    return join_ask(&scene->is_ready, scene->db, scene->arena, &scene->join,
                    &scene->err);
}

/* The text behind "link=" in the mail that waits longest. */
static const char *
take_link(struct scene *scene)
{
    const char *at;

    CHECK(outbox_take(&scene->mail, scene->db, scene->arena, &scene->err) == 0);
    CHECK(scene->mail.id != 0);
    at = scene->mail.id != 0 ? strstr(scene->mail.body, "link=") : NULL;
    if (at == NULL)
        return "";
    return arena_bytes(scene->arena, at + 5, strcspn(at + 5, "\n"));
}

static enum error_code
log_in(struct scene *scene, const char *password)
{
    const struct login login = {"alice", password, "192.0.2.1", 0, 0};
    int64_t account;

    scene->err = (struct error){0};
    login_check(&account, scene->db, scene->arena, &login, &scene->err);
    return scene->err.code;
}

TEST(a_mailed_link_confirms_an_address_once)
{
    struct scene scene;
    const char *link;

    open_scene(&scene);
    CHECK(ask(&scene) == 0 && !scene.is_ready);
    CHECK(log_in(&scene, "correct horse") == ERROR_FORBIDDEN);
    link = take_link(&scene);
    CHECK_TEXT(scene.mail.recipient, "alice@example.org");
    CHECK(strstr(scene.mail.body, URL "/verify?link=") != NULL);
    CHECK(join_verify(scene.db, scene.arena, link, &scene.err) == 0);
    CHECK(log_in(&scene, "correct horse") == ERROR_NONE);
    CHECK(join_verify(scene.db, scene.arena, link, &scene.err) < 0);
    CHECK(scene.err.code == ERROR_NOT_FOUND);
    close_scene(&scene);
}

TEST(a_link_that_is_too_old_or_for_something_else_is_none)
{
    struct scene scene;
    const char *link;

    open_scene(&scene);
    CHECK(ask(&scene) == 0);
    link = take_link(&scene);
    CHECK(join_set_password(scene.db, scene.arena, link, "another password",
                            &scene.err) < 0);
    CHECK(scene.err.code == ERROR_NOT_FOUND);
    seed("UPDATE link SET expires_at = now()");
    CHECK(join_verify(scene.db, scene.arena, link, &scene.err) < 0);
    CHECK(seed("SELECT count(*) FROM account"
               " WHERE email_verified_at IS NOT NULL") == 0);
    close_scene(&scene);
}

TEST(no_link_is_in_the_database_in_clear_once_its_mail_left)
{
    struct scene scene;
    const char *link;

    open_scene(&scene);
    CHECK(ask(&scene) == 0);
    link = take_link(&scene);
    CHECK(outbox_set_sent(scene.db, scene.arena, scene.mail.id, &scene.err) ==
          0);
    CHECK(seed("SELECT count(*) FROM outbox o"
               " WHERE strpos(o::text, '%s') > 0",
               link) == 0);
    CHECK(seed("SELECT count(*) FROM link l WHERE strpos(l::text, '%s') > 0",
               link) == 0);
    close_scene(&scene);
}

TEST(an_address_in_use_is_answered_alike_and_its_owner_is_told)
{
    struct scene scene;

    open_scene(&scene);
    seed_account("owner");
    scene.join.email = "OWNER@example.org";
    CHECK(ask(&scene) == 0 && !scene.is_ready);
    CHECK(seed("SELECT count(*) FROM account") == 1);
    take_link(&scene);
    CHECK_TEXT(scene.mail.recipient, "owner@example.org");
    CHECK_TEXT(scene.mail.subject, "You have an account already");
    CHECK(strstr(scene.mail.body, "link=") == NULL);
    close_scene(&scene);
}

TEST(what_is_refused_leaves_neither_account_nor_mail)
{
    struct scene scene;

    open_scene(&scene);
    seed_account("taken");
    scene.join.name = "Taken";
    CHECK(ask(&scene) < 0 && scene.err.code == ERROR_CONFLICT);
    scene.join.name = "api";
    CHECK(ask(&scene) < 0 && scene.err.code == ERROR_BAD_REQUEST);
    scene.join.name = "alice";
    scene.join.password = "short";
    CHECK(ask(&scene) < 0 && scene.err.code == ERROR_BAD_REQUEST);
    scene.join.password = "correct horse";
    scene.join.policy = JOIN_INVITATION;
    CHECK(ask(&scene) < 0 && scene.err.code == ERROR_FORBIDDEN);
    scene.join.policy = JOIN_CLOSED;
    CHECK(ask(&scene) < 0 && scene.err.code == ERROR_FORBIDDEN);
    CHECK(seed("SELECT count(*) FROM account") == 1);
    CHECK(seed("SELECT count(*) FROM outbox") == 0);
    close_scene(&scene);
}

TEST(an_invitation_is_for_one_address_and_one_account)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(join_invite(scene.db, scene.arena, seed_account("chief"),
                      "guest@example.org", URL, &scene.err) == 0);
    scene.join.policy = JOIN_INVITATION;
    scene.join.invitation = take_link(&scene);
    CHECK(ask(&scene) == 0 && scene.is_ready);
    CHECK(seed("SELECT count(*) FROM account WHERE name = 'alice'"
               " AND email = 'guest@example.org'"
               " AND email_verified_at IS NOT NULL") == 1);
    scene.join.name = "second";
    CHECK(ask(&scene) < 0 && scene.err.code == ERROR_NOT_FOUND);
    close_scene(&scene);
}

TEST(an_invitation_for_an_address_in_use_says_so_and_makes_nothing)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(join_invite(scene.db, scene.arena, seed_account("chief"),
                      "guest@example.org", URL, &scene.err) == 0);
    scene.join.invitation = take_link(&scene);
    seed_account("guest");
    CHECK(ask(&scene) < 0 && scene.err.code == ERROR_CONFLICT);
    CHECK(strstr(scene.err.message, "e-mail address") != NULL);
    CHECK(seed("SELECT count(*) FROM account") == 2);
    CHECK(join_invite(scene.db, scene.arena, 0, "no address", URL, &scene.err) <
          0);
    CHECK(seed("SELECT count(*) FROM link WHERE used_at IS NULL") == 1);
    close_scene(&scene);
}

TEST(a_policy_is_one_of_three_words)
{
    enum join_policy policy = JOIN_OPEN;

    CHECK(join_policy_parse(&policy, "closed") && policy == JOIN_CLOSED);
    CHECK(join_policy_parse(&policy, "invitation") &&
          policy == JOIN_INVITATION);
    CHECK(!join_policy_parse(&policy, "Open") && policy == JOIN_INVITATION);
}

TEST(a_refused_name_does_not_use_up_the_invitation)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(join_invite(scene.db, scene.arena, seed_account("chief"),
                      "guest@example.org", URL, &scene.err) == 0);
    scene.join.invitation = take_link(&scene);
    scene.join.name = "chief";
    CHECK(ask(&scene) < 0 && scene.err.code == ERROR_CONFLICT);
    scene.join.name = "alice";
    CHECK(ask(&scene) == 0);
    close_scene(&scene);
}

TEST(a_forgotten_password_is_set_and_ends_all_sessions)
{
    struct scene scene;
    const char *link;
    int64_t alice;

    open_scene(&scene);
    alice = seed_account("alice");
    seed("INSERT INTO session (account, hash, expires_at)"
         " VALUES (%lld, '', now() + interval '1 day')",
         (long long)alice);
    CHECK(join_forget(scene.db, scene.arena, "nobody@example.org", "192.0.2.1",
                      URL, &scene.err) == 0);
    CHECK(seed("SELECT count(*) FROM outbox"
               " WHERE sent_at IS NULL OR body <> '' OR recipient <> ''") == 0);
    CHECK(join_forget(scene.db, scene.arena, "alice@example.org", "192.0.2.1",
                      URL, &scene.err) == 0);
    link = take_link(&scene);
    CHECK(join_set_password(scene.db, scene.arena, link, "another password",
                            &scene.err) == 0);
    CHECK(log_in(&scene, "another password") == ERROR_NONE);
    CHECK(seed("SELECT count(*) FROM session") == 0);
    close_scene(&scene);
}

TEST(a_disabled_account_gets_no_new_password_and_is_told_nothing)
{
    struct scene scene;

    open_scene(&scene);
    seed_account("alice");
    seed("UPDATE account SET disabled_at = now()");
    CHECK(join_forget(scene.db, scene.arena, "alice@example.org", "192.0.2.1",
                      URL, &scene.err) == 0);
    CHECK(seed("SELECT count(*) FROM outbox"
               " WHERE sent_at IS NULL OR body <> '' OR recipient <> ''") == 0);
    CHECK(seed("SELECT count(*) FROM link WHERE account IS NOT NULL") == 0);
    close_scene(&scene);
}

TEST(who_confirmed_an_address_is_not_reminded)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(join_remind(scene.db, scene.arena, seed_account("alice"), URL,
                      &scene.err) == 0);
    CHECK(join_remind(scene.db, scene.arena, 0, URL, &scene.err) == 0);
    CHECK(seed("SELECT count(*) FROM outbox") == 0);
    close_scene(&scene);
}

TEST(nobody_is_flooded_with_links)
{
    struct scene scene;
    int64_t alice;

    open_scene(&scene);
    CHECK(ask(&scene) == 0);
    alice = seed("SELECT id FROM account");
    for (int i = 0; i < 5; i++)
        CHECK(join_remind(scene.db, scene.arena, alice, URL, &scene.err) == 0);
    CHECK(join_remind(scene.db, scene.arena, alice, URL, &scene.err) < 0);
    CHECK(scene.err.code == ERROR_TOO_MANY);
    CHECK(seed("SELECT count(*) FROM outbox") == 6);
    close_scene(&scene);
}
