#include "auth/organization.h"

#include <string.h>

#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

struct scene {
    struct db *db;
    struct arena *arena;
    struct account acme;
    struct membership *list;
    size_t count;
    struct error err;
};

static void
open_scene(struct scene *scene)
{
    *scene = (struct scene){.db = test_database_open()};
    scene->arena = arena_open();
    seed_account("alice");
    seed_account("bob");
}

static void
close_scene(struct scene *scene)
{
    arena_free(scene->arena);
    db_free(scene->db);
}

static int
add(struct scene *scene, const struct organization_member *members,
    size_t count)
{
    const struct organization_spec spec = {
        .account = {.name = "acme", .private_by_default = true},
        .members = members,
        .member_count = count,
    };

    return organization_add(&scene->acme, scene->db, scene->arena, &spec,
                            &scene->err);
}

static void
list(struct scene *scene)
{
    CHECK(organization_list_members(&scene->list, &scene->count, scene->db,
                                    scene->arena, scene->acme.id,
                                    &scene->err) == 0);
}

TEST(an_organisation_begins_with_its_members)
{
    static const struct organization_member members[] = {{"Bob", "read"},
                                                         {"alice", "admin"}};
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, members, 2) == 0);
    CHECK(scene.acme.is_organization && scene.acme.private_by_default);
    list(&scene);
    CHECK(scene.count == 2);
    CHECK_TEXT(scene.list[0].account.name, "alice");
    CHECK_TEXT(scene.list[0].role, "admin");
    CHECK_TEXT(scene.list[1].role, "read");
    CHECK(organization_list_of(&scene.list, &scene.count, scene.db, scene.arena,
                               scene.list[1].account.id, &scene.err) == 0);
    CHECK(scene.count == 1);
    CHECK_TEXT(scene.list[0].account.name, "acme");
    CHECK_TEXT(scene.list[0].role, "read");
    close_scene(&scene);
}

TEST(a_member_who_is_nobody_leaves_no_organisation_behind)
{
    static const struct organization_member members[] = {{"alice", "admin"},
                                                         {"nobody", "read"}};
    struct scene scene;

    open_scene(&scene);
    CHECK(add(&scene, members, 2) < 0);
    CHECK(scene.err.code == ERROR_NOT_FOUND);
    CHECK(seed("SELECT count(*) FROM account WHERE name = 'acme'") == 0);
    CHECK(add(&scene, members, 1) == 0);
    close_scene(&scene);
}

TEST(a_role_changes_and_ends)
{
    static const struct organization_member members[] = {{"alice", "admin"},
                                                         {"bob", "admin"}};
    struct scene scene;
    int64_t alice;

    open_scene(&scene);
    CHECK(add(&scene, members, 2) == 0);
    list(&scene);
    alice = scene.list[0].account.id;
    CHECK(organization_set_member(scene.db, scene.arena, scene.acme.id, alice,
                                  "write", &scene.err) == 0);
    list(&scene);
    CHECK_TEXT(scene.list[0].role, "write");
    CHECK(organization_set_member(scene.db, scene.arena, scene.acme.id, alice,
                                  "king", &scene.err) < 0);
    CHECK(organization_set_member(scene.db, scene.arena, scene.acme.id, alice,
                                  NULL, &scene.err) == 0);
    list(&scene);
    CHECK(scene.count == 1);
    close_scene(&scene);
}

TEST(the_last_admin_of_an_organisation_stays)
{
    static const struct organization_member members[] = {{"alice", "admin"},
                                                         {"bob", "write"}};
    struct scene scene;
    int64_t alice;
    int64_t bob;

    open_scene(&scene);
    CHECK(add(&scene, members, 2) == 0);
    list(&scene);
    alice = scene.list[0].account.id;
    bob = scene.list[1].account.id;
    CHECK(organization_set_member(scene.db, scene.arena, scene.acme.id, alice,
                                  "write", &scene.err) < 0);
    CHECK(scene.err.code == ERROR_CONFLICT);
    CHECK(organization_set_member(scene.db, scene.arena, scene.acme.id, alice,
                                  NULL, &scene.err) < 0);
    CHECK(organization_check_left(scene.db, scene.arena, alice, 0, &scene.err) <
          0);
    CHECK(organization_check_left(scene.db, scene.arena, bob, 0, &scene.err) ==
          0);
    CHECK(organization_set_member(scene.db, scene.arena, scene.acme.id, bob,
                                  "admin", &scene.err) == 0);
    CHECK(organization_set_member(scene.db, scene.arena, scene.acme.id, alice,
                                  NULL, &scene.err) == 0);
    list(&scene);
    CHECK(scene.count == 1);
    close_scene(&scene);
}

TEST(only_people_are_members)
{
    static const struct organization_member members[] = {{"lab", "admin"}};
    struct scene scene;
    int64_t lab;

    open_scene(&scene);
    lab = seed_organization("lab");
    CHECK(add(&scene, members, 1) < 0);
    CHECK(add(&scene, members, 0) == 0);
    CHECK(organization_set_member(scene.db, scene.arena, scene.acme.id, lab,
                                  "read", &scene.err) == 0);
    list(&scene);
    CHECK(scene.count == 0);
    close_scene(&scene);
}
