#include "storage/content/ingest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "storage/base/arena.h"
#include "storage/content/digester.h"

struct ingest {
    struct blob_writer *blob;
    struct digester *digester;
    uint64_t size_bytes; /* announced */
    uint64_t written;
    int64_t finished_at_ms; /* 0: not yet */
    bool is_failed;
    char name[BLOB_NAME_SIZE];
};

/* Since the machine started, with the time it slept. */
static int64_t
since_boot_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
ingest_open(struct ingest **out, struct blob_store *store,
            const struct digest *digest, uint64_t size_bytes, struct error *err)
{
    struct ingest *ingest = xcalloc(1, sizeof(*ingest));

    blob_name_make(ingest->name, digest);
    ingest->size_bytes = size_bytes;
    ingest->digester = digester_open();
    if (blob_writer_open(&ingest->blob, store, ingest->name, err) < 0) {
        ingest_free(ingest);
        return -1;
    }
    *out = ingest;
    return 0;
}

int
ingest_add(struct ingest *ingest, const void *bytes, size_t length,
           struct error *err)
{
    int result;

    if (length > ingest->size_bytes - ingest->written)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "there are more bytes than the %" PRIu64 " announced",
                         ingest->size_bytes);
    digester_begin(ingest->digester, bytes, length);
    ingest->written += length;
    result = blob_writer_add(ingest->blob, bytes, length, err);
    digester_wait(ingest->digester);
    if (result < 0)
        ingest->is_failed = true;
    return result;
}

uint64_t
ingest_size(const struct ingest *ingest)
{
    return ingest->written;
}

static int
check(const struct ingest *ingest, const struct digest *is,
      const struct digest *expected, struct error *err)
{
    char is_text[DIGEST_TEXT_SIZE];
    char expected_text[DIGEST_TEXT_SIZE];

    if (ingest->is_failed)
        return error_set(err, ERROR_INTERNAL, "a write failed before");
    if (ingest->written != ingest->size_bytes)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%" PRIu64 " of %" PRIu64 " bytes came",
                         ingest->written, ingest->size_bytes);
    if (expected == NULL || digest_is_equal(is, expected))
        return 0;
    digest_write(is_text, is);
    digest_write(expected_text, expected);
    return error_set(err, ERROR_DIGEST_MISMATCH,
                     "the bytes have SHA-256 %s, not the announced %s", is_text,
                     expected_text);
}

int
ingest_finish(struct digest *out, struct ingest *ingest,
              const struct digest *expected, struct error *err)
{
    digester_read(out, ingest->digester);
    if (check(ingest, out, expected, err) < 0)
        return -1;
    if (ingest->finished_at_ms != 0)
        return 0;
    if (blob_writer_commit(ingest->blob, err) < 0) {
        ingest->is_failed = true;
        return -1;
    }
    ingest->finished_at_ms = since_boot_ms();
    return 0;
}

const char *
ingest_name(const struct ingest *ingest)
{
    return ingest->name;
}

int
ingest_check_age(const struct ingest *ingest, struct error *err)
{
    if (since_boot_ms() - ingest->finished_at_ms < INGEST_ROW_LIMIT_MS)
        return 0;
    return error_set(err, ERROR_INTERNAL,
                     "the upload waited too long for its end: send it again");
}

void
ingest_free(struct ingest *ingest)
{
    if (ingest == NULL)
        return;
    blob_writer_free(ingest->blob);
    digester_free(ingest->digester);
    free(ingest);
}
