#include "storage/content/upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/blob/blob.h"
#include "storage/content/ingest.h"
#include "storage/content/store.h"

#define MIB (UINT64_C(1024) * 1024)

/* How much is joined at a time. */
#define JOIN_BYTES ((size_t)MIB)

struct upload_part {
    struct ingest *ingest;
    int64_t upload;
    int number;
};

/* Whole mebibytes, so that parts begin at even places. */
static uint64_t
choose_part_bytes(uint64_t size_bytes)
{
    uint64_t part = (size_bytes + UPLOAD_PARTS_LIMIT - 1) / UPLOAD_PARTS_LIMIT;

    part = (part + MIB - 1) / MIB * MIB;
    return part > UPLOAD_PART_BYTES ? part : UPLOAD_PART_BYTES;
}

uint64_t
upload_part_size(const struct upload *upload, int number)
{
    if (number < 1 || number > upload->parts)
        return 0;
    if (number < upload->parts)
        return upload->part_bytes;
    return upload->size_bytes -
           upload->part_bytes * (uint64_t)(upload->parts - 1);
}

/* The columns of upload_find and of what upload_open runs. */
static void
read_upload(struct upload *out, const struct db_rows *rows)
{
    const void *bytes;
    size_t length;

    memset(out, 0, sizeof(*out));
    out->id = db_get_int(rows, 0, 0);
    snprintf(out->public_id, sizeof(out->public_id), "%s",
             db_get_text(rows, 0, 1));
    out->owner.repository = db_get_int(rows, 0, 2);
    out->owner.account = db_get_int(rows, 0, 3);
    bytes = db_get_bytes(&length, rows, 0, 4);
    if (length == DIGEST_BYTES)
        memcpy(out->digest.bytes, bytes, length);
    out->size_bytes = (uint64_t)db_get_int(rows, 0, 5);
    out->part_bytes = (uint64_t)db_get_int(rows, 0, 6);
    out->parts =
        (int)((out->size_bytes + out->part_bytes - 1) / out->part_bytes);
}

static int
resume(bool *out_found, struct upload *out, struct db *db, struct arena *arena,
       const struct db_call *call, struct error *err)
{
    struct db_rows *rows;

    if (db_run(&rows, db, arena, call, err) < 0)
        return -1;
    *out_found = db_rows_count(rows) > 0;
    if (*out_found)
        read_upload(out, rows);
    return 0;
}

int
upload_open(struct upload *out, struct db *db,
            const struct content_owner *owner, const struct digest *digest,
            uint64_t size_bytes, struct error *err)
{
    struct arena *arena = arena_open();
    char id[RANDOM_ID_SIZE];
    struct db_value values[] = {
        db_int(owner->repository),
        owner->account != 0 ? db_int(owner->account) : db_null(),
        db_bytes(digest->bytes, DIGEST_BYTES),
        db_int((int64_t)size_bytes),
        db_int(UPLOAD_LIFE_MS),
        db_text(id),
        db_int((int64_t)choose_part_bytes(size_bytes)),
    };
    const struct db_call again = {"upload_resume", values, 5};
    const struct db_call anew = {"upload_add", values, 7};
    bool is_found;
    int result;

    random_id(id);
    result = resume(&is_found, out, db, arena, &again, err);
    if (result == 0 && !is_found)
        result = resume(&is_found, out, db, arena, &anew, err);
    arena_free(arena);
    return result;
}

int
upload_find(struct upload *out, struct db *db, const char *public_id,
            struct error *err)
{
    const struct db_value values[] = {db_text(public_id)};
    const struct db_call call = {"upload_find", values, 1};
    struct arena *arena = arena_open();
    bool is_found = false;
    int result = resume(&is_found, out, db, arena, &call, err);

    if (result == 0 && !is_found)
        result = error_set(err, ERROR_NOT_FOUND, "no such upload");
    arena_free(arena);
    return result;
}

int
upload_list_parts(bool *present, struct db *db, const struct upload *upload,
                  struct error *err)
{
    struct arena *arena = arena_open();
    struct db_rows *rows;
    int result =
        DB_RUN(&rows, db, arena, "upload_list_parts", err, db_int(upload->id));

    memset(present, 0, (size_t)upload->parts * sizeof(*present));
    for (int64_t i = 0, n = result == 0 ? db_rows_count(rows) : 0; i < n; i++)
        present[db_get_int(rows, i, 0) - 1] = true;
    arena_free(arena);
    return result;
}

int
upload_part_open(struct upload_part **out, struct content_store *store,
                 const struct upload *upload, int number, struct error *err)
{
    uint64_t size_bytes = upload_part_size(upload, number);
    struct upload_part *part;

    if (size_bytes == 0)
        return error_set(err, ERROR_BAD_REQUEST,
                         "there is no part %d: parts are 1 to %d", number,
                         upload->parts);
    part = xcalloc(1, sizeof(*part));
    part->upload = upload->id;
    part->number = number;
    if (ingest_open(&part->ingest, store->blobs, &upload->digest, size_bytes,
                    err) < 0) {
        upload_part_free(part);
        return -1;
    }
    *out = part;
    return 0;
}

int
upload_part_add(struct upload_part *part, const void *bytes, size_t length,
                struct error *err)
{
    return ingest_add(part->ingest, bytes, length, err);
}

void
upload_part_free(struct upload_part *part)
{
    if (part == NULL)
        return;
    ingest_free(part->ingest);
    free(part);
}

/* The rows; the blob of an earlier part of this number is left alone. */
static int
add_part(const struct upload_part *part, struct db *db, struct arena *arena,
         struct error *err)
{
    const char *name = ingest_name(part->ingest);
    int64_t size = (int64_t)ingest_size(part->ingest);
    struct db_rows *rows;

    if (DB_RUN(NULL, db, arena, "content_add_blob", err, db_text(name),
               db_int(size)) < 0 ||
        DB_RUN(&rows, db, arena, "upload_add_part", err, db_int(part->upload),
               db_int(part->number), db_text(name), db_int(size),
               db_int(UPLOAD_LIFE_MS)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return error_set(err, ERROR_NOT_FOUND, "no such upload");
    return 0;
}

int
upload_part_commit(struct digest *out, struct upload_part *part, struct db *db,
                   struct error *err)
{
    struct arena *arena;
    int result;

    if (ingest_finish(out, part->ingest, NULL, err) < 0 ||
        ingest_check_age(part->ingest, err) < 0 || db_begin(db, err) < 0)
        return -1;
    arena = arena_open();
    result = db_end(db, add_part(part, db, arena, err), err);
    arena_free(arena);
    return result;
}

static int
join_blob(struct content_writer *writer, struct content_store *store,
          const char *name, char *bytes, struct error *err)
{
    struct blob *blob = NULL;
    uint64_t offset = 0;
    int result = -1;

    if (blob_open(&blob, store->blobs, name, err) < 0)
        return error_set(err, ERROR_INTERNAL, "a part of the upload is lost");
    while (offset < blob_size(blob)) {
        uint64_t left = blob_size(blob) - offset;
        size_t n = left < JOIN_BYTES ? (size_t)left : JOIN_BYTES;

        if (blob_read(blob, bytes, offset, n, err) < 0 ||
            content_writer_add(writer, bytes, n, err) < 0)
            goto done;
        offset += n;
    }
    result = 0;

done:
    blob_free(blob);
    return result;
}

static int
join(struct content_writer *writer, struct content_store *store,
     const struct db_rows *parts, struct error *err)
{
    char *bytes = xcalloc(1, JOIN_BYTES);
    int result = 0;

    for (int64_t i = 0, n = db_rows_count(parts); result == 0 && i < n; i++)
        result = join_blob(writer, store, db_get_text(parts, i, 1), bytes, err);
    free(bytes);
    return result;
}

/* All parts, each once and in order; makes the upload live for the join. */
static int
find_parts(struct db_rows **out, struct db *db, struct arena *arena,
           const struct upload *upload, struct error *err)
{
    int64_t count;

    if (DB_RUN(NULL, db, arena, "upload_touch", err, db_int(upload->id),
               db_int(UPLOAD_LIFE_MS)) < 0 ||
        DB_RUN(out, db, arena, "upload_list_parts", err, db_int(upload->id)) <
            0)
        return -1;
    count = db_rows_count(*out);
    for (int i = 0; i < upload->parts; i++)
        if (i >= count || db_get_int(*out, i, 0) != i + 1)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "part %d of %d is missing", i + 1, upload->parts);
    return 0;
}

int
upload_complete(struct content_store *store, struct db *db,
                const struct upload *upload, struct error *err)
{
    struct arena *arena = arena_open();
    struct content_writer *writer = NULL;
    struct db_rows *parts;
    struct error ignored;
    int result = -1;

    if (find_parts(&parts, db, arena, upload, err) < 0 ||
        content_writer_open(&writer, store, &upload->digest, upload->size_bytes,
                            err) < 0 ||
        join(writer, store, parts, err) < 0)
        goto done;
    result = content_writer_commit(writer, db, &upload->owner, err);
    /* Were this lost, the upload would come to its end by itself. */
    if (result == 0 || err->code == ERROR_DIGEST_MISMATCH)
        upload_remove(db, upload, &ignored);

done:
    content_writer_free(writer);
    arena_free(arena);
    return result;
}

int
upload_remove(struct db *db, const struct upload *upload, struct error *err)
{
    struct arena *arena = arena_open();
    int result =
        DB_RUN(NULL, db, arena, "upload_remove", err, db_int(upload->id));

    arena_free(arena);
    return result;
}
