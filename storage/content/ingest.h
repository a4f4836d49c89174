/*
 * ingest: a stream into one blob, counted and hashed on its way.
 *
 * Objects and the parts of uploads are written with it.  Until its row is
 * there, what ingest_finish left is an orphan, which the collector removes
 * after COLLECT_GRACE_MS; ingest_check_age therefore refuses to make a row
 * for a blob that has waited for long.  Only storage/content includes this.
 */
#ifndef STORAGE_CONTENT_INGEST_H
#define STORAGE_CONTENT_INGEST_H

#include <stdint.h>

#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/blob/blob.h"

/* Far below the collector's grace: a process may have been stopped. */
#define INGEST_ROW_LIMIT_MS (INT64_C(3600) * 1000)

struct ingest;

/* digest goes into the blob's name.  The caller frees *out with ingest_free. */
int ingest_open(struct ingest **out, struct blob_store *store,
                const struct digest *digest, uint64_t size_bytes,
                struct error *err);

/* ERROR_UNPROCESSABLE past the size.  After a failure only free is left. */
int ingest_add(struct ingest *ingest, const void *bytes, size_t length,
               struct error *err);
uint64_t ingest_size(const struct ingest *ingest);

/*
 * Makes the blob durable; gives its digest.  ERROR_UNPROCESSABLE when bytes
 * are missing, ERROR_DIGEST_MISMATCH when expected is not NULL and another.
 * Once it has succeeded it does so again at once.
 */
int ingest_finish(struct digest *out, struct ingest *ingest,
                  const struct digest *expected, struct error *err);

/* The blob's name, for its row. */
const char *ingest_name(const struct ingest *ingest);

/* ERROR_INTERNAL when the blob was finished too long ago. */
int ingest_check_age(const struct ingest *ingest, struct error *err);
void ingest_free(struct ingest *ingest); /* NULL is allowed */

#endif
