#include "registry/crew.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>

#include "tests/check.h"

#define MANY (2 * CREW_GATHER_LIMIT)

/* A task, and what is seen of the order in which tasks run. */
struct piece {
    struct task task; /* first: a task is cast back to its piece */
    struct scene *scene;
    int order;   /* of its run, from 1 */
    int company; /* how many were taken with it */
};

struct scene {
    struct crew *crew;
    sem_t held;   /* a task that holds its thread has begun */
    sem_t let_go; /* and ends */
    atomic_int runs;
    atomic_int done; /* of runs, written down */
    struct piece pieces[MANY];
    struct task holders[1];
};

static struct scene scene; /* too long for a stack; one test at a time */

static void
run_alone(struct task *task, struct db *db)
{
    struct piece *piece = (struct piece *)task;

    (void)db;
    piece->order = atomic_fetch_add(&piece->scene->runs, 1) + 1;
    piece->company = 1;
    atomic_fetch_add(&piece->scene->done, 1);
}

static void
run_many(struct task **tasks, int count, struct db *db)
{
    (void)db;
    for (int i = 0; i < count; i++) {
        struct piece *piece = (struct piece *)tasks[i];

        piece->order = atomic_fetch_add(&piece->scene->runs, 1) + 1;
        piece->company = count;
        atomic_fetch_add(&piece->scene->done, 1);
    }
}

static void
hold(struct task *task, struct db *db)
{
    (void)task;
    (void)db;
    sem_post(&scene.held);
    sem_wait(&scene.let_go);
}

static void
hold_many(struct task **tasks, int count, struct db *db)
{
    (void)count;
    hold(tasks[0], db);
}

static void
open_scene(int threads)
{
    struct error err;

    scene = (struct scene){0};
    sem_init(&scene.held, 0, 0);
    sem_init(&scene.let_go, 0, 0);
    for (int i = 0; i < MANY; i++)
        scene.pieces[i].scene = &scene;
    CHECK(crew_open(&scene.crew, "crew", threads, NULL, &err) == 0);
}

static void
post(struct piece *piece, bool is_shared)
{
    piece->task.run = run_alone;
    piece->task.run_many = is_shared ? run_many : NULL;
    crew_post(scene.crew, &piece->task);
}

TEST(tasks_of_a_kind_that_wait_are_taken_together)
{
    open_scene(1);
    scene.holders[0].run = hold;
    crew_post(scene.crew, &scene.holders[0]);
    sem_wait(&scene.held);
    for (int i = 0; i < MANY; i++)
        post(&scene.pieces[i], true);
    sem_post(&scene.let_go);
    crew_free(scene.crew);
    for (int i = 0; i < MANY; i++) {
        CHECK(scene.pieces[i].order == i + 1);
        CHECK(scene.pieces[i].company == CREW_GATHER_LIMIT);
    }
}

TEST(neither_kind_goes_before_what_came_earlier)
{
    open_scene(1);
    scene.holders[0].run = hold;
    crew_post(scene.crew, &scene.holders[0]);
    sem_wait(&scene.held);
    post(&scene.pieces[0], false);
    post(&scene.pieces[1], true);
    post(&scene.pieces[2], false);
    post(&scene.pieces[3], true);
    sem_post(&scene.let_go);
    crew_free(scene.crew);
    CHECK(scene.pieces[0].order == 1);
    CHECK(scene.pieces[1].order == 2);
    CHECK(scene.pieces[3].order == 3); /* with the second */
    CHECK(scene.pieces[2].order == 4);
}

TEST(while_one_gathers_the_next_turn_fills)
{
    open_scene(2);
    scene.holders[0].run_many = hold_many;
    crew_post(scene.crew, &scene.holders[0]);
    sem_wait(&scene.held);
    for (int i = 0; i < 5; i++)
        post(&scene.pieces[i], true);
    post(&scene.pieces[5], false);
    while (atomic_load(&scene.done) < 1)
        continue;
    CHECK(scene.pieces[5].order == 1);
    CHECK(scene.pieces[0].order == 0);
    sem_post(&scene.let_go);
    while (atomic_load(&scene.done) < 6)
        continue;
    CHECK(scene.pieces[0].company == 5);
    crew_free(scene.crew);
}

TEST(an_end_waits_for_what_is_gathered_and_for_what_waits_behind_it)
{
    open_scene(2);
    scene.holders[0].run_many = hold_many;
    crew_post(scene.crew, &scene.holders[0]);
    sem_wait(&scene.held);
    post(&scene.pieces[0], true);
    sem_post(&scene.let_go);
    crew_free(scene.crew);
    CHECK(scene.pieces[0].order == 1);
}

TEST(neither_kind_waits_while_a_thread_rests)
{
    open_scene(2);
    for (int i = 0; i < 1000; i++) {
        struct piece *piece = &scene.pieces[i % MANY];
        struct task *holder = &scene.holders[0];

        /* The one may hold its thread until the other is done. */
        *holder = (struct task){.run = i % 2 == 0 ? hold : NULL,
                                .run_many = i % 2 == 0 ? NULL : hold_many};
        crew_post(scene.crew, holder);
        post(piece, i % 2 == 0);
        while (atomic_load(&scene.done) < i + 1)
            continue;
        sem_post(&scene.let_go);
        crew_drain(scene.crew); /* a holder is let go in its own round */
    }
    crew_free(scene.crew);
}
