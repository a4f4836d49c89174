/*
 * command: what a command of `weigh` is, and what it gets to work with.
 *
 * A file a command: it exports one `const struct command command_NAME`, which
 * cli/command/table.h declares and cli/main.c lists.  Its function returns 0,
 * or -1 with an error; command_main alone prints errors and turns them into an
 * exit status.  With --json the facts go out as one object on standard output.
 */
#ifndef CLI_COMMAND_COMMAND_H
#define CLI_COMMAND_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/command/option.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/terminal.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

#define COMMAND_HINT_SIZE 512
#define COMMAND_WORDS_ANY 1000000

struct client;
struct home;
struct command;

struct context {
    struct arena *arena; /* dies when the command ends */
    struct interrupt *interrupt;
    struct terminal terminal;
    const struct command *command;
    struct options options;
    bool is_json;
    json_t *result;               /* --json's object; set by command_result */
    char hint[COMMAND_HINT_SIZE]; /* shown below an error; "" for none */
    const char *model;            /* that the command is about, or NULL */
    struct home *home;            /* see cli/command/session.h */
    struct client *client;
    void *state; /* a command's own */
};

struct command {
    const char *name;
    const char *usage;   /* the words it takes: "MODEL[@REV]" */
    const char *summary; /* one line */
    size_t words_min;
    size_t words_max;
    const struct option_row *options; /* besides --json, --registry, --help */
    int (*run)(struct context *context, struct error *err);
    /* Verbs below it, "review accept"; the last is NULL.  NULL for none. */
    const struct command *const *verbs;
    const char *details; /* paragraphs for --help; NULL for none */
};

/*
 * All of main: finds the command in the table, runs it, prints what went wrong
 * and returns the exit status.
 */
int command_main(const struct command *const *table, int count,
                 char *const *arguments);

/* Facts for a person: nothing with --json. */
void command_say(struct context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets --json's object; takes over value.  Last call wins. */
void command_result(struct context *context, json_t *value);

/* The next command to type, shown below the error that is returned. */
void command_hint(struct context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The n-th word, or NULL. */
const char *command_word(const struct context *context, size_t n);

/* The exit status of an error (DECISIONS: 1 to 7, 130).  The only place. */
int command_exit_status(const struct error *err);

#endif
