#include "auth/signing_key.h"

#include <string.h>

#include "auth/key/dsse.h"
#include "auth/key/key.h"
#include "auth/log.h"
#include "storage/base/clock.h"
#include "storage/base/digest.h"

enum column {
    COLUMN_ID,
    COLUMN_HINT,
    COLUMN_PEM,
    COLUMN_ROTATION,
    COLUMN_BEGINS,
    COLUMN_ENDS,
    COLUMN_REVOKED,
    COLUMN_REASON,
};

static void
read_row(struct signing_key *out, struct arena *arena,
         const struct db_rows *rows, int64_t row)
{
    size_t length;
    const void *rotation = db_get_bytes(&length, rows, row, COLUMN_ROTATION);

    *out = (struct signing_key){
        .id = db_get_int(rows, row, COLUMN_ID),
        .hint = db_get_text(rows, row, COLUMN_HINT),
        .pem = db_get_text(rows, row, COLUMN_PEM),
        .begins_at_ms = db_get_time(rows, row, COLUMN_BEGINS),
        .ends_at_ms = db_get_time(rows, row, COLUMN_ENDS),
        .revoked_at_ms = db_get_time(rows, row, COLUMN_REVOKED),
        .revoked_reason = db_get_text(rows, row, COLUMN_REASON),
    };
    if (length > 0)
        out->rotation = arena_bytes(arena, rotation, length);
}

static bool
is_signing(const struct signing_key *key)
{
    return key->ends_at_ms == CLOCK_NEVER && key->revoked_at_ms == CLOCK_NEVER;
}

int
signing_key_find(struct signing_key *out, struct db *db, struct arena *arena,
                 int64_t namespace_id, const char *hint, struct error *err)
{
    struct db_rows *rows;

    *out = (struct signing_key){0};
    if (DB_RUN(&rows, db, arena, "signing_key_find", err, db_int(namespace_id),
               db_text(hint)) < 0)
        return -1;
    if (db_rows_count(rows) > 0)
        read_row(out, arena, rows, 0);
    return 0;
}

int
signing_key_list(struct signing_key **out, size_t *out_count, struct db *db,
                 struct arena *arena, int64_t namespace_id, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "signing_key_list", err,
               db_int(namespace_id)) < 0)
        return -1;
    *out_count = (size_t)db_rows_count(rows);
    *out = arena_array(arena, *out_count, sizeof(**out));
    for (size_t i = 0; i < *out_count; i++)
        read_row(&(*out)[i], arena, rows, (int64_t)i);
    return 0;
}

/* The one that signs now, locked against another's registration. */
static int
lock_current(struct signing_key *out, struct db *db, struct arena *arena,
             int64_t namespace_id, struct error *err)
{
    struct db_rows *rows;

    *out = (struct signing_key){0};
    if (DB_RUN(NULL, db, arena, "signing_key_lock", err, db_int(namespace_id)) <
        0)
        return -1;
    if (DB_RUN(&rows, db, arena, "signing_key_find_current", err,
               db_int(namespace_id)) < 0)
        return -1;
    if (db_rows_count(rows) > 0)
        read_row(out, arena, rows, 0);
    return 0;
}

static bool
is_text(const json_t *object, const char *key, const char *wanted)
{
    const char *text = json_text(object, key);

    return text != NULL && strcmp(text, wanted) == 0;
}

/* The key before says, signed, that this one comes after it. */
static int
check_rotation(struct arena *arena, const struct signing_key *before,
               const struct signing_key_spec *spec, const char *hint,
               struct error *err)
{
    struct key *key = NULL;
    struct dsse dsse;
    json_t *envelope;
    json_t *payload;
    int result = -1;

    if (strlen(spec->rotation) > SIGNING_KEY_ROTATION_LIMIT)
        return error_set(err, ERROR_TOO_LARGE, "the rotation is over %d bytes",
                         SIGNING_KEY_ROTATION_LIMIT);
    if (json_read(&envelope, arena, spec->rotation, strlen(spec->rotation),
                  err) < 0 ||
        dsse_parse(&dsse, arena, envelope, SIGNING_KEY_ROTATION_TYPE, err) < 0)
        return -1;
    if (key_parse_public(&key, before->pem, strlen(before->pem), err) < 0)
        return -1;
    if (dsse_verify(&dsse, key, err) < 0)
        goto done;
    if (json_read(&payload, arena, dsse.payload, dsse.payload_length, err) < 0)
        goto done;
    if (!is_text(payload, "namespace", spec->namespace_name) ||
        !is_text(payload, "from", before->hint) ||
        !is_text(payload, "to", hint)) {
        error_set(err, ERROR_SIGNATURE,
                  "the rotation is for other keys or another namespace");
        goto done;
    }
    result = 0;

done:
    key_free(key);
    return result;
}

/* Reads the key that is to be registered: its text as OpenSSL writes it. */
static int
read_key(const char **out_pem, char hint[DIGEST_TEXT_SIZE], struct arena *arena,
         const struct signing_key_spec *spec, struct error *err)
{
    struct key *key;
    struct digest fingerprint;
    int result = 0;

    if (key_parse_public(&key, spec->pem, spec->pem_length, err) < 0)
        return -1;
    *out_pem = arena_text(arena, key_public_pem(key));
    key_fingerprint(&fingerprint, key);
    digest_write(hint, &fingerprint);
    if (key_kind(key) != KEY_P256)
        result = error_set(err, ERROR_BAD_REQUEST,
                           "releases are signed by P-256 keys, not %s",
                           key_kind_text(key));
    key_free(key);
    return result;
}

static int
note(struct db *db, struct arena *arena, const char *kind, const char *hint,
     const json_t *record, struct error *err)
{
    const struct log_fact fact = {
        .kind = kind,
        .open = json_keep(arena, json_pack("{s:s}", "key", hint)),
        .record = record,
    };

    return log_add(NULL, db, arena, &fact, err);
}

/* Whether the key may come now: *out_is_there when it signs already. */
static int
check_place(bool *out_is_there, struct db *db, struct arena *arena,
            const struct signing_key_spec *spec, const char *hint,
            struct error *err)
{
    struct signing_key current;
    struct signing_key same;

    *out_is_there = false;
    if (lock_current(&current, db, arena, spec->namespace_id, err) < 0 ||
        signing_key_find(&same, db, arena, spec->namespace_id, hint, err) < 0)
        return -1;
    if (same.id != 0 && is_signing(&same)) {
        *out_is_there = true;
        return 0;
    }
    if (same.id != 0)
        return error_set(err, ERROR_CONFLICT,
                         "this key of %s ended and stays so",
                         spec->namespace_name);
    if (current.id == 0)
        return 0;
    if (spec->rotation == NULL)
        return error_set(err, ERROR_CONFLICT,
                         "%s signs with another key; rotate with that key, or "
                         "revoke it first",
                         spec->namespace_name);
    return check_rotation(arena, &current, spec, hint, err);
}

int
signing_key_add(struct signing_key *out, struct db *db, struct arena *arena,
                const struct signing_key_spec *spec, struct error *err)
{
    char hint[DIGEST_TEXT_SIZE];
    const char *pem;
    bool is_there;

    if (read_key(&pem, hint, arena, spec, err) < 0 ||
        check_place(&is_there, db, arena, spec, hint, err) < 0)
        return -1;
    if (!is_there) {
        if (DB_RUN(NULL, db, arena, "signing_key_end", err,
                   db_int(spec->namespace_id)) < 0)
            return -1;
        if (DB_RUN(NULL, db, arena, "signing_key_add", err,
                   db_int(spec->namespace_id), db_text(hint), db_text(pem),
                   spec->rotation != NULL
                       ? db_bytes(spec->rotation, strlen(spec->rotation))
                       : db_null(),
                   db_int(spec->account)) < 0)
            return -1;
        if (note(db, arena, "key", hint,
                 json_keep(arena, json_pack("{s:s, s:I}", "namespace",
                                            spec->namespace_name, "account",
                                            (json_int_t)spec->account)),
                 err) < 0)
            return -1;
    }
    return signing_key_find(out, db, arena, spec->namespace_id, hint, err);
}

int
signing_key_revoke(struct db *db, struct arena *arena, int64_t namespace_id,
                   const char *hint, const char *reason, struct error *err)
{
    struct db_rows *rows;

    if (strlen(reason) > SIGNING_KEY_REASON_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a reason has at most %d bytes",
                         SIGNING_KEY_REASON_LIMIT);
    if (DB_RUN(&rows, db, arena, "signing_key_revoke", err,
               db_int(namespace_id), db_text(hint), db_text(reason)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return error_set(err, ERROR_NOT_FOUND, "no such key signs here");
    return note(db, arena, "key-revoked", hint,
                json_keep(arena, json_pack("{s:s}", "reason", reason)), err);
}

static void
set_time(json_t *object, const char *key, int64_t at_ms)
{
    char text[CLOCK_TEXT_SIZE];

    clock_write(text, at_ms);
    json_object_set_new(object, key,
                        at_ms == CLOCK_NEVER ? json_null() : json_string(text));
}

json_t *
signing_key_to_json(const struct signing_key *key)
{
    json_t *object = json_pack("{s:s, s:s, s:s?, s:s?}", "hint", key->hint,
                               "pem", key->pem, "rotation", key->rotation,
                               "revokedReason", key->revoked_reason);

    set_time(object, "beginsAt", key->begins_at_ms);
    set_time(object, "endsAt", key->ends_at_ms);
    set_time(object, "revokedAt", key->revoked_at_ms);
    return object;
}
