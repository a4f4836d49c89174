/*
 * upload: an object that comes in parts, resumed by part.
 *
 * An upload is a row, each part that has arrived is one too, and completion
 * joins the parts while it hashes them.  An upload that nobody goes on with
 * for UPLOAD_LIFE_MS is the collector's.  A struct upload is a record.
 */
#ifndef STORAGE_CONTENT_UPLOAD_H
#define STORAGE_CONTENT_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/base/random.h"
#include "storage/content/content.h"

#define UPLOAD_LIFE_MS (INT64_C(24) * 3600 * 1000)

/* Parts are of this size, or larger so that there are no more of them. */
#define UPLOAD_PART_BYTES (UINT64_C(32) * 1024 * 1024)
#define UPLOAD_PARTS_LIMIT 1000

struct upload {
    int64_t id;
    char public_id[RANDOM_ID_SIZE];
    struct content_owner owner;
    struct digest digest;
    uint64_t size_bytes;
    uint64_t part_bytes; /* of all parts but the last */
    int parts;           /* how many there are to be, numbered from 1 */
};

/* The size of part number; 0 when there is no such part. */
uint64_t upload_part_size(const struct upload *upload, int number);

/* Goes on with the owner's live upload of this object, or begins one. */
int upload_open(struct upload *out, struct db *db,
                const struct content_owner *owner, const struct digest *digest,
                uint64_t size_bytes, struct error *err);

/* ERROR_NOT_FOUND when it is over: completed, removed or expired. */
int upload_find(struct upload *out, struct db *db, const char *public_id,
                struct error *err);

/* Which parts are there: present[0] is part 1.  Room for upload->parts. */
int upload_list_parts(bool *present, struct db *db, const struct upload *upload,
                      struct error *err);

struct upload_part;

/* Begins a part; needs no database.  ERROR_BAD_REQUEST for a wrong number. */
int upload_part_open(struct upload_part **out, struct content_store *store,
                     const struct upload *upload, int number,
                     struct error *err);

/* For IO threads.  ERROR_UNPROCESSABLE past the part's size. */
int upload_part_add(struct upload_part *part, const void *bytes, size_t length,
                    struct error *err);

/*
 * Returns when the part is durable, in place of an earlier one of its number,
 * and the upload lives on from now.  out is the part's own SHA-256.
 */
int upload_part_commit(struct digest *out, struct upload_part *part,
                       struct db *db, struct error *err);
void upload_part_free(struct upload_part *part); /* NULL is allowed */

/*
 * Joins the parts into the object and ends the upload; takes as long as it
 * takes to read, hash and write it.  ERROR_UNPROCESSABLE names the first part
 * that is missing; after ERROR_DIGEST_MISMATCH the upload is over too.
 */
int upload_complete(struct content_store *store, struct db *db,
                    const struct upload *upload, struct error *err);

/* Ends an upload; the collector frees its parts. */
int upload_remove(struct db *db, const struct upload *upload,
                  struct error *err);

#endif
