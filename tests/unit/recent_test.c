#include "storage/git/recent.h"

#include <string.h>

#include "tests/check.h"

static const char bytes[RECENT_LIMIT_BYTES + 1];

/* So many that some stand in one place. */
#define MANY (20 * RECENT_PLACES)

static struct recent_key
key_of(int64_t repository, int target, const char *path)
{
    struct recent_key key = {.repository = repository, .path = path};

    memcpy(key.target.bytes, &target, sizeof(target));
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
    struct recent_key key = key_of(0, 0, "0");
    struct recent_file file;

    CHECK(!recent_find(&file, recent, arena, &key));
    add(recent, &key, "abc", 3);
    CHECK(recent_find(&file, recent, arena, &key));
    CHECK(file.length == 3);
    CHECK(memcmp(file.bytes, "abc", 4) == 0);
    CHECK(strcmp(file.entry.path, "0") == 0);
    for (int i = 1; i < MANY; i++) {
        const struct recent_key others[] = {
            key_of(i, 0, "0"),
            key_of(0, i, "0"),
            key_of(0, 0, arena_format(arena, "%d", i)),
        };

        for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++)
            CHECK(!recent_find(&file, recent, arena, &others[k]));
    }
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
