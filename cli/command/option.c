#include "cli/command/option.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row *
find_in(const struct option_row *rows, const char *name, size_t length)
{
    for (; rows != NULL && rows->name != NULL; rows++)
        if (strlen(rows->name) == length &&
            strncmp(rows->name, name, length) == 0)
            return rows;
    return NULL;
}

static const struct option_row *
find(const struct option_row *const tables[2], const char *name, size_t length)
{
    const struct option_row *row = find_in(tables[0], name, length);

    return row != NULL ? row : find_in(tables[1], name, length);
}

/* Reads the option at *at and steps over its value. */
static int
read_option(struct option_given *out, const struct option_row *const tables[2],
            int *at, int count, char *const *arguments, struct error *err)
{
    const char *argument = arguments[*at];
    const char *name = argument + 2;
    size_t length;

    if (strcmp(argument, "-h") == 0)
        name = "help";
    else if (argument[1] != '-' && argument[2] == '\0')
        name = argument + 1;
    else if (strncmp(argument, "--", 2) != 0)
        return error_set(err, ERROR_USAGE, "unknown option %s", argument);
    length = strcspn(name, "=");
    out->row = find(tables, name, length);
    out->value = NULL;
    if (out->row == NULL)
        return error_set(err, ERROR_USAGE, "unknown option %.*s",
                         (int)strcspn(argument, "="), argument);
    if (out->row->value == NULL && name[length] == '=')
        return error_set(err, ERROR_USAGE, "--%s takes no value",
                         out->row->name);
    if (out->row->value == NULL)
        return 0;
    if (name[length] == '=') {
        out->value = name + length + 1;
        return 0;
    }
    if (*at + 1 >= count)
        return error_set(err, ERROR_USAGE, "--%s needs a value: %s",
                         out->row->name, out->row->value);
    out->value = arguments[++*at];
    return 0;
}

static int
check_repeated(const struct options *options, const struct option_row *row,
               struct error *err)
{
    if (!row->repeats && row->value != NULL && option_has(options, row->name))
        return error_set(err, ERROR_USAGE, "--%s is given twice", row->name);
    return 0;
}

int
option_parse(struct options *out, struct arena *arena,
             const struct option_row *const tables[2], int count,
             char *const *arguments, struct error *err)
{
    size_t room = (size_t)count + 1;
    struct option_given *given = arena_array(arena, room, sizeof(*given));
    const char **words = arena_array(arena, room, sizeof(*words));
    bool only_words = false;

    *out = (struct options){.given = given, .words = words};
    for (int i = 0; i < count; i++) {
        struct option_given *next = &given[out->given_count];

        if (only_words || arguments[i][0] != '-' || arguments[i][1] == '\0') {
            words[out->word_count++] = arguments[i];
            continue;
        }
        if (strcmp(arguments[i], "--") == 0) {
            only_words = true;
            continue;
        }
        if (read_option(next, tables, &i, count, arguments, err) < 0 ||
            check_repeated(out, next->row, err) < 0)
            return -1;
        out->given_count++;
    }
    return 0;
}

bool
option_has(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].row->name, name) == 0)
            return true;
    return false;
}

const char *
option_text(const struct options *options, const char *name)
{
    const char *value = NULL;

    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].row->name, name) == 0)
            value = options->given[i].value;
    return value;
}

const char *
option_at(const struct options *options, const char *name, size_t n)
{
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].row->name, name) == 0 && n-- == 0)
            return options->given[i].value;
    return NULL;
}

int
option_number(int64_t *out, const struct options *options, const char *name,
              int64_t fallback, const int64_t bounds[2], struct error *err)
{
    const char *text = option_text(options, name);
    char *end;

    *out = fallback;
    if (text == NULL)
        return 0;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *out < bounds[0] ||
        *out > bounds[1])
        return error_set(err, ERROR_USAGE,
                         "--%s %s: not a number from %" PRId64 " to %" PRId64,
                         name, text, bounds[0], bounds[1]);
    return 0;
}
