#include "auth/gate.h"

#include <string.h>

#include "auth/door.h"
#include "auth/question.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

/* Times in milliseconds that no test takes. */
#define HOUR_MS INT64_C(3600000)

/* A gated model acme/tiny of an organisation, and who asks for it. */
struct scene {
    struct db *db;
    struct arena *arena;
    int64_t acme;
    int64_t person;
    struct repository repository;
    struct caller caller;
    struct standing standing;
    struct gate_object object;
    struct gate_answer answer;
};

static void
open_scene(struct scene *scene, const char *mode)
{
    int64_t model;

    *scene = (struct scene){.db = test_database_open()};
    scene->arena = arena_open();
    scene->acme = seed_organization("acme");
    scene->person = seed_account("person");
    model = seed_model(scene->acme, "tiny");
    if (mode != NULL)
        seed("INSERT INTO gate (repository, mode) VALUES (%lld, '%s')",
             (long long)model, mode);
    scene->repository =
        (struct repository){.id = model, .full_name = "acme/tiny"};
    scene->caller = (struct caller){.account = scene->person, .name = "person"};
    scene->standing = (struct standing){.may_see = true, .token_gated = true};
    scene->object.arena = scene->arena;
}

static void
close_scene(struct scene *scene)
{
    arena_free(scene->arena);
    db_free(scene->db);
}

/* The door's statement brings the same facts as the gate's own. */
static void
check_door(const struct scene *scene)
{
    struct caller caller = scene->caller;
    struct gate_object object = scene->object;
    const struct door_question question = {
        .arena = scene->arena,
        .caller = &caller,
        .namespace_name = "acme",
        .name = "tiny",
    };
    const struct door_answer *door;
    struct gate_answer again;
    struct error err;
    int64_t before;

    caller.questions = NULL;
    CHECK(door_ask(&door, scene->db, &question, 1, &err) == 0);
    if (door->repository.id == 0)
        return;
    before = db_statement_count(scene->db);
    object.facts = &door->facts;
    CHECK(gate_check(&again, scene->db, &caller, &object, &err) == 0);
    CHECK(db_statement_count(scene->db) == before);
    CHECK(again.reason == scene->answer.reason);
    CHECK(again.allowed == scene->answer.allowed);
    CHECK(again.grant == scene->answer.grant);
    CHECK(again.agreement == scene->answer.agreement);
    CHECK(again.valid_until_ms == scene->answer.valid_until_ms);
    CHECK((again.detail == NULL) == (scene->answer.detail == NULL));
    CHECK(again.detail == NULL || scene->answer.detail == NULL ||
          strcmp(again.detail, scene->answer.detail) == 0);
}

static enum gate_reason
ask(struct scene *scene)
{
    int64_t before = db_statement_count(scene->db);
    struct error err;

    scene->object.repository = &scene->repository;
    scene->object.standing = &scene->standing;
    CHECK(gate_check(&scene->answer, scene->db, &scene->caller, &scene->object,
                     &err) == 0);
    CHECK(db_statement_count(scene->db) == before + 1);
    check_door(scene);
    return scene->answer.reason;
}

static int64_t
seed_request(const struct scene *scene, const char *status, const char *reason)
{
    return seed("INSERT INTO request (public_id, repository, repository_name,"
                " account, account_name, status, reason)"
                " VALUES ('0123456789abcdef01234567', %lld, 'acme/tiny', %lld,"
                " 'person', '%s', %s) RETURNING id",
                (long long)scene->repository.id, (long long)scene->person,
                status, reason);
}

static int64_t
seed_grant(const struct scene *scene, const char *begins, const char *ends)
{
    int64_t request = seed_request(scene, "accepted", "NULL");

    return seed("INSERT INTO access_grant (public_id, repository, account,"
                " request, begins_at, ends_at) VALUES ('a', %lld, %lld, %lld,"
                " %s, %s) RETURNING id",
                (long long)scene->repository.id, (long long)scene->person,
                (long long)request, begins, ends);
}

static void
seed_licence(const struct scene *scene, const char *digit)
{
    seed("INSERT INTO licence (digest, text, label, version)"
         " VALUES (decode(repeat('%s', 64), 'hex'), 'text', 'Acme', '1.0')",
         digit);
    seed("UPDATE gate SET licence = decode(repeat('%s', 64), 'hex')", digit);
    (void)scene;
}

static void
seed_agreement(const struct scene *scene, const char *digit)
{
    seed("INSERT INTO agreement (public_id, repository, repository_name,"
         " account, account_name, licence, revision, how, key, envelope,"
         " receipt) VALUES ('%s', %lld, 'acme/tiny', %lld, 'person',"
         " decode(repeat('%s', 64), 'hex'), 'main', 'flag', '', '', '')",
         digit, (long long)scene->repository.id, (long long)scene->person,
         digit);
}

TEST(a_model_without_a_gate_is_open_to_everybody)
{
    struct scene scene;

    open_scene(&scene, NULL);
    scene.caller = (struct caller){.name = ""};
    CHECK(ask(&scene) == GATE_OPEN);
    CHECK(scene.answer.allowed);
    CHECK(scene.answer.valid_until_ms == CLOCK_NEVER);
    close_scene(&scene);
}

TEST(nobody_passes_a_gate_without_signing_in)
{
    struct scene scene;

    open_scene(&scene, "click");
    scene.caller = (struct caller){.name = ""};
    CHECK(ask(&scene) == GATE_ANONYMOUS);
    CHECK(!scene.answer.allowed);
    close_scene(&scene);
}

TEST(a_root_card_is_exempt_on_resolve_alone_and_only_as_spelled)
{
    static const struct {
        const char *path;
        bool is_resolve;
        enum gate_reason reason;
    } cases[] = {
        {"README.md", true, GATE_EXEMPT},
        {"LICENSE", true, GATE_EXEMPT},
        {"LICENSE.md", true, GATE_EXEMPT},
        {"LICENSE.txt", true, GATE_EXEMPT},
        {"README.md", false, GATE_ANONYMOUS},
        {"readme.md", true, GATE_ANONYMOUS},
        {"docs/README.md", true, GATE_ANONYMOUS},
        {"README.md/weights.gguf", true, GATE_ANONYMOUS},
        {"weights.gguf", true, GATE_ANONYMOUS},
    };
    struct scene scene;

    open_scene(&scene, "manual");
    scene.caller = (struct caller){.name = ""};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        scene.object.path = cases[i].path;
        scene.object.is_resolve = cases[i].is_resolve;
        CHECK(ask(&scene) == cases[i].reason);
    }
    seed("UPDATE repository SET private = true");
    scene.object.path = "README.md";
    scene.object.is_resolve = true;
    CHECK(ask(&scene) == GATE_ANONYMOUS);
    close_scene(&scene);
}

TEST(the_state_of_a_request_is_the_reason_of_a_refusal)
{
    static const struct {
        const char *status;
        const char *reason;
        enum gate_reason answer;
    } cases[] = {
        {"pending", "NULL", GATE_PENDING},
        {"rejected", "'no affiliation'", GATE_REJECTED},
        {"reset", "'ask again'", GATE_RESET},
        {"reset", "'expired'", GATE_EXPIRED},
        {"accepted", "NULL", GATE_RESET},
    };
    struct scene scene;

    open_scene(&scene, "manual");
    CHECK(ask(&scene) == GATE_NO_REQUEST);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        seed_request(&scene, cases[i].status, cases[i].reason);
        CHECK(ask(&scene) == cases[i].answer);
        CHECK(!scene.answer.allowed);
        if (i == 1)
            CHECK_TEXT(scene.answer.detail, "no affiliation");
        seed("DELETE FROM request");
    }
    seed_request(&scene, "pending", "NULL");
    seed("UPDATE request SET withdrawn_at = now()");
    CHECK(ask(&scene) == GATE_NO_REQUEST);
    close_scene(&scene);
}

TEST(a_live_grant_passes_until_its_end)
{
    struct scene scene;
    int64_t grant;

    open_scene(&scene, "manual");
    grant = seed_grant(&scene, "now()", "now() + interval '1 day'");
    CHECK(ask(&scene) == GATE_GRANTED);
    CHECK(scene.answer.allowed);
    CHECK(scene.answer.grant == grant);
    CHECK(scene.answer.valid_until_ms > clock_now_ms() + 23 * HOUR_MS);
    CHECK(scene.answer.valid_until_ms < clock_now_ms() + 25 * HOUR_MS);
    close_scene(&scene);
}

TEST(a_grant_that_ended_is_refused)
{
    struct scene scene;

    open_scene(&scene, "auto");
    seed_grant(&scene, "now() - interval '2 days'", "now()");
    CHECK(ask(&scene) == GATE_EXPIRED);
    close_scene(&scene);
}

TEST(a_grant_that_was_revoked_or_has_not_begun_is_refused)
{
    struct scene scene;

    open_scene(&scene, "manual");
    seed_grant(&scene, "now() + interval '1 day'", "NULL");
    CHECK(ask(&scene) == GATE_RESET);
    seed("UPDATE access_grant SET begins_at = now()");
    CHECK(ask(&scene) == GATE_GRANTED);
    CHECK(scene.answer.valid_until_ms == CLOCK_NEVER);
    seed("UPDATE access_grant SET revoked_at = now()");
    CHECK(ask(&scene) == GATE_RESET);
    close_scene(&scene);
}

TEST(a_changed_licence_asks_again_and_the_grant_stays)
{
    struct scene scene;

    open_scene(&scene, "manual");
    seed_grant(&scene, "now()", "NULL");
    seed_licence(&scene, "1");
    CHECK(ask(&scene) == GATE_LICENCE);
    seed_agreement(&scene, "1");
    CHECK(ask(&scene) == GATE_GRANTED);
    CHECK(scene.answer.agreement != 0);
    seed_licence(&scene, "2");
    CHECK(ask(&scene) == GATE_LICENCE);
    CHECK(scene.answer.detail != NULL &&
          strstr(scene.answer.detail, "sha256:2222") != NULL);
    seed("UPDATE gate SET licence = decode(repeat('1', 64), 'hex')");
    CHECK(ask(&scene) == GATE_GRANTED);
    close_scene(&scene);
}

TEST(an_embargo_holds_for_all_but_the_house)
{
    struct scene scene;

    open_scene(&scene, "open");
    seed("UPDATE gate SET released_at = now() + interval '1 day'");
    seed_grant(&scene, "now()", "NULL");
    CHECK(ask(&scene) == GATE_EMBARGO);
    CHECK(scene.answer.detail != NULL);
    scene.caller.account = 0;
    CHECK(ask(&scene) == GATE_EMBARGO);
    scene.caller.account = scene.person;
    seed_member(scene.acme, scene.person, "read");
    CHECK(ask(&scene) == GATE_MEMBER);
    seed("DELETE FROM membership");
    seed("UPDATE gate SET released_at = now()");
    CHECK(ask(&scene) == GATE_OPEN);
    close_scene(&scene);
}

TEST(owners_and_members_pass_unless_members_are_gated)
{
    struct scene scene;

    open_scene(&scene, "manual");
    seed_member(scene.acme, scene.person, "write");
    CHECK(ask(&scene) == GATE_MEMBER);
    seed("UPDATE gate SET org_members_gated = true");
    CHECK(ask(&scene) == GATE_NO_REQUEST);
    seed("UPDATE repository SET created_by = %lld", (long long)scene.person);
    CHECK(ask(&scene) == GATE_MEMBER);
    seed("UPDATE repository SET created_by = NULL");
    seed("UPDATE membership SET role = 'admin'");
    CHECK(ask(&scene) == GATE_MEMBER);
    seed("DELETE FROM membership");
    seed("UPDATE repository SET namespace = %lld", (long long)scene.person);
    CHECK(ask(&scene) == GATE_OWNER);
    close_scene(&scene);
}

TEST(an_administrator_or_a_reviewer_is_no_owner)
{
    struct scene scene;

    open_scene(&scene, "quorum");
    scene.caller.administrator = true;
    seed("INSERT INTO gate_reviewer VALUES (%lld, %lld)",
         (long long)scene.repository.id, (long long)scene.person);
    CHECK(ask(&scene) == GATE_NO_REQUEST);
    close_scene(&scene);
}

TEST(a_token_that_is_over_or_does_not_reach_gated_files_is_refused)
{
    struct scene scene;

    open_scene(&scene, "manual");
    seed_grant(&scene, "now()", "NULL");
    scene.standing.token_gated = false;
    CHECK(ask(&scene) == GATE_TOKEN);
    scene.standing.token_gated = true;
    scene.caller.token = seed(
        "INSERT INTO token (public_id, account, hash, hint, role, expires_at)"
        " VALUES ('t', %lld, '', '', 'read', now() + interval '1 hour')"
        " RETURNING id",
        (long long)scene.person);
    CHECK(ask(&scene) == GATE_GRANTED);
    CHECK(scene.answer.valid_until_ms <= clock_now_ms() + HOUR_MS);
    seed("UPDATE token SET revoked_at = now()");
    CHECK(ask(&scene) == GATE_TOKEN);
    seed("UPDATE token SET revoked_at = NULL, expires_at = now()");
    CHECK(ask(&scene) == GATE_TOKEN);
    scene.caller.token = 0;
    seed("UPDATE account SET disabled_at = now()");
    CHECK(ask(&scene) == GATE_TOKEN);
    close_scene(&scene);
}

TEST(a_disabled_or_private_repository_gives_nothing_to_strangers)
{
    struct scene scene;

    open_scene(&scene, NULL);
    seed("UPDATE repository SET private = true");
    CHECK(ask(&scene) == GATE_NO_REQUEST);
    seed_member(scene.acme, scene.person, "read");
    CHECK(ask(&scene) == GATE_MEMBER);
    seed("UPDATE repository SET disabled_at = now()");
    CHECK(ask(&scene) == GATE_DISABLED);
    seed("DELETE FROM repository");
    CHECK(ask(&scene) == GATE_DISABLED);
    close_scene(&scene);
}

TEST(members_are_gated_where_there_is_a_gate_and_not_by_an_embargo_alone)
{
    struct scene scene;

    open_scene(&scene, "open");
    seed("UPDATE gate SET org_members_gated = true,"
         " released_at = now() + interval '1 day'");
    CHECK(ask(&scene) == GATE_EMBARGO);
    seed_member(scene.acme, scene.person, "read");
    CHECK(ask(&scene) == GATE_MEMBER);
    seed("UPDATE gate SET mode = 'manual'");
    CHECK(ask(&scene) == GATE_EMBARGO);
    close_scene(&scene);
}

TEST(without_a_standing_a_fine_grained_token_reaches_nothing_gated)
{
    struct gate_object object = {.path = "weights.gguf"};
    struct gate_answer answer;
    struct scene scene;
    struct error err;

    open_scene(&scene, "manual");
    seed_grant(&scene, "now()", "NULL");
    object.repository = &scene.repository;
    CHECK(gate_check(&answer, scene.db, &scene.caller, &object, &err) == 0);
    CHECK(answer.reason == GATE_GRANTED);
    scene.caller.role = TOKEN_FINE_GRAINED;
    CHECK(gate_check(&answer, scene.db, &scene.caller, &object, &err) == 0);
    CHECK(answer.reason == GATE_TOKEN);
    close_scene(&scene);
}

TEST(what_is_open_to_everybody_does_not_end_with_a_token)
{
    struct scene scene;

    open_scene(&scene, NULL);
    scene.caller.token = seed(
        "INSERT INTO token (public_id, account, hash, hint, role, expires_at)"
        " VALUES ('t', %lld, '', '', 'read', now() + interval '1 hour')"
        " RETURNING id",
        (long long)scene.person);
    CHECK(ask(&scene) == GATE_OPEN);
    CHECK(scene.answer.valid_until_ms == CLOCK_NEVER);
    seed("UPDATE repository SET namespace = %lld, private = true",
         (long long)scene.person);
    CHECK(ask(&scene) == GATE_OWNER);
    CHECK(scene.answer.valid_until_ms <= clock_now_ms() + HOUR_MS);
    close_scene(&scene);
}

TEST(a_refusal_gives_no_leave_to_read_and_a_grant_until_its_end)
{
    const struct digest digest = {{7}};
    struct content_permit permit = {0};
    struct scene scene;
    struct error err;

    open_scene(&scene, "manual");
    CHECK(ask(&scene) == GATE_NO_REQUEST);
    CHECK(gate_permit(&permit, &scene.answer, &digest, &err) < 0);
    CHECK(err.code == ERROR_FORBIDDEN && permit.repository == 0);
    seed_grant(&scene, "now()", "now() + interval '1 hour'");
    CHECK(ask(&scene) == GATE_GRANTED);
    CHECK(gate_permit(&permit, &scene.answer, &digest, &err) == 0);
    CHECK(permit.repository == scene.repository.id);
    CHECK(digest_is_equal(&permit.object, &digest));
    CHECK(permit.valid_until_ms == scene.answer.valid_until_ms &&
          permit.valid_until_ms <= clock_now_ms() + HOUR_MS);
    close_scene(&scene);
}

TEST(every_question_is_recorded_with_its_answer)
{
    struct scene scene;
    struct error err;

    open_scene(&scene, "manual");
    scene.caller.questions = question_queue_open();
    scene.caller.request_id = "r1";
    scene.caller.address = "192.0.2.1";
    scene.object.commit = (const uint8_t *)"\1\2\3\4\5\6\7\10\11\12\13\14"
                                           "\15\16\17\20\21\22\23\24";
    scene.object.path = "weights.gguf";
    ask(&scene);
    seed_grant(&scene, "now()", "NULL");
    ask(&scene);
    CHECK(seed("SELECT count(*) FROM gate_question") == 0);
    CHECK(question_flush(scene.caller.questions, scene.db, &err) == 0);
    CHECK(question_flush(scene.caller.questions, scene.db, &err) == 0);
    CHECK(seed("SELECT count(*) FROM gate_question WHERE http_request = 'r1'"
               " AND path = 'weights.gguf' AND address = '192.0.2.1'"
               " AND encode(commit_oid, 'hex') LIKE '0102%%1314'") == 2);
    CHECK_TEXT(seed_text("SELECT string_agg(allowed || ' ' || reason, ', '"
                         " ORDER BY id) FROM gate_question"),
               "false no_request, true granted");
    question_queue_free(scene.caller.questions);
    close_scene(&scene);
}

TEST(questions_older_than_their_days_go_however_many_and_no_other)
{
    struct scene scene;
    struct error err;

    open_scene(&scene, NULL);
    seed("INSERT INTO gate_question (at, allowed, reason)"
         " SELECT now() - CASE WHEN i <= 20001 THEN interval '31 days'"
         "                     ELSE interval '29 days' END, true, ''"
         "   FROM generate_series(1, 20003) AS i");
    CHECK(question_remove(scene.db, 30, &err) == 0);
    CHECK(seed("SELECT count(*) FROM gate_question") == 2);
    CHECK(question_remove(scene.db, 30, &err) == 0);
    CHECK(seed("SELECT count(*) FROM gate_question") == 2);
    CHECK(question_remove(scene.db, 28, &err) == 0);
    CHECK(seed("SELECT count(*) FROM gate_question") == 0);
    close_scene(&scene);
}

/* Lets account ask for a model, have a grant and agree to licence 1. */
static void
seed_standing(int64_t model, int64_t account, const char *id)
{
    seed("WITH asked AS (INSERT INTO request (public_id, repository,"
         " repository_name, account, account_name, status)"
         " VALUES ('%s', %lld, 'x/y', %lld, 'x', 'accepted') RETURNING *)"
         " INSERT INTO access_grant (public_id, repository, account, request)"
         " SELECT public_id, repository, account, id FROM asked",
         id, (long long)model, (long long)account);
    seed("INSERT INTO agreement (public_id, repository, repository_name,"
         " account, account_name, licence, revision, how, key, envelope,"
         " receipt) VALUES ('%s', %lld, 'x/y', %lld, 'x',"
         " decode(repeat('1', 64), 'hex'), 'main', 'flag', '', '', '')",
         id, (long long)model, (long long)account);
}

TEST(what_others_have_or_oneself_elsewhere_opens_nothing)
{
    struct scene scene;
    int64_t other;

    open_scene(&scene, "manual");
    seed_licence(&scene, "1");
    other = seed_account("other");
    seed_member(scene.acme, other, "admin");
    seed_member(seed_organization("elsewhere"), scene.person, "admin");
    seed_standing(scene.repository.id, other, "aaaaaaaaaaaaaaaaaaaaaaaa");
    seed_standing(seed_model(scene.acme, "another"), scene.person,
                  "bbbbbbbbbbbbbbbbbbbbbbbb");
    CHECK(ask(&scene) == GATE_NO_REQUEST);
    seed_request(&scene, "pending", "NULL");
    CHECK(ask(&scene) == GATE_PENDING);
    seed("UPDATE request SET status = 'accepted'");
    CHECK(ask(&scene) == GATE_RESET);
    seed("DELETE FROM access_grant WHERE public_id LIKE 'bb%%'");
    seed("DELETE FROM request WHERE public_id NOT LIKE 'aa%%'");
    seed_grant(&scene, "now()", "NULL");
    CHECK(ask(&scene) == GATE_LICENCE);
    close_scene(&scene);
}

TEST(a_question_that_finds_no_room_is_counted_as_lost)
{
    struct scene scene;
    struct error err;

    open_scene(&scene, NULL);
    ask(&scene);
    scene.caller.questions = question_queue_open();
    seed("ALTER TABLE gate_question RENAME TO away");
    for (int i = 0; i < QUESTION_QUEUE_LIMIT; i++)
        question_add(scene.db, &scene.caller, &scene.object, &scene.answer);
    CHECK(question_take_lost(scene.caller.questions) == 0);
    question_add(scene.db, &scene.caller, &scene.object, &scene.answer);
    CHECK(question_take_lost(scene.caller.questions) == 1);
    CHECK(question_take_lost(scene.caller.questions) == 0);
    seed("ALTER TABLE away RENAME TO gate_question");
    /* With the database back one writes the others to have room. */
    question_add(scene.db, &scene.caller, &scene.object, &scene.answer);
    CHECK(question_take_lost(scene.caller.questions) == 0);
    CHECK(question_flush(scene.caller.questions, scene.db, &err) == 0);
    CHECK(seed("SELECT count(*) FROM gate_question") ==
          QUESTION_QUEUE_LIMIT + 1);
    question_queue_free(scene.caller.questions);
    close_scene(&scene);
}

TEST(questions_wait_while_the_database_is_away)
{
    struct scene scene;
    struct error err;

    open_scene(&scene, NULL);
    scene.caller.questions = question_queue_open();
    ask(&scene);
    seed("ALTER TABLE gate_question RENAME TO away");
    CHECK(question_flush(scene.caller.questions, scene.db, &err) < 0);
    seed("ALTER TABLE away RENAME TO gate_question");
    ask(&scene);
    CHECK(question_flush(scene.caller.questions, scene.db, &err) == 0);
    CHECK(seed("SELECT count(*) FROM gate_question") == 2);
    CHECK(question_take_lost(scene.caller.questions) == 0);
    question_queue_free(scene.caller.questions);
    close_scene(&scene);
}
