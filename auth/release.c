#include "auth/release.h"

#include <string.h>

#include "auth/key/signature.h"
#include "auth/log.h"
#include "auth/signing_key.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/git/entry.h"

#define ATTRIBUTES ".gitattributes"

/* A blob of git's that a release may hold: more belongs into the store. */
#define BLOB_LIMIT_BYTES 67108864 /* 64 MiB */

enum column {
    COLUMN_ID,
    COLUMN_PUBLIC_ID,
    COLUMN_TAG,
    COLUMN_COMMIT,
    COLUMN_HINT,
    COLUMN_KEY,
    COLUMN_ROOT,
    COLUMN_LICENCE,
    COLUMN_FILES,
    COLUMN_SIZE,
    COLUMN_BY,
    COLUMN_AT,
    COLUMN_WITHDRAWN,
};

/* What the tree of a commit holds, apart from its signature. */
struct tree {
    const struct entry *signature; /* NULL: not signed */
    struct signature_file *files;
    size_t count;
    uint64_t size_bytes;
};

/* The digest of a file's bytes as a client gets them. */
static int
digest_entry(struct digest *out, struct view *view, const struct entry *entry,
             struct error *err)
{
    const void *bytes;
    size_t length;

    if (entry->is_weights) {
        *out = entry->pointer.digest;
        return 0;
    }
    if (entry->blob_bytes > BLOB_LIMIT_BYTES)
        return error_set(err, ERROR_TOO_LARGE, "%s: over %d bytes in git",
                         entry->path, BLOB_LIMIT_BYTES);
    if (entry_read(&bytes, &length, view, entry, err) < 0)
        return -1;
    digest_of(out, bytes, length);
    return 0;
}

/* Git's own files: the attributes may be unsigned when they are plain. */
static int
check_git_file(struct view *view, const struct entry *entry, struct error *err)
{
    const void *bytes;
    size_t length;

    if (strcmp(entry->path, ATTRIBUTES) != 0)
        return error_set(err, ERROR_SIGNATURE, "%s: a release has no such file",
                         entry->path);
    if (entry_read(&bytes, &length, view, entry, err) < 0)
        return -1;
    if (!signature_is_plain_attributes(bytes, length))
        return error_set(err, ERROR_SIGNATURE,
                         ATTRIBUTES ": a release's names only what LFS keeps");
    return 0;
}

static int
add_entry(struct tree *tree, struct view *view, const struct entry *entry,
          struct error *err)
{
    struct signature_file *file;

    if (strcmp(entry->path, SIGNATURE_NAME) == 0) {
        tree->signature = entry;
        return 0;
    }
    if (signature_is_git_file(entry->path))
        return check_git_file(view, entry, err);
    file = &tree->files[tree->count++];
    file->name = entry->path;
    tree->size_bytes += entry_size(entry);
    return digest_entry(&file->digest, view, entry, err);
}

static bool
has_signature(const struct entry_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->entries[i].path, SIGNATURE_NAME) == 0)
            return true;
    return false;
}

static int
read_tree(struct tree *out, struct view *view, const struct oid *commit,
          struct error *err)
{
    const struct entry_range range = {
        .folder = "", .is_recursive = true, .is_files_alone = true};
    struct entry_list list;

    *out = (struct tree){0};
    if (entry_list(&list, view, commit, &range, err) < 0)
        return -1;
    if (!has_signature(&list))
        return 0;
    out->files = arena_array(view_arena(view), list.count, sizeof(*out->files));
    for (size_t i = 0; i < list.count; i++)
        if (add_entry(out, view, &list.entries[i], err) < 0)
            return -1;
    return 0;
}

/* The namespace's key that the bundle names, if it signs today. */
static int
find_key(struct signing_key *out, struct view *view,
         const struct repository *repository, const char *hint,
         struct error *err)
{
    if (signing_key_find(out, view_db(view), view_arena(view),
                         repository->namespace_id, hint, err) < 0)
        return -1;
    if (out->id == 0)
        return error_set(err, ERROR_SIGNATURE,
                         "model.sig is by a key that is not registered for %s",
                         repository->namespace_name);
    if (out->revoked_at_ms != CLOCK_NEVER || out->ends_at_ms != CLOCK_NEVER)
        return error_set(err, ERROR_SIGNATURE,
                         "model.sig is by a key with which %s no longer signs",
                         repository->namespace_name);
    return 0;
}

static int
verify_by(const struct signature *signature, const struct signing_key *record,
          struct error *err)
{
    struct key *key;
    int result;

    if (key_parse_public(&key, record->pem, strlen(record->pem), err) < 0)
        return -1;
    result = signature_verify(signature, key, err);
    key_free(key);
    return result;
}

static int
check_signature(struct release *out, struct view *view,
                const struct repository *repository, const struct tree *tree,
                struct error *err)
{
    struct arena *arena = view_arena(view);
    struct signature signature;
    struct signing_key record;
    const void *bytes;
    size_t length;

    if (tree->signature->is_weights)
        return error_set(err, ERROR_SIGNATURE,
                         "model.sig belongs into git itself, not into LFS");
    if (entry_read(&bytes, &length, view, tree->signature, err) < 0 ||
        signature_parse(&signature, arena, bytes, length, err) < 0)
        return -1;
    if (signature.is_sharded)
        return error_set(err, ERROR_SIGNATURE,
                         "model.sig of a release signs whole files");
    if (find_key(&record, view, repository, signature.hint, err) < 0 ||
        verify_by(&signature, &record, err) < 0 ||
        signature_check_names(signature.files, signature.count, err) < 0 ||
        signature_compare(NULL, arena, &signature, tree->files, tree->count,
                          err) < 0)
        return -1;
    out->hint = record.hint;
    out->signing_key = record.id;
    out->root = signature.root;
    return 0;
}

int
release_check(struct release *out, bool *out_is_signed, struct view *view,
              const struct repository *repository, const struct oid *commit,
              struct error *err)
{
    struct tree tree;

    *out = (struct release){.commit = *commit, .withdrawn_at_ms = CLOCK_NEVER};
    if (read_tree(&tree, view, commit, err) < 0)
        return -1;
    *out_is_signed = tree.signature != NULL;
    if (!*out_is_signed)
        return 0;
    out->files = (int64_t)tree.count;
    out->size_bytes = (int64_t)tree.size_bytes;
    return check_signature(out, view, repository, &tree, err);
}

/* Both are in the arena; open gets the model's name. */
static int
note(struct db *db, struct arena *arena, const struct repository *repository,
     const struct log_fact *fact, struct error *err)
{
    json_t *open = json_keep(arena, json_deep_copy(fact->open));
    const struct log_fact named = {fact->kind, open, fact->record};

    log_name_model(open, repository);
    return log_add(NULL, db, arena, &named, err);
}

int
release_add(struct release *release, struct db *db, struct arena *arena,
            const struct repository *repository, int64_t account,
            struct error *err)
{
    char commit[OID_TEXT_SIZE];
    char root[DIGEST_TEXT_SIZE];
    char public_id[RANDOM_ID_SIZE];
    struct log_fact fact = {.kind = "release"};
    struct db_rows *rows;

    random_id(public_id);
    if (DB_RUN(
            &rows, db, arena, "release_add", err, db_text(public_id),
            db_int(repository->id), db_text(repository->full_name),
            db_text(release->tag), db_bytes(release->commit.bytes, OID_BYTES),
            db_int(release->signing_key),
            db_bytes(release->root.bytes, DIGEST_BYTES), db_int(release->files),
            db_int(release->size_bytes), db_int(account)) < 0)
        return -1;
    release->id = db_get_int(rows, 0, 0);
    release->public_id = arena_text(arena, public_id);
    oid_write(commit, &release->commit);
    digest_write(root, &release->root);
    fact.open = json_keep(arena, json_pack("{s:s, s:s, s:s, s:s}", "tag",
                                           release->tag, "commit", commit,
                                           "root", root, "key", release->hint));
    fact.record =
        json_keep(arena, json_pack("{s:s, s:I}", "model", repository->full_name,
                                   "account", (json_int_t)account));
    return note(db, arena, repository, &fact, err);
}

static void
read_row(struct release *out, const struct db_rows *rows, int64_t row)
{
    size_t length;
    const void *bytes;

    *out = (struct release){
        .id = db_get_int(rows, row, COLUMN_ID),
        .public_id = db_get_text(rows, row, COLUMN_PUBLIC_ID),
        .tag = db_get_text(rows, row, COLUMN_TAG),
        .hint = db_get_text(rows, row, COLUMN_HINT),
        .signing_key = db_get_int(rows, row, COLUMN_KEY),
        .files = db_get_int(rows, row, COLUMN_FILES),
        .size_bytes = db_get_int(rows, row, COLUMN_SIZE),
        .published_by = db_get_text(rows, row, COLUMN_BY),
        .published_at_ms = db_get_time(rows, row, COLUMN_AT),
        .withdrawn_at_ms = db_get_time(rows, row, COLUMN_WITHDRAWN),
    };
    bytes = db_get_bytes(&length, rows, row, COLUMN_COMMIT);
    if (length == OID_BYTES)
        memcpy(out->commit.bytes, bytes, OID_BYTES);
    bytes = db_get_bytes(&length, rows, row, COLUMN_ROOT);
    if (length == DIGEST_BYTES)
        memcpy(out->root.bytes, bytes, DIGEST_BYTES);
    bytes = db_get_bytes(&length, rows, row, COLUMN_LICENCE);
    out->has_licence = length == DIGEST_BYTES;
    if (out->has_licence)
        memcpy(out->licence.bytes, bytes, DIGEST_BYTES);
}

int
release_find(struct release *out, struct db *db, struct arena *arena,
             int64_t repository, const char *tag, struct error *err)
{
    struct db_rows *rows;

    *out = (struct release){0};
    if (DB_RUN(&rows, db, arena, "release_find", err, db_int(repository),
               db_text(tag)) < 0)
        return -1;
    if (db_rows_count(rows) > 0)
        read_row(out, rows, 0);
    return 0;
}

int
release_list(struct release **out, size_t *out_count, struct db *db,
             struct arena *arena, int64_t repository, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "release_list", err, db_int(repository)) < 0)
        return -1;
    *out_count = (size_t)db_rows_count(rows);
    *out = arena_array(arena, *out_count, sizeof(**out));
    for (size_t i = 0; i < *out_count; i++)
        read_row(&(*out)[i], rows, (int64_t)i);
    return 0;
}

int
release_withdraw(struct db *db, struct arena *arena,
                 const struct repository *repository, const char *tag,
                 const char *reason, struct error *err)
{
    struct log_fact fact = {.kind = "release-withdrawn"};
    struct db_rows *rows;

    if (strlen(reason) > RELEASE_REASON_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a reason has at most %d bytes", RELEASE_REASON_LIMIT);
    if (DB_RUN(&rows, db, arena, "release_withdraw", err,
               db_int(repository->id), db_text(tag), db_text(reason)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return 0;
    fact.open = json_keep(arena, json_pack("{s:s}", "tag", tag));
    fact.record =
        json_keep(arena, json_pack("{s:s, s:s}", "model", repository->full_name,
                                   "reason", reason));
    return note(db, arena, repository, &fact, err);
}

json_t *
release_to_json(const struct release *release)
{
    char commit[OID_TEXT_SIZE];
    char root[DIGEST_TEXT_SIZE];
    char licence[DIGEST_TEXT_SIZE];
    char published[CLOCK_TEXT_SIZE];
    char withdrawn[CLOCK_TEXT_SIZE];

    oid_write(commit, &release->commit);
    digest_write(root, &release->root);
    digest_write(licence, &release->licence);
    clock_write(published, release->published_at_ms);
    clock_write(withdrawn, release->withdrawn_at_ms);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s?, s:I, s:I, s:s?, s:s, s:s?}", "id",
        release->public_id, "tag", release->tag, "commit", commit, "key",
        release->hint, "root", root, "licence",
        release->has_licence ? licence : NULL, "files",
        (json_int_t)release->files, "size", (json_int_t)release->size_bytes,
        "publishedBy", release->published_by, "publishedAt", published,
        "withdrawnAt",
        release->withdrawn_at_ms == CLOCK_NEVER ? NULL : withdrawn);
}
