/*
 * log: the transparency log's writer.
 *
 * A leaf is public for ever, so nothing about a person stands in it: it says
 * what happened to which model on which day, and commits to the record (who,
 * when exactly, why) by HMAC-SHA-256 under a random salt.  Record and salt are
 * kept beside it; erasing them makes the leaf unlinkable.  Entries are written
 * in the transaction of what they tell of and get their index afterwards, from
 * the one sequencer, so that no transaction waits for another.
 */
#ifndef AUTH_LOG_H
#define AUTH_LOG_H

#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/base/json.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

#define LOG_SALT_BYTES 32
#define LOG_LEAF_LIMIT_BYTES 65535

struct log_fact {
    const char *kind; /* "agreement", "accept", "release", … */
    /*
     * Members that stand in the leaf in clear, or NULL: digests, a revision,
     * a tag.  Nothing about a person, and not "kind", "day", "commitment".
     */
    const json_t *open;
    const json_t *record; /* what is committed to: who, when, why */
};

/*
 * Adds one entry inside the caller's transaction; *out, of which NULL is
 * allowed, is its id.  ERROR_TOO_LARGE when the leaf would pass the limit.
 */
int log_add(int64_t *out, struct db *db, struct arena *arena,
            const struct log_fact *fact, struct error *err);

/* Adds "model" to the open members, but for a private repository. */
void log_name_model(json_t *open, const struct repository *repository);

/* The commitment: HMAC-SHA-256 of the record's bytes under the salt. */
void log_commit(struct digest *out, const uint8_t salt[LOG_SALT_BYTES],
                const char *record, size_t length);

/*
 * Gives the next indexes to committed entries, oldest first, and says to how
 * many.  Does nothing while another daemon is at it.  Not in a transaction.
 */
int log_number(int64_t *out, struct db *db, struct error *err);

#endif
