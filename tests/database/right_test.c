#include "auth/door.h"
#include "auth/right.h"

#include <string.h>

#include "auth/token.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

/* An organisation acme with models open and secret, and people around it. */
struct scene {
    struct db *db;
    struct arena *arena;
    int64_t acme;
    int64_t person;
    struct caller caller;
    struct repository repository;
    struct standing standing;
    struct error err;
};

static void
open_scene(struct scene *scene)
{
    *scene = (struct scene){.db = test_database_open()};
    scene->arena = arena_open();
    scene->acme = seed_organization("acme");
    scene->person = seed_account("person");
    seed_model(scene->acme, "open");
    seed("UPDATE repository SET private = true WHERE id = %lld",
         (long long)seed_model(scene->acme, "secret"));
    scene->caller = (struct caller){.account = scene->person, .name = "person"};
}

static void
close_scene(struct scene *scene)
{
    arena_free(scene->arena);
    db_free(scene->db);
}

/* The refusal's code, ERROR_NONE when the caller has the right. */
static enum error_code
ask(struct scene *scene, enum right right, const char *name)
{
    const struct right_question question = {
        .caller = &scene->caller,
        .right = right,
        .kind = REPOSITORY_MODEL,
        .namespace_name = "acme",
        .name = name,
    };

    scene->err = (struct error){0};
    door_check(&scene->repository, &scene->standing, scene->db, scene->arena,
               &question, &scene->err);
    return scene->err.code;
}

/* Lets the caller hold a fine-grained token with these rights. */
static void
hold_token(struct scene *scene, const char *const *rights, size_t count)
{
    struct token_right list[4];
    const char *text = NULL;
    struct digest hash;
    struct token token;
    struct error err;
    const struct token_spec spec = {
        .account = scene->person,
        .role = TOKEN_FINE_GRAINED,
        .expires_at_ms = CLOCK_NEVER,
        .rights = list,
        .right_count = count,
    };

    for (size_t i = 0; i < count; i++)
        CHECK(token_right_parse(&list[i], scene->arena, rights[i], &err) == 0);
    CHECK(token_add(&token, &text, scene->db, scene->arena, &spec, &err) == 0);
    token_hash(&hash, text);
    CHECK(caller_find_by_token(&scene->caller, scene->db, scene->arena, &hash,
                               &err) == 0);
}

TEST(anybody_sees_a_public_repository)
{
    struct scene scene;

    open_scene(&scene);
    scene.caller = (struct caller){.name = ""};
    CHECK(ask(&scene, RIGHT_SEE, "open") == ERROR_NONE);
    CHECK_TEXT(scene.repository.full_name, "acme/open");
    CHECK_TEXT(scene.standing.membership, "");
    CHECK(scene.standing.token_gated);
    CHECK(ask(&scene, RIGHT_CONTENT, "OPEN") == ERROR_NONE);
    close_scene(&scene);
}

TEST(a_private_repository_looks_like_an_unknown_one)
{
    struct scene scene;
    struct error unknown;

    open_scene(&scene);
    CHECK(ask(&scene, RIGHT_WRITE, "nothing") == ERROR_REPO_NOT_FOUND);
    unknown = scene.err;
    CHECK(ask(&scene, RIGHT_WRITE, "secret") == ERROR_REPO_NOT_FOUND);
    CHECK(scene.err.status == unknown.status && unknown.status == 404);
    CHECK_TEXT(scene.err.message, unknown.message);
    scene.caller = (struct caller){.name = ""};
    CHECK(ask(&scene, RIGHT_SEE, "nothing") == ERROR_REPO_NOT_FOUND);
    unknown = scene.err;
    CHECK(ask(&scene, RIGHT_SEE, "secret") == ERROR_REPO_NOT_FOUND);
    CHECK(scene.err.status == unknown.status && unknown.status == 401);
    close_scene(&scene);
}

TEST(a_missing_right_is_a_refusal_and_for_strangers_a_login)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(ask(&scene, RIGHT_WRITE, "open") == ERROR_FORBIDDEN);
    CHECK_TEXT(scene.err.message, "You have read access but not the required "
                                  "permissions for this operation");
    CHECK(ask(&scene, RIGHT_REVIEW, "open") == ERROR_FORBIDDEN);
    CHECK(ask(&scene, RIGHT_MANAGE, "open") == ERROR_FORBIDDEN);
    CHECK(ask(&scene, RIGHT_ASK, "open") == ERROR_NONE);
    scene.caller = (struct caller){.name = ""};
    CHECK(ask(&scene, RIGHT_ASK, "open") == ERROR_UNAUTHENTICATED);
    CHECK(ask(&scene, RIGHT_WRITE, "open") == ERROR_UNAUTHENTICATED);
    CHECK_TEXT(scene.err.message, "Invalid username or password.");
    close_scene(&scene);
}

TEST(a_role_in_the_organisation_says_what_a_member_may)
{
    static const struct {
        const char *role;
        bool writes;
        bool manages;
    } roles[] = {
        {"read", false, false}, {"write", true, false}, {"admin", true, true}};
    struct scene scene;

    open_scene(&scene);
    seed_member(scene.acme, scene.person, "read");
    for (size_t i = 0; i < 3; i++) {
        seed("UPDATE membership SET role = '%s'", roles[i].role);
        CHECK(ask(&scene, RIGHT_SEE, "secret") == ERROR_NONE);
        CHECK_TEXT(scene.standing.membership, roles[i].role);
        CHECK(scene.standing.may_write == roles[i].writes);
        CHECK(scene.standing.may_review == roles[i].writes);
        CHECK(scene.standing.may_manage == roles[i].manages);
    }
    close_scene(&scene);
}

TEST(the_owner_may_everything)
{
    struct scene scene;

    open_scene(&scene);
    seed("UPDATE repository SET namespace = %lld", (long long)scene.person);
    seed("UPDATE account SET name = 'other' WHERE name = 'acme'");
    seed("UPDATE account SET name = 'acme' WHERE name = 'person'");
    CHECK(ask(&scene, RIGHT_MANAGE, "secret") == ERROR_NONE);
    CHECK_TEXT(scene.standing.membership, "owner");
    CHECK(scene.standing.may_write && scene.standing.may_review);
    close_scene(&scene);
}

TEST(a_named_reviewer_decides_without_writing)
{
    struct scene scene;

    open_scene(&scene);
    seed("INSERT INTO gate_reviewer SELECT id, %lld FROM repository",
         (long long)scene.person);
    CHECK(ask(&scene, RIGHT_REVIEW, "secret") == ERROR_NONE);
    CHECK(ask(&scene, RIGHT_WRITE, "secret") == ERROR_FORBIDDEN);
    scene.caller.role = TOKEN_READ;
    CHECK(ask(&scene, RIGHT_REVIEW, "secret") == ERROR_FORBIDDEN);
    close_scene(&scene);
}

TEST(an_administrator_of_the_registry_has_no_right_on_others_repositories)
{
    struct scene scene;

    open_scene(&scene);
    scene.caller.administrator = true;
    CHECK(ask(&scene, RIGHT_SEE, "secret") == ERROR_REPO_NOT_FOUND);
    CHECK(ask(&scene, RIGHT_MANAGE, "open") == ERROR_FORBIDDEN);
    CHECK(right_check_account(&scene.caller, RIGHT_OPERATE, &scene.err) == 0);
    scene.caller.role = TOKEN_READ;
    CHECK(right_check_account(&scene.caller, RIGHT_OPERATE, &scene.err) < 0);
    close_scene(&scene);
}

TEST(a_read_token_sees_what_its_account_sees_and_changes_nothing)
{
    struct scene scene;

    open_scene(&scene);
    seed_member(scene.acme, scene.person, "admin");
    scene.caller.role = TOKEN_READ;
    CHECK(ask(&scene, RIGHT_SEE, "secret") == ERROR_NONE);
    CHECK(scene.standing.token_gated);
    CHECK(ask(&scene, RIGHT_WRITE, "secret") == ERROR_FORBIDDEN);
    CHECK(ask(&scene, RIGHT_MANAGE, "secret") == ERROR_FORBIDDEN);
    CHECK(right_check_account(&scene.caller, RIGHT_ACCOUNT, &scene.err) < 0);
    scene.caller.role = TOKEN_WRITE;
    CHECK(ask(&scene, RIGHT_MANAGE, "secret") == ERROR_NONE);
    CHECK(right_check_account(&scene.caller, RIGHT_ACCOUNT, &scene.err) == 0);
    close_scene(&scene);
}

TEST(a_fine_grained_token_reaches_what_its_rows_name_and_no_more)
{
    const char *one[] = {"write:acme/secret"};
    struct scene scene;

    open_scene(&scene);
    seed_member(scene.acme, scene.person, "admin");
    hold_token(&scene, one, 1);
    CHECK(ask(&scene, RIGHT_WRITE, "secret") == ERROR_NONE);
    CHECK(ask(&scene, RIGHT_MANAGE, "secret") == ERROR_FORBIDDEN);
    CHECK(scene.standing.token_gated);
    CHECK(ask(&scene, RIGHT_WRITE, "open") == ERROR_FORBIDDEN);
    CHECK(!scene.standing.token_gated);
    hold_token(&scene, one, 0);
    CHECK(ask(&scene, RIGHT_SEE, "secret") == ERROR_REPO_NOT_FOUND);
    CHECK(ask(&scene, RIGHT_SEE, "open") == ERROR_NONE);
    close_scene(&scene);
}

TEST(a_fine_grained_token_never_reaches_further_than_its_account)
{
    const char *all[] = {"read", "write", "manage", "review"};
    struct scene scene;

    open_scene(&scene);
    hold_token(&scene, all, 4);
    CHECK(ask(&scene, RIGHT_SEE, "secret") == ERROR_REPO_NOT_FOUND);
    CHECK(ask(&scene, RIGHT_WRITE, "open") == ERROR_FORBIDDEN);
    CHECK(!scene.standing.token_gated);
    close_scene(&scene);
}

TEST(gated_files_of_others_need_the_right_that_is_named_so)
{
    const char *everywhere[] = {"gated"};
    const char *here[] = {"gated:acme/open", "read:acme"};
    struct scene scene;

    open_scene(&scene);
    hold_token(&scene, everywhere, 1);
    CHECK(ask(&scene, RIGHT_CONTENT, "open") == ERROR_NONE);
    CHECK(scene.standing.token_gated);
    hold_token(&scene, here, 2);
    CHECK(ask(&scene, RIGHT_CONTENT, "open") == ERROR_NONE);
    CHECK(scene.standing.token_gated);
    hold_token(&scene, &here[1], 1);
    CHECK(ask(&scene, RIGHT_CONTENT, "open") == ERROR_NONE);
    CHECK(!scene.standing.token_gated);
    close_scene(&scene);
}

TEST(a_moved_repository_is_found_by_its_old_name)
{
    struct scene scene;

    open_scene(&scene);
    seed("INSERT INTO repository_redirect SELECT 'model', 'acme', 'older', id"
         " FROM repository WHERE name = 'open'");
    CHECK(ask(&scene, RIGHT_SEE, "Older") == ERROR_NONE);
    CHECK_TEXT(scene.repository.name, "open");
    close_scene(&scene);
}

TEST(one_round_trip_answers_a_question)
{
    struct scene scene;
    int64_t before;

    open_scene(&scene);
    before = db_statement_count(scene.db);
    ask(&scene, RIGHT_SEE, "open");
    CHECK(db_statement_count(scene.db) == before + 1);
    close_scene(&scene);
}

static enum error_code
ask_namespace(struct scene *scene, enum right right, const char *name)
{
    const struct right_question question = {
        .caller = &scene->caller, .right = right, .namespace_name = name};
    struct right_namespace namespace;

    scene->err = (struct error){0};
    right_check_namespace(&namespace, scene->db, scene->arena, &question,
                          &scene->err);
    return scene->err.code;
}

TEST(repositories_are_made_under_ones_own_name_and_by_those_who_write)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(ask_namespace(&scene, RIGHT_WRITE, NULL) == ERROR_NONE);
    CHECK(ask_namespace(&scene, RIGHT_MANAGE, "Person") == ERROR_NONE);
    CHECK(ask_namespace(&scene, RIGHT_WRITE, "acme") == ERROR_FORBIDDEN);
    CHECK(ask_namespace(&scene, RIGHT_WRITE, "nobody") == ERROR_FORBIDDEN);
    seed_member(scene.acme, scene.person, "write");
    CHECK(ask_namespace(&scene, RIGHT_WRITE, "acme") == ERROR_NONE);
    CHECK(ask_namespace(&scene, RIGHT_MANAGE, "acme") == ERROR_FORBIDDEN);
    scene.caller.role = TOKEN_READ;
    CHECK(ask_namespace(&scene, RIGHT_WRITE, NULL) == ERROR_FORBIDDEN);
    scene.caller = (struct caller){.name = ""};
    CHECK(ask_namespace(&scene, RIGHT_WRITE, "acme") == ERROR_UNAUTHENTICATED);
    close_scene(&scene);
}

TEST(a_fine_grained_token_makes_repositories_only_with_the_whole_namespace)
{
    const char *one[] = {"write:acme/open"};
    const char *whole[] = {"write:acme"};
    struct scene scene;

    open_scene(&scene);
    seed_member(scene.acme, scene.person, "admin");
    hold_token(&scene, one, 1);
    CHECK(ask_namespace(&scene, RIGHT_WRITE, "acme") == ERROR_FORBIDDEN);
    hold_token(&scene, whole, 1);
    CHECK(ask_namespace(&scene, RIGHT_WRITE, "acme") == ERROR_NONE);
    CHECK(ask_namespace(&scene, RIGHT_MANAGE, "acme") == ERROR_FORBIDDEN);
    CHECK(ask_namespace(&scene, RIGHT_WRITE, "person") == ERROR_FORBIDDEN);
    close_scene(&scene);
}

/* How many models the front page shows the caller. */
static size_t
count_listed(struct scene *scene)
{
    struct repository *list;
    size_t count = 0;

    CHECK(right_list(&list, &count, scene->db, scene->arena, &scene->caller,
                     &scene->err) == 0);
    CHECK(count > 0);
    return count;
}

TEST(the_front_page_shows_private_models_to_their_people_alone)
{
    const char *rights[] = {"read"};
    struct scene scene;

    open_scene(&scene);
    CHECK(count_listed(&scene) == 1);
    seed_member(scene.acme, scene.person, "read");
    CHECK(count_listed(&scene) == 2);
    hold_token(&scene, rights, 1);
    CHECK(count_listed(&scene) == 1);
    scene.caller = (struct caller){.name = ""};
    CHECK(count_listed(&scene) == 1);
    close_scene(&scene);
}

TEST(an_account_right_needs_somebody_signed_in)
{
    struct caller nobody = {.name = ""};
    struct caller person = {.account = 1, .name = "person"};
    struct error err;

    CHECK(right_check_account(&nobody, RIGHT_PUBLIC, &err) == 0);
    CHECK(right_check_account(&nobody, RIGHT_SIGNED_IN, &err) < 0);
    CHECK(err.code == ERROR_UNAUTHENTICATED);
    CHECK(right_check_account(&person, RIGHT_SIGNED_IN, &err) == 0);
    CHECK(right_check_account(&person, RIGHT_OPERATE, &err) < 0);
    CHECK(err.code == ERROR_FORBIDDEN);
    CHECK(right_check_account(&person, RIGHT_NONE, &err) < 0);
}
