/*
 * serve: the parent process.  It starts PostgreSQL, opens sockets and key
 * files, keeps one server child alive and tells it what signals ask for.
 */
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/vault.h"
#include "registry/command/child.h"
#include "registry/command/command.h"
#include "registry/command/database.h"
#include "registry/command/handover.h"
#include "registry/command/keeper.h"
#include "registry/command/listener.h"
#include "registry/command/owned_folder.h"
#include "registry/command/settings.h"
#include "registry/command/supervisor.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/db/migrate.h"

/* A child that died is started again after this, doubled up to the most. */
#define RESTART_MS 100
#define RESTART_MOST_MS 2000
/* A child that lived this long had a good start. */
#define GOOD_LIFE_MS 60000
/* How often the parent looks whether PostgreSQL still lives. */
#define WATCH_MS 500
/* How often a child is asked at least whether it lives. */
#define PING_MS 1000

struct parent {
    struct settings *settings;
    struct settings *candidate; /* what a starting child has; NULL: the same */
    struct database *database;
    struct listeners listeners;
    struct keeper keeper;
    uint8_t *secret;
    char program[PATH_MAX]; /* what USR2 executes */
    const char *spool;
    struct log log;
    int signals;       /* signalfd */
    bool is_started;   /* one of this program's children has come to serve */
    bool is_failed;    /* the first did not */
    bool wants_reload; /* these wait while a child is starting */
    bool wants_program;
    bool is_stopping;
    int64_t restart_ms;    /* the next pause before a child starts again */
    int64_t restart_at_ms; /* 0: none is due */
    int64_t ping_at_ms;
};

static int
open_signals(struct parent *parent, struct error *err)
{
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    sigaddset(&wanted, SIGUSR2);
    sigaddset(&wanted, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &wanted, NULL) < 0)
        return error_set_system(err, "signals");
    parent->signals = signalfd(-1, &wanted, SFD_CLOEXEC);
    if (parent->signals < 0)
        return error_set_system(err, "signals");
    return 0;
}

/* Keys are in this process: no core file and no debugger gets at them. */
static int
hide(struct error *err)
{
    const struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
        return error_set_system(err, "core files");
    return 0;
}

/* Sockets come from the program before, from a supervisor, or are opened. */
static int
open_listeners(struct parent *parent, const struct config *config,
               struct error *err)
{
    if (handover_take(&parent->listeners, &parent->keeper, err) < 0)
        return -1;
    keeper_limit_leaving(&parent->keeper, config->limits.retire_ms);
    if (parent->listeners.count > 0)
        return 0;
    if (supervisor_take_listeners(&parent->listeners, err) < 0)
        return -1;
    if (parent->listeners.count > 0)
        return 0;
    return listeners_open(&parent->listeners, config->listen, err);
}

static int
prepare(struct parent *parent, const struct config *config, struct error *err)
{
    ssize_t length = readlink("/proc/self/exe", parent->program,
                              sizeof(parent->program) - 1);

    if (length < 0)
        return error_set_system(err, "/proc/self/exe");
    if (hide(err) < 0 || settings_open(&parent->settings, config, err) < 0)
        return -1;
    if (owned_folder_make(config, config->data, err) < 0 ||
        owned_folder_make(config, config->blobs, err) < 0 ||
        owned_folder_make(config, parent->spool, err) < 0)
        return -1;
    if (open_listeners(parent, config, err) < 0)
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
be_child(void *state, int channel, pid_t parent_pid)
{
    struct parent *parent = state;
    const struct settings *settings =
        parent->candidate != NULL ? parent->candidate : parent->settings;
    const struct child_options options = {
        .config = settings_config(settings),
        .conninfo = database_conninfo(parent->database),
        .listeners = &parent->listeners,
        .tls = settings_tls(settings),
        .secret = parent->secret,
        .spool = parent->spool,
        .channel = channel,
        .retire_ms = settings_config(settings)->limits.retire_ms,
        .parent = parent_pid,
    };
    struct error err;
    int result;

    close(parent->signals);
    database_forget(parent->database);
    result = child_run(&options, &err);
    if (result < 0)
        log_error(&parent->log, "server", &err);
    exit(result < 0);
}

static const struct limits *
limits_of(const struct parent *parent)
{
    return &settings_config(parent->settings)->limits;
}

static void
promote(struct parent *parent)
{
    /* The old child has the time that it was started with. */
    keeper_promote(&parent->keeper, limits_of(parent)->retire_ms);
    if (parent->candidate != NULL) {
        settings_free(parent->settings);
        parent->settings = parent->candidate;
        parent->candidate = NULL;
        log_write(&parent->log, "reload", NULL);
    }
    if (!parent->is_started)
        log_write(
            &parent->log, "start",
            json_pack("{s:s}", "url", settings_config(parent->settings)->url));
    parent->is_started = true;
    supervisor_say_ready();
}

/* All stays as it was; the supervisor hears that we are back. */
static void
refuse_reload(struct parent *parent, const struct error *err)
{
    log_error(&parent->log, "reload", err);
    settings_free(parent->candidate);
    parent->candidate = NULL;
    supervisor_say_ready();
}

/*
 * Reads configuration and certificate again.  A new certificate alone goes to
 * the child that serves; a new configuration gets a new child, and the old one
 * ends its connections when they have their answers.
 */
static void
reload(struct parent *parent)
{
    struct keeper *keeper = &parent->keeper;
    struct keeper_child *serving = keeper_find(keeper, KEEPER_SERVING);
    struct settings *fresh;
    struct error err;

    supervisor_say_reloading();
    if (settings_renew(&fresh, parent->settings, &parent->log, &err) < 0) {
        refuse_reload(parent, &err);
        return;
    }
    if (serving != NULL && !settings_is_same_config(fresh, parent->settings)) {
        parent->candidate = fresh;
        if (keeper_start(keeper, be_child, parent, &err) < 0)
            refuse_reload(parent, &err);
        return;
    }
    if (serving != NULL && settings_tls(fresh) != NULL)
        keeper_order(keeper, serving, CHILD_TLS, settings_tls(fresh));
    settings_free(parent->settings);
    parent->settings = fresh;
    log_write(&parent->log, "reload", NULL);
    supervisor_say_ready();
}

/* Becomes the program that is now where ours was. */
static void
renew_program(struct parent *parent)
{
    struct error err;

    supervisor_say_reloading();
    log_write(&parent->log, "restart", NULL);
    handover_run(parent->program, settings_arguments(parent->settings),
                 &parent->listeners, &parent->keeper, &err);
    log_error(&parent->log, "restart", &err);
    supervisor_say_ready();
}

static void
stop(struct parent *parent)
{
    if (parent->is_stopping)
        return;
    parent->is_stopping = true;
    supervisor_say_stopping();
    keeper_stop(&parent->keeper, limits_of(parent)->stop_ms);
}

/* A child that died is started again, later each time that it dies at once. */
static void
plan_restart(struct parent *parent, const struct keeper_child *was)
{
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms - was->began_ms > GOOD_LIFE_MS || parent->restart_ms == 0)
        parent->restart_ms = RESTART_MS;
    parent->restart_at_ms = now_ms + parent->restart_ms;
    parent->restart_ms *= 2;
    if (parent->restart_ms > RESTART_MOST_MS)
        parent->restart_ms = RESTART_MOST_MS;
}

/* A first child that does not come to serve is a mistake in the settings. */
static void
take_death(struct parent *parent, const struct keeper_child *was)
{
    struct error err;

    if (parent->is_stopping || was->state == KEEPER_LEAVING)
        return;
    if (keeper_find(&parent->keeper, KEEPER_SERVING) != NULL) {
        error_set(&err, ERROR_INTERNAL,
                  "the new server did not start; the old one goes on");
        refuse_reload(parent, &err);
    } else if (was->state == KEEPER_STARTING && !parent->is_started) {
        parent->is_failed = true;
    } else {
        plan_restart(parent, was);
    }
}

static void
reap(struct parent *parent)
{
    struct keeper_child was;

    for (;;) {
        keeper_reap(&parent->keeper, &was);
        if (was.state == KEEPER_NONE)
            return;
        take_death(parent, &was);
    }
}

static void
take_signal(struct parent *parent)
{
    struct signalfd_siginfo info;

    if (read(parent->signals, &info, sizeof(info)) != sizeof(info))
        return;
    switch (info.ssi_signo) {
    case SIGHUP:
        parent->wants_reload = true;
        break;
    case SIGUSR2:
        parent->wants_program = true;
        break;
    case SIGCHLD:
        reap(parent);
        break;
    default:
        stop(parent);
    }
}

/* What signals asked for. */
static void
do_wanted(struct parent *parent)
{
    if (parent->is_stopping ||
        keeper_find(&parent->keeper, KEEPER_STARTING) != NULL)
        return;
    if (parent->wants_program) {
        parent->wants_program = false;
        renew_program(parent); /* which reads the configuration, too */
    } else if (parent->wants_reload) {
        parent->wants_reload = false;
        reload(parent);
    }
}

static void
take_byte(struct parent *parent, struct keeper_child *child)
{
    char byte = keeper_read(child);

    if (byte == CHILD_READY && child->state == KEEPER_STARTING)
        promote(parent);
    else if (byte == CHILD_ALIVE && child->state == KEEPER_SERVING &&
             supervisor_watchdog_ms() != 0)
        supervisor_say_alive();
}

/* Often enough for the watchdog and for the time after which a child hangs. */
static int64_t
ping_every_ms(const struct parent *parent)
{
    int64_t watchdog_ms = supervisor_watchdog_ms();
    int64_t hang_ms = settings_config(parent->settings)->hang_timeout_ms;
    int64_t every_ms = PING_MS;

    if (watchdog_ms != 0 && watchdog_ms < every_ms)
        every_ms = watchdog_ms;
    if (hang_ms != 0 && hang_ms / 4 < every_ms)
        every_ms = hang_ms / 4;
    return every_ms > 0 ? every_ms : 1;
}

/*
 * The watchdog is fed by the child's answers.  While none serves, because we
 * stop or start one again, the parent itself answers for it.
 */
static void
ping(struct parent *parent, int64_t now_ms)
{
    int64_t every_ms = ping_every_ms(parent);

    if (now_ms < parent->ping_at_ms)
        return;
    parent->ping_at_ms = now_ms + every_ms;
    if (keeper_find(&parent->keeper, KEEPER_SERVING) != NULL)
        keeper_ping(&parent->keeper, every_ms,
                    settings_config(parent->settings)->hang_timeout_ms);
    else if (supervisor_watchdog_ms() != 0)
        supervisor_say_alive();
}

static void
tick(struct parent *parent)
{
    int64_t now_ms = clock_monotonic_ms();
    struct error err;

    keeper_tick(&parent->keeper);
    ping(parent, now_ms);
    if (parent->is_stopping)
        return;
    if (database_watch(parent->database, &err) < 0)
        log_error(&parent->log, "database", &err);
    if (parent->restart_at_ms == 0 || now_ms < parent->restart_at_ms)
        return;
    parent->restart_at_ms = 0;
    if (keeper_start(&parent->keeper, be_child, parent, &err) < 0) {
        log_error(&parent->log, "server", &err);
        parent->restart_at_ms = now_ms + RESTART_MOST_MS;
    }
}

/* Until the next thing that tick has to do. */
static int
wait_ms(const struct parent *parent)
{
    int64_t wait = WATCH_MS;
    int64_t every_ms = ping_every_ms(parent);

    if (parent->restart_at_ms != 0)
        wait = RESTART_MS;
    return (int)(every_ms < wait ? every_ms : wait);
}

/* Keeps a child serving until a signal says to stop. */
static int
watch(struct parent *parent, struct error *err)
{
    struct keeper *keeper = &parent->keeper;

    if (keeper_start(keeper, be_child, parent, err) < 0)
        return -1;
    while (!parent->is_stopping || !keeper_is_empty(keeper)) {
        struct pollfd fds[1 + KEEPER_CHILDREN] = {
            {.fd = parent->signals, .events = POLLIN}};

        tick(parent);
        keeper_poll(keeper, fds + 1);
        if (poll(fds, 1 + KEEPER_CHILDREN, wait_ms(parent)) < 0)
            return error_set_system(err, "poll");
        for (int i = 0; i < KEEPER_CHILDREN; i++)
            if (fds[1 + i].revents != 0)
                take_byte(parent, &keeper->children[i]);
        if (fds[0].revents != 0)
            take_signal(parent);
        if (parent->is_failed)
            return error_set(
                err, ERROR_INTERNAL,
                "the server did not start; the line above says why");
        do_wanted(parent);
    }
    log_write(&parent->log, "stop", NULL);
    return 0;
}

int
serve_run(const struct config *config, int argc, char **argv, struct error *err)
{
    struct parent parent = {.log = {STDERR_FILENO},
                            .keeper = {.log = {STDERR_FILENO}},
                            .signals = -1};
    struct arena *arena = arena_open();
    int result = -1;

    parent.spool = arena_format(arena, "%s/spool", config->data);
    if (argc > 1) {
        error_set(err, ERROR_USAGE, "serve takes no \"%s\"", argv[1]);
        goto done;
    }
    if (prepare(&parent, config, err) == 0)
        result = watch(&parent, err);

done:
    listeners_close(&parent.listeners);
    database_close(parent.database);
    secret_free(parent.secret);
    settings_free(parent.candidate);
    settings_free(parent.settings);
    arena_free(arena);
    if (parent.signals >= 0)
        close(parent.signals);
    return result;
}
