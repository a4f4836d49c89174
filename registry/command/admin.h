/*
 * admin: weighd admin NOUN VERB: accounts, tokens and organisations.
 *
 * For operators, beside a running weighd or without one.  admin.c reads the
 * words and opens the database; each noun has a file with its table of verbs.
 */
#ifndef REGISTRY_COMMAND_ADMIN_H
#define REGISTRY_COMMAND_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/json.h"
#include "storage/db/db.h"

#define ADMIN_REPEAT_LIMIT 100 /* of one option */

enum admin_kind {
    ADMIN_FLAG,   /* a bool */
    ADMIN_TEXT,   /* a const char * */
    ADMIN_REPEAT, /* a struct admin_texts */
};

struct admin_texts {
    const char *texts[ADMIN_REPEAT_LIMIT];
    size_t count;
};

struct admin_option {
    const char *name; /* "--email" */
    enum admin_kind kind;
    void *value;
};

/* One call of the command. */
struct admin {
    struct arena *arena;
    struct db *db;
    bool is_json;
    char **words; /* behind the verb */
    int word_count;
};

typedef int admin_action(struct admin *admin, struct error *err);

struct admin_verb {
    const char *noun;
    const char *verb;
    const char *usage; /* what follows the verb */
    admin_action *run;
};

/* Ended by an entry without a noun. */
extern const struct admin_verb admin_account_verbs[];
extern const struct admin_verb admin_token_verbs[];
extern const struct admin_verb admin_organization_verbs[];

/*
 * Reads the words into options (ended by one without a name; NULL: none).
 * *out_name gets the one word that is no option, or NULL.  ERROR_USAGE for
 * anything else.
 */
int admin_read(const char **out_name, struct admin *admin,
               const struct admin_option *options, struct error *err);

/* The same, where neither word nor option is wanted. */
int admin_read_none(struct admin *admin, struct error *err);

/* The same, where the word is needed. */
int admin_need(const char **out_name, struct admin *admin,
               const struct admin_option *options, struct error *err);

/* Prints value with --json, else the line.  Takes over value. */
void admin_say(const struct admin *admin, json_t *value, const char *format,
               ...) __attribute__((format(printf, 3, 4)));

/* A time for people and for JSON: "" and null when it does not come. */
const char *admin_time(const struct admin *admin, int64_t at_ms);
json_t *admin_time_to_json(int64_t at_ms);

#endif
