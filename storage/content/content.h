/*
 * content: weights by the SHA-256 of their bytes.
 *
 * The one interface that everything above uses: a writer that streams in and
 * checks, a reader that gives a range as file extents to send or as bytes.
 * How the bytes are kept (whole blobs now, chunks later) is nobody's business
 * outside of this folder.  A digest is no right: which repository has which
 * object is a row (object.h), and a reader for delivery opens with the gate's
 * permit alone.
 *
 * A struct content_store may be shared between threads.  A writer is used by
 * one thread at a time; a reader may be read by several.
 */
#ifndef STORAGE_CONTENT_CONTENT_H
#define STORAGE_CONTENT_CONTENT_H

#include <stddef.h>
#include <stdint.h>

#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/base/source.h"
#include "storage/db/db.h"

struct content_store;
struct content_writer;
struct content_reader;

/*
 * Leave to read one object of one repository.  Only auth/gate fills one, from
 * an answer that allows; everybody else hands it on as it came.
 */
struct content_permit {
    int64_t repository; /* has the object */
    struct digest object;
    int64_t valid_until_ms; /* CLOCK_NEVER for no end */
};

/* For whom an object is written. */
struct content_owner {
    int64_t repository;
    int64_t account; /* 0: nobody */
};

/* place is a folder's path.  The caller frees *out with content_store_free. */
int content_store_open(struct content_store **out, const char *place,
                       struct error *err);
void content_store_free(struct content_store *store); /* NULL is allowed */

/*
 * Begins an object of the announced digest and size.  Needs no database.  The
 * caller frees *out with content_writer_free, committed or not.
 */
int content_writer_open(struct content_writer **out,
                        struct content_store *store,
                        const struct digest *digest, uint64_t size_bytes,
                        struct error *err);

/* Hashes and writes; for IO threads.  ERROR_UNPROCESSABLE past the size. */
int content_writer_add(struct content_writer *writer, const void *bytes,
                       size_t length, struct error *err);

/*
 * Returns when the object is durable and owner->repository has it, in a
 * transaction of its own.  ERROR_DIGEST_MISMATCH if the bytes are not the
 * announced ones.  An object that the store had already is kept once; one
 * whose bytes were found damaged has these from now on.
 */
int content_writer_commit(struct content_writer *writer, struct db *db,
                          const struct content_owner *owner, struct error *err);
void content_writer_free(struct content_writer *writer); /* NULL is allowed */

/*
 * Opens the object that the permit names, for delivery.  ERROR_FORBIDDEN when
 * the permit's time is over, ERROR_NOT_FOUND when its repository does not have
 * the object, ERROR_DAMAGED when its bytes are known to be wrong or have not
 * the size they should.  The caller frees *out with content_reader_free.
 */
int content_reader_open(struct content_reader **out,
                        struct content_store *store, struct db *db,
                        const struct content_permit *permit, struct error *err);

/*
 * Opens any object, whoever has it: for the checks at upload.  Never for delivery: its bytes must not leave the registry.
 */
int content_inspect_open(struct content_reader **out,
                         struct content_store *store, struct db *db,
                         const struct digest *digest, struct error *err);
void content_reader_free(struct content_reader *reader); /* NULL is allowed */

uint64_t content_reader_size(const struct content_reader *reader);
const struct digest *content_reader_digest(const struct content_reader *reader);
/* Whether a check at upload found a format that can run code. */
bool content_reader_is_unsafe(const struct content_reader *reader);

/* Bytes that lie in a file as they are to be sent. */
struct content_extent {
    int fd;          /* the reader's; -1: none, read the bytes instead */
    uint64_t offset; /* in the file */
    uint64_t length; /* at most what was asked, at least 1 */
};

/*
 * The extent at offset; what is left of length is in further extents.  Blocks
 * never.  ERROR_RANGE when offset is at or past the end.
 */
int content_reader_extent(struct content_extent *out,
                          const struct content_reader *reader, uint64_t offset,
                          uint64_t length, struct error *err);

/* Fills all of length bytes.  ERROR_RANGE past the end. */
int content_reader_read(struct content_reader *reader, void *out,
                        uint64_t offset, size_t length, struct error *err);

/* The whole object; lives as long as the reader. */
const struct source *content_reader_source(struct content_reader *reader);

#endif
