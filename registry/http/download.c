#include "registry/http/download.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/clock.h"
#include "storage/base/json.h"

struct downloads {
    pthread_mutex_t lock; /* over all but the atomics */
    struct download *first;
    int64_t generation;
    void (*post)(void *owner, struct task *task);
    void *owner;
};

struct download {
    struct task task; /* first: a task is cast back to its download */
    struct downloads *downloads;
    struct download *next;
    struct download *previous;
    struct arena *arena; /* of the copies below */
    struct caller caller;
    struct repository repository;
    struct standing standing;
    enum gate_reason reason;
    int64_t valid_until_ms;
    const struct log *log;
    atomic_bool is_stopped;
    bool is_asking; /* a worker has it */
    bool ask_again; /* something was heard meanwhile */
    bool is_over;   /* freed when the worker is done */
};

struct downloads *
downloads_open(void (*post)(void *owner, struct task *task), void *owner)
{
    struct downloads *downloads = xcalloc(1, sizeof(*downloads));

    pthread_mutex_init(&downloads->lock, NULL);
    downloads->post = post;
    downloads->owner = owner;
    return downloads;
}

void
downloads_free(struct downloads *downloads)
{
    if (downloads == NULL)
        return;
    pthread_mutex_destroy(&downloads->lock);
    free(downloads);
}

int64_t
downloads_generation(struct downloads *downloads)
{
    int64_t generation;

    pthread_mutex_lock(&downloads->lock);
    generation = downloads->generation;
    pthread_mutex_unlock(&downloads->lock);
    return generation;
}

static void
free_download(struct download *download)
{
    arena_free(download->arena);
    free(download);
}

/* On a worker: what could not be asked is refused. */
static void
ask(struct download *download, struct db *db)
{
    const struct gate_object object = {
        .repository = &download->repository,
        .standing = &download->standing,
    };
    struct gate_answer answer;
    struct error err;

    if (gate_check(&answer, db, &download->caller, &object, &err) < 0) {
        log_error(download->log, "download", &err);
        answer.allowed = false;
    }
    if (!answer.allowed)
        atomic_store(&download->is_stopped, true);
}

static void
run(struct task *task, struct db *db)
{
    struct download *download = (struct download *)task;
    struct downloads *downloads = download->downloads;
    bool is_over;
    bool again;

    do {
        ask(download, db);
        pthread_mutex_lock(&downloads->lock);
        is_over = download->is_over;
        again = download->ask_again && !is_over;
        download->ask_again = false;
        download->is_asking = again;
        pthread_mutex_unlock(&downloads->lock);
    } while (again);
    if (is_over)
        free_download(download);
}

/* Under the lock.  An exempt file leaves whatever the gate says. */
static void
begin_to_ask(struct download *download)
{
    if (download->reason == GATE_EXEMPT)
        return;
    if (download->is_asking) {
        download->ask_again = true;
        return;
    }
    download->is_asking = true;
    download->downloads->post(download->downloads->owner, &download->task);
}

/* What outlives the request: texts and records that gate_check looks at. */
static void
copy_request(struct download *download, const struct request *request)
{
    struct arena *arena = download->arena;
    struct repository *repository = &download->repository;

    download->caller = request->caller;
    download->caller.name = arena_text(arena, request->caller.name);
    download->caller.address = arena_text(arena, request->caller.address);
    download->caller.user_agent = arena_text(arena, request->caller.user_agent);
    download->caller.request_id = arena_text(arena, request->caller.request_id);
    *repository = request->repository;
    repository->public_id = arena_text(arena, repository->public_id);
    repository->namespace_name = arena_text(arena, repository->namespace_name);
    repository->name = arena_text(arena, repository->name);
    repository->full_name = arena_text(arena, repository->full_name);
    repository->gate_mode = arena_text(arena, repository->gate_mode);
    download->standing = request->standing;
    download->standing.membership =
        arena_text(arena, request->standing.membership);
}

struct download *
download_begin(struct downloads *downloads, const struct request *request,
               const struct gate_answer *answer, int64_t generation)
{
    struct download *download = xcalloc(1, sizeof(*download));

    download->task.run = run;
    download->downloads = downloads;
    download->arena = arena_open();
    download->reason = answer->reason;
    download->valid_until_ms = answer->valid_until_ms;
    download->log = &request->service->log;
    copy_request(download, request);
    pthread_mutex_lock(&downloads->lock);
    download->next = downloads->first;
    if (downloads->first != NULL)
        downloads->first->previous = download;
    downloads->first = download;
    if (downloads->generation != generation)
        begin_to_ask(download);
    pthread_mutex_unlock(&downloads->lock);
    return download;
}

void
download_end(struct download *download)
{
    struct downloads *downloads;
    bool is_asking;

    if (download == NULL)
        return;
    downloads = download->downloads;
    pthread_mutex_lock(&downloads->lock);
    if (download->previous != NULL)
        download->previous->next = download->next;
    else
        downloads->first = download->next;
    if (download->next != NULL)
        download->next->previous = download->previous;
    is_asking = download->is_asking;
    download->is_over = is_asking;
    pthread_mutex_unlock(&downloads->lock);
    if (!is_asking)
        free_download(download);
}

bool
download_is_stopped(const struct download *download)
{
    return atomic_load(&download->is_stopped) ||
           (download->valid_until_ms != CLOCK_NEVER &&
            clock_now_ms() >= download->valid_until_ms);
}

static bool
concerns(const struct access_change *change, const struct download *download)
{
    if (change->token != 0)
        return change->token == download->caller.token;
    if (change->repository != 0 &&
        change->repository != download->repository.id)
        return false;
    return change->account == 0 || change->account == download->caller.account;
}

void
downloads_change(struct downloads *downloads,
                 const struct access_change *change)
{
    pthread_mutex_lock(&downloads->lock);
    downloads->generation++;
    for (struct download *d = downloads->first; d != NULL; d = d->next)
        if (concerns(change, d))
            begin_to_ask(d);
    pthread_mutex_unlock(&downloads->lock);
}

bool
access_change_parse(struct access_change *out, const char *payload)
{
    struct arena *arena = arena_open();
    struct error err;
    json_t *change;
    int result = json_read(&change, arena, payload, strlen(payload), &err);

    memset(out, 0, sizeof(*out));
    if (result == 0) {
        out->repository = json_number(change, "repository", 0);
        out->account = json_number(change, "account", 0);
        out->token = json_number(change, "token", 0);
    }
    arena_free(arena);
    return result == 0;
}
