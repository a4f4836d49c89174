#include "registry/crew.h"

#include <pthread.h>
#include <stdlib.h>

#include "storage/base/arena.h"

struct member {
    struct crew *crew;
    pthread_t thread;
    struct db *db; /* NULL: this crew has none */
};

struct crew {
    pthread_mutex_t lock; /* over all but members */
    pthread_cond_t wake;  /* a task came, or the end */
    pthread_cond_t idle;  /* the last task is done */
    struct task *first;
    struct task **last;
    int waiting; /* tasks in the queue */
    int running; /* tasks taken and not done */
    bool is_ending;
    struct member *members;
    int count;   /* members with a place */
    int started; /* members with a thread */
};

/* The next task, or NULL when the crew ends and nothing is left. */
static struct task *
take(struct crew *crew)
{
    struct task *task;

    pthread_mutex_lock(&crew->lock);
    while (crew->first == NULL && !crew->is_ending)
        pthread_cond_wait(&crew->wake, &crew->lock);
    task = crew->first;
    if (task != NULL) {
        crew->first = task->next;
        if (crew->first == NULL)
            crew->last = &crew->first;
        crew->waiting--;
        crew->running++;
    }
    pthread_mutex_unlock(&crew->lock);
    return task;
}

static void
note_done(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->running--;
    if (crew->running == 0 && crew->first == NULL)
        pthread_cond_broadcast(&crew->idle);
    pthread_mutex_unlock(&crew->lock);
}

static void *
work(void *state)
{
    struct member *member = state;
    struct task *task;

    while ((task = take(member->crew)) != NULL) {
        task->run(task, member->db); /* task may be gone afterwards */
        note_done(member->crew);
    }
    return NULL;
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
    pthread_cond_init(&crew->wake, NULL);
    pthread_cond_init(&crew->idle, NULL);
    crew->last = &crew->first;
    crew->members = xcalloc((size_t)count, sizeof(struct member));
    crew->count = count;
    for (int i = 0; i < count; i++) {
        crew->members[i].crew = crew;
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
    task->next = NULL;
    pthread_mutex_lock(&crew->lock);
    *crew->last = task;
    crew->last = &task->next;
    crew->waiting++;
    pthread_cond_signal(&crew->wake);
    pthread_mutex_unlock(&crew->lock);
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
    while (crew->first != NULL || crew->running > 0)
        pthread_cond_wait(&crew->idle, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
}

void
crew_free(struct crew *crew)
{
    if (crew == NULL)
        return;
    pthread_mutex_lock(&crew->lock);
    crew->is_ending = true;
    pthread_cond_broadcast(&crew->wake);
    pthread_mutex_unlock(&crew->lock);
    for (int i = 0; i < crew->started; i++)
        pthread_join(crew->members[i].thread, NULL);
    for (int i = 0; i < crew->count; i++)
        db_free(crew->members[i].db);
    pthread_cond_destroy(&crew->wake);
    pthread_cond_destroy(&crew->idle);
    pthread_mutex_destroy(&crew->lock);
    free(crew->members);
    free(crew);
}
