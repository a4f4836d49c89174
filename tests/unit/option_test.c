#include <string.h>

#include "cli/command/command.h"
#include "cli/command/option.h"
#include "tests/check.h"

static const struct option_row rows[] = {
    {"gate", "MODE", "who decides", false},
    {"answer", "LABEL=V", "an answer", true},
    {"days", "N", "how long", false},
    {"wait", NULL, "wait", false},
    {"n", "N", "as --days", false},
    {0},
};
static const struct option_row common[] = {
    {"help", NULL, "help", false},
    {0},
};
static const struct option_row *const tables[2] = {rows, common};

static int
parse(struct options *out, struct arena *arena, char *const *arguments,
      struct error *err)
{
    int count = 0;

    while (arguments[count] != NULL)
        count++;
    return option_parse(out, arena, tables, count, arguments, err);
}

TEST(options_and_words_may_be_mixed)
{
    char *const arguments[] = {"acme/tiny", "--gate",  "manual",
                               "--wait",    "LICENSE", NULL};
    struct arena *arena = arena_open();
    struct options options;
    struct error err;

    CHECK(parse(&options, arena, arguments, &err) == 0);
    CHECK(options.word_count == 2);
    CHECK_TEXT(options.words[0], "acme/tiny");
    CHECK_TEXT(options.words[1], "LICENSE");
    CHECK_TEXT(option_text(&options, "gate"), "manual");
    CHECK(option_has(&options, "wait"));
    CHECK(!option_has(&options, "answer"));
    arena_free(arena);
}

TEST(a_value_may_follow_an_equals_sign_and_may_be_empty)
{
    char *const arguments[] = {"--gate=", "--answer=Purpose=a=b", "--answer",
                               "Age=3", NULL};
    struct arena *arena = arena_open();
    struct options options;
    struct error err;

    CHECK(parse(&options, arena, arguments, &err) == 0);
    CHECK_TEXT(option_text(&options, "gate"), "");
    CHECK_TEXT(option_at(&options, "answer", 0), "Purpose=a=b");
    CHECK_TEXT(option_at(&options, "answer", 1), "Age=3");
    CHECK(option_at(&options, "answer", 2) == NULL);
    arena_free(arena);
}

TEST(two_dashes_end_the_options)
{
    char *const arguments[] = {"--", "--gate", "-", "-x", NULL};
    struct arena *arena = arena_open();
    struct options options;
    struct error err;

    CHECK(parse(&options, arena, arguments, &err) == 0);
    CHECK(options.word_count == 3);
    CHECK_TEXT(options.words[0], "--gate");
    arena_free(arena);
}

TEST(what_is_not_in_the_table_is_refused_by_name)
{
    static char *const cases[][3] = {
        {"--gates", NULL, NULL},        {"-x", NULL, NULL},
        {"--gate", NULL, NULL},         {"--wait=yes", NULL, NULL},
        {"--gate=a", "--gate=b", NULL}, {"--gat", "x", NULL},
    };
    static const char *const messages[] = {
        "unknown option --gates",     "unknown option -x",
        "--gate needs a value: MODE", "--wait takes no value",
        "--gate is given twice",      "unknown option --gat",
    };
    struct arena *arena = arena_open();
    struct options options;
    struct error err;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK(parse(&options, arena, cases[i], &err) == -1);
        CHECK(err.code == ERROR_USAGE);
        CHECK_TEXT(err.message, messages[i]);
    }
    arena_free(arena);
}

TEST(a_number_outside_its_bounds_is_refused)
{
    static const char *const values[] = {"0", "366", "1x",
                                         "",  "1e2", "99999999999999999999"};
    const int64_t bounds[2] = {1, 365};
    struct arena *arena = arena_open();
    struct options options;
    struct error err;
    int64_t days;

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char *const arguments[] = {"--days", (char *)values[i], NULL};

        CHECK(parse(&options, arena, arguments, &err) == 0);
        CHECK(option_number(&days, &options, "days", 7, bounds, &err) == -1);
        CHECK(err.code == ERROR_USAGE);
    }
    CHECK(option_number(&days, &options, "wait", 7, bounds, &err) == 0);
    CHECK(days == 7);
    arena_free(arena);
}

TEST(every_kind_of_error_has_its_exit_status)
{
    static const struct {
        enum error_code code;
        int status;
    } cases[] = {
        {ERROR_CONFLICT, 1},      {ERROR_FORBIDDEN, 1},
        {ERROR_USAGE, 2},         {ERROR_GATED, 3},
        {ERROR_NOT_FOUND, 4},     {ERROR_REPO_NOT_FOUND, 4},
        {ERROR_SIGNATURE, 5},     {ERROR_DIGEST_MISMATCH, 5},
        {ERROR_NETWORK, 6},       {ERROR_NO_SPACE, 7},
        {ERROR_BUSY, 6},          {ERROR_TOO_MANY, 6},
        {ERROR_INTERRUPTED, 130},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err;

        error_set(&err, cases[i].code, NULL);
        CHECK(command_exit_status(&err) == cases[i].status);
    }
}

TEST(a_name_of_one_letter_takes_one_dash)
{
    char *const arguments[] = {"-n", "-1", NULL};
    char *const unknown[] = {"-x", NULL};
    struct arena *arena = arena_open();
    struct options options;
    struct error err;

    CHECK(parse(&options, arena, arguments, &err) == 0);
    CHECK_TEXT(option_text(&options, "n"), "-1");
    CHECK(parse(&options, arena, unknown, &err) == -1);
    CHECK_TEXT(err.message, "unknown option -x");
    arena_free(arena);
}
