#include "storage/git/rules.h"

#include <string.h>

#include "tests/check.h"

static bool
ignores(const char *lines, const char *path)
{
    struct arena *arena = arena_open();
    struct rules rules;
    bool result;

    rules_parse_ignore(&rules, arena, lines, strlen(lines));
    result = rules_is_ignored(&rules, path);
    arena_free(arena);
    return result;
}

static bool
weighs(const char *lines, const char *path)
{
    struct arena *arena = arena_open();
    struct rules rules;
    bool result;

    rules_parse_weights(&rules, arena, lines, strlen(lines));
    result = rules_is_weights(&rules, path);
    arena_free(arena);
    return result;
}

TEST(a_name_is_ignored_at_any_depth_and_a_path_at_its_place)
{
    CHECK(ignores("*.log\n", "a.log"));
    CHECK(ignores("*.log\n", "x/y/a.log"));
    CHECK(!ignores("*.log\n", "a.log.txt"));
    CHECK(ignores("/build\n", "build"));
    CHECK(!ignores("/build\n", "x/build"));
    CHECK(ignores("x/y\n", "x/y"));
    CHECK(!ignores("x/y\n", "z/x/y"));
    CHECK(!ignores("# *.log\n\n", "a.log"));
}

/* A rule that takes long, and one that comes to its turn only afterwards. */
static bool
weighs_behind(const char *slow, struct rules *rules, struct arena *arena)
{
    const char *lines =
        arena_format(arena, "*.bin filter=lfs\n%s filter=lfs\n", slow);

    rules_parse_weights(rules, arena, lines, strlen(lines));
    return rules_is_weights(rules, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bin");
}

TEST(a_pattern_that_takes_too_long_fits_nothing)
{
    struct arena *arena = arena_open();
    char *class = arena_alloc(arena, 200000);
    struct rules rules;

    CHECK(weighs_behind("x*", &rules, arena));
    CHECK(!weighs_behind("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", &rules, arena));
    /* A class costs as much as it has letters. */
    memset(class, 'b', 199998);
    class[0] = '[';
    class[199998] = ']';
    CHECK(!weighs_behind(arena_format(arena, "*%s", class), &rules, arena));
    arena_free(arena);
}

TEST(paths_together_have_a_bound_behind_which_nothing_fits)
{
    struct arena *arena = arena_open();
    struct rules rules;
    int64_t before;

    CHECK(weighs_behind("x*", &rules, arena));
    before = rules.steps_left;
    CHECK(before > 0 && before < RULES_STEPS);
    CHECK(rules_is_weights(&rules, "a.bin"));
    CHECK(rules.steps_left < before);
    CHECK(!rules_is_ignored(&rules, "y"));
    rules.steps_left = 3;
    CHECK(!rules_is_weights(&rules, "a.bin"));
    CHECK(rules.steps_left == 0);
    CHECK(!rules_is_weights(&rules, "x"));
    CHECK(!rules_is_ignored(&rules, "x/y"));
    CHECK(rules.steps_left == 0);
    arena_free(arena);
}

TEST(a_folder_is_ignored_with_all_that_is_in_it)
{
    CHECK(ignores("cache/\n", "cache/a/b"));
    CHECK(ignores("cache/\n", "x/cache/a"));
    CHECK(!ignores("cache/\n", "cache"));
    CHECK(ignores("node_modules\n", "node_modules/a.js"));
}

TEST(a_later_rule_takes_back_an_earlier_one)
{
    CHECK(!ignores("*.log\n!keep.log\n", "keep.log"));
    CHECK(ignores("!keep.log\n*.log\n", "keep.log"));
    CHECK(ignores("x/\n!x/keep\n", "x/keep"));
}

TEST(stars_classes_and_escapes_are_gits)
{
    CHECK(ignores("**/foo\n", "foo"));
    CHECK(ignores("**/foo\n", "a/b/foo"));
    CHECK(ignores("a/**/b\n", "a/b"));
    CHECK(ignores("a/**/b\n", "a/x/y/b"));
    CHECK(ignores("a/**\n", "a/x/y"));
    CHECK(!ignores("a/*\n", "b/a"));
    CHECK(ignores("[a-c]?.txt\n", "bz.txt"));
    CHECK(!ignores("[!a-c]?.txt\n", "bz.txt"));
    CHECK(!ignores("[a-c\n", "a"));
    CHECK(ignores("\\!x\n", "!x"));
    CHECK(!ignores("?\n", "/"));
}

TEST(a_hostile_pattern_ends)
{
    char pattern[4097];

    for (size_t i = 0; i < 4096; i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[4096] = '\0';
    CHECK(!ignores(pattern, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
}

TEST(the_default_attributes_make_weights_of_what_the_hub_does)
{
    const char *lines = rules_default();

    CHECK(weighs(lines, "model.safetensors"));
    CHECK(weighs(lines, "a/b/model.gguf"));
    CHECK(weighs(lines, "saved_model/x/y.txt"));
    CHECK(weighs(lines, "events.out.tfevents.1"));
    CHECK(weighs(lines, "x.tar.gz"));
    CHECK(!weighs(lines, "README.md"));
    CHECK(!weighs(lines, "config.json"));
    CHECK(!weighs("*.bin filter=lfs -text\nsmall.bin -filter\n", "small.bin"));
    CHECK(!weighs("*.bin text\n", "a.bin"));
}
