#include "registry/crew.h"

#include <pthread.h>
#include <stdlib.h>

#include "storage/base/arena.h"

struct member {
    struct crew *crew;
    pthread_t thread;
    struct db *db; /* NULL: this crew has none */
    pthread_cond_t wake;
    bool is_resting;
    struct member *below; /* rests longer */
};

struct lane {
    struct task *first;
    struct task **last;
};

struct crew {
    pthread_mutex_t lock;   /* over all but threads and connections */
    pthread_cond_t idle;    /* the last task is done */
    struct member *resting; /* who rested last */
    struct lane alone;
    struct lane shared; /* those with a run_many */
    uint64_t posted;
    int waiting;       /* tasks in the lanes */
    int running;       /* threads that have tasks */
    bool is_gathering; /* one of them, tasks of the shared lane */
    bool is_called;    /* one was woken for that lane and is on its way */
    bool is_ending;
    struct member *members;
    int count;   /* members with a place */
    int started; /* members with a thread */
};

/* What a thread does next. */
struct turn {
    struct task *tasks[CREW_GATHER_LIMIT];
    int count; /* 0: the crew ends and nothing is left */
    bool is_shared;
};

static void
open_lane(struct lane *lane)
{
    lane->first = NULL;
    lane->last = &lane->first;
}

static void
append(struct lane *lane, struct task *task)
{
    task->next = NULL;
    *lane->last = task;
    lane->last = &task->next;
}

static struct task *
shift(struct lane *lane)
{
    struct task *task = lane->first;

    lane->first = task->next;
    if (lane->first == NULL)
        lane->last = &lane->first;
    return task;
}

static bool
is_empty(const struct crew *crew)
{
    return crew->alone.first == NULL && crew->shared.first == NULL;
}

/* Under the lock: whether the shared lane waits for a thread. */
static bool
can_share(const struct crew *crew)
{
    return crew->shared.first != NULL && !crew->is_gathering;
}

/* Under the lock: the lane whose first task came first, or NULL. */
static struct lane *
choose(struct crew *crew)
{
    struct lane *alone = crew->alone.first != NULL ? &crew->alone : NULL;

    if (!can_share(crew))
        return alone;
    if (alone != NULL && alone->first->order < crew->shared.first->order)
        return alone;
    return &crew->shared;
}

/* Under the lock, which it gives up until it is called and woken. */
static void
rest(struct member *member)
{
    struct crew *crew = member->crew;

    member->is_resting = true;
    member->below = crew->resting;
    crew->resting = member;
    while (member->is_resting)
        pthread_cond_wait(&member->wake, &crew->lock);
}

/* Under the lock: who is to be woken, or NULL. */
static struct member *
call_one(struct crew *crew)
{
    struct member *member = crew->resting;

    if (member != NULL) {
        crew->resting = member->below;
        member->is_resting = false;
    }
    return member;
}

/* Under the lock: who is to be woken for the shared lane, or NULL. */
static struct member *
call_for_shared(struct crew *crew)
{
    struct member *member = NULL;

    if (can_share(crew) && !crew->is_called)
        member = call_one(crew);
    crew->is_called = crew->is_called || member != NULL;
    return member;
}

static void
wake(struct member *member)
{
    if (member != NULL)
        pthread_cond_signal(&member->wake);
}

static void
take(struct turn *out, struct member *member)
{
    struct crew *crew = member->crew;
    struct member *called;
    struct lane *lane;
    int limit;

    out->count = 0;
    pthread_mutex_lock(&crew->lock);
    /* At the end, what waits to be shared is left to who gathers now. */
    while ((lane = choose(crew)) == NULL && !crew->is_ending)
        rest(member);
    out->is_shared = lane == &crew->shared;
    limit = out->is_shared ? CREW_GATHER_LIMIT : 1;
    while (lane != NULL && lane->first != NULL && out->count < limit)
        out->tasks[out->count++] = shift(lane);
    crew->waiting -= out->count;
    crew->running += out->count > 0;
    crew->is_gathering = crew->is_gathering || out->is_shared;
    crew->is_called = false; /* that may have been us, who took another */
    called = call_for_shared(crew);
    pthread_mutex_unlock(&crew->lock);
    wake(called);
}

static void
note_done(struct crew *crew, const struct turn *turn)
{
    pthread_mutex_lock(&crew->lock);
    crew->running--;
    if (turn->is_shared)
        crew->is_gathering = false;
    if (crew->running == 0 && is_empty(crew))
        pthread_cond_broadcast(&crew->idle);
    pthread_mutex_unlock(&crew->lock);
}

/* The tasks may be gone afterwards. */
static void
run(struct turn *turn, struct db *db)
{
    struct task *first = turn->tasks[0];

    if (turn->is_shared)
        first->run_many(turn->tasks, turn->count, db);
    else
        first->run(first, db);
}

static void *
work(void *state)
{
    struct member *member = state;
    struct turn turn;

    for (;;) {
        take(&turn, member);
        if (turn.count == 0)
            return NULL;
        run(&turn, member->db);
        note_done(member->crew, &turn);
    }
}

static int
start(struct crew *crew, const char *name, struct error *err)
{
    for (; crew->started < crew->count; crew->started++) {
        struct member *member = &crew->members[crew->started];

        if (pthread_create(&member->thread, NULL, work, member) != 0)
            return error_set(err, ERROR_INTERNAL, "no thread for %s", name);
        pthread_setname_np(member->thread, name);
    }
    return 0;
}

int
crew_open(struct crew **out, const char *name, int count,
          const struct db_options *database, struct error *err)
{
    struct crew *crew = xcalloc(1, sizeof(*crew));

    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->idle, NULL);
    open_lane(&crew->alone);
    open_lane(&crew->shared);
    crew->members = xcalloc((size_t)count, sizeof(struct member));
    crew->count = count;
    for (int i = 0; i < count; i++) {
        crew->members[i].crew = crew;
        pthread_cond_init(&crew->members[i].wake, NULL);
    }
    for (int i = 0; i < count; i++) {
        if (database != NULL &&
            db_open(&crew->members[i].db, database, err) < 0)
            goto fail;
    }
    if (start(crew, name, err) < 0)
        goto fail;
    *out = crew;
    return 0;

fail:
    crew_free(crew);
    return -1;
}

void
crew_post(struct crew *crew, struct task *task)
{
    bool is_shared = task->run_many != NULL;
    struct member *called;

    pthread_mutex_lock(&crew->lock);
    task->order = crew->posted++;
    append(is_shared ? &crew->shared : &crew->alone, task);
    crew->waiting++;
    /* Who gathers now will look for more when done. */
    called = is_shared ? call_for_shared(crew) : call_one(crew);
    pthread_mutex_unlock(&crew->lock);
    wake(called); /* it needs the lock, which is free now */
}

void
crew_read(struct meter_crew *out, struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    out->threads = crew->started;
    out->busy = crew->running;
    out->waiting = crew->waiting;
    pthread_mutex_unlock(&crew->lock);
}

void
crew_drain(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    while (!is_empty(crew) || crew->running > 0)
        pthread_cond_wait(&crew->idle, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
}

void
crew_free(struct crew *crew)
{
    struct member *called;

    if (crew == NULL)
        return;
    pthread_mutex_lock(&crew->lock);
    crew->is_ending = true;
    while ((called = call_one(crew)) != NULL)
        wake(called);
    pthread_mutex_unlock(&crew->lock);
    for (int i = 0; i < crew->started; i++)
        pthread_join(crew->members[i].thread, NULL);
    for (int i = 0; i < crew->count; i++) {
        db_free(crew->members[i].db);
        pthread_cond_destroy(&crew->members[i].wake);
    }
    pthread_cond_destroy(&crew->idle);
    pthread_mutex_destroy(&crew->lock);
    free(crew->members);
    free(crew);
}
