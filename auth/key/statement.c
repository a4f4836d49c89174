#include "auth/key/statement.h"

#include <string.h>

#include "storage/base/json.h"
#include "storage/base/text.h"

#define TYPE "https://in-toto.io/Statement/v1"
#define PREDICATE_TYPE "https://model_signing/signature/v1.0"

/* "path:begin:end": two numbers of at most 19 digits more than a path. */
#define NAME_LIMIT (TEXT_PATH_LIMIT + 40)

static void
find_root(struct digest *out, const struct signature *signature)
{
    struct digest_stream *stream = digest_stream_open();

    for (size_t i = 0; i < signature->count; i++)
        digest_stream_add(stream, signature->files[i].digest.bytes,
                          DIGEST_BYTES);
    digest_stream_read(out, stream);
    digest_stream_free(stream);
}

static json_t *
resources_to_json(const struct signature *signature)
{
    json_t *out = json_array();
    char text[DIGEST_TEXT_SIZE];

    for (size_t i = 0; i < signature->count; i++) {
        digest_write(text, &signature->files[i].digest);
        json_array_append_new(
            out, json_pack("{s:s, s:s, s:s}", "name", signature->files[i].name,
                           "algorithm", "sha256", "digest", text));
    }
    return out;
}

char *
statement_make(size_t *out_length, struct arena *arena,
               const struct signature *signature)
{
    json_t *ignored = json_array();
    struct digest root;
    char text[DIGEST_TEXT_SIZE];
    json_t *value;

    find_root(&root, signature);
    digest_write(text, &root);
    for (size_t i = 0; i < signature->ignored_count; i++)
        json_array_append_new(ignored, json_string(signature->ignored[i]));
    value = json_pack(
        "{s:s, s:[{s:s, s:{s:s}}], s:s, s:{s:{s:s, s:s, s:b, s:o}, s:o}}",
        "_type", TYPE, "subject", "name", signature->subject, "digest",
        "sha256", text, "predicateType", PREDICATE_TYPE, "predicate",
        "serialization", "method", "files", "hash_type", "sha256",
        "allow_symlinks", 0, "ignore_paths", ignored, "resources",
        resources_to_json(signature));
    return json_write(out_length, arena, json_keep(arena, value));
}

/* ERROR_SIGNATURE unless value is an object of these members at most. */
static int
check_object(const json_t *value, const char *what, const char *const *names,
             struct error *err)
{
    const char *unknown;

    if (!json_is_object(value))
        return error_set(err, ERROR_SIGNATURE, "its %s is no object", what);
    unknown = json_find_unknown(value, names);
    if (unknown != NULL)
        return error_set(err, ERROR_SIGNATURE,
                         "its %s has an unknown member \"%.64s\"", what,
                         unknown);
    return 0;
}

static int
check_text(const json_t *object, const char *key, const char *want,
           struct error *err)
{
    const char *text = json_text(object, key);

    if (text == NULL || strcmp(text, want) != 0)
        return error_set(err, ERROR_SIGNATURE, "its \"%s\" is not \"%s\"", key,
                         want);
    return 0;
}

static int
parse_digest(struct digest *out, const json_t *object, const char *key,
             struct error *err)
{
    const char *text = json_text(object, key);

    if (text == NULL || !digest_parse(out, text))
        return error_set(err, ERROR_SIGNATURE,
                         "its \"%s\" is no SHA-256 in lower-case digits", key);
    return 0;
}

static int
parse_subject(struct signature *out, const json_t *subjects, struct error *err)
{
    static const char *const names[] = {"name", "digest", NULL};
    static const char *const digest_names[] = {"sha256", NULL};
    json_t *subject = json_array_get(subjects, 0);
    json_t *digest = json_object_get(subject, "digest");

    if (json_array_size(subjects) != 1)
        return error_set(err, ERROR_SIGNATURE, "it has not one subject");
    if (check_object(subject, "subject", names, err) < 0 ||
        check_object(digest, "subject's digest", digest_names, err) < 0)
        return -1;
    out->subject = json_text(subject, "name");
    if (out->subject == NULL || out->subject[0] == '\0' ||
        strlen(out->subject) > TEXT_PATH_LIMIT)
        return error_set(err, ERROR_SIGNATURE, "its subject has no name");
    return parse_digest(&out->root, digest, "sha256", err);
}

/* Left-out paths are only compared with names, so any short text may stand. */
static int
parse_ignored(struct signature *out, struct arena *arena, const json_t *paths,
              struct error *err)
{
    size_t count = json_array_size(paths);
    const char **ignored = arena_array(arena, count, sizeof(*ignored));

    if (paths != NULL && !json_is_array(paths))
        return error_set(err, ERROR_SIGNATURE,
                         "its \"ignore_paths\" is no list");
    if (count > SIGNATURE_IGNORED_LIMIT)
        return error_set(err, ERROR_SIGNATURE, "it leaves out over %d paths",
                         SIGNATURE_IGNORED_LIMIT);
    for (size_t i = 0; i < count; i++) {
        ignored[i] = json_string_value(json_array_get(paths, i));
        if (ignored[i] == NULL || strlen(ignored[i]) > TEXT_PATH_LIMIT)
            return error_set(err, ERROR_SIGNATURE,
                             "its \"ignore_paths\" has what is no path");
    }
    out->ignored = ignored;
    out->ignored_count = count;
    return 0;
}

static int
parse_serialization(struct signature *out, struct arena *arena, json_t *value,
                    struct error *err)
{
    static const char *const names[] = {"method", "hash_type", "allow_symlinks",
                                        "ignore_paths", NULL};
    static const char *const shard_names[] = {"method",         "hash_type",
                                              "allow_symlinks", "ignore_paths",
                                              "shard_size",     NULL};
    const char *method = json_text(value, "method");

    out->is_sharded = method != NULL && strcmp(method, "shards") == 0;
    if (check_object(value, "serialization",
                     out->is_sharded ? shard_names : names, err) < 0)
        return -1;
    if (!out->is_sharded && check_text(value, "method", "files", err) < 0)
        return -1;
    if (check_text(value, "hash_type", "sha256", err) < 0)
        return -1;
    if (!json_is_boolean(json_object_get(value, "allow_symlinks")))
        return error_set(err, ERROR_SIGNATURE,
                         "its \"allow_symlinks\" is neither true nor false");
    return parse_ignored(out, arena, json_object_get(value, "ignore_paths"),
                         err);
}

/* Reads the number between two colons, or after the last one; -1 for none. */
static int64_t
parse_place(const char *text, size_t length)
{
    int64_t value = 0;

    if (length == 0 || length > 18 || (length > 1 && text[0] == '0'))
        return -1;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* Splits "path:begin:end" at its last two colons. */
static int
split_shard(struct signature_file *out, struct arena *arena, const char *name,
            struct error *err)
{
    const char *second = strrchr(name, ':');
    const char *first =
        second != NULL ? memrchr(name, ':', (size_t)(second - name)) : NULL;
    int64_t begin = -1;
    int64_t end = -1;

    if (first != NULL) {
        begin = parse_place(first + 1, (size_t)(second - first - 1));
        end = parse_place(second + 1, strlen(second + 1));
    }
    if (begin < 0 || end <= begin)
        return error_set(err, ERROR_SIGNATURE,
                         "\"%.200s\" is not PATH:BEGIN:END", name);
    out->name = arena_bytes(arena, name, (size_t)(first - name));
    out->begin = (uint64_t)begin;
    out->end = (uint64_t)end;
    return 0;
}

/* The reference names shards' algorithm "sha256-sharded-SIZE". */
static int
check_algorithm(const json_t *value, bool is_sharded, struct error *err)
{
    const char *text = json_text(value, "algorithm");
    const char *head = "sha256-sharded-";

    if (is_sharded && text != NULL && strncmp(text, head, strlen(head)) == 0 &&
        parse_place(text + strlen(head), strlen(text + strlen(head))) > 0)
        return 0;
    return check_text(value, "algorithm", "sha256", err);
}

static int
parse_resource(struct signature_file *out, struct arena *arena, json_t *value,
               bool is_sharded, struct error *err)
{
    static const char *const names[] = {"name", "algorithm", "digest", NULL};

    if (check_object(value, "resource", names, err) < 0 ||
        check_algorithm(value, is_sharded, err) < 0 ||
        parse_digest(&out->digest, value, "digest", err) < 0)
        return -1;
    out->name = json_text(value, "name");
    if (out->name == NULL || strlen(out->name) > NAME_LIMIT)
        return error_set(err, ERROR_SIGNATURE, "a resource has no name");
    if (is_sharded)
        return split_shard(out, arena, out->name, err);
    return 0;
}

static int
parse_predicate(struct signature *out, struct arena *arena, json_t *predicate,
                struct error *err)
{
    static const char *const names[] = {"serialization", "resources", NULL};
    const json_t *resources = json_object_get(predicate, "resources");
    size_t count = json_array_size(resources);
    struct signature_file *files;

    if (check_object(predicate, "predicate", names, err) < 0 ||
        parse_serialization(
            out, arena, json_object_get(predicate, "serialization"), err) < 0)
        return -1;
    if (count == 0 || count > SIGNATURE_FILES_LIMIT)
        return error_set(err, ERROR_SIGNATURE, "it lists not 1 to %d files",
                         SIGNATURE_FILES_LIMIT);
    files = arena_array(arena, count, sizeof(*files));
    for (size_t i = 0; i < count; i++)
        if (parse_resource(&files[i], arena, json_array_get(resources, i),
                           out->is_sharded, err) < 0)
            return -1;
    out->files = files;
    out->count = count;
    return 0;
}

int
statement_parse(struct signature *out, struct arena *arena, const char *bytes,
                size_t length, struct error *err)
{
    static const char *const names[] = {"_type", "subject", "predicateType",
                                        "predicate", NULL};
    struct digest root;
    json_t *value;

    if (json_read(&value, arena, bytes, length, err) < 0)
        return error_set(err, ERROR_SIGNATURE, "its statement is no JSON");
    if (check_object(value, "statement", names, err) < 0 ||
        check_text(value, "_type", TYPE, err) < 0 ||
        check_text(value, "predicateType", PREDICATE_TYPE, err) < 0 ||
        parse_subject(out, json_object_get(value, "subject"), err) < 0 ||
        parse_predicate(out, arena, json_object_get(value, "predicate"), err) <
            0)
        return -1;
    find_root(&root, out);
    if (!digest_is_equal(&root, &out->root))
        return error_set(err, ERROR_SIGNATURE,
                         "its root digest is not that of its files");
    return 0;
}
