#include "auth/form.h"

#include <string.h>

#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

/* A gated model whose card asks for something, and the form that comes out. */
struct fixture {
    struct db *db;
    struct arena *arena;
    int64_t repository;
    struct gate_settings settings;
    struct form form;
    json_t *answers; /* that were taken */
    struct error err;
};

static struct fixture
fixture_open(const char *card)
{
    struct fixture f = {.db = test_database_open(), .arena = arena_open()};

    f.repository = seed_model(seed_account("acme"), "tiny");
    seed("INSERT INTO gate (repository, mode) VALUES (%lld, 'manual')",
         (long long)f.repository);
    if (card != NULL)
        seed("INSERT INTO catalog (repository, head, card)"
             " VALUES (%lld, decode(repeat('ab', 20), 'hex'), '%s')",
             (long long)f.repository, card);
    return f;
}

static void
fixture_free(struct fixture *f)
{
    arena_free(f->arena);
    db_free(f->db);
}

static int
find(struct fixture *f)
{
    CHECK(gate_settings_find(&f->settings, f->db, f->arena, f->repository,
                             &f->err) == 0);
    return form_find(&f->form, f->db, f->arena, f->repository, &f->settings,
                     &f->err);
}

/* Whether answers, as JSON, are taken; what is wrong is in f->err. */
static bool
is_taken(struct fixture *f, const char *answers)
{
    json_t *given;

    f->err.message[0] = '\0';
    CHECK(json_read(&given, f->arena, answers, strlen(answers), &f->err) == 0);
    return form_check_answers(&f->answers, f->arena, &f->form, given,
                              "192.0.2.7", &f->err) == 0;
}

static const char *
taken(struct fixture *f, const char *label)
{
    return json_text(f->answers, label);
}

TEST(a_form_is_the_gates_own_and_the_cards_where_that_is_silent)
{
    struct fixture f = fixture_open("{\"extra_gated_prompt\": \"card prompt\","
                                    " \"extra_gated_heading\": \"card head\","
                                    " \"extra_gated_button_content\": \"Send\","
                                    " \"extra_gated_fields\":"
                                    " {\"Name\": \"text\"}}");

    CHECK(find(&f) == 0);
    CHECK_TEXT(f.form.prompt, "card prompt");
    CHECK_TEXT(f.form.heading, "card head");
    CHECK(f.form.description == NULL);
    CHECK_TEXT(f.form.button, "Send");
    CHECK(f.form.count == 1);
    CHECK_TEXT(f.form.commit, "abababababababababababababababababababab");
    seed("UPDATE gate SET form = '{\"prompt\": \"gate prompt\"}',"
         " questions = '{\"City\": \"text\", \"Purpose\": \"text\"}'");
    CHECK(find(&f) == 0);
    CHECK_TEXT(f.form.prompt, "gate prompt");
    CHECK_TEXT(f.form.heading, "card head");
    CHECK(f.form.count == 2);
    CHECK_TEXT(f.form.fields[0].label, "City");
    fixture_free(&f);
}

TEST(a_gate_without_a_card_asks_nothing_and_has_a_button)
{
    struct fixture f = fixture_open(NULL);

    CHECK(find(&f) == 0);
    CHECK(f.form.count == 0 && f.form.prompt == NULL);
    CHECK_TEXT(f.form.button, "Agree and access repository");
    CHECK(f.form.commit == NULL);
    CHECK(is_taken(&f, "{\"Name\": \"left out\"}"));
    CHECK(json_object_size(f.answers) == 0);
    fixture_free(&f);
}

TEST(a_card_whose_questions_cannot_be_understood_gives_no_form)
{
    struct fixture f =
        fixture_open("{\"extra_gated_fields\": {\"Name\": \"riddle\"}}");

    /* Better no requests than requests without their questions. */
    CHECK(find(&f) < 0);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    seed("UPDATE catalog SET card = '{\"extra_gated_fields\": [1]}'");
    CHECK(find(&f) == 0 && f.form.count == 0);
    fixture_free(&f);
}

TEST(click_asks_none_of_the_cards_questions)
{
    struct fixture f =
        fixture_open("{\"extra_gated_fields\": {\"Name\": \"text\"}}");

    seed("UPDATE gate SET mode = 'click'");
    CHECK(find(&f) == 0 && f.form.count == 0);
    fixture_free(&f);
}

/* A card with one question of the type. */
static struct fixture
ask(const char *type)
{
    struct fixture f = fixture_open("{}");

    seed("UPDATE gate SET questions = '{\"Q\": %s}'", type);
    CHECK(find(&f) == 0 && f.form.count == 1);
    return f;
}

/* Whether a refusal names the question and says these words. */
static bool
is_refused(struct fixture *f, const char *answers, const char *words)
{
    bool result = !is_taken(f, answers) && f->err.code == ERROR_BAD_REQUEST &&
                  strstr(f->err.message, "the question \"Q\"") != NULL &&
                  strstr(f->err.message, words) != NULL;

    if (!result)
        CHECK_TEXT(f->err.message, words);
    return result;
}

TEST(an_answer_that_shows_as_nothing_is_none)
{
    struct fixture f = ask("\"text\"");

    CHECK(is_refused(&f, "{}", "has no answer"));
    CHECK(is_refused(&f, "{\"Q\": \"\"}", "has no answer"));
    CHECK(is_refused(&f, "{\"Q\": 7}", "has no answer"));
    CHECK(is_refused(&f, "{\"Q\": null}", "has no answer"));
    CHECK(is_refused(&f, "{\"Q\": \" \\t\\r\\n\"}", "has no answer"));
    CHECK(is_refused(&f, "{\"Q\": \"\\u00a0 \\u200b\\u3000\\ufeff\"}",
                     "has no answer"));
    CHECK(is_taken(&f, "{\"Q\": \"\\u00a0x\"}"));
    fixture_free(&f);
}

TEST(an_answer_moves_no_terminal_and_has_a_limit)
{
    struct fixture f = ask("\"text\"");
    char *longest = arena_alloc(f.arena, FORM_ANSWER_LIMIT + 2);

    CHECK(is_refused(&f, "{\"Q\": \"a\\u001b[2J\"}", "control character"));
    CHECK(is_refused(&f, "{\"Q\": \"a\\u007f\"}", "control character"));
    CHECK(is_refused(&f, "{\"Q\": \"a\\u009b2J\"}", "control character"));
    CHECK(is_taken(&f, "{\"Q\": \"two\\r\\n\\tlines of \\u00e9\"}"));
    CHECK_TEXT(taken(&f, "Q"), "two\r\n\tlines of \xc3\xa9");
    memset(longest, 'x', FORM_ANSWER_LIMIT);
    longest[FORM_ANSWER_LIMIT] = '\0';
    CHECK(is_taken(&f, arena_format(f.arena, "{\"Q\": \"%s\"}", longest)));
    CHECK(is_refused(&f, arena_format(f.arena, "{\"Q\": \"%sx\"}", longest),
                     "too long"));
    fixture_free(&f);
}

TEST(a_box_is_ticked_by_on_or_true_and_by_nothing_else)
{
    static const char *const ticked[] = {"true", "\"true\"", "\"on\""};
    static const char *const others[] = {"\"off\"", "\"yes\"", "\"false\""};
    struct fixture f = ask("\"checkbox\"");

    for (size_t i = 0; i < 3; i++) {
        CHECK(is_taken(&f, arena_format(f.arena, "{\"Q\": %s}", ticked[i])));
        CHECK_TEXT(taken(&f, "Q"), "on");
        CHECK(is_refused(&f, arena_format(f.arena, "{\"Q\": %s}", others[i]),
                         "is not ticked"));
    }
    CHECK(is_refused(&f, "{\"Q\": false}", "has no answer"));
    fixture_free(&f);
}

TEST(a_date_a_country_and_a_choice_are_what_they_are_called)
{
    struct fixture date = ask("\"date_picker\"");
    struct fixture country = ask("\"country\"");
    struct fixture choice =
        ask("{\"type\": \"select\", \"options\": [\"Research\","
            " {\"label\": \"Something else\", \"value\": \"other\"}]}");

    CHECK(is_taken(&date, "{\"Q\": \"2026-11-24\"}"));
    CHECK(is_refused(&date, "{\"Q\": \"2026-02-30\"}", "wants a date"));
    CHECK(
        is_refused(&date, "{\"Q\": \"2026-11-24T00:00:00Z\"}", "wants a date"));
    CHECK(is_taken(&country, "{\"Q\": \"CH\"}"));
    CHECK(is_refused(&country, "{\"Q\": \"Switzerland\"}",
                     "wants a country's code"));
    CHECK(is_taken(&choice, "{\"Q\": \"other\"}"));
    CHECK(is_refused(&choice, "{\"Q\": \"Something else\"}",
                     "has none of its options"));
    fixture_free(&choice);
    fixture_free(&country);
    fixture_free(&date);
}

TEST(where_somebody_asks_from_is_not_theirs_to_say)
{
    struct fixture f = ask("\"ip_location\"");
    json_t *none = json_keep(f.arena, json_object());

    CHECK(is_taken(&f, "{\"Q\": \"Atlantis\"}"));
    CHECK_TEXT(taken(&f, "Q"), "192.0.2.7");
    CHECK(form_check_answers(&f.answers, f.arena, &f.form, none, NULL,
                             &f.err) == 0);
    CHECK_TEXT(taken(&f, "Q"), "unknown");
    fixture_free(&f);
}

TEST(a_form_is_shown_with_the_options_of_its_choices)
{
    struct fixture f =
        ask("{\"type\": \"select\", \"options\": [\"Research\","
            " {\"label\": \"Something else\", \"value\": \"other\"}]}");
    json_t *shown = form_to_json(&f.form, f.arena);

    CHECK_TEXT(json_write(NULL, f.arena, json_object_get(shown, "questions")),
               "[{\"label\":\"Q\",\"type\":\"select\",\"options\":"
               "[{\"label\":\"Research\",\"value\":\"Research\"},"
               "{\"label\":\"Something else\",\"value\":\"other\"}]}]");
    CHECK(json_is_null(json_object_get(shown, "prompt")));
    fixture_free(&f);
}
