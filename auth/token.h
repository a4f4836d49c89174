/*
 * token: what a program shows instead of a password.
 *
 * "hf_" and 40 letters and digits, shown once and kept as SHA-256; others can
 * be seeded.  A role says how far it reaches: read, write, or fine-grained,
 * with a row of rights.  caller_find_by_token is what checks one.
 */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/caller.h"
#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

#define TOKEN_LIMIT 512        /* bytes in a token's text */
#define TOKEN_LABEL_LIMIT 100  /* bytes */
#define TOKEN_RIGHTS_LIMIT 100 /* of one fine-grained token */
#define TOKEN_LEAKED_LIMIT 1000

struct token {
    int64_t id;            /* 0: none */
    const char *public_id; /* 24 hexadecimal digits */
    const char *account_name;
    enum token_role role;
    const char *label;
    const char *hint; /* "hf_AbCd…": what a person recognises */
    int64_t created_at_ms;
    int64_t expires_at_ms;   /* CLOCK_NEVER: it does not */
    int64_t revoked_at_ms;   /* CLOCK_NEVER: it is not */
    int64_t last_used_at_ms; /* CLOCK_NEVER: not yet */
};

/*
 * A right of a fine-grained token: read, write, gated, review or manage, on
 * one repository, on a namespace (name NULL), or on all that its account may
 * touch (both NULL).
 */
struct token_right {
    const char *right;
    enum repository_kind kind;
    const char *namespace_name;
    const char *name;
};

struct token_spec {
    int64_t account;
    enum token_role role;
    const char *label;     /* NULL: none */
    const char *value;     /* NULL: a new one, as it should be */
    int64_t expires_at_ms; /* CLOCK_NEVER: it does not */
    const struct token_right *rights;
    size_t right_count;
};

/* "read", "write", "fine-grained"; on the wire "fineGrained".  Static. */
const char *token_role_name(enum token_role role);
const char *token_role_wire(enum token_role role);
/* Takes both spellings; false for another word. */
bool token_role_parse(enum token_role *out, const char *text);

/*
 * Reads "read", "write:acme", "gated:acme/tiny", "read:datasets/acme/texts".
 * ERROR_BAD_REQUEST for anything else.
 */
int token_right_parse(struct token_right *out, struct arena *arena,
                      const char *text, struct error *err);

/*
 * Adds a token; *out_text is what is shown this once.  ERROR_BAD_REQUEST for
 * rights that name nothing or come with another role, ERROR_CONFLICT for a
 * value that is in use.  Not inside a transaction.
 */
int token_add(struct token *out, const char **out_text, struct db *db,
              struct arena *arena, const struct token_spec *spec,
              struct error *err);

/* Those that are not revoked, newest first; account 0: everybody's. */
int token_list(struct token **out, size_t *out_count, struct db *db,
               struct arena *arena, int64_t account, struct error *err);

/* With none of it out->id is 0. */
int token_find(struct token *out, struct db *db, struct arena *arena,
               int64_t id, struct error *err);

/* Of account, or of anybody with 0.  ERROR_NOT_FOUND when there is none. */
int token_revoke(struct db *db, struct arena *arena, int64_t account,
                 const char *public_id, struct error *err);

/* Revokes those that were found in public, by their texts. */
int token_revoke_leaked(struct db *db, struct arena *arena,
                        const char *const *texts, size_t count,
                        struct error *err);

/* What is kept of a token's text; of a text that is too long, nobody's. */
void token_hash(struct digest *out, const char *text);

/* Notes that a token was used now, at most once a minute. */
int token_note_use(struct db *db, int64_t token, struct error *err);

#endif
