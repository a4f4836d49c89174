#include "auth/delivery.h"

#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

static const uint8_t commit[20] = {1, 2, 3};

struct scene {
    struct db *db;
    struct repository repository;
    struct caller caller;
    struct gate_object object;
    struct gate_answer answer;
    struct delivery delivery;
};

static void
open_scene(struct scene *scene)
{
    *scene = (struct scene){.db = test_database_open()};
    scene->repository = (struct repository){.id = 7, .full_name = "acme/tiny"};
    scene->caller =
        (struct caller){.account = 3, .name = "person", .address = "192.0.2.1"};
    scene->object.commit = commit;
    scene->object.path = "weights.gguf";
    scene->answer = (struct gate_answer){
        .allowed = true, .reason = GATE_GRANTED, .grant = 5, .agreement = 6};
    scene->delivery.size_bytes = 100;
}

static int64_t
begin(struct scene *scene)
{
    struct error err;
    int64_t id = 0;

    scene->object.repository = &scene->repository;
    scene->delivery.object = &scene->object;
    scene->delivery.answer = &scene->answer;
    CHECK(delivery_begin(&id, scene->db, &scene->caller, &scene->delivery,
                         &err) == 0);
    CHECK(id > 0);
    return id;
}

TEST(a_pull_in_many_ranges_is_one_delivery_for_an_hour)
{
    struct scene scene;
    int64_t first;

    open_scene(&scene);
    first = begin(&scene);
    CHECK(begin(&scene) == first);
    seed("UPDATE delivery SET begun_at = now() - interval '61 minutes'");
    CHECK(begin(&scene) != first);
    CHECK(seed("SELECT count(*) FROM delivery WHERE access_grant = 5"
               " AND agreement = 6 AND account_name = 'person'"
               " AND reason = 'granted'") == 2);
    db_free(scene.db);
}

TEST(another_account_path_address_or_right_is_another_delivery)
{
    struct scene scene;
    int64_t first;

    open_scene(&scene);
    first = begin(&scene);
    scene.caller.address = "192.0.2.2";
    CHECK(begin(&scene) > first);
    scene.object.path = "other.gguf";
    CHECK(begin(&scene) > first + 1);
    scene.answer.grant = 9;
    CHECK(begin(&scene) > first + 2);
    scene.caller.account = 0;
    CHECK(begin(&scene) > first + 3);
    CHECK(seed("SELECT count(*) FROM delivery") == 5);
    db_free(scene.db);
}

TEST(bytes_that_left_add_up_and_the_whole_file_is_complete)
{
    struct delivery_queue *queue = delivery_queue_open();
    struct scene scene;
    struct error err;
    int64_t ranges;
    int64_t whole;

    open_scene(&scene);
    ranges = begin(&scene);
    scene.object.path = "README.md";
    whole = begin(&scene);
    delivery_note(queue, ranges, 40, false);
    delivery_note(queue, whole, 10, true);
    delivery_note(queue, ranges, 20, false);
    CHECK(delivery_flush(queue, scene.db, &err) == 0);
    CHECK(seed("SELECT bytes FROM delivery WHERE id = %lld AND NOT complete",
               (long long)ranges) == 60);
    CHECK(seed("SELECT bytes FROM delivery WHERE id = %lld AND complete",
               (long long)whole) == 10);
    delivery_note(queue, ranges, 40, false);
    CHECK(delivery_flush(queue, scene.db, &err) == 0);
    CHECK(delivery_flush(queue, scene.db, &err) == 0);
    CHECK(seed("SELECT bytes FROM delivery WHERE id = %lld AND complete",
               (long long)ranges) == 100);
    delivery_queue_free(queue);
    db_free(scene.db);
}

TEST(what_could_not_be_written_waits_for_the_next_flush)
{
    struct delivery_queue *queue = delivery_queue_open();
    struct scene scene;
    struct error err;
    int64_t id;

    open_scene(&scene);
    id = begin(&scene);
    delivery_note(queue, id, 40, false);
    seed("ALTER TABLE delivery RENAME TO away");
    CHECK(delivery_flush(queue, scene.db, &err) < 0);
    seed("ALTER TABLE away RENAME TO delivery");
    delivery_note(queue, id, 1, false);
    CHECK(delivery_flush(queue, scene.db, &err) == 0);
    CHECK(seed("SELECT bytes FROM delivery") == 41);
    delivery_queue_free(queue);
    db_free(scene.db);
}
