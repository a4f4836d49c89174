#include "registry/hooks/mailer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/file.h"
#include "storage/base/secret.h"

#define PASSWORD_FILE_LIMIT 1024  /* bytes */
#define AUTHORITIES_LIMIT 1048576 /* bytes */

struct job {
    struct mail mail; /* its texts are owned */
    struct mailer_result result;
    enum {
        JOB_FREE,
        JOB_WAITS,
        JOB_RUNS,
        JOB_DONE,
    } state;
};

struct mailer {
    struct mail_server server; /* its texts are owned */
    char *password;            /* in locked memory; NULL: none */
    pthread_t thread;
    bool has_thread;
    atomic_bool stop;
    pthread_mutex_t lock; /* of jobs */
    pthread_cond_t changed;
    struct job jobs[MAILER_WAITING];
};

static char *
copy(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

static void
free_text(const char *text)
{
    free((char *)text);
}

static int
read_password(struct mailer *mailer, const char *path, struct error *err)
{
    struct arena *arena = arena_open();
    char *text;
    size_t length;
    int result =
        file_read(&text, &length, arena, path, PASSWORD_FILE_LIMIT, err);

    if (result == 0) {
        text[strcspn(text, "\r\n")] = '\0';
        mailer->password = secret_alloc(strlen(text) + 1);
        memcpy(mailer->password, text, strlen(text) + 1);
        mailer->server.password = mailer->password;
        secret_wipe(text, length);
    }
    arena_free(arena);
    return result;
}

/* Now, since the file is out of reach once the process is confined. */
static int
read_authorities(struct mailer *mailer, const char *path, struct error *err)
{
    struct arena *arena = arena_open();
    char *text;
    size_t length;
    int result = file_read(&text, &length, arena, path, AUTHORITIES_LIMIT, err);

    if (result == 0) {
        mailer->server.authorities = copy(text);
        mailer->server.authorities_length = strlen(text);
    }
    arena_free(arena);
    return result;
}

int
mailer_open(struct mailer **out, const struct config *config, struct error *err)
{
    struct mailer *mailer;

    *out = NULL;
    if (config->smtp_url == NULL)
        return 0;
    mailer = xcalloc(1, sizeof(*mailer));
    pthread_mutex_init(&mailer->lock, NULL);
    pthread_cond_init(&mailer->changed, NULL);
    mailer->server = (struct mail_server){
        .url = copy(config->smtp_url),
        .user = copy(config->smtp_user),
        .from = copy(config->mail_from),
    };
    if ((config->smtp_password_file != NULL &&
         read_password(mailer, config->smtp_password_file, err) < 0) ||
        (config->smtp_ca_file != NULL &&
         read_authorities(mailer, config->smtp_ca_file, err) < 0)) {
        mailer_free(mailer);
        return -1;
    }
    *out = mailer;
    return 0;
}

static void
clear_job(struct job *job)
{
    free_text(job->mail.recipient);
    free_text(job->mail.subject);
    free_text(job->mail.body);
    *job = (struct job){.state = JOB_FREE};
}

void
mailer_free(struct mailer *mailer)
{
    if (mailer == NULL)
        return;
    if (mailer->has_thread) {
        pthread_mutex_lock(&mailer->lock);
        atomic_store(&mailer->stop, true);
        pthread_cond_signal(&mailer->changed);
        pthread_mutex_unlock(&mailer->lock);
        pthread_join(mailer->thread, NULL);
    }
    for (int i = 0; i < MAILER_WAITING; i++)
        clear_job(&mailer->jobs[i]);
    pthread_cond_destroy(&mailer->changed);
    pthread_mutex_destroy(&mailer->lock);
    free_text(mailer->server.url);
    free_text(mailer->server.user);
    free_text(mailer->server.from);
    free_text(mailer->server.authorities);
    secret_free(mailer->password);
    free(mailer);
}

static struct job *
find_job(struct mailer *mailer, int state)
{
    for (int i = 0; i < MAILER_WAITING; i++)
        if ((int)mailer->jobs[i].state == state)
            return &mailer->jobs[i];
    return NULL;
}

/* Without the lock: a job that runs is the thread's alone. */
static void
run_job(struct mailer *mailer, struct job *job)
{
    struct error err;

    job->result = (struct mailer_result){.id = job->mail.id};
    if (mail_send(&mailer->server, &job->mail, &mailer->stop, &err) == 0) {
        job->result.is_sent = true;
        return;
    }
    job->result.is_final = err.code == ERROR_UNPROCESSABLE;
    snprintf(job->result.problem, sizeof(job->result.problem), "%.*s",
             (int)sizeof(job->result.problem) - 1, err.message);
}

static void *
run_thread(void *state)
{
    struct mailer *mailer = state;

    pthread_mutex_lock(&mailer->lock);
    while (!atomic_load(&mailer->stop)) {
        struct job *job = find_job(mailer, JOB_WAITS);

        if (job == NULL) {
            pthread_cond_wait(&mailer->changed, &mailer->lock);
            continue;
        }
        job->state = JOB_RUNS;
        pthread_mutex_unlock(&mailer->lock);
        run_job(mailer, job);
        pthread_mutex_lock(&mailer->lock);
        job->state = JOB_DONE;
    }
    pthread_mutex_unlock(&mailer->lock);
    return NULL;
}

static bool
ensure_thread(struct mailer *mailer)
{
    if (!mailer->has_thread)
        mailer->has_thread =
            pthread_create(&mailer->thread, NULL, run_thread, mailer) == 0;
    return mailer->has_thread;
}

bool
mailer_has_room(struct mailer *mailer)
{
    bool has_room;

    pthread_mutex_lock(&mailer->lock);
    has_room = find_job(mailer, JOB_FREE) != NULL;
    pthread_mutex_unlock(&mailer->lock);
    return has_room;
}

bool
mailer_offer(struct mailer *mailer, const struct mail *mail)
{
    struct job *job = NULL;

    pthread_mutex_lock(&mailer->lock);
    if (ensure_thread(mailer))
        job = find_job(mailer, JOB_FREE);
    if (job != NULL) {
        job->mail = (struct mail){
            .id = mail->id,
            .recipient = copy(mail->recipient),
            .subject = copy(mail->subject),
            .body = copy(mail->body),
            .at_ms = mail->at_ms,
        };
        job->state = JOB_WAITS;
        pthread_cond_signal(&mailer->changed);
    }
    pthread_mutex_unlock(&mailer->lock);
    return job != NULL;
}

bool
mailer_take(struct mailer_result *out, struct mailer *mailer)
{
    struct job *job;

    pthread_mutex_lock(&mailer->lock);
    job = find_job(mailer, JOB_DONE);
    if (job != NULL) {
        *out = job->result;
        clear_job(job);
    }
    pthread_mutex_unlock(&mailer->lock);
    return job != NULL;
}
