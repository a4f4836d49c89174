#include "storage/content/manifest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/blob/blob.h"

#define NAME_LIMIT 63 /* of a table: PostgreSQL's NAMEDATALEN - 1 */
#define SEQUENCES_LIMIT 256
#define LEVEL_LIMIT 9999

static json_t *
part_to_json(const struct manifest_part *part)
{
    char digest[DIGEST_TEXT_SIZE];

    digest_write(digest, &part->digest);
    return json_pack("{s:s, s:I, s:s}", "name", part->name, "size",
                     (json_int_t)part->size_bytes, "sha256", digest);
}

char *
manifest_write(size_t *out_length, struct arena *arena,
               const struct manifest *manifest)
{
    json_t *tables = json_array();
    json_t *sequences = json_object();
    char since[DIGEST_TEXT_SIZE];
    char made_at[CLOCK_TEXT_SIZE];

    for (size_t i = 0; i < manifest->table_count; i++)
        json_array_append_new(tables, part_to_json(&manifest->tables[i]));
    for (size_t i = 0; i < manifest->sequence_count; i++)
        json_object_set_new(sequences, manifest->sequences[i].name,
                            json_integer(manifest->sequences[i].value));
    digest_write(since, &manifest->since);
    clock_write(made_at, manifest->made_at_ms);
    return json_write(
        out_length, arena,
        json_keep(arena, json_pack("{s:s, s:s, s:i, s:o, s:o, s:o, s:o}",
                                   "format", MANIFEST_FORMAT, "made_at",
                                   made_at, "level", manifest->level, "since",
                                   manifest->has_since ? json_string(since)
                                                       : json_null(),
                                   "list", part_to_json(&manifest->list),
                                   "tables", tables, "sequences", sequences)));
}

static int
refuse(struct error *err, const char *what)
{
    return error_set(err, ERROR_BAD_REQUEST, "manifest.json: %s", what);
}

static int
parse_part(struct manifest_part *out, const json_t *json, struct error *err)
{
    const char *digest = json_text(json, "sha256");
    int64_t size = json_number(json, "size", -1);

    out->name = json_text(json, "name");
    if (out->name == NULL || strlen(out->name) > NAME_LIMIT || size < 0 ||
        digest == NULL || !digest_parse(&out->digest, digest))
        return refuse(err, "a name, size or sha256 is wrong");
    out->size_bytes = (uint64_t)size;
    return 0;
}

static int
parse_tables(struct manifest *out, struct arena *arena, const json_t *tables,
             struct error *err)
{
    out->table_count = json_array_size(tables);
    if (out->table_count > DUMP_TABLES_LIMIT)
        return refuse(err, "too many tables");
    out->tables = arena_array(arena, out->table_count, sizeof(*out->tables));
    for (size_t i = 0; i < out->table_count; i++)
        if (parse_part(&out->tables[i], json_array_get(tables, i), err) < 0)
            return -1;
    return 0;
}

static int
parse_sequences(struct manifest *out, struct arena *arena, json_t *sequences,
                struct error *err)
{
    const char *name;
    json_t *value;
    size_t i = 0;

    out->sequence_count = json_object_size(sequences);
    if (out->sequence_count > SEQUENCES_LIMIT)
        return refuse(err, "too many sequences");
    out->sequences =
        arena_array(arena, out->sequence_count, sizeof(*out->sequences));
    json_object_foreach(sequences, name, value)
    {
        if (strlen(name) > NAME_LIMIT || !json_is_integer(value) ||
            json_integer_value(value) < 0)
            return refuse(err, "a sequence is wrong");
        out->sequences[i++] =
            (struct dump_sequence){name, json_integer_value(value)};
    }
    return 0;
}

static int
parse_since(struct manifest *out, const json_t *json, struct error *err)
{
    const char *since = json_text(json, "since");

    if (json_is_null(json_object_get(json, "since")))
        return 0;
    out->has_since = since != NULL && digest_parse(&out->since, since);
    return out->has_since ? 0 : refuse(err, "since is no SHA-256");
}

int
manifest_parse(struct manifest *out, struct arena *arena, const char *bytes,
               size_t length, struct error *err)
{
    const char *format;
    const char *made_at;
    int64_t level;
    json_t *json;

    *out = (struct manifest){0};
    if (json_read(&json, arena, bytes, length, err) < 0)
        return -1;
    format = json_text(json, "format");
    if (format == NULL || strcmp(format, MANIFEST_FORMAT) != 0)
        return refuse(err, "not of a format that this weighd reads");
    level = json_number(json, "level", 0);
    made_at = json_text(json, "made_at");
    if (level < 1 || level > LEVEL_LIMIT || made_at == NULL ||
        !clock_parse(&out->made_at_ms, made_at))
        return refuse(err, "the level or the time is wrong");
    out->level = (int)level;
    if (parse_since(out, json, err) < 0 ||
        parse_part(&out->list, json_object_get(json, "list"), err) < 0 ||
        parse_tables(out, arena, json_object_get(json, "tables"), err) < 0)
        return -1;
    if (out->list.size_bytes > MANIFEST_LIST_LIMIT)
        return refuse(err, "blobs.list is over the limit");
    return parse_sequences(out, arena, json_object_get(json, "sequences"), err);
}

void
manifest_write_line(struct buffer *buffer, const struct dump_blob *blob)
{
    char digest[DIGEST_TEXT_SIZE];

    digest_write(digest, &blob->digest);
    buffer_append_format(buffer, "%s %s %" PRIu64 "\n", blob->name, digest,
                         blob->size_bytes);
}

/* A number as it is written: digits alone, no zero before others. */
static bool
parse_size(uint64_t *out, const char *text)
{
    char *end;

    if (*text < '0' || *text > '9' || (*text == '0' && text[1] != '\0') ||
        strlen(text) > 18)
        return false;
    *out = strtoull(text, &end, 10);
    return *end == '\0';
}

/* Takes a line apart, in place. */
static bool
parse_line(struct dump_blob *out, char *line)
{
    char *digest = strchr(line, ' ');
    char *size = digest != NULL ? strchr(digest + 1, ' ') : NULL;

    if (size == NULL)
        return false;
    *digest++ = '\0';
    *size++ = '\0';
    out->name = line;
    return blob_name_is_valid(line) && digest_parse(&out->digest, digest) &&
           parse_size(&out->size_bytes, size);
}

int
manifest_parse_list(struct dump_blob **out, size_t *out_count,
                    struct arena *arena, const char *bytes, size_t length,
                    struct error *err)
{
    char *at = arena_bytes(arena, bytes, length);
    struct dump_blob *blobs;
    size_t lines = 0;

    if (strlen(at) != length || (length > 0 && at[length - 1] != '\n'))
        return error_set(err, ERROR_BAD_REQUEST, "blobs.list: not lines");
    for (size_t i = 0; i < length; i++)
        lines += at[i] == '\n';
    blobs = arena_array(arena, lines, sizeof(*blobs));
    for (size_t i = 0; i < lines; i++) {
        char *end = strchr(at, '\n');

        *end = '\0';
        if (!parse_line(&blobs[i], at) ||
            (i > 0 && strcmp(blobs[i - 1].name, blobs[i].name) >= 0))
            return error_set(err, ERROR_BAD_REQUEST,
                             "blobs.list: line %zu is wrong", i + 1);
        at = end + 1;
    }
    *out = blobs;
    *out_count = lines;
    return 0;
}

static int
compare(const void *name, const void *blob)
{
    return strcmp(name, ((const struct dump_blob *)blob)->name);
}

const struct dump_blob *
manifest_find(const struct dump_blob *blobs, size_t count, const char *name)
{
    return count == 0 ? NULL
                      : bsearch(name, blobs, count, sizeof(*blobs), compare);
}
