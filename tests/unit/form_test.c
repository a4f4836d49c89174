/*
 * Answers to a gate's questions, as anybody may send them.
 */
#include "auth/form.h"

#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/json.h"
#include "tests/check.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct card_option options[] = {{"Research", "research"},
                                             {"Other", "other"}};
static const struct card_field fields[] = {
    {.label = "Name", .type = CARD_TEXT},
    {.label = "I agree", .type = CARD_CHECKBOX},
    {.label = "Born", .type = CARD_DATE},
    {.label = "Country", .type = CARD_COUNTRY},
    {.label = "Purpose",
     .type = CARD_SELECT,
     .options = options,
     .option_count = LENGTH(options)},
    {.label = "Address", .type = CARD_IP_LOCATION},
};
static const struct form form = {.fields = fields, .count = LENGTH(fields)};

/* Answers that will do, but for one: a new reference in the arena. */
static json_t *
answers(struct arena *arena, const char *label, json_t *value)
{
    json_t *given = json_keep(
        arena, json_pack("{s:s, s:s, s:s, s:s, s:s}", "Name", "A. Person",
                         "I agree", "on", "Born", "2000-02-29", "Country", "CH",
                         "Purpose", "research"));

    if (label != NULL)
        json_object_set_new(given, label, value);
    return given;
}

/* The refusal that this answer gets; "" for none. */
static const char *
fault(struct arena *arena, const char *label, json_t *value)
{
    struct error err = {0};
    json_t *kept;

    if (form_check_answers(&kept, arena, &form, answers(arena, label, value),
                           "192.0.2.1", &err) == 0)
        return "";
    CHECK(err.code == ERROR_BAD_REQUEST);
    CHECK(strstr(err.message, label) != NULL);
    return arena_text(arena, err.message);
}

static bool
is_told(const char *label, json_t *value, const char *says)
{
    struct arena *arena = arena_open();
    const char *text = fault(arena, label, value);
    bool result =
        says[0] == '\0' ? text[0] == '\0' : strstr(text, says) != NULL;

    if (!result)
        CHECK_TEXT(text, says);
    arena_free(arena);
    return result;
}

TEST(answers_that_will_do_are_kept_with_the_address_as_it_was_seen)
{
    struct arena *arena = arena_open();
    json_t *given = answers(arena, "Address", json_string("203.0.113.9"));
    struct error err;
    json_t *kept;

    json_object_set_new(given, "More", json_string("not asked"));
    CHECK(form_check_answers(&kept, arena, &form, given, "192.0.2.1", &err) ==
          0);
    CHECK(json_object_size(kept) == LENGTH(fields));
    CHECK_TEXT(json_text(kept, "Address"), "192.0.2.1");
    CHECK_TEXT(json_text(kept, "Name"), "A. Person");
    arena_free(arena);
}

TEST(an_answer_that_shows_nothing_is_none)
{
    static const char *const blanks[] = {
        "",
        " ",
        "\t\r\n",
        "\xc2\xa0",                              /* no-break space */
        "\xe2\x80\x8b",                          /* zero width space */
        "\xe2\x80\x80 \xe2\x80\x8a",             /* en quad, hair space */
        "\xe3\x80\x80",                          /* ideographic space */
        "\xef\xbb\xbf",                          /* byte order mark */
        "\xc2\xad",                              /* soft hyphen */
        "\xe2\x81\xa0",                          /* word joiner */
        "\xe2\x80\xa8\xe2\x80\xa9",              /* line, paragraph separator */
        "\xe3\x85\xa4",                          /* Hangul filler */
        "\xe2\xa0\x80",                          /* braille of no dots */
        "\xef\xb8\x8f",                          /* variation selector */
        "\xe2\x80\xae \xe2\x80\x8f\xe1\xa0\x8e", /* directions */
        "\xf3\xa0\x81\x81",                      /* a tag */
    };

    for (size_t i = 0; i < LENGTH(blanks); i++)
        CHECK(is_told("Name", json_string(blanks[i]), "has no answer"));
    CHECK(is_told("Name", json_null(), "has no answer"));
    CHECK(is_told("Name", json_integer(1), "has no answer"));
    CHECK(is_told("Name", json_true(), "has no answer"));
    CHECK(is_told("Name", json_array(), "has no answer"));
    CHECK(is_told("Country", json_string(" "), "has no answer"));
    CHECK(is_told("Name", json_string("\xe2\x80\x8bx"), ""));
    CHECK(is_told("Name", json_string("\xe6\x9d\x8e"), ""));
}

TEST(a_control_character_in_an_answer_is_refused)
{
    static const char *const controls[] = {"a\x1b[2J",
                                           "a\x01",
                                           "a\x7f",
                                           "a\xc2\x9b"
                                           "2J",
                                           "\x08"
                                           "a",
                                           "a\x0b",
                                           "a\x0c"};

    for (size_t i = 0; i < LENGTH(controls); i++)
        CHECK(is_told("Name", json_string(controls[i]),
                      "has a control character"));
    CHECK(is_told("Purpose", json_string("research\x1b"),
                  "has a control character"));
    CHECK(is_told("Name", json_string("two\r\n\tlines"), ""));
    CHECK(is_told("Name", json_string("caf\xc3\xa9"), ""));
}

TEST(an_answer_at_the_limit_passes_and_one_byte_more_is_refused)
{
    char text[FORM_ANSWER_LIMIT + 2];

    memset(text, 'a', sizeof(text));
    text[FORM_ANSWER_LIMIT] = '\0';
    CHECK(is_told("Name", json_string(text), ""));
    text[FORM_ANSWER_LIMIT] = 'a';
    text[FORM_ANSWER_LIMIT + 1] = '\0';
    CHECK(is_told("Name", json_string(text), "is too long"));
}

TEST(an_answer_of_another_kind_than_its_question_is_refused)
{
    static const struct {
        const char *label;
        const char *answer;
        const char *says;
    } rows[] = {
        {"I agree", "off", "is not ticked"},
        {"I agree", "yes", "is not ticked"},
        {"Born", "29.2.2000", "wants a date"},
        {"Born", "2001-02-29", "wants a date"},
        {"Born", "2000-02-29T00:00:00Z", "wants a date"},
        {"Country", "Switzerland", "wants a country"},
        {"Country", "XX", "wants a country"},
        {"Purpose", "Research", "none of its options"},
        {"Purpose", "research ", "none of its options"},
    };

    for (size_t i = 0; i < LENGTH(rows); i++)
        CHECK(
            is_told(rows[i].label, json_string(rows[i].answer), rows[i].says));
    CHECK(is_told("I agree", json_false(), "has no answer"));
    CHECK(is_told("I agree", json_true(), ""));
}
