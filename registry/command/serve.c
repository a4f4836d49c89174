/*
 * serve: the parent process.  It starts PostgreSQL, opens sockets and key
 * files, keeps one server child alive and tells it what signals ask for.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "auth/vault.h"
#include "registry/command/child.h"
#include "registry/command/command.h"
#include "registry/command/database.h"
#include "registry/command/listener.h"
#include "storage/base/clock.h"
#include "storage/base/confine.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/db/migrate.h"

#define PEM_LIMIT 1048576 /* 1 MiB */

/* A child that died is started again after this, doubled up to the most. */
#define RESTART_MS 100
#define RESTART_MOST_MS 30000
/* A child that lived this long had a good start. */
#define GOOD_LIFE_MS 60000
/* How often the parent looks whether PostgreSQL still lives. */
#define WATCH_MS 500

struct parent {
    const struct config *config;
    struct arena *arena;
    struct database *database;
    struct listeners listeners;
    struct server_tls tls; /* certificate NULL: plain HTTP */
    char *tls_key;         /* the bytes of tls.key, in arena */
    uint8_t *secret;
    const char *spool;
    struct log log;
    int signals; /* signalfd */
    int channel; /* to the child, -1 without one */
    pid_t child; /* 0 without one */
    int64_t child_began_ms;
    int64_t restart_ms;
};

/* Makes a folder that only the service account may enter. */
static int
make_folder(const struct parent *parent, const char *path, struct error *err)
{
    uid_t uid;
    gid_t gid;

    if (file_make_folder(path, 0700, err) < 0)
        return -1;
    if (geteuid() != 0)
        return 0;
    if (confine_find_user(&uid, &gid, parent->config->user, err) < 0)
        return -1;
    if (chown(path, uid, gid) < 0)
        return error_set_system(err, path);
    return 0;
}

static int
read_tls(struct server_tls *out, char **out_key, const struct parent *parent,
         struct arena *arena, struct error *err)
{
    char *certificate;

    if (file_read(&certificate, &out->certificate_length, arena,
                  parent->config->tls_certificate, PEM_LIMIT, err) < 0 ||
        file_read(out_key, &out->key_length, arena, parent->config->tls_key,
                  PEM_LIMIT, err) < 0)
        return -1;
    out->certificate = certificate;
    out->key = *out_key;
    return 0;
}

static int
open_signals(struct parent *parent, struct error *err)
{
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    sigaddset(&wanted, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &wanted, NULL) < 0)
        return error_set_system(err, "signals");
    parent->signals = signalfd(-1, &wanted, SFD_CLOEXEC);
    if (parent->signals < 0)
        return error_set_system(err, "signals");
    return 0;
}

static int
prepare(struct parent *parent, struct error *err)
{
    const struct config *config = parent->config;

    if (make_folder(parent, config->data, err) < 0 ||
        make_folder(parent, config->blobs, err) < 0 ||
        make_folder(parent, parent->spool, err) < 0)
        return -1;
    if (listeners_open(&parent->listeners, config->listen, err) < 0)
        return -1;
    if (config->tls_certificate != NULL &&
        read_tls(&parent->tls, &parent->tls_key, parent, parent->arena, err) <
            0)
        return -1;
    parent->secret = secret_alloc(SECRET_KEY_BYTES);
    if (vault_read_file(parent->secret, config->secret_file, err) < 0)
        return -1;
    if (database_open(&parent->database, config, &parent->log, err) < 0)
        return -1;
    if (migrate_to(database_conninfo(parent->database), MIGRATE_NEWEST, err) <
        0)
        return -1;
    return open_signals(parent, err);
}

/* The child's side of fork: never returns. */
static _Noreturn void
be_child(struct parent *parent, int channel, pid_t parent_pid)
{
    const struct child_options options = {
        .config = parent->config,
        .conninfo = database_conninfo(parent->database),
        .listeners = &parent->listeners,
        .tls = parent->tls.certificate != NULL ? &parent->tls : NULL,
        .secret = parent->secret,
        .spool = parent->spool,
        .channel = channel,
        .parent = parent_pid,
    };
    struct error err;
    int result;

    close(parent->signals);
    result = child_run(&options, &err);
    if (result < 0)
        log_error(&parent->log, "server", &err);
    exit(result < 0);
}

static int
start_child(struct parent *parent, struct error *err)
{
    pid_t self = getpid();
    int pair[2];
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return error_set_system(err, "socket pair");
    child = fork();
    if (child < 0) {
        close(pair[0]);
        close(pair[1]);
        return error_set_system(err, "fork");
    }
    if (child == 0) {
        close(pair[0]);
        be_child(parent, pair[1], self);
    }
    close(pair[1]);
    parent->channel = pair[0];
    parent->child = child;
    parent->child_began_ms = clock_monotonic_ms();
    return 0;
}

/* A first child that does not come to serve is a mistake in the settings. */
static int
start_first_child(struct parent *parent, struct error *err)
{
    char byte = 0;

    if (start_child(parent, err) < 0)
        return -1;
    if (read(parent->channel, &byte, 1) == 1 && byte == CHILD_READY)
        return 0;
    return error_set(err, ERROR_INTERNAL,
                     "the server did not start; the line above says why");
}

static void
send_order(struct parent *parent, enum child_order order,
           const struct server_tls *tls)
{
    struct child_message message = {.order = order};
    struct error err;

    if (parent->child == 0)
        return;
    if (tls != NULL) {
        message.first_length = (uint32_t)tls->certificate_length;
        message.second_length = (uint32_t)tls->key_length;
    }
    if (file_write_all(parent->channel, &message, sizeof(message), &err) < 0 ||
        (tls != NULL && (file_write_all(parent->channel, tls->certificate,
                                        tls->certificate_length, &err) < 0 ||
                         file_write_all(parent->channel, tls->key,
                                        tls->key_length, &err) < 0)))
        log_error(&parent->log, "order", &err);
}

/* A certificate that cannot be read leaves the one that is in use. */
static void
reload(struct parent *parent)
{
    struct server_tls tls = {0};
    struct arena *arena;
    char *key;
    struct error err;

    if (parent->config->tls_certificate == NULL)
        return;
    arena = arena_open();
    if (read_tls(&tls, &key, parent, arena, &err) < 0) {
        log_error(&parent->log, "reload", &err);
        arena_free(arena);
        return;
    }
    send_order(parent, CHILD_TLS, &tls);
    secret_wipe(parent->tls_key, parent->tls.key_length);
    arena_free(parent->arena);
    parent->arena = arena;
    parent->tls = tls;
    parent->tls_key = key;
    log_write(&parent->log, "reload", NULL);
}

/* True when the server child has died. */
static bool
reap(struct parent *parent)
{
    int status;

    if (parent->child == 0 ||
        waitpid(parent->child, &status, WNOHANG) != parent->child)
        return false;
    log_write(&parent->log, "server stopped",
              json_pack("{s:i, s:i}", "status",
                        WIFEXITED(status) ? WEXITSTATUS(status) : -1, "signal",
                        WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    close(parent->channel);
    parent->channel = -1;
    parent->child = 0;
    return true;
}

/* Starts a child that died again, later each time that it dies at once. */
static int
restart_child(struct parent *parent, struct error *err)
{
    int64_t life_ms = clock_monotonic_ms() - parent->child_began_ms;
    struct timespec pause;

    if (life_ms > GOOD_LIFE_MS || parent->restart_ms == 0)
        parent->restart_ms = RESTART_MS;
    pause.tv_sec = parent->restart_ms / 1000;
    pause.tv_nsec = parent->restart_ms % 1000 * 1000000;
    nanosleep(&pause, NULL);
    parent->restart_ms *= 2;
    if (parent->restart_ms > RESTART_MOST_MS)
        parent->restart_ms = RESTART_MOST_MS;
    return start_child(parent, err);
}

static int
watch(struct parent *parent, struct error *err)
{
    bool stopping = false;

    while (!stopping || parent->child != 0) {
        struct pollfd poller = {.fd = parent->signals, .events = POLLIN};
        struct signalfd_siginfo info;

        if (!stopping && database_watch(parent->database, err) < 0)
            log_error(&parent->log, "database", err);
        if (poll(&poller, 1, WATCH_MS) <= 0)
            continue;
        if (read(parent->signals, &info, sizeof(info)) != sizeof(info))
            return error_set_system(err, "signals");
        if (info.ssi_signo == SIGHUP) {
            reload(parent);
        } else if (info.ssi_signo == SIGCHLD) {
            if (reap(parent) && !stopping && restart_child(parent, err) < 0)
                return -1;
        } else if (!stopping) {
            stopping = true;
            send_order(parent, CHILD_STOP, NULL);
        }
    }
    return 0;
}

int
serve_run(const struct config *config, int argc, char **argv, struct error *err)
{
    struct parent parent = {.config = config,
                            .arena = arena_open(),
                            .log = {STDERR_FILENO},
                            .signals = -1,
                            .channel = -1};
    struct arena *arena = arena_open();
    int result = -1;

    parent.spool = arena_format(arena, "%s/spool", config->data);
    if (argc > 1) {
        error_set(err, ERROR_USAGE, "serve takes no \"%s\"", argv[1]);
        goto done;
    }
    if (prepare(&parent, err) < 0 || start_first_child(&parent, err) < 0)
        goto done;
    log_write(&parent.log, "start", json_pack("{s:s}", "url", config->url));
    result = watch(&parent, err);
    log_write(&parent.log, "stop", NULL);

done:
    listeners_close(&parent.listeners);
    if (parent.channel >= 0)
        close(parent.channel);
    database_close(parent.database);
    secret_free(parent.secret);
    arena_free(parent.arena);
    arena_free(arena);
    if (parent.signals >= 0)
        close(parent.signals);
    return result;
}
