#include "registry/command/admin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access_access_sql.h"
#include "registry/command/command.h"
#include "registry/command/database.h"
#include "storage/base/clock.h"
#include "storage/db/migrate.h"
#include "storage_db_storage_sql.h"

static const struct admin_verb *const tables[] = {
    admin_account_verbs, admin_token_verbs, admin_organization_verbs};

static const struct admin_option no_options[] = {{0}};

static const struct admin_option *
find_option(const struct admin_option *options, const char *name)
{
    for (; options->name != NULL; options++)
        if (strcmp(options->name, name) == 0)
            return options;
    return NULL;
}

/* Takes the option at words[*i] and what belongs to it. */
static int
take_option(struct admin *admin, int *i, const struct admin_option *option,
            struct error *err)
{
    struct admin_texts *list = option->value;

    if (option->kind == ADMIN_FLAG) {
        *(bool *)option->value = true;
        return 0;
    }
    /* A value left out does not swallow the option behind it. */
    if (*i + 1 >= admin->word_count ||
        strncmp(admin->words[*i + 1], "--", 2) == 0)
        return error_set(err, ERROR_USAGE, "%s wants a value", option->name);
    ++*i;
    if (option->kind == ADMIN_TEXT) {
        *(const char **)option->value = admin->words[*i];
        return 0;
    }
    if (list->count == ADMIN_REPEAT_LIMIT)
        return error_set(err, ERROR_USAGE, "%s at most %d times", option->name,
                         ADMIN_REPEAT_LIMIT);
    list->texts[list->count++] = admin->words[*i];
    return 0;
}

int
admin_read(const char **out_name, struct admin *admin,
           const struct admin_option *options, struct error *err)
{
    const struct admin_option *option;

    *out_name = NULL;
    for (int i = 0; i < admin->word_count; i++) {
        const char *word = admin->words[i];

        option = find_option(options != NULL ? options : no_options, word);
        if (option != NULL) {
            if (take_option(admin, &i, option, err) < 0)
                return -1;
        } else if (strcmp(word, "--json") == 0) {
            admin->is_json = true;
        } else if (word[0] == '-' || *out_name != NULL) {
            return error_set(err, ERROR_USAGE,
                             "%s: not understood; see weighd admin --help",
                             word);
        } else {
            *out_name = word;
        }
    }
    return 0;
}

int
admin_read_none(struct admin *admin, struct error *err)
{
    const char *word;

    if (admin_read(&word, admin, NULL, err) < 0)
        return -1;
    if (word != NULL)
        return error_set(err, ERROR_USAGE,
                         "%s: not understood; see weighd admin --help", word);
    return 0;
}

int
admin_need(const char **out_name, struct admin *admin,
           const struct admin_option *options, struct error *err)
{
    if (admin_read(out_name, admin, options, err) < 0)
        return -1;
    if (*out_name == NULL)
        return error_set(err, ERROR_USAGE,
                         "a name is missing; see weighd admin --help");
    return 0;
}

void
admin_say(const struct admin *admin, json_t *value, const char *format, ...)
{
    va_list args;

    json_keep(admin->arena, value);
    if (admin->is_json) {
        puts(json_write(NULL, admin->arena, value));
        return;
    }
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

const char *
admin_time(const struct admin *admin, int64_t at_ms)
{
    char text[CLOCK_TEXT_SIZE];

    if (at_ms == CLOCK_NEVER)
        return "";
    clock_write(text, at_ms);
    return arena_text(admin->arena, text);
}

json_t *
admin_time_to_json(int64_t at_ms)
{
    char text[CLOCK_TEXT_SIZE];

    if (at_ms == CLOCK_NEVER)
        return json_null();
    clock_write(text, at_ms);
    return json_string(text);
}

static void
print_help(void)
{
    puts("usage: weighd admin [--config FILE] NOUN VERB [--json]\n");
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        for (const struct admin_verb *v = tables[i]; v->noun != NULL; v++)
            printf("  %s %s %s\n", v->noun, v->verb, v->usage);
}

static const struct admin_verb *
find_verb(const char *noun, const char *verb)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        for (const struct admin_verb *v = tables[i]; v->noun != NULL; v++)
            if (strcmp(v->noun, noun) == 0 && strcmp(v->verb, verb) == 0)
                return v;
    return NULL;
}

static int
run_verb(const struct admin_verb *verb, struct admin *admin,
         const char *conninfo, const struct log *log, struct error *err)
{
    const struct db_options options = {
        .conninfo = conninfo,
        .statements = {storage_db_storage_sql, access_access_sql},
        .log = log,
    };
    int result;

    if (migrate_to(conninfo, MIGRATE_NEWEST, err) < 0 ||
        db_open(&admin->db, &options, err) < 0)
        return -1;
    result = verb->run(admin, err);
    db_free(admin->db);
    return result;
}

int
admin_run(const struct config *config, int argc, char **argv, struct error *err)
{
    const struct log log = {STDERR_FILENO};
    const struct admin_verb *verb;
    struct database *database = NULL;
    struct admin admin = {.words = argv + 3, .word_count = argc - 3};
    int result = -1;

    if (argc < 2)
        return error_set(err, ERROR_USAGE,
                         "admin wants a noun and a verb; see weighd admin "
                         "--help");
    if (strcmp(argv[1], "--help") == 0) {
        print_help();
        return 0;
    }
    verb = argc > 2 ? find_verb(argv[1], argv[2]) : NULL;
    if (verb == NULL)
        return error_set(err, ERROR_USAGE,
                         "weighd admin %s: not understood; see weighd admin "
                         "--help",
                         argv[1]);
    admin.arena = arena_open();
    if (database_borrow(&database, config, &log, err) == 0)
        result = run_verb(verb, &admin, database_conninfo(database), &log, err);
    database_close(database);
    arena_free(admin.arena);
    return result;
}
