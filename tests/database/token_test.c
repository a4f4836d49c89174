#include "auth/token.h"

#include <ctype.h>
#include <string.h>

#include "auth/door.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

#define HOUR_MS INT64_C(3600000)

struct scene {
    struct db *db;
    struct arena *arena;
    int64_t person;
    struct token token;
    const char *text;
    struct caller caller;
    struct error err;
};

static void
open_scene(struct scene *scene)
{
    *scene = (struct scene){.db = test_database_open()};
    scene->arena = arena_open();
    scene->person = seed_account("Person");
}

static void
close_scene(struct scene *scene)
{
    arena_free(scene->arena);
    db_free(scene->db);
}

static int
add(struct scene *scene, enum token_role role, const char *value,
    int64_t expires_at_ms)
{
    const struct token_spec spec = {
        .account = scene->person,
        .role = role,
        .label = "laptop",
        .value = value,
        .expires_at_ms = expires_at_ms,
    };

    return token_add(&scene->token, &scene->text, scene->db, scene->arena,
                     &spec, &scene->err);
}

/* The door knows the same tokens. */
static void
check_door(const struct scene *scene, const struct digest *hash, bool is_known)
{
    struct caller caller = {.name = ""};
    const struct door_question question = {
        .arena = scene->arena,
        .token = hash,
        .namespace_name = "nobody",
        .name = "nothing",
    };
    const struct door_answer *door;
    struct error err;

    CHECK(door_ask(&door, scene->db, &question, 1, &err) == 0);
    CHECK(door->repository.id == 0);
    CHECK((door_take_caller(&caller, door, &err) == 0) == is_known);
    CHECK(!is_known || caller.account == scene->caller.account);
    CHECK(!is_known || caller.token == scene->caller.token);
    CHECK(!is_known || caller.role == scene->caller.role);
    CHECK(!is_known || strcmp(caller.name, scene->caller.name) == 0);
    CHECK(is_known || (caller.account == 0 && caller.token == 0));
    CHECK(is_known || err.code == ERROR_UNAUTHENTICATED);
}

static int
find(struct scene *scene, const char *text)
{
    struct digest hash;
    int result;

    token_hash(&hash, text);
    result = caller_find_by_token(&scene->caller, scene->db, scene->arena,
                                  &hash, &scene->err);
    check_door(scene, &hash, result == 0);
    return result;
}

TEST(a_new_token_has_the_shape_that_llama_cpp_takes)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, TOKEN_WRITE, NULL, CLOCK_NEVER) == 0);
    CHECK(strlen(scene.text) == 43);
    CHECK(strncmp(scene.text, "hf_", 3) == 0);
    for (const char *c = scene.text + 3; *c != '\0'; c++)
        CHECK(isalnum((unsigned char)*c));
    close_scene(&scene);
}

TEST(a_token_shows_who_holds_it_and_how_far_it_reaches)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, TOKEN_WRITE, NULL, CLOCK_NEVER) == 0);
    CHECK(find(&scene, scene.text) == 0);
    CHECK(scene.caller.account == scene.person);
    CHECK_TEXT(scene.caller.name, "Person");
    CHECK(scene.caller.token == scene.token.id);
    CHECK(scene.caller.role == TOKEN_WRITE);
    CHECK(scene.caller.session == 0);
    CHECK(!scene.caller.administrator);
    close_scene(&scene);
}

TEST(the_database_never_holds_the_text)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, TOKEN_READ, NULL, CLOCK_NEVER) == 0);
    CHECK(seed("SELECT count(*) FROM token t"
               " WHERE strpos(t::text, '%s') > 0",
               scene.text) == 0);
    CHECK(strncmp(scene.token.hint, scene.text, 7) == 0);
    CHECK_TEXT(scene.token.hint + 7, "…");
    close_scene(&scene);
}

TEST(a_token_of_any_shape_can_be_seeded_once)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, TOKEN_READ, "hf_enterprise_admin_token", CLOCK_NEVER) ==
          0);
    CHECK(find(&scene, "hf_enterprise_admin_token") == 0);
    CHECK(add(&scene, TOKEN_READ, "hf_enterprise_admin_token", CLOCK_NEVER) <
          0);
    CHECK(scene.err.code == ERROR_CONFLICT);
    CHECK(add(&scene, TOKEN_READ, "short", CLOCK_NEVER) == 0);
    CHECK_TEXT(scene.token.hint, "…");
    CHECK(add(&scene, TOKEN_READ, "", CLOCK_NEVER) < 0);
    CHECK(add(&scene, TOKEN_READ, "two words", CLOCK_NEVER) < 0);
    close_scene(&scene);
}

TEST(a_label_is_one_short_line_and_only_some_tokens_have_rights)
{
    struct token_right right = {.right = "read"};
    struct token_spec spec = {.role = TOKEN_READ, .expires_at_ms = CLOCK_NEVER};
    struct scene scene;
    char *longest;

    open_scene(&scene);
    spec.account = scene.person;
    longest = arena_alloc(scene.arena, TOKEN_LABEL_LIMIT + 2);
    memset(longest, 'x', TOKEN_LABEL_LIMIT + 1);
    longest[TOKEN_LABEL_LIMIT + 1] = '\0';
    spec.label = longest;
    CHECK(token_add(&scene.token, &scene.text, scene.db, scene.arena, &spec,
                    &scene.err) < 0);
    spec.label = "two\nlines";
    CHECK(token_add(&scene.token, &scene.text, scene.db, scene.arena, &spec,
                    &scene.err) < 0);
    spec.label = "\xff";
    CHECK(token_add(&scene.token, &scene.text, scene.db, scene.arena, &spec,
                    &scene.err) < 0);
    spec.label = longest + 1;
    spec.rights = &right;
    spec.right_count = 1;
    CHECK(token_add(&scene.token, &scene.text, scene.db, scene.arena, &spec,
                    &scene.err) < 0);
    CHECK(strstr(scene.err.message, "fine-grained") != NULL);
    spec.role = TOKEN_FINE_GRAINED;
    spec.right_count = TOKEN_RIGHTS_LIMIT + 1;
    CHECK(token_add(&scene.token, &scene.text, scene.db, scene.arena, &spec,
                    &scene.err) < 0);
    CHECK(seed("SELECT count(*) FROM token") == 0);
    spec.right_count = 1;
    CHECK(token_add(&scene.token, &scene.text, scene.db, scene.arena, &spec,
                    &scene.err) == 0);
    close_scene(&scene);
}

/* Whether an address that names account and token still speaks for them. */
static bool
link_speaks(struct scene *scene, int64_t account, int64_t token)
{
    int result = caller_find_by_link(&scene->caller, scene->db, scene->arena,
                                     account, token, &scene->err);

    CHECK(result == 0 || scene->err.code == ERROR_UNAUTHENTICATED);
    CHECK(result == 0 || scene->caller.account == 0);
    return result == 0;
}

TEST(an_address_that_carries_a_right_lives_as_long_as_its_token_and_account)
{
    struct scene scene;
    int64_t other;

    open_scene(&scene);
    other = seed_account("Other");
    CHECK(add(&scene, TOKEN_READ, NULL, CLOCK_NEVER) == 0);
    CHECK(link_speaks(&scene, scene.person, scene.token.id));
    CHECK(scene.caller.account == scene.person);
    CHECK(scene.caller.role == TOKEN_READ);
    CHECK_TEXT(scene.caller.name, "Person");
    CHECK(!link_speaks(&scene, other, scene.token.id));
    seed("UPDATE token SET expires_at = now()");
    CHECK(!link_speaks(&scene, scene.person, scene.token.id));
    seed("UPDATE token SET expires_at = NULL, revoked_at = now()");
    CHECK(!link_speaks(&scene, scene.person, scene.token.id));
    CHECK(link_speaks(&scene, scene.person, 0));
    CHECK(scene.caller.role == TOKEN_NONE);
    seed("UPDATE account SET disabled_at = now()");
    CHECK(!link_speaks(&scene, scene.person, 0));
    CHECK(link_speaks(&scene, 0, 0));
    CHECK(scene.caller.account == 0);
    close_scene(&scene);
}

/* Refused, in the words that say nothing. */
static void
check_refused(struct scene *scene, const char *text)
{
    CHECK(find(scene, text) < 0);
    CHECK(scene->err.code == ERROR_UNAUTHENTICATED);
    CHECK_TEXT(scene->err.message,
               "Invalid credentials in Authorization header");
    CHECK(scene->caller.account == 0);
}

TEST(an_unknown_token_is_refused)
{
    struct scene scene;

    open_scene(&scene);
    check_refused(&scene, "hf_unknown");
    check_refused(&scene, "");
    close_scene(&scene);
}

TEST(an_expired_token_looks_like_an_unknown_one)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, TOKEN_READ, NULL, clock_now_ms() + HOUR_MS) == 0);
    CHECK(find(&scene, scene.text) == 0);
    seed("UPDATE token SET expires_at = now()");
    check_refused(&scene, scene.text);
    close_scene(&scene);
}

TEST(a_revoked_token_looks_like_an_unknown_one)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, TOKEN_READ, NULL, CLOCK_NEVER) == 0);
    CHECK(token_revoke(scene.db, scene.arena, scene.person,
                       scene.token.public_id, &scene.err) == 0);
    check_refused(&scene, scene.text);
    close_scene(&scene);
}

TEST(a_token_of_a_disabled_account_looks_like_an_unknown_one)
{
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, TOKEN_READ, NULL, CLOCK_NEVER) == 0);
    seed("UPDATE account SET disabled_at = now()");
    check_refused(&scene, scene.text);
    close_scene(&scene);
}

TEST(a_use_is_noted_once_a_minute)
{
    struct scene scene;
    int64_t first;

    open_scene(&scene);
    CHECK(add(&scene, TOKEN_READ, NULL, CLOCK_NEVER) == 0);
    CHECK(scene.token.last_used_at_ms == CLOCK_NEVER);
    CHECK(find(&scene, scene.text) == 0);
    first = seed("SELECT extract(epoch FROM last_used_at) * 1e6 FROM token");
    CHECK(first > 0);
    CHECK(find(&scene, scene.text) == 0);
    CHECK(seed("SELECT extract(epoch FROM last_used_at) * 1e6 FROM token") ==
          first);
    seed("UPDATE token SET last_used_at = now() - interval '61 seconds'");
    CHECK(find(&scene, scene.text) == 0);
    CHECK(seed("SELECT extract(epoch FROM last_used_at) * 1e6 FROM token") >
          first);
    close_scene(&scene);
}

TEST(a_caller_is_found_in_one_round_trip)
{
    struct digest hash;
    struct scene scene;
    int64_t before;

    open_scene(&scene);
    CHECK(add(&scene, TOKEN_READ, NULL, CLOCK_NEVER) == 0);
    token_hash(&hash, scene.text);
    before = db_statement_count(scene.db);
    CHECK(caller_find_by_token(&scene.caller, scene.db, scene.arena, &hash,
                               &scene.err) == 0);
    CHECK(db_statement_count(scene.db) == before + 1);
    close_scene(&scene);
}

TEST(a_person_lists_and_revokes_only_their_own)
{
    struct scene scene;
    struct token *list;
    size_t count;
    int64_t other;

    open_scene(&scene);
    other = seed_account("other");
    CHECK(add(&scene, TOKEN_READ, NULL, CLOCK_NEVER) == 0);
    CHECK(token_revoke(scene.db, scene.arena, other, scene.token.public_id,
                       &scene.err) < 0);
    CHECK(scene.err.code == ERROR_NOT_FOUND);
    CHECK(token_list(&list, &count, scene.db, scene.arena, other, &scene.err) ==
          0);
    CHECK(count == 0);
    CHECK(token_list(&list, &count, scene.db, scene.arena, scene.person,
                     &scene.err) == 0);
    CHECK(count == 1);
    CHECK_TEXT(list[0].label, "laptop");
    CHECK(token_revoke(scene.db, scene.arena, scene.person, list[0].public_id,
                       &scene.err) == 0);
    CHECK(token_list(&list, &count, scene.db, scene.arena, 0, &scene.err) == 0);
    CHECK(count == 0);
    close_scene(&scene);
}

TEST(tokens_found_in_public_are_revoked_by_their_text)
{
    const char *leaked[3] = {"hf_of_nobody"};
    struct scene scene;

    open_scene(&scene);
    for (int i = 1; i < 3; i++) {
        CHECK(add(&scene, TOKEN_WRITE, NULL, CLOCK_NEVER) == 0);
        leaked[i] = scene.text;
    }
    CHECK(add(&scene, TOKEN_WRITE, NULL, CLOCK_NEVER) == 0);
    CHECK(token_revoke_leaked(scene.db, scene.arena, leaked, 3, &scene.err) ==
          0);
    CHECK(find(&scene, leaked[1]) < 0 && find(&scene, leaked[2]) < 0);
    CHECK(find(&scene, scene.text) == 0);
    close_scene(&scene);
}

TEST(only_people_hold_tokens)
{
    struct scene scene;

    open_scene(&scene);
    scene.person = seed_organization("acme");
    CHECK(add(&scene, TOKEN_WRITE, NULL, CLOCK_NEVER) < 0);
    close_scene(&scene);
}

TEST(a_right_names_what_its_account_can_see)
{
    struct scene scene;
    struct token_right right;
    struct token_spec spec = {
        .role = TOKEN_FINE_GRAINED,
        .expires_at_ms = CLOCK_NEVER,
        .rights = &right,
        .right_count = 1,
    };

    open_scene(&scene);
    spec.account = scene.person;
    seed_model(seed_account("other"), "hidden");
    CHECK(token_right_parse(&right, scene.arena, "read:other/hidden",
                            &scene.err) == 0);
    CHECK(token_add(&scene.token, &scene.text, scene.db, scene.arena, &spec,
                    &scene.err) == 0);
    seed("UPDATE repository SET private = true");
    CHECK(token_add(&scene.token, &scene.text, scene.db, scene.arena, &spec,
                    &scene.err) < 0);
    CHECK_TEXT(scene.err.message, "there is no model other/hidden");
    CHECK(seed("SELECT count(*) FROM token") == 1);
    spec.role = TOKEN_WRITE;
    CHECK(token_add(&scene.token, &scene.text, scene.db, scene.arena, &spec,
                    &scene.err) < 0);
    close_scene(&scene);
}

TEST(a_right_is_read_strictly)
{
    static const char *const wrong[] = {
        "",           "all",        "read:",        "read:a/",
        "read:/a",    "read:a/b/c", "read:wat/a/b", "read:a/b/c/d",
        "readx:acme", "rea",        "read:a--b/x",  "read:models/a/",
    };
    struct arena *arena = arena_open();
    struct token_right right;
    struct error err;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK(token_right_parse(&right, arena, wrong[i], &err) < 0);
    CHECK(token_right_parse(&right, arena, "write:datasets/a/b", &err) == 0);
    CHECK(right.kind == REPOSITORY_DATASET);
    CHECK_TEXT(right.namespace_name, "a");
    CHECK_TEXT(right.name, "b");
    CHECK(token_right_parse(&right, arena, "gated", &err) == 0);
    CHECK(right.namespace_name == NULL && right.name == NULL);
    arena_free(arena);
}
