#include "cli/command/command.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command/help.h"
#include "storage/base/json.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_REFUSED 3
#define EXIT_NOT_FOUND 4
#define EXIT_VERIFY 5
#define EXIT_NETWORK 6
#define EXIT_NO_SPACE 7
#define EXIT_INTERRUPTED 130

/* Errors that are not listed here exit with EXIT_FAILED. */
static const struct {
    enum error_code code;
    int status;
} exits[] = {
    {ERROR_USAGE, EXIT_USAGE},
    {ERROR_GATED, EXIT_REFUSED},
    {ERROR_NOT_FOUND, EXIT_NOT_FOUND},
    {ERROR_REPO_NOT_FOUND, EXIT_NOT_FOUND},
    {ERROR_REVISION_NOT_FOUND, EXIT_NOT_FOUND},
    {ERROR_ENTRY_NOT_FOUND, EXIT_NOT_FOUND},
    {ERROR_DIGEST_MISMATCH, EXIT_VERIFY},
    {ERROR_SIGNATURE, EXIT_VERIFY},
    {ERROR_NETWORK, EXIT_NETWORK},
    {ERROR_TIMEOUT, EXIT_NETWORK},
    {ERROR_DATABASE, EXIT_NETWORK},
    {ERROR_BUSY, EXIT_NETWORK},
    {ERROR_TOO_MANY, EXIT_NETWORK},
    {ERROR_NO_SPACE, EXIT_NO_SPACE},
    {ERROR_INTERRUPTED, EXIT_INTERRUPTED},
};

int
command_exit_status(const struct error *err)
{
    for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
        if (exits[i].code == err->code)
            return exits[i].status;
    return EXIT_FAILED;
}

void
command_say(struct context *context, const char *format, ...)
{
    va_list args;
    char *text = NULL;

    if (context->is_json)
        return;
    va_start(args, format);
    if (vasprintf(&text, format, args) >= 0)
        terminal_print(&context->terminal, "%s", text);
    va_end(args);
    free(text);
}

void
command_result(struct context *context, json_t *value)
{
    context->result = json_keep(context->arena, value);
}

void
command_hint(struct context *context, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(context->hint, sizeof(context->hint), format, args);
    va_end(args);
}

const char *
command_word(const struct context *context, size_t n)
{
    return n < context->options.word_count ? context->options.words[n] : NULL;
}

static const struct command *
find(const struct command *const *table, const char *name)
{
    for (; table != NULL && name != NULL && *table != NULL; table++)
        if (strcmp((*table)->name, name) == 0)
            return *table;
    return NULL;
}

static void
print_json(struct context *context, json_t *value)
{
    /* ASCII alone, so that no character in it can harm a terminal. */
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENSURE_ASCII);

    if (text != NULL)
        terminal_print(&context->terminal, "%s\n", text);
    free(text);
}

/* With --json the error is the object; the line for people comes as well. */
static void
print_error(struct context *context, const struct error *err)
{
    struct terminal *terminal = &context->terminal;
    const char *at = context->hint;
    json_t *object;

    if (context->is_json) {
        object =
            json_pack("{s:{s:s,s:s,s:s,s:i}}", "error", "code",
                      error_wire(err->code), "message", err->message, "hint",
                      context->hint, "exit", command_exit_status(err));
        print_json(context, json_keep(context->arena, object));
    }
    terminal_note(terminal, "weigh: %s\n", err->message);
    while (*at != '\0') {
        size_t length = strcspn(at, "\n");

        terminal_note(terminal, "       %.*s\n", (int)length, at);
        at += length + (at[length] == '\n');
    }
}

/* What helps after an error, when the command itself said nothing. */
static void
add_hint(struct context *context, const struct error *err)
{
    if (context->hint[0] != '\0')
        return;
    if (err->code == ERROR_REPO_NOT_FOUND)
        command_hint(context, "weigh list");
    else if (err->code == ERROR_UNAUTHENTICATED)
        command_hint(context, "weigh login");
    else if (err->code == ERROR_STALE)
        command_hint(context, "somebody else was faster; try again");
}

/* A registry says the same of what is not there and what is not shown. */
static void
name_model(const struct context *context, struct error *err)
{
    if (err->code == ERROR_REPO_NOT_FOUND && context->model != NULL)
        error_set(err, ERROR_REPO_NOT_FOUND,
                  "there is no model %s, or it is not shown to you",
                  context->model);
}

static int
check_words(const struct command *command, const struct options *options,
            struct error *err)
{
    if (options->word_count < command->words_min)
        return error_set(err, ERROR_USAGE, "weigh %s needs: %s", command->name,
                         command->usage);
    if (options->word_count > command->words_max)
        return error_set(err, ERROR_USAGE, "one word too many: %s",
                         options->words[command->words_max]);
    return 0;
}

/* Verbs may be left out where the command itself can run. */
static int
run_command(struct context *context, const struct command *parent, int count,
            char *const *arguments, struct error *err)
{
    const struct command *command = context->command;
    const struct option_row *const tables[2] = {command->options,
                                                help_common_options};
    const struct command *verb =
        count > 0 ? find(command->verbs, arguments[0]) : NULL;

    if (verb != NULL) {
        context->command = verb;
        return run_command(context, command, count - 1, arguments + 1, err);
    }
    command_hint(context, "weigh %s%s%s --help",
                 parent == NULL ? "" : parent->name, parent == NULL ? "" : " ",
                 command->name);
    if (option_parse(&context->options, context->arena, tables, count,
                     arguments, err) < 0)
        return -1;
    if (option_has(&context->options, "help")) {
        help_print_command(&context->terminal, parent, command);
        return 0;
    }
    context->is_json = option_has(&context->options, "json");
    if (check_words(command, &context->options, err) < 0)
        return -1;
    context->hint[0] = '\0';
    if (command->run(context, err) < 0) {
        name_model(context, err);
        add_hint(context, err);
        return -1;
    }
    if (context->is_json && context->result != NULL)
        print_json(context, context->result);
    return 0;
}

static int
start(struct context *context, const struct command *const *table, int count,
      char *const *arguments, struct error *err)
{
    if (interrupt_open(&context->interrupt, err) < 0)
        return -1;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error, not the end */
    terminal_look(&context->terminal, context->interrupt);
    if (count < 2 || strcmp(arguments[1], "--help") == 0 ||
        strcmp(arguments[1], "-h") == 0 || strcmp(arguments[1], "help") == 0) {
        help_print_table(&context->terminal, table);
        return 0;
    }
    context->command = find(table, arguments[1]);
    if (context->command == NULL) {
        command_hint(context, "weigh --help");
        return error_set(err, ERROR_USAGE, "no such command: %s", arguments[1]);
    }
    return run_command(context, NULL, count - 2, arguments + 2, err);
}

int
command_main(const struct command *const *table, int count,
             char *const *arguments)
{
    struct context context = {.arena = arena_open()};
    struct error err = {0};
    int status = 0;

    if (start(&context, table, count, arguments, &err) < 0 ||
        terminal_flush(&context.terminal, &err) < 0) {
        print_error(&context, &err);
        status = command_exit_status(&err);
    }
    fflush(stdout);
    arena_free(context.arena);
    interrupt_free(context.interrupt);
    return status;
}
