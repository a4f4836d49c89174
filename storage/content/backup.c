#include "storage/content/backup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/blob/blob.h"
#include "storage/content/store.h"

#define READ_BYTES ((size_t)1048576)

struct backup {
    const struct backup_options *options;
    struct backup_counts counts;
    struct arena *arena;
    struct dump *dump;
    struct tar_writer writer;
    struct manifest manifest;
    struct dump_blob *blobs;
    size_t blob_count;
    struct buffer list;
    uint8_t *bytes; /* of READ_BYTES */
};

/* Where a table's rows go first: their size must be known before them. */
struct spooling {
    int fd;
    uint64_t size_bytes;
    struct digest_stream *stream;
};

static int
spool(void *state, const void *bytes, size_t length, struct error *err)
{
    struct spooling *spooling = state;

    spooling->size_bytes += length;
    digest_stream_add(spooling->stream, bytes, length);
    return file_write_all(spooling->fd, bytes, length, err);
}

static int
spool_table(struct backup *backup, size_t table, struct error *err)
{
    struct manifest_part *part = &backup->manifest.tables[table];
    struct spooling spooling = {.fd = backup->options->spool};
    int result;

    spooling.stream = digest_stream_open();
    result = dump_read_table(backup->dump, table, spool, &spooling, err);
    digest_stream_read(&part->digest, spooling.stream);
    digest_stream_free(spooling.stream);
    part->name = dump_table_name(backup->dump, table);
    part->size_bytes = spooling.size_bytes;
    return result;
}

/* Everything that one moment decides; the snapshot ends with it. */
static int
take_snapshot(struct backup *backup, struct error *err)
{
    struct manifest *manifest = &backup->manifest;

    if (dump_open(&backup->dump, backup->options->conninfo, err) < 0)
        return -1;
    manifest->level = dump_level(backup->dump);
    manifest->made_at_ms = clock_now_ms();
    manifest->table_count = dump_table_count(backup->dump);
    manifest->tables = arena_array(backup->arena, manifest->table_count,
                                   sizeof(*manifest->tables));
    for (size_t i = 0; i < manifest->table_count; i++)
        if (spool_table(backup, i, err) < 0)
            return -1;
    if (dump_list_blobs(&backup->blobs, &backup->blob_count, backup->dump,
                        backup->arena, err) < 0 ||
        dump_list_sequences(&manifest->sequences, &manifest->sequence_count,
                            backup->dump, backup->arena, err) < 0)
        return -1;
    return dump_commit(backup->dump, err);
}

static int
write_whole(struct backup *backup, const char *name, const char *bytes,
            size_t length, struct error *err)
{
    if (tar_begin(&backup->writer, name, length, err) < 0)
        return -1;
    return tar_add(&backup->writer, bytes, length, err);
}

static int
write_head(struct backup *backup, struct error *err)
{
    struct manifest *manifest = &backup->manifest;
    size_t length;
    char *text;

    buffer_append_text(&backup->list, "");
    for (size_t i = 0; i < backup->blob_count; i++)
        manifest_write_line(&backup->list, &backup->blobs[i]);
    manifest->list.name = MANIFEST_LIST_NAME;
    manifest->list.size_bytes = backup->list.length;
    digest_of(&manifest->list.digest, backup->list.bytes, backup->list.length);
    if (backup->options->prior != NULL) {
        manifest->has_since = true;
        manifest->since = backup->options->prior->id;
    }
    text = manifest_write(&length, backup->arena, manifest);
    if (backup->list.length > MANIFEST_LIST_LIMIT)
        return error_set(err, ERROR_TOO_LARGE, "too many blobs for a backup");
    if (write_whole(backup, MANIFEST_NAME, text, length, err) < 0 ||
        write_whole(backup, MANIFEST_LIST_NAME, backup->list.bytes,
                    backup->list.length, err) < 0)
        return -1;
    if (backup->options->secret == NULL)
        return 0;
    return write_whole(backup, MANIFEST_SECRET_NAME, backup->options->secret,
                       strlen(backup->options->secret), err);
}

static void
progress(struct backup *backup, size_t length)
{
    backup->counts.bytes += length;
    if (backup->options->progress != NULL)
        backup->options->progress(backup->options->state, backup->counts.bytes);
}

/* A table's rows from the spool, whose position is where they begin. */
static int
write_table(struct backup *backup, const struct manifest_part *part,
            struct error *err)
{
    const char *name =
        arena_format(backup->arena, MANIFEST_TABLES "%s", part->name);
    uint64_t left = part->size_bytes;

    if (tar_begin(&backup->writer, name, left, err) < 0)
        return -1;
    while (left > 0) {
        size_t length = left < READ_BYTES ? (size_t)left : READ_BYTES;
        ssize_t n = read(backup->options->spool, backup->bytes, length);

        if (n <= 0)
            return error_set_system(err, "read of the spool");
        if (tar_add(&backup->writer, backup->bytes, (size_t)n, err) < 0)
            return -1;
        left -= (uint64_t)n;
    }
    backup->counts.tables++;
    return 0;
}

static int
refuse_damage(struct error *err, const struct dump_blob *blob)
{
    return error_set(err, ERROR_DAMAGED,
                     "blob %s is damaged: run weighd scrub, then back up what "
                     "is whole",
                     blob->name);
}

static int
copy_blob(struct backup *backup, const struct dump_blob *wanted,
          struct blob *blob, struct error *err)
{
    struct digest_stream *stream = digest_stream_open();
    struct digest digest;
    uint64_t offset = 0;
    int result = 0;

    while (result == 0 && offset < wanted->size_bytes) {
        uint64_t left = wanted->size_bytes - offset;
        size_t length = left < READ_BYTES ? (size_t)left : READ_BYTES;

        result = blob_read(blob, backup->bytes, offset, length, err);
        if (result == 0)
            result = tar_add(&backup->writer, backup->bytes, length, err);
        digest_stream_add(stream, backup->bytes, length);
        progress(backup, length);
        offset += length;
    }
    digest_stream_read(&digest, stream);
    digest_stream_free(stream);
    if (result == 0 && !digest_is_equal(&digest, &wanted->digest))
        return refuse_damage(err, wanted);
    return result;
}

static int
write_blob(struct backup *backup, const struct dump_blob *wanted,
           struct error *err)
{
    const char *name =
        arena_format(backup->arena, MANIFEST_BLOBS "%s", wanted->name);
    struct blob *blob = NULL;
    int result = -1;

    if (blob_open(&blob, backup->options->store->blobs, wanted->name, err) < 0)
        return err->code == ERROR_NOT_FOUND ? refuse_damage(err, wanted) : -1;
    if (blob_size(blob) != wanted->size_bytes)
        result = refuse_damage(err, wanted);
    else if (tar_begin(&backup->writer, name, wanted->size_bytes, err) == 0)
        result = copy_blob(backup, wanted, blob, err);
    blob_free(blob);
    backup->counts.blobs++;
    return result;
}

static int
write_body(struct backup *backup, struct error *err)
{
    const struct archive *prior = backup->options->prior;

    if (lseek(backup->options->spool, 0, SEEK_SET) < 0)
        return error_set_system(err, "spool");
    for (size_t i = 0; i < backup->manifest.table_count; i++)
        if (write_table(backup, &backup->manifest.tables[i], err) < 0)
            return -1;
    for (size_t i = 0; i < backup->blob_count; i++) {
        const struct dump_blob *blob = &backup->blobs[i];

        if (prior != NULL &&
            manifest_find(prior->blobs, prior->blob_count, blob->name) != NULL)
            continue;
        if (write_blob(backup, blob, err) < 0)
            return -1;
    }
    if (dump_check(backup->dump, err) < 0)
        return -1;
    return tar_finish(&backup->writer, err);
}

int
backup_write(struct backup_counts *out, const struct backup_options *options,
             struct error *err)
{
    struct backup backup = {.options = options, .arena = arena_open()};
    int result = -1;

    backup.writer.fd = options->output;
    backup.bytes = xcalloc(1, READ_BYTES);
    if (take_snapshot(&backup, err) == 0 && write_head(&backup, err) == 0)
        result = write_body(&backup, err);
    dump_free(backup.dump);
    buffer_free(&backup.list);
    free(backup.bytes);
    arena_free(backup.arena);
    *out = backup.counts;
    return result;
}
