#include "storage/git/recent.h"

#include <string.h>

#include "tests/check.h"

static const char bytes[RECENT_LIMIT_BYTES + 1];

static struct recent_key
key_of(int64_t repository, uint8_t target, const char *path)
{
    struct recent_key key = {.repository = repository, .path = path};

    memset(key.target.bytes, target, sizeof(key.target.bytes));
    return key;
}

static void
add(struct recent *recent, const struct recent_key *key, const char *text,
    uint64_t length)
{
    recent_add(recent, key,
               &(struct recent_file){.bytes = text, .length = length});
}

TEST(a_file_is_found_by_its_repository_revision_and_path_alone)
{
    struct recent *recent = recent_open();
    struct arena *arena = arena_open();
    struct recent_key key = key_of(1, 2, "config.json");
    struct recent_key others[] = {
        key_of(2, 2, "config.json"),
        key_of(1, 3, "config.json"),
        key_of(1, 2, "config.jso"),
    };
    struct recent_file file;

    CHECK(!recent_find(&file, recent, arena, &key));
    add(recent, &key, "abc", 3);
    CHECK(recent_find(&file, recent, arena, &key));
    CHECK(file.length == 3);
    CHECK(memcmp(file.bytes, "abc", 4) == 0);
    CHECK(strcmp(file.entry.path, "config.json") == 0);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CHECK(!recent_find(&file, recent, arena, &others[i]));
    arena_free(arena);
    recent_free(recent);
}

TEST(what_was_found_outlives_what_takes_its_place)
{
    struct recent *recent = recent_open();
    struct arena *arena = arena_open();
    struct recent_key key = key_of(1, 2, "a");
    struct recent_file file;

    add(recent, &key, "old", 3);
    CHECK(recent_find(&file, recent, arena, &key));
    add(recent, &key, "new", 3);
    CHECK(memcmp(file.bytes, "old", 4) == 0);
    CHECK(strcmp(file.entry.path, "a") == 0);
    CHECK(recent_find(&file, recent, arena, &key));
    CHECK(memcmp(file.bytes, "new", 4) == 0);
    arena_free(arena);
    recent_free(recent);
}

TEST(a_long_file_is_not_kept)
{
    struct recent *recent = recent_open();
    struct arena *arena = arena_open();
    struct recent_key key = key_of(1, 2, "a");
    struct recent_file file;

    add(recent, &key, bytes, RECENT_LIMIT_BYTES + 1);
    CHECK(!recent_find(&file, recent, arena, &key));
    add(recent, &key, bytes, RECENT_LIMIT_BYTES);
    CHECK(recent_find(&file, recent, arena, &key));
    arena_free(arena);
    recent_free(recent);
}

TEST(memory_is_bounded_whatever_is_asked_for)
{
    struct recent *recent = recent_open();
    struct arena *arena = arena_open();
    struct recent_file file;
    int kept = 0;

    for (int i = 0; i < 2 * RECENT_PLACES; i++) {
        struct recent_key key = key_of(i, 2, "a");

        add(recent, &key, "abc", 3);
    }
    for (int i = 0; i < 2 * RECENT_PLACES; i++) {
        struct recent_key key = key_of(i, 2, "a");

        kept += recent_find(&file, recent, arena, &key);
    }
    CHECK(kept > 0);
    CHECK(kept <= RECENT_PLACES);
    arena_free(arena);
    recent_free(recent);
}
