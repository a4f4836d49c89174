#include "auth/door.h"

#include <string.h>

#include "auth/token.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

#define MANY 100

/* acme has the public tiny and the private hidden, of which anna is a member.
 */
struct scene {
    struct db *db;
    struct arena *arena;
    int64_t acme;
    int64_t anna;
    int64_t tiny;
    int64_t hidden;
    struct digest token; /* anna's */
    struct caller nobody;
};

static void
open_scene(struct scene *scene)
{
    const char *text = NULL;
    struct token token;
    struct error err;

    *scene = (struct scene){.db = test_database_open()};
    scene->arena = arena_open();
    scene->acme = seed_organization("acme");
    scene->anna = seed_account("anna");
    seed_member(scene->acme, scene->anna, "read");
    scene->tiny = seed_model(scene->acme, "tiny");
    scene->hidden = seed_model(scene->acme, "hidden");
    seed("UPDATE repository SET private = true WHERE id = %lld",
         (long long)scene->hidden);
    CHECK(token_add(&token, &text, scene->db, scene->arena,
                    &(struct token_spec){.account = scene->anna,
                                         .role = TOKEN_READ,
                                         .expires_at_ms = CLOCK_NEVER},
                    &err) == 0);
    token_hash(&scene->token, text);
    scene->nobody.name = "";
}

static void
close_scene(struct scene *scene)
{
    arena_free(scene->arena);
    db_free(scene->db);
}

/* An anonymous question about acme/tiny, to be changed. */
static struct door_question
question_of(const struct scene *scene)
{
    return (struct door_question){
        .arena = scene->arena,
        .caller = &scene->nobody,
        .namespace_name = "acme",
        .name = "tiny",
    };
}

static const struct door_answer *
ask(const struct scene *scene, const struct door_question *question)
{
    const struct door_answer *answer = NULL;
    struct error err;

    CHECK(door_ask(&answer, scene->db, question, 1, &err) == 0);
    return answer;
}

TEST(many_questions_are_answered_in_their_order_by_one_statement)
{
    const struct door_answer *answers[MANY];
    struct door_question questions[MANY];
    struct digest unknown = {0};
    struct scene scene;
    struct error err;
    int64_t before;

    open_scene(&scene);
    for (int i = 0; i < MANY; i++) {
        questions[i] = question_of(&scene);
        questions[i].name = i % 2 == 0 ? "tiny" : "hidden";
        questions[i].token = i % 3 == 0   ? &scene.token
                             : i % 3 == 1 ? &unknown
                                          : NULL;
    }
    ask(&scene, &questions[0]); /* notes the token's use */
    before = db_statement_count(scene.db);
    CHECK(door_ask(answers, scene.db, questions, MANY, &err) == 0);
    CHECK(db_statement_count(scene.db) == before + 1);
    for (int i = 0; i < MANY; i++) {
        const struct door_answer *answer = answers[i];
        bool is_anna = i % 3 == 0;

        CHECK(answer->is_known == (i % 3 != 1));
        if (!answer->is_known)
            continue;
        CHECK(answer->account == (is_anna ? scene.anna : 0));
        CHECK(answer->repository.id ==
              (i % 2 == 0 ? scene.tiny : scene.hidden));
        CHECK(answer->standing.may_see == (is_anna || i % 2 == 0));
    }
    close_scene(&scene);
}

TEST(the_use_of_a_token_is_noted_once_for_many_requests)
{
    const struct door_answer *answers[MANY];
    struct door_question questions[MANY];
    struct scene scene;
    struct error err;
    int64_t before;

    open_scene(&scene);
    for (int i = 0; i < MANY; i++) {
        questions[i] = question_of(&scene);
        questions[i].token = &scene.token;
    }
    before = db_statement_count(scene.db);
    CHECK(door_ask(answers, scene.db, questions, MANY, &err) == 0);
    CHECK(db_statement_count(scene.db) == before + 2);
    CHECK(seed("SELECT count(*) FROM token WHERE last_used_at IS NOT NULL") ==
          1);
    CHECK(door_ask(answers, scene.db, questions, MANY, &err) == 0);
    CHECK(db_statement_count(scene.db) == before + 3);
    close_scene(&scene);
}

static void
add_ref(const struct scene *scene, const char *name, char digit)
{
    seed("INSERT INTO git_ref (repository, name, target)"
         " VALUES (%lld, '%s', decode(repeat('%c', 40), 'hex'))",
         (long long)scene->tiny, name, digit);
}

/* The digit that the revision's target is made of; 0 when it names nothing. */
static int
find_digit(const struct scene *scene, const char *revision)
{
    struct door_question question = question_of(scene);
    const struct door_answer *answer;

    question.revision = revision;
    answer = ask(scene, &question);
    return answer->target.bytes[0] & 0x0f;
}

TEST(a_revision_is_a_branch_before_a_tag_before_a_ref)
{
    struct scene scene;

    open_scene(&scene);
    add_ref(&scene, "refs/heads/main", '1');
    add_ref(&scene, "refs/heads/both", '2');
    add_ref(&scene, "refs/tags/both", '3');
    add_ref(&scene, "refs/tags/v1", '4');
    add_ref(&scene, "refs/pr/1", '5');
    CHECK(find_digit(&scene, "main") == 1);
    CHECK(find_digit(&scene, "both") == 2);
    CHECK(find_digit(&scene, "v1") == 4);
    CHECK(find_digit(&scene, "refs/pr/1") == 5);
    CHECK(find_digit(&scene, "none") == 0);
    CHECK(find_digit(&scene, NULL) == 0);
    close_scene(&scene);
}

TEST(of_commits_by_their_id_the_door_knows_what_main_holds_alone)
{
    struct scene scene;

    open_scene(&scene);
    add_ref(&scene, "refs/heads/main", '1');
    add_ref(&scene, "refs/heads/other", '2');
    CHECK(find_digit(&scene, "1111111111111111111111111111111111111111") == 1);
    CHECK(find_digit(&scene, "2222222222222222222222222222222222222222") == 0);
    CHECK(find_digit(&scene, "1111111") == 0);
    close_scene(&scene);
}

TEST(a_repository_that_moved_is_found_under_its_old_name)
{
    struct door_question question;
    struct scene scene;
    int64_t old;

    open_scene(&scene);
    seed("INSERT INTO repository_redirect"
         " (kind, namespace_key, name_key, repository)"
         " VALUES ('model', 'acme', 'old', %lld)",
         (long long)scene.tiny);
    question = question_of(&scene);
    question.name = "OLD";
    CHECK(ask(&scene, &question)->repository.id == scene.tiny);
    question.kind = REPOSITORY_DATASET;
    CHECK(ask(&scene, &question)->repository.id == 0);
    /* A repository of that name goes before where the old one went. */
    question.kind = REPOSITORY_MODEL;
    old = seed_model(scene.acme, "old");
    CHECK(ask(&scene, &question)->repository.id == old);
    close_scene(&scene);
}

TEST(a_token_of_somebody_else_is_not_live)
{
    struct caller other = {.name = "other", .role = TOKEN_READ};
    struct door_question question;
    struct scene scene;

    open_scene(&scene);
    other.account = seed_account("other");
    other.token = seed("SELECT id FROM token");
    question = question_of(&scene);
    question.caller = &other;
    question.name = "hidden";
    CHECK(!ask(&scene, &question)->facts.is_live);
    CHECK(!ask(&scene, &question)->standing.may_see);
    other.account = scene.anna;
    CHECK(ask(&scene, &question)->facts.is_live);
    CHECK(ask(&scene, &question)->standing.may_see);
    close_scene(&scene);
}

TEST(an_account_that_was_disabled_leaves_no_live_facts)
{
    struct caller anna = {.name = "anna"};
    struct door_question question;
    struct scene scene;

    open_scene(&scene);
    anna.account = scene.anna;
    question = question_of(&scene);
    question.caller = &anna;
    CHECK(ask(&scene, &question)->facts.is_live);
    seed("UPDATE account SET disabled_at = now() WHERE id = %lld",
         (long long)scene.anna);
    CHECK(!ask(&scene, &question)->facts.is_live);
    question.token = &scene.token;
    CHECK(!ask(&scene, &question)->is_known);
    close_scene(&scene);
}
