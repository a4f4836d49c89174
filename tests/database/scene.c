#include "tests/database/scene.h"

#include <string.h>

#include "auth/gate_change.h"
#include "storage/base/clock.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

struct caller
scene_caller(const char *name)
{
    return (struct caller){.account = seed_account(name), .name = name};
}

void
scene_open(struct scene *scene)
{
    *scene = (struct scene){.db = test_database_open()};
    scene->arena = arena_open();
    scene->owner = scene_caller("acme");
    scene->first = scene_caller("first");
    scene->second = scene_caller("second");
    scene->person = scene_caller("person");
    scene->repository = (struct repository){
        .id = seed_model(scene->owner.account, "tiny"),
        .full_name = "acme/tiny",
        .namespace_name = "acme",
        .name = "tiny",
    };
    CHECK(key_make(&scene->key, KEY_ED25519, &scene->err) == 0);
    scene->registry =
        (struct agreement_registry){"https://registry.example", scene->key};
}

void
scene_close(struct scene *scene)
{
    key_free(scene->key);
    arena_free(scene->arena);
    db_free(scene->db);
}

int
scene_set_gate(struct scene *scene, const char *json)
{
    struct gate_settings settings;
    struct gate_change change = {&scene->repository, &scene->owner, NULL};
    json_t *members;
    int result;

    CHECK(json_read(&members, scene->arena, json, strlen(json), &scene->err) ==
          0);
    change.members = members;
    CHECK(db_begin(scene->db, &scene->err) == 0);
    result = gate_change_save(&settings, scene->db, scene->arena, &change,
                              &scene->err);
    if (result < 0)
        db_rollback(scene->db);
    else
        CHECK(db_commit(scene->db, &scene->err) == 0);
    return result;
}

int
scene_ask_as(struct scene *scene, struct db *db, const struct caller *caller,
             const char *answers)
{
    struct ask ask = {
        &scene->repository, caller, &scene->registry, NULL, {0}, 0};
    json_t *given = NULL;

    if (answers != NULL)
        CHECK(json_read(&given, scene->arena, answers, strlen(answers),
                        &scene->err) == 0);
    ask.answers = given;
    return ask_submit(&scene->asked, db, scene->arena, &ask, &scene->err);
}

int
scene_ask(struct scene *scene)
{
    return scene_ask_as(scene, scene->db, &scene->person, NULL);
}

struct review
scene_review(const struct scene *scene, const struct caller *caller,
             const char *status)
{
    return (struct review){.repository = &scene->repository,
                           .caller = caller,
                           .target = {.user = "person"},
                           .status = status,
                           .until_ms = CLOCK_NEVER};
}

int
scene_decide(struct scene *scene, const struct caller *caller,
             const char *status)
{
    const struct review review = scene_review(scene, caller, status);

    return review_decide(scene->db, scene->arena, &review, &scene->err);
}

int
scene_give(struct scene *scene)
{
    const struct review review = scene_review(scene, &scene->owner, "accepted");

    return review_grant(scene->db, scene->arena, &review, &scene->err);
}

enum gate_reason
scene_door(struct scene *scene)
{
    const struct standing standing = {.may_see = true, .token_gated = true};
    const struct gate_object object = {.repository = &scene->repository,
                                       .standing = &standing};
    struct gate_answer answer;

    CHECK(gate_check(&answer, scene->db, &scene->person, &object,
                     &scene->err) == 0);
    return answer.reason;
}

bool
scene_has_status(const char *status)
{
    return strcmp(seed_text("SELECT status FROM request"
                            " WHERE withdrawn_at IS NULL"),
                  status) == 0;
}
