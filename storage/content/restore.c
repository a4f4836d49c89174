#include "storage/content/restore.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/secret.h"
#include "storage/blob/blob.h"
#include "storage/content/archive.h"
#include "storage/content/store.h"
#include "storage/db/migrate.h"

#define READ_BYTES ((size_t)1048576)

struct restore {
    const struct restore_options *options;
    struct restore_counts *counts;
    struct arena *arena;
    struct archive *archives;
    struct archive *last; /* of these: whose rows are taken */
    struct archive *now;  /* that is being read */
    bool *is_there;       /* by the last one's list */
    struct dump *dump;
    bool is_ours;   /* what is there by now came from here */
    uint8_t *bytes; /* of READ_BYTES */
};

static int
refuse(struct error *err, const char *what, const char *name)
{
    return error_set(err, ERROR_BAD_REQUEST, "%s: %s", name, what);
}

/* Each but the first is made since the one before. */
static int
open_archives(struct restore *restore, struct error *err)
{
    const struct restore_options *options = restore->options;

    for (size_t i = 0; i < options->count; i++) {
        struct archive *archive = &restore->archives[i];
        struct error inner;

        if (archive_open(archive, restore->arena, options->archives[i],
                         &inner) < 0)
            return error_set(err, inner.code, "%s: %s", options->names[i],
                             inner.message);
        if (i == 0 && archive->manifest.has_since)
            return refuse(err,
                          "an increment; name the archives before it first",
                          options->names[i]);
        if (i > 0 && (!archive->manifest.has_since ||
                      !digest_is_equal(&archive->manifest.since,
                                       &restore->archives[i - 1].id)))
            return refuse(err, "not made since the archive before it",
                          options->names[i]);
    }
    restore->last = &restore->archives[options->count - 1];
    restore->is_there = arena_array(restore->arena, restore->last->blob_count,
                                    sizeof(*restore->is_there));
    return 0;
}

static int
refuse_any(void *state, const struct blob_entry *entry, struct error *err)
{
    (void)state;
    (void)entry;
    return error_set(err, ERROR_CONFLICT,
                     "the folder for weights is not empty: a restore wants an "
                     "empty registry");
}

static int
open_database(struct restore *restore, struct error *err)
{
    const char *conninfo = restore->options->conninfo;
    const struct manifest *manifest;
    int level;

    assert(restore->last != NULL);
    manifest = &restore->last->manifest;
    if (blob_list(restore->options->store->blobs, refuse_any, NULL, err) < 0 ||
        dump_open_empty(&restore->dump, conninfo, err) < 0)
        return -1;
    level = dump_level(restore->dump);
    dump_free(restore->dump);
    restore->dump = NULL;
    if (level != 0)
        return error_set(err, ERROR_CONFLICT,
                         "the database is not empty: a restore wants an empty "
                         "registry");
    restore->is_ours = true;
    if (migrate_to(conninfo, manifest->level, err) < 0 ||
        dump_open_empty(&restore->dump, conninfo, err) < 0)
        return -1;
    if (dump_table_count(restore->dump) != manifest->table_count)
        return refuse(err, "not the tables of its level", MANIFEST_NAME);
    for (size_t i = 0; i < manifest->table_count; i++)
        if (strcmp(dump_table_name(restore->dump, i),
                   manifest->tables[i].name) != 0)
            return refuse(err, "not the tables of its level", MANIFEST_NAME);
    return 0;
}

/* Passes the current file on and compares its digest; sink may be NULL. */
static int
read_file(struct restore *restore, const struct digest *expected,
          int (*sink)(void *state, const void *bytes, size_t length,
                      struct error *err),
          void *state, struct error *err)
{
    struct digest_stream *stream = digest_stream_open();
    struct tar_reader *reader = &restore->now->reader;
    struct digest digest;
    size_t length = 1;
    int result = 0;

    while (result == 0 && length > 0) {
        result = tar_read(&length, reader, restore->bytes, READ_BYTES, err);
        if (result < 0 || length == 0)
            break;
        digest_stream_add(stream, restore->bytes, length);
        result = sink(state, restore->bytes, length, err);
        restore->counts->bytes += length;
        if (restore->options->progress != NULL)
            restore->options->progress(restore->options->state,
                                       restore->counts->bytes);
    }
    digest_stream_read(&digest, stream);
    digest_stream_free(stream);
    if (result == 0 && !digest_is_equal(&digest, expected))
        return error_set(err, ERROR_DIGEST_MISMATCH,
                         "%s is not what the manifest says",
                         reader->entry.name);
    return result;
}

static int
add_rows(void *state, const void *bytes, size_t length, struct error *err)
{
    return dump_add(state, bytes, length, err);
}

/* Rows that PostgreSQL refuses are the archive's fault. */
static int
explain(struct error *err, const char *table)
{
    struct error inner = *err;

    if (inner.code == ERROR_DATABASE || inner.code == ERROR_DIGEST_MISMATCH ||
        inner.code == ERROR_BAD_REQUEST)
        return -1;
    error_set(err, ERROR_BAD_REQUEST, "the rows of %s are refused", table);
    return error_set_cause(err, "%s", inner.cause);
}

static int
read_table(struct restore *restore, const char *name, struct error *err)
{
    size_t table = (size_t)restore->counts->tables;
    const struct manifest *manifest = &restore->last->manifest;
    const struct manifest_part *part;

    if (restore->now != restore->last)
        return 0;
    if (table >= manifest->table_count ||
        strcmp(manifest->tables[table].name, name) != 0)
        return refuse(err, "a table out of its order", name);
    part = &manifest->tables[table];
    if (restore->now->reader.entry.size_bytes != part->size_bytes)
        return refuse(err, "not of the size that the manifest says", name);
    if (dump_begin_table(restore->dump, table, err) < 0 ||
        read_file(restore, &part->digest, add_rows, restore->dump, err) < 0 ||
        dump_end_table(restore->dump, err) < 0)
        return explain(err, name);
    restore->counts->tables++;
    return 0;
}

static int
add_blob(void *state, const void *bytes, size_t length, struct error *err)
{
    return blob_writer_add(state, bytes, length, err);
}

static int
read_blob(struct restore *restore, const char *name, struct error *err)
{
    const struct archive *now = restore->now;
    const struct archive *last = restore->last;
    const struct dump_blob *listed =
        manifest_find(now->blobs, now->blob_count, name);
    const struct dump_blob *wanted =
        manifest_find(last->blobs, last->blob_count, name);
    struct blob_writer *writer = NULL;
    int result = -1;

    if (listed == NULL || now->reader.entry.size_bytes != listed->size_bytes)
        return refuse(err, "a blob that the list does not have", name);
    if (wanted == NULL)
        return 0;
    if (restore->is_there[wanted - last->blobs])
        return refuse(err, "a blob comes twice", name);
    if (blob_writer_open(&writer, restore->options->store->blobs, name, err) <
        0)
        return -1;
    if (read_file(restore, &wanted->digest, add_blob, writer, err) == 0 &&
        blob_writer_commit(writer, err) == 0) {
        restore->is_there[wanted - last->blobs] = true;
        restore->counts->blobs++;
        result = 0;
    }
    blob_writer_free(writer);
    return result;
}

/* It is the same for all of a chain: whichever archive has it will do. */
static int
read_secret(struct restore *restore, struct error *err)
{
    size_t length;

    secret_wipe(restore->counts->secret, RESTORE_SECRET_SIZE);
    if (restore->now->reader.entry.size_bytes >= RESTORE_SECRET_SIZE)
        return refuse(err, "too long", MANIFEST_SECRET_NAME);
    return tar_read(&length, &restore->now->reader, restore->counts->secret,
                    RESTORE_SECRET_SIZE - 1, err);
}

/* What comes behind an archive's list. */
static int
read_archive(struct restore *restore, struct error *err)
{
    struct tar_reader *reader = &restore->now->reader;
    const char *name = reader->entry.name;
    int result = 0;

    while (result == 0) {
        result = tar_next(reader, err);
        if (result < 0 || name[0] == '\0')
            return result;
        if (strncmp(name, MANIFEST_BLOBS, strlen(MANIFEST_BLOBS)) == 0)
            result = read_blob(restore, name + strlen(MANIFEST_BLOBS), err);
        else if (strncmp(name, MANIFEST_TABLES, strlen(MANIFEST_TABLES)) == 0)
            result = read_table(restore, name + strlen(MANIFEST_TABLES), err);
        else if (strcmp(name, MANIFEST_SECRET_NAME) == 0)
            result = read_secret(restore, err);
        else
            result = refuse(err, "no backup has this file", name);
    }
    return result;
}

static int
read_archives(struct restore *restore, struct error *err)
{
    for (size_t i = 0; i < restore->options->count; i++) {
        struct error inner;

        restore->now = &restore->archives[i];
        if (read_archive(restore, &inner) == 0)
            continue;
        error_set(err, inner.code, "%s: %s", restore->options->names[i],
                  inner.message);
        return error_set_cause(err, "%s", inner.cause);
    }
    return 0;
}

/* Each blob that the rows name is in the list, with its digest, and there. */
static int
check_blobs(struct restore *restore, struct error *err)
{
    const struct archive *last = restore->last;
    struct dump_blob *blobs;
    size_t count;

    if (dump_list_blobs(&blobs, &count, restore->dump, restore->arena, err) < 0)
        return -1;
    if (count != last->blob_count)
        return refuse(err, "not the blobs that the rows name",
                      MANIFEST_LIST_NAME);
    for (size_t i = 0; i < count; i++) {
        const struct dump_blob *listed = &last->blobs[i];

        if (strcmp(blobs[i].name, listed->name) != 0 ||
            blobs[i].size_bytes != listed->size_bytes ||
            !digest_is_equal(&blobs[i].digest, &listed->digest))
            return refuse(err, "not the blobs that the rows name",
                          MANIFEST_LIST_NAME);
        if (!restore->is_there[i])
            return refuse(err, "a blob is in none of the archives",
                          listed->name);
    }
    return 0;
}

static int
finish(struct restore *restore, struct error *err)
{
    const struct manifest *manifest = &restore->last->manifest;

    if ((size_t)restore->counts->tables != manifest->table_count)
        return refuse(err, "tables are missing", MANIFEST_NAME);
    if (check_blobs(restore, err) < 0)
        return -1;
    for (size_t i = 0; i < manifest->sequence_count; i++)
        if (manifest->sequences[i].value > 0 &&
            dump_set_sequence(restore->dump, &manifest->sequences[i], err) < 0)
            return -1;
    if (restore->options->on_whole(restore->options->state, restore->counts,
                                   err) < 0)
        return -1;
    if (dump_commit(restore->dump, err) < 0)
        return -1;
    restore->is_ours = false;
    if (migrate_to(restore->options->conninfo, MIGRATE_NEWEST, err) == 0)
        return 0;
    restore->counts->is_left = true;
    return -1;
}

/*
 * As it was before, so that the next try finds it empty.  A commit whose
 * answer was lost may have been done: the rows go before their bytes.
 */
static void
undo(struct restore *restore)
{
    struct error ignored;

    dump_free(restore->dump);
    restore->dump = NULL;
    if (migrate_to(restore->options->conninfo, 0, &ignored) < 0) {
        restore->counts->is_left = true;
        return;
    }
    for (size_t i = 0; i < restore->last->blob_count; i++)
        if (restore->is_there[i])
            blob_remove(restore->options->store->blobs,
                        restore->last->blobs[i].name, &ignored);
}

int
restore_read(struct restore_counts *out, const struct restore_options *options,
             struct error *err)
{
    struct restore restore = {.options = options, .counts = out};
    int result = -1;

    assert(options->count > 0);
    *out = (struct restore_counts){0};
    restore.arena = arena_open();
    restore.archives =
        arena_array(restore.arena, options->count, sizeof(*restore.archives));
    restore.bytes = xcalloc(1, READ_BYTES);
    if (open_archives(&restore, err) == 0 &&
        open_database(&restore, err) == 0 && read_archives(&restore, err) == 0)
        result = finish(&restore, err);
    if (result < 0 && restore.is_ours)
        undo(&restore);
    dump_free(restore.dump);
    free(restore.bytes);
    arena_free(restore.arena);
    return result;
}
