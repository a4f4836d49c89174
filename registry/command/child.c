#include "registry/command/child.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "access_access_sql.h"
#include "auth/delivery.h"
#include "auth/question.h"
#include "auth/slots.h"
#include "auth/vault.h"
#include "registry/hooks/mailer.h"
#include "registry/http/meter.h"
#include "registry/jobs/jobs.h"
#include "registry/jobs/scrubber.h"
#include "registry/routes/routes.h"
#include "registry/shelter.h"
#include "storage/base/confine.h"
#include "storage/base/file.h"
#include "storage/content/content.h"
#include "storage/db/listen.h"
#include "storage/git/recent.h"
#include "storage_db_storage_sql.h"

/* A certificate chain or a key, in bytes. */
#define PEM_LIMIT 1048576 /* 1 MiB */

/* What one server child owns. */
struct child {
    const struct child_options *options;
    struct service service;
    struct db_options database;
    struct outage outage;  /* all connections' */
    struct db *db;         /* for the start alone */
    struct listen *listen; /* keeps the level until the server does */
    struct vault *vault;
    struct server *server;
    pthread_t orders;
};

static bool
read_exactly(int fd, void *out, size_t length)
{
    char *at = out;

    while (length > 0) {
        ssize_t n = read(fd, at, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

static bool
take_tls(struct child *child, const struct child_message *message)
{
    struct server_tls tls = {.certificate_length = message->first_length,
                             .key_length = message->second_length};
    struct error err;
    char *certificate;
    char *key;
    bool arrived;

    if (tls.certificate_length > PEM_LIMIT || tls.key_length > PEM_LIMIT)
        return false;
    certificate = xcalloc(1, tls.certificate_length + 1);
    key = secret_alloc(tls.key_length + 1);
    arrived = read_exactly(child->options->channel, certificate,
                           tls.certificate_length) &&
              read_exactly(child->options->channel, key, tls.key_length);
    tls.certificate = certificate;
    tls.key = key;
    if (arrived && server_reload_tls(child->server, &tls, &err) < 0)
        log_error(&child->service.log, "tls", &err);
    secret_free(key);
    free(certificate);
    return arrived;
}

static bool
say(const struct child *child, char byte)
{
    struct error err;

    return file_write_all(child->options->channel, &byte, 1, &err) == 0;
}

/* False when no order follows. */
static bool
follow(struct child *child, const struct child_message *message)
{
    switch (message->order) {
    case CHILD_TLS:
        return take_tls(child, message);
    case CHILD_RETIRE:
        server_retire(child->server, child->options->retire_ms);
        return true;
    case CHILD_PING:
        return !server_is_alive(child->server) || say(child, CHILD_ALIVE);
    default:
        return false;
    }
}

/* Takes the parent's orders until it says stop or is gone. */
static void *
take_orders(void *state)
{
    struct child *child = state;
    struct child_message message;

    while (read_exactly(child->options->channel, &message, sizeof(message)))
        if (!follow(child, &message))
            break;
    server_stop(child->server);
    return NULL;
}

static void
say_ready(void *state)
{
    say(state, CHILD_READY);
}

/* Nothing of this process ends in a core file or another's debugger. */
static int
become(const struct child_options *options, struct error *err)
{
    struct rlimit none = {0, 0};
    struct rlimit files;

    if (confine_become(options->config->user, err) < 0)
        return -1;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
        setrlimit(RLIMIT_CORE, &none) < 0)
        return error_set_system(err, "start of the server");
    if (getppid() != options->parent)
        return error_set(err, ERROR_INTERNAL, "the parent is gone");
    prctl(PR_SET_DUMPABLE, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    return 0;
}

static int
open_parts(struct child *child, struct error *err)
{
    const struct config *config = child->options->config;
    struct service *service = &child->service;
    const char *const none[] = {NULL};
    int result;

    /* Statements fit one level alone: it is looked at before them. */
    if (listen_open(&child->listen, child->options->conninfo, none, err) < 0 ||
        listen_keep_level(child->listen, err) < 0)
        return -1;
    if (db_open(&child->db, &child->database, err) < 0)
        return -1;
    result = vault_open(&child->vault, child->db, child->options->secret, err);
    secret_wipe(child->options->secret, SECRET_KEY_BYTES);
    if (result < 0)
        return -1;
    if (content_store_open(&service->content, config->blobs, err) < 0)
        return -1;
    if (mailer_open(&service->mailer, config, err) < 0)
        return -1;
    service->scrubber = scrubber_open(config, service->content, service->meter);
    service->vault = child->vault;
    service->questions = question_queue_open();
    service->uploads = slots_open(config->limits.uploads);
    service->deliveries = delivery_queue_open();
    service->recent = recent_open();
    return 0;
}

static int
open_server(struct child *child, struct error *err)
{
    const struct child_options *options = child->options;
    const struct config *config = options->config;
    const struct server_options server = {
        .listeners = options->listeners->sockets,
        .listener_count = options->listeners->count,
        .tls = options->tls,
        .routes = all_routes,
        .prompts = all_prompts,
        .database = &child->database,
        .service = &child->service,
        .loops = (int)config->loops,
        .workers = (int)config->workers,
        .io_threads = (int)config->io_threads,
        .limits = config->limits,
        .spool_folder = options->spool,
        .trusted_proxies = config->trusted_proxies,
        .on_serving = say_ready,
        .state = child,
    };

    if (server_open(&child->server, &server, err) < 0)
        return -1;
    child->service.server = child->server;
    jobs_add(child->server, &child->service);
    return 0;
}

static int
shut_in(const struct child *child, struct error *err)
{
    struct confine_rules rules;

    if (!child->options->config->confine)
        return 0;
    if (!confine_has_landlock())
        log_write(&child->service.log, "not confined",
                  json_pack("{s:s}", "message",
                            "this kernel has no Landlock: seccomp alone holds "
                            "the server process"));
    shelter_fill_rules(&rules, child->options->config, child->options->spool);
    return confine_enter(&rules, err);
}

static int
serve(struct child *child, struct error *err)
{
    int result;

    if (pthread_create(&child->orders, NULL, take_orders, child) != 0)
        return error_set(err, ERROR_INTERNAL, "no thread to take orders");
    result = server_run(child->server, err);
    /* Wakes the thread that waits for orders, if it still does. */
    pthread_cancel(child->orders);
    pthread_join(child->orders, NULL);
    return result;
}

int
child_run(const struct child_options *options, struct error *err)
{
    struct child child = {.options = options,
                          .service = {.config = options->config,
                                      .url = options->config->url,
                                      .log = {STDERR_FILENO}}};
    int result = -1;

    child.service.meter = meter_open();
    child.database = (struct db_options){
        .conninfo = options->conninfo,
        .statements = {storage_db_storage_sql, access_access_sql},
        .counts = &child.service.meter->database,
        .outage = &child.outage};
    if (become(options, err) < 0 || open_parts(&child, err) < 0 ||
        open_server(&child, err) < 0 || shut_in(&child, err) < 0)
        goto done;
    listen_free(child.listen); /* the server opens its own */
    child.listen = NULL;
    db_free(child.db);
    child.db = NULL;
    result = serve(&child, err);

done:
    server_free(child.server);
    scrubber_free(child.service.scrubber);
    mailer_free(child.service.mailer);
    question_queue_free(child.service.questions);
    delivery_queue_free(child.service.deliveries);
    content_store_free(child.service.content);
    slots_free(child.service.uploads);
    recent_free(child.service.recent);
    vault_free(child.vault);
    db_free(child.db);
    listen_free(child.listen);
    meter_free(child.service.meter);
    return result;
}
