#include "auth/outbox.h"

#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

struct scene {
    struct db *db;
    struct arena *arena;
    struct outbox_mail mail;
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
add(struct scene *scene, const char *recipient, const char *dedupe)
{
    const struct outbox_mail mail = {
        .recipient = recipient,
        .subject = "subject",
        .body = "body",
        .dedupe = dedupe,
    };

    return outbox_add(scene->db, scene->arena, &mail, &scene->err);
}

static int64_t
take(struct scene *scene)
{
    CHECK(outbox_take(&scene->mail, scene->db, scene->arena, &scene->err) == 0);
    return scene->mail.id;
}

TEST(a_mail_belongs_to_the_transaction_that_decided_on_it)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(db_begin(scene.db, &scene.err) == 0);
    CHECK(add(&scene, "a@example.org", NULL) == 0);
    db_rollback(scene.db);
    CHECK(take(&scene) == 0);
    close_scene(&scene);
}

TEST(of_two_mails_that_are_the_same_one_is_kept)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, "a@example.org", "request:1") == 0);
    CHECK(add(&scene, "a@example.org", "request:1") == 0);
    CHECK(add(&scene, "a@example.org", NULL) == 0);
    CHECK(add(&scene, "a@example.org", NULL) == 0);
    CHECK(seed("SELECT count(*) FROM outbox") == 3);
    close_scene(&scene);
}

TEST(a_mail_that_is_taken_is_nobody_elses_until_its_daemon_is_long_gone)
{
    struct scene scene;
    int64_t first;

    open_scene(&scene);
    CHECK(add(&scene, "a@example.org", NULL) == 0);
    first = take(&scene);
    CHECK(first != 0);
    CHECK_TEXT(scene.mail.recipient, "a@example.org");
    CHECK_TEXT(scene.mail.body, "body");
    CHECK(take(&scene) == 0);
    seed("UPDATE outbox SET next_at = next_at - interval '10 minutes'");
    CHECK(take(&scene) == first);
    close_scene(&scene);
}

TEST(a_mail_that_left_never_comes_up_again)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, "a@example.org", NULL) == 0);
    take(&scene);
    CHECK(outbox_set_sent(scene.db, scene.arena, scene.mail.id, &scene.err) ==
          0);
    seed("UPDATE outbox SET next_at = now() - interval '1 day'");
    CHECK(take(&scene) == 0);
    CHECK(seed("SELECT count(*) FROM outbox WHERE body = ''") == 1);
    close_scene(&scene);
}

TEST(a_mail_that_did_not_leave_waits_longer_each_time_and_is_given_up)
{
    struct scene scene;
    int64_t waited = 0;

    open_scene(&scene);
    CHECK(add(&scene, "a@example.org", NULL) == 0);
    for (int i = 1; i <= OUTBOX_TRIES; i++) {
        int64_t wait;

        CHECK(take(&scene) != 0);
        CHECK(outbox_set_failed(scene.db, scene.arena, scene.mail.id, "busy",
                                false, &scene.err) == 0);
        wait = seed("SELECT round(extract(epoch FROM next_at - now()))"
                    " FROM outbox");
        CHECK(wait >= waited && wait <= INT64_C(21600));
        waited = wait;
        CHECK((seed("SELECT count(*) FROM outbox WHERE failed_at IS NULL") ==
               1) == (i < OUTBOX_TRIES));
        seed("UPDATE outbox SET next_at = now()");
    }
    CHECK(take(&scene) == 0);
    close_scene(&scene);
}

TEST(a_mail_that_will_never_be_taken_is_given_up_at_once)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, "a@example.org", NULL) == 0);
    take(&scene);
    CHECK(outbox_set_failed(scene.db, scene.arena, scene.mail.id,
                            "no such mailbox", true, &scene.err) == 0);
    seed("UPDATE outbox SET next_at = now()");
    CHECK(take(&scene) == 0);
    CHECK_TEXT(seed_text("SELECT problem FROM outbox"), "no such mailbox");
    close_scene(&scene);
}
