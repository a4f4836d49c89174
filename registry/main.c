/* weighd: the registry.  Chooses the command and prints what went wrong. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/command/command.h"
#include "storage/base/json.h"
#include "version.h"

#define EXIT_USAGE 2

static const struct {
    const char *name;
    command_run *run;
    const char *help;
} commands[] = {
    {"serve", serve_run, "serve in the foreground (what no command means)"},
    {"migrate", migrate_run, "bring the database to the newest level"},
    {"admin", admin_run, "accounts, tokens and organisations"},
    {"status", status_run, "say how the daemon is that runs"},
    {"scrub", scrub_run, "read all weights again and report damage"},
    {"backup", backup_run, "write rows and weights to one archive"},
    {"restore", restore_run, "read archives into an empty registry"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
help_line(void *state, const char *flag, const char *help)
{
    (void)state;
    printf("  --%-26s %s\n", flag, help);
}

static void
print_help(void)
{
    puts("usage: weighd [--config FILE] [--KEY VALUE]... [COMMAND]\n"
         "\n"
         "commands:");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-28s %s\n", commands[i].name, commands[i].help);
    puts("\n"
         "options, each also a key of weighd.conf(5) with _ for -:");
    help_line(NULL, "config", "configuration file");
    config_write_help(help_line, NULL);
    help_line(NULL, "version", "print version and commit");
    help_line(NULL, "help", "print this");
}

static command_run *
find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run;
    return NULL;
}

/* True when the first word asks about the program itself. */
static bool
is_question(const char *word)
{
    if (strcmp(word, "--version") == 0) {
        printf("weighd %s\n", version_text);
        return true;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_help();
        return true;
    }
    return false;
}

static int
run(int argc, char **argv, struct arena *arena, struct error *err)
{
    struct config config;
    command_run *command = serve_run;

    if (config_load(&config, arena, &argc, argv, err) < 0)
        return -1;
    if (argc > 1 && is_question(argv[1]))
        return 0;
    if (argc > 1) {
        command = find_command(argv[1]);
        if (command == NULL)
            return error_set(err, ERROR_USAGE,
                             "%s: no such command or option; see weighd "
                             "--help",
                             argv[1]);
        argc--;
        argv++;
    }
    return command(&config, argc, argv, err);
}

/* Our standard error is a log; "out of reach" alone helps no operator. */
static void
print_error(const struct error *err)
{
    if (err->code == ERROR_DATABASE && err->cause[0] != '\0')
        fprintf(stderr, "weighd: %s: %s\n", err->message, err->cause);
    else if (strncmp(err->message, "usage: ", 7) == 0)
        fprintf(stderr, "%s\n", err->message);
    else
        fprintf(stderr, "weighd: %s\n", err->message);
}

int
main(int argc, char **argv)
{
    struct arena *arena = arena_open();
    struct error err;
    int status = 0;

    signal(SIGPIPE, SIG_IGN);
    json_guard_memory();
    if (run(argc, argv, arena, &err) < 0) {
        print_error(&err);
        status = err.code == ERROR_USAGE ? EXIT_USAGE : 1;
    }
    arena_free(arena);
    return status;
}
