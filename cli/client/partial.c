#include "cli/client/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/client/oid.h"

/* Names the file and its folder in a message, which is no longer anyway. */
#define WHAT_SIZE 900

static const char *
journal_path(struct arena *arena, const struct partial_item *item)
{
    return arena_format(arena, "%s.journal", item->partial);
}

/* What errno says of the disk, with the file's name and where it grows. */
static int
set_disk(struct error *err, const struct partial_item *item)
{
    int number = errno;
    size_t folder = (size_t)(strrchr(item->partial, '/') - item->partial);
    char what[WHAT_SIZE];

    snprintf(what, sizeof(what), "%s, in %.*s", item->name, (int)folder,
             item->partial);
    errno = number;
    return error_set_system(err, what);
}

/* Reserves the room, so that a full disk shows before the network is used. */
static int
reserve(int fd, const struct partial_item *item, struct error *err)
{
    off_t size = (off_t)item->size_bytes;

    if (size == 0 || fallocate(fd, 0, 0, size) == 0)
        return 0;
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG ||
        ftruncate(fd, size) < 0)
        return set_disk(err, item);
    return 0;
}

/* A small file is fetched again rather than journaled. */
static int
open_journal(struct partial *partial, struct arena *arena, const char *boot,
             struct error *err)
{
    const struct journal_subject subject = {journal_path(arena, partial->item),
                                            partial->item->etag, boot};

    if (partial->item->size_bytes <= BLOCKS_BYTES)
        return 0;
    return journal_open(&partial->hashing.journal, &partial->blocks, &subject,
                        err);
}

int
partial_open(struct partial *out, const struct partial_item *item,
             struct arena *arena, const char *boot, struct error *err)
{
    struct stat status;

    *out = (struct partial){.item = item, .fd = -1};
    blocks_open(&out->blocks, arena, item->size_bytes);
    out->fd = open(item->partial,
                   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0644);
    if (out->fd < 0 || fstat(out->fd, &status) < 0)
        return error_set_system(err, item->partial);
    if ((uint64_t)status.st_size != item->size_bytes) {
        (void)unlink(journal_path(arena, item));
        if (ftruncate(out->fd, 0) < 0)
            return error_set_system(err, item->partial);
    }
    if (reserve(out->fd, item, err) < 0) {
        /* A reservation that failed half-way must not keep the disk full. */
        (void)unlink(item->partial);
        return -1;
    }
    out->hashing.fd = out->fd;
    out->hashing.size_bytes = item->size_bytes;
    out->hashing.state = out;
    return open_journal(out, arena, boot, err);
}

void
partial_close(struct partial *partial)
{
    journal_free(partial->hashing.journal);
    partial->hashing.journal = NULL;
    if (partial->fd >= 0)
        close(partial->fd);
    partial->fd = -1;
}

static int
write_at(const struct partial *partial, uint64_t offset, const char *bytes,
         size_t length, struct error *err)
{
    while (length > 0) {
        ssize_t n = pwrite(partial->fd, bytes, length, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return set_disk(err, partial->item);
        bytes += n;
        offset += (uint64_t)n;
        length -= (size_t)n;
    }
    return 0;
}

int
partial_add(struct partial *partial, uint64_t offset, const void *bytes,
            size_t length, struct error *err)
{
    uint64_t end = offset + length;
    size_t index = (size_t)(offset / BLOCKS_BYTES);

    if (write_at(partial, offset, bytes, length, err) < 0)
        return -1;
    for (; index < partial->blocks.count; index++) {
        uint64_t block_end = (uint64_t)(index + 1) * BLOCKS_BYTES;

        if (block_end > partial->item->size_bytes)
            block_end = partial->item->size_bytes;
        if (block_end > end)
            break;
        blocks_set_done(&partial->blocks, index);
        if (partial->hashing.journal != NULL)
            journal_add_written(partial->hashing.journal, index);
    }
    return 0;
}

static bool
is_right(const struct partial *partial)
{
    const struct partial_item *item = partial->item;
    char oid[OID_TEXT_SIZE];
    struct error err;

    if (item->has_digest &&
        !digest_is_equal(&item->digest, &partial->hashing.digest))
        return false;
    if (item->oid == NULL)
        return item->has_digest;
    return oid_of_file(oid, partial->fd, item->size_bytes, &err) == 0 &&
           strcmp(oid, item->oid) == 0;
}

static void
remove_journal(const struct partial_item *item)
{
    struct arena *arena = arena_open();

    (void)unlink(journal_path(arena, item));
    arena_free(arena);
}

/* The bytes are wrong: once more from the start, but no third time. */
static int
begin_again(struct partial *partial, struct error *err)
{
    const struct partial_item *item = partial->item;
    struct journal *journal = partial->hashing.journal;

    if (partial->was_wrong) {
        (void)unlink(item->partial);
        remove_journal(item);
        return error_set(
            err, ERROR_DIGEST_MISMATCH,
            "%s has other bytes than its digest says: the registry "
            "or the network changed them",
            item->name);
    }
    partial->was_wrong = true;
    blocks_clear(&partial->blocks);
    return journal == NULL ? 0 : journal_clear(journal, err);
}

int
partial_finish(bool *out_again, struct partial *partial, struct error *err)
{
    const struct partial_item *item = partial->item;

    *out_again = false;
    if (partial->hashing.err.code != ERROR_NONE)
        return error_set(err, partial->hashing.err.code, "%s: %s", item->name,
                         partial->hashing.err.message);
    if (!is_right(partial)) {
        *out_again = true;
        return begin_again(partial, err);
    }
    if (rename(item->partial, item->final) < 0)
        return error_set_system(err, item->final);
    remove_journal(item);
    return 0;
}

uint64_t
partial_missing_bytes(const struct partial_item *item)
{
    struct stat status;
    uint64_t held = 0;

    if (lstat(item->partial, &status) == 0)
        held = (uint64_t)status.st_blocks * 512;
    return held < item->size_bytes ? item->size_bytes - held : 0;
}
