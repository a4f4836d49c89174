/*
 * option: the options of a command, from one table.
 *
 * The table says what may be given, and the same table makes `--help`, so the
 * two cannot disagree.  "--name VALUE" and "--name=VALUE" are the same,
 * a name of one letter is "-n VALUE", options and words may be mixed, "--" ends
 * the options.
 */
#ifndef CLI_COMMAND_OPTION_H
#define CLI_COMMAND_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"

/* A table ends with a row without a name. */
struct option_row {
    const char *name;  /* without the dashes */
    const char *value; /* what it takes, "FILE"; NULL for a switch */
    const char *help;  /* one line */
    bool repeats;
};

struct option_given {
    const struct option_row *row;
    const char *value; /* NULL for a switch */
};

struct options {
    const struct option_given *given; /* in their order */
    size_t given_count;
    const char *const *words; /* what is no option, in its order */
    size_t word_count;
};

/*
 * Reads count arguments by up to two tables, of which either may be NULL.
 * ERROR_USAGE names the argument.  Texts are borrowed from the arguments.
 */
int option_parse(struct options *out, struct arena *arena,
                 const struct option_row *const tables[2], int count,
                 char *const *arguments, struct error *err);

bool option_has(const struct options *options, const char *name);

/* The value that was given last; NULL when it was not given. */
const char *option_text(const struct options *options, const char *name);

/* The n-th value of an option that repeats, or NULL. */
const char *option_at(const struct options *options, const char *name,
                      size_t n);

/* A whole number within bounds; fallback when it was not given. */
int option_number(int64_t *out, const struct options *options, const char *name,
                  int64_t fallback, const int64_t bounds[2], struct error *err);

#endif
