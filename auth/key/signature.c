#include "auth/key/signature.h"

#include <stdlib.h>
#include <string.h>

#include "auth/key/statement.h"
#include "storage/base/buffer.h"
#include "storage/base/json.h"
#include "storage/base/text.h"
#include "storage/base/twin.h"

#define MEDIA_TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"

/* A root .gitattributes longer than this is not just LFS patterns. */
#define ATTRIBUTES_LIMIT_BYTES 65536

/* What `git lfs track` writes after the pattern. */
static const char attributes_tail[] = " filter=lfs diff=lfs merge=lfs -text";

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
compare_names_by_parts(const void *a, const void *b)
{
    return text_compare_paths(*(const char *const *)a, *(const char *const *)b);
}

int
signature_compare_files(const void *a, const void *b)
{
    const struct signature_file *x = a;
    const struct signature_file *y = b;
    int order = strcmp(x->name, y->name);

    if (order != 0)
        return order;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* A sorted copy; files may be NULL when count is 0. */
static struct signature_file *
sort_files(struct arena *arena, const struct signature_file *files,
           size_t count)
{
    struct signature_file *out = arena_array(arena, count, sizeof(*out));

    if (count > 0)
        memcpy(out, files, count * sizeof(*out));
    qsort(out, count, sizeof(*out), signature_compare_files);
    return out;
}

static int
check_order(struct arena *arena, const char **names, size_t count,
            struct error *err)
{
    const char **by_parts = arena_array(arena, count, sizeof(*by_parts));

    if (count == 0)
        return 0;
    memcpy(by_parts, names, count * sizeof(*names));
    qsort(names, count, sizeof(*names), compare_names);
    qsort(by_parts, count, sizeof(*by_parts), compare_names_by_parts);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], by_parts[i]) != 0)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "%s and %s: tools sort such names differently "
                             "and would show two digests; rename one",
                             names[i], by_parts[i]);
    return 0;
}

static int
check_names(const struct signature_file *files, size_t count, bool with_order,
            struct error *err)
{
    struct arena *arena = arena_open();
    const char **names = arena_array(arena, count, sizeof(*names));
    struct twin_path *paths = arena_array(arena, count, sizeof(*paths));
    struct error inner;
    int result = -1;

    for (size_t i = 0; i < count; i++) {
        if (text_check_path(files[i].name, &inner) < 0) {
            error_set(err, inner.code, "%s: %s",
                      text_line(arena, files[i].name), inner.message);
            goto done;
        }
        names[i] = files[i].name;
        paths[i].path = files[i].name;
    }
    if (twin_check(paths, count, err) < 0)
        goto done;
    result = with_order ? check_order(arena, names, count, err) : 0;

done:
    arena_free(arena);
    return result;
}

int
signature_check_names(const struct signature_file *files, size_t count,
                      struct error *err)
{
    return check_names(files, count, true, err);
}

/* The name of a folder may be any bytes; JSON takes UTF-8 alone. */
static int
check_texts(const struct signature *signature, struct error *err)
{
    if (!text_is_utf8(signature->subject, strlen(signature->subject)))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the model's name is not UTF-8");
    for (size_t i = 0; i < signature->ignored_count; i++)
        if (!text_is_utf8(signature->ignored[i], strlen(signature->ignored[i])))
            return error_set(err, ERROR_BAD_REQUEST,
                             "a path to ignore is not UTF-8");
    return 0;
}

int
signature_make(char **out, size_t *out_length, struct arena *arena,
               const struct signature *signature, const struct key *key,
               struct error *err)
{
    struct signature sorted = *signature;
    struct dsse dsse = {.type = STATEMENT_TYPE};
    struct digest fingerprint;
    char hint[DIGEST_TEXT_SIZE];
    json_t *value;

    if (key_kind(key) == KEY_ED25519)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a model is signed with a P-256 key, not with %s",
                         key_kind_text(key));
    if (sorted.count == 0 || sorted.count > SIGNATURE_FILES_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "%zu files; a model has 1 to %d", sorted.count,
                         SIGNATURE_FILES_LIMIT);
    if (check_texts(signature, err) < 0 ||
        signature_check_names(sorted.files, sorted.count, err) < 0)
        return -1;
    sorted.files = sort_files(arena, signature->files, signature->count);
    dsse.payload = statement_make(&dsse.payload_length, arena, &sorted);
    if (dsse_sign(&dsse, arena, key, err) < 0)
        return -1;
    key_fingerprint(&fingerprint, key);
    digest_write(hint, &fingerprint);
    value =
        json_pack("{s:s, s:{s:{s:s}, s:[]}, s:o}", "mediaType", MEDIA_TYPE,
                  "verificationMaterial", "publicKey", "hint", hint,
                  "tlogEntries", "dsseEnvelope", dsse_to_json(&dsse, arena));
    *out = json_write(out_length, arena, json_keep(arena, value));
    return 0;
}

/* Refuses members of object besides these, which NULL ends. */
static int
check_members(const json_t *object, const char *const *names, struct error *err)
{
    const char *unknown;

    if (!json_is_object(object))
        return error_set(err, ERROR_SIGNATURE, "it is no bundle");
    unknown = json_find_unknown(object, names);
    if (unknown != NULL)
        return error_set(err, ERROR_SIGNATURE,
                         "it has an unknown member \"%.64s\"", unknown);
    return 0;
}

/*
 * What model_signing 0.3 and 1.0 wrote into "publicKey" ("rawBytes",
 * "keyDetails") is a claim like the hint and may stand.
 */
static int
parse_material(struct signature *out, const json_t *material, struct error *err)
{
    static const char *const names[] = {"publicKey", "tlogEntries", NULL};
    static const char *const key_names[] = {"hint", "rawBytes", "keyDetails",
                                            NULL};
    const json_t *entries = json_object_get(material, "tlogEntries");
    const json_t *key = json_object_get(material, "publicKey");
    const json_t *hint = json_object_get(key, "hint");

    if (json_object_get(material, "x509CertificateChain") != NULL ||
        json_object_get(material, "certificate") != NULL)
        return error_set(err, ERROR_SIGNATURE,
                         "it is signed with a certificate and not with a key");
    if (check_members(material, names, err) < 0 ||
        check_members(key, key_names, err) < 0)
        return -1;
    if (json_array_size(entries) != 0 ||
        (entries != NULL && !json_is_array(entries)))
        return error_set(err, ERROR_SIGNATURE,
                         "it has log entries, which nobody would check");
    if (hint != NULL && !json_is_string(hint))
        return error_set(err, ERROR_SIGNATURE, "its hint is no text");
    out->hint = hint != NULL ? json_string_value(hint) : "";
    return 0;
}

/* A file in shards: from 0 on without a gap; one name each remains. */
static int
join_shards(size_t *out_count, struct signature_file *names,
            const struct signature_file *sorted, size_t count,
            struct error *err)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        bool is_next = n > 0 && strcmp(names[n - 1].name, sorted[i].name) == 0;

        if (sorted[i].begin != (is_next ? names[n - 1].end : 0))
            return error_set(err, ERROR_SIGNATURE,
                             "its shards of %.200s do not join",
                             sorted[i].name);
        if (!is_next)
            names[n++] = sorted[i];
        names[n - 1].end = sorted[i].end;
    }
    *out_count = n;
    return 0;
}

static int
check_files(const struct signature *signature, struct error *err)
{
    struct arena *arena = arena_open();
    const struct signature_file *names = signature->files;
    size_t count = signature->count;
    int result = 0;

    if (signature->is_sharded) {
        struct signature_file *joined =
            arena_array(arena, count, sizeof(*joined));

        result =
            join_shards(&count, joined,
                        sort_files(arena, signature->files, count), count, err);
        names = joined;
    }
    if (result == 0)
        result = check_names(names, count, false, err);
    arena_free(arena);
    return result;
}

static int
parse_bundle(struct signature *out, struct arena *arena, const char *bytes,
             size_t length, struct error *err)
{
    static const char *const names[] = {"mediaType", "verificationMaterial",
                                        "dsseEnvelope", NULL};
    const char *media_type;
    json_t *bundle;

    if (length > SIGNATURE_LIMIT_BYTES)
        return error_set(err, ERROR_SIGNATURE, "it is over %u bytes",
                         SIGNATURE_LIMIT_BYTES);
    if (json_read(&bundle, arena, bytes, length, err) < 0 ||
        check_members(bundle, names, err) < 0)
        return -1;
    media_type = json_text(bundle, "mediaType");
    if (media_type == NULL || strcmp(media_type, MEDIA_TYPE) != 0)
        return error_set(err, ERROR_SIGNATURE,
                         "its \"mediaType\" is not " MEDIA_TYPE);
    if (parse_material(out, json_object_get(bundle, "verificationMaterial"),
                       err) < 0 ||
        dsse_parse(&out->envelope, arena,
                   json_object_get(bundle, "dsseEnvelope"), STATEMENT_TYPE,
                   err) < 0 ||
        statement_parse(out, arena, out->envelope.payload,
                        out->envelope.payload_length, err) < 0)
        return -1;
    return check_files(out, err);
}

int
signature_parse(struct signature *out, struct arena *arena, const char *bytes,
                size_t length, struct error *err)
{
    struct error inner;

    *out = (struct signature){0};
    if (parse_bundle(out, arena, bytes, length, &inner) == 0)
        return 0;
    return error_set(err, ERROR_SIGNATURE, "the signature is refused: %s",
                     inner.message);
}

int
signature_verify(const struct signature *signature, const struct key *key,
                 struct error *err)
{
    struct digest fingerprint;
    struct digest hint;
    char short_text[KEY_SHORT_SIZE];
    char text[DIGEST_TEXT_SIZE];

    key_fingerprint(&fingerprint, key);
    digest_write(text, &fingerprint);
    if (signature->hint[0] != '\0' && strcmp(signature->hint, text) != 0) {
        key_write_short(short_text, &fingerprint);
        if (!digest_parse(&hint, signature->hint))
            return error_set(err, ERROR_SIGNATURE,
                             "the signature's hint names no key");
        key_write_short(text, &hint);
        return error_set(err, ERROR_SIGNATURE, "signed by key %s and not by %s",
                         text, short_text);
    }
    if (key_kind(key) == KEY_ED25519)
        return error_set(err, ERROR_SIGNATURE,
                         "a model is not signed with an Ed25519 key");
    return dsse_verify(&signature->envelope, key, err);
}

struct merge {
    struct signature_difference *items;
    size_t count;
};

static void
merge_add(struct merge *merge, const char *name, enum signature_change change)
{
    merge->items[merge->count++] = (struct signature_difference){name, change};
}

/* Those missing come first, then the changed, then the extra ones. */
static int
compare_differences(const void *a, const void *b)
{
    const struct signature_difference *x = a;
    const struct signature_difference *y = b;

    if (x->change != y->change)
        return x->change < y->change ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int
refuse_differences(const struct merge *merge, struct error *err)
{
    static const char *const words[] = {
        [SIGNATURE_MISSING] = "missing",
        [SIGNATURE_CHANGED] = "changed",
        [SIGNATURE_EXTRA] = "not signed",
    };
    struct arena *arena = arena_open();
    struct buffer text = {0};

    for (size_t i = 0; i < merge->count && i < SIGNATURE_NAMED_LIMIT; i++)
        buffer_append_format(&text, "%s%.150s is %s", i > 0 ? ", " : "",
                             text_line(arena, merge->items[i].name),
                             words[merge->items[i].change]);
    if (merge->count > SIGNATURE_NAMED_LIMIT)
        buffer_append_format(&text, " and %zu more",
                             merge->count - SIGNATURE_NAMED_LIMIT);
    error_set(err, ERROR_SIGNATURE, "not what was signed: %s", text.bytes);
    buffer_free(&text);
    arena_free(arena);
    return -1;
}

int
signature_compare(struct signature_differences *out, struct arena *arena,
                  const struct signature *signature,
                  const struct signature_file *files, size_t count,
                  struct error *err)
{
    struct signature_file *is = sort_files(arena, files, count);
    struct signature_file *want =
        sort_files(arena, signature->files, signature->count);
    struct merge merge = {0};
    size_t i = 0;
    size_t j = 0;

    merge.items =
        arena_array(arena, count + signature->count, sizeof(*merge.items));
    while (i < count || j < signature->count) {
        int order = i == count ? 1
                    : j == signature->count
                        ? -1
                        : signature_compare_files(&is[i], &want[j]);

        if (order < 0)
            merge_add(&merge, is[i++].name, SIGNATURE_EXTRA);
        else if (order > 0)
            merge_add(&merge, want[j++].name, SIGNATURE_MISSING);
        else if (!digest_is_equal(&is[i++].digest, &want[j++].digest))
            merge_add(&merge, is[i - 1].name, SIGNATURE_CHANGED);
    }
    qsort(merge.items, merge.count, sizeof(*merge.items), compare_differences);
    if (out != NULL)
        *out = (struct signature_differences){merge.items, merge.count};
    return merge.count == 0 ? 0 : refuse_differences(&merge, err);
}

bool
signature_is_git_file(const char *path)
{
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        if (strncasecmp(at, ".git", 4) == 0)
            return true;
    }
    return false;
}

/* PATTERN and the tail, with PATTERN free of blanks, quotes and macros. */
static bool
is_plain_line(const char *line, size_t length)
{
    size_t tail = strlen(attributes_tail);

    if (length == 0)
        return true;
    if (length <= tail ||
        memcmp(line + length - tail, attributes_tail, tail) != 0)
        return false;
    for (size_t i = 0; i < length - tail; i++)
        if ((unsigned char)line[i] <= ' ' || line[i] == '"' || line[i] == 0x7f)
            return false;
    return line[0] != '[';
}

bool
signature_is_plain_attributes(const char *bytes, size_t length)
{
    const char *end = bytes + length;

    if (length > ATTRIBUTES_LIMIT_BYTES)
        return false;
    while (bytes < end) {
        const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));

        if (stop == NULL)
            stop = end;
        if (!is_plain_line(bytes, (size_t)(stop - bytes)))
            return false;
        bytes = stop + (stop < end);
    }
    return true;
}
