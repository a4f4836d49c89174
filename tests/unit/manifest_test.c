#include "storage/content/manifest.h"

#include <string.h>

#include "storage/base/json.h"
#include "tests/check.h"

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define BLOB ZERO ".0123456789abcdeF"

static const char good[] =
    "{\"format\":\"weighhouse-backup-1\","
    "\"made_at\":\"2026-11-24T05:23:06.000Z\",\"level\":8,\"since\":null,"
    "\"list\":{\"name\":\"blobs.list\",\"size\":0,\"sha256\":\"" ZERO "\"},"
    "\"tables\":[{\"name\":\"account\",\"size\":21,\"sha256\":\"" ZERO "\"}],"
    "\"sequences\":{\"account_id_seq\":7}}";

static int
parse(struct manifest *out, struct arena *arena, const char *text,
      struct error *err)
{
    err->message[0] = '\0';
    return manifest_parse(out, arena, text, strlen(text), err);
}

/* Whether the manifest with one member changed is refused, and why. */
static bool
is_refused(const char *member, const char *value, const char *words)
{
    struct arena *arena = arena_open();
    struct manifest manifest;
    struct error err;
    json_t *json;
    json_t *other;
    bool result;

    CHECK(json_read(&json, arena, good, strlen(good), &err) == 0);
    other = json_loads(value, JSON_DECODE_ANY, NULL);
    CHECK(other != NULL);
    json_object_set_new(json, member, other);
    result = parse(&manifest, arena, json_write(NULL, arena, json), &err) < 0 &&
             err.code == ERROR_BAD_REQUEST &&
             strstr(err.message, words) != NULL;
    if (!result)
        CHECK_TEXT(err.message, words);
    arena_free(arena);
    return result;
}

TEST(a_manifest_is_read_as_it_is_written)
{
    struct arena *arena = arena_open();
    struct manifest manifest;
    struct error err;
    size_t length;

    CHECK(parse(&manifest, arena, good, &err) == 0);
    CHECK(manifest.level == 8 && !manifest.has_since);
    CHECK(manifest.table_count == 1 && manifest.sequence_count == 1);
    CHECK(manifest.sequences[0].value == 7);
    CHECK_TEXT(manifest_write(&length, arena, &manifest), good);
    CHECK(length == strlen(good));
    arena_free(arena);
}

TEST(a_manifest_of_another_format_level_or_time_is_refused)
{
    CHECK(is_refused("format", "\"weighhouse-backup-2\"", "a format"));
    CHECK(is_refused("format", "null", "a format"));
    CHECK(is_refused("level", "0", "the level"));
    CHECK(is_refused("level", "10000", "the level"));
    CHECK(is_refused("level", "\"8\"", "the level"));
    CHECK(is_refused("made_at", "\"yesterday\"", "the time"));
    CHECK(is_refused("since", "\"abc\"", "since is no SHA-256"));
    CHECK(is_refused("since", "7", "since is no SHA-256"));
}

TEST(what_a_manifest_names_is_named_whole_and_bounded)
{
    struct buffer many = {0};

    CHECK(is_refused("list", "null", "a name, size or sha256"));
    CHECK(is_refused("list",
                     "{\"name\":\"blobs.list\",\"size\":-1,"
                     "\"sha256\":\"" ZERO "\"}",
                     "a name, size or sha256"));
    CHECK(is_refused("list",
                     "{\"name\":\"blobs.list\",\"size\":1073741825,"
                     "\"sha256\":\"" ZERO "\"}",
                     "over the limit"));
    CHECK(is_refused("tables",
                     "[{\"name\":\"a\",\"size\":1,\"sha256\":\"00\"}]",
                     "a name, size or sha256"));
    CHECK(is_refused("tables",
                     "[{\"name\":\"" ZERO "\",\"size\":1,"
                     "\"sha256\":\"" ZERO "\"}]",
                     "a name, size or sha256"));
    CHECK(is_refused("sequences", "{\"a\":-1}", "a sequence is wrong"));
    CHECK(is_refused("sequences", "{\"a\":\"1\"}", "a sequence is wrong"));
    CHECK(is_refused("sequences", "{\"" ZERO "\":1}", "a sequence is wrong"));
    for (int i = 0; i < 257; i++)
        buffer_append_format(&many, "%s\"s%d\":1", i == 0 ? "{" : ",", i);
    buffer_append_text(&many, "}");
    buffer_append(&many, "", 1);
    CHECK(is_refused("sequences", many.bytes, "too many sequences"));
    many.length = 0;
    for (int i = 0; i < DUMP_TABLES_LIMIT + 1; i++)
        buffer_append_text(&many, i == 0 ? "[1" : ",1");
    buffer_append_text(&many, "]");
    buffer_append(&many, "", 1);
    CHECK(is_refused("tables", many.bytes, "too many tables"));
    buffer_free(&many);
}

/* How many blobs a list has; -1 when it is refused. */
static int
count_blobs(const char *text)
{
    struct arena *arena = arena_open();
    struct dump_blob *blobs;
    struct error err;
    size_t count = 0;
    int result =
        manifest_parse_list(&blobs, &count, arena, text, strlen(text), &err);

    arena_free(arena);
    return result == 0 ? (int)count : -1;
}

TEST(a_list_has_each_blob_once_in_order_and_written_one_way)
{
    CHECK(count_blobs("") == 0);
    CHECK(count_blobs(BLOB " " ZERO " 0\n") == 1);
    CHECK(count_blobs(BLOB " " ZERO " 0") == -1);
    CHECK(count_blobs(BLOB " " ZERO " 0\n" BLOB " " ZERO " 0\n") == -1);
    CHECK(count_blobs(BLOB " " ZERO " 07\n") == -1);
    CHECK(count_blobs(BLOB " " ZERO " +7\n") == -1);
    CHECK(count_blobs(BLOB " " ZERO " 7x\n") == -1);
    CHECK(count_blobs(BLOB " " ZERO " 1000000000000000000\n") == -1);
    CHECK(count_blobs(BLOB " 00 7\n") == -1);
    CHECK(count_blobs("../" BLOB " " ZERO " 7\n") == -1);
    CHECK(count_blobs(BLOB "\n") == -1);
    CHECK(count_blobs("\n") == -1);
}
