#include "auth/form.h"

#include <string.h>

#include "auth/country.h"
#include "storage/base/clock.h"
#include "storage/base/text.h"

static const char default_button[] = "Agree and access repository";

/* "2026-11-24": what a date's input sends. */
#define DATE_LENGTH 10

/* Columns of form_find.sql. */
enum {
    CARD,
    COMMIT,
};

/* A text of the gate's own form, or of the card under "extra_gated_". */
static const char *
find_text(struct arena *arena, const struct gate_settings *settings,
          const json_t *card, const char *name)
{
    const char *text = json_text(settings->form, name);
    const char *key =
        arena_format(arena, "extra_gated_%s",
                     strcmp(name, "button") == 0 ? "button_content" : name);

    return text != NULL ? text : json_text(card, key);
}

static int
find_fields(struct form *out, struct arena *arena,
            const struct gate_settings *settings, const json_t *card,
            struct error *err)
{
    const json_t *fields = settings->questions;
    struct card_field *found;

    /* "click" asks for the licence and nothing else. */
    if (strcmp(settings->mode, "click") == 0)
        return 0;
    if (fields == NULL)
        fields = json_object_get(card, "extra_gated_fields");
    if (!json_is_object(fields))
        return 0;
    if (card_parse_fields(&found, &out->count, arena, fields, err) < 0)
        return -1;
    out->fields = found;
    return 0;
}

int
form_find(struct form *out, struct db *db, struct arena *arena,
          int64_t repository, const struct gate_settings *settings,
          struct error *err)
{
    json_t *card = NULL;
    struct db_rows *rows;
    const char *text;

    *out = (struct form){.button = default_button};
    if (DB_RUN(&rows, db, arena, "form_find", err, db_int(repository)) < 0)
        return -1;
    if (db_rows_count(rows) == 1) {
        text = db_get_text(rows, 0, CARD);
        out->commit = db_get_text(rows, 0, COMMIT);
        if (json_read(&card, arena, text, strlen(text), err) < 0)
            return -1;
    }
    out->prompt = find_text(arena, settings, card, "prompt");
    out->heading = find_text(arena, settings, card, "heading");
    out->description = find_text(arena, settings, card, "description");
    text = find_text(arena, settings, card, "button");
    if (text != NULL)
        out->button = text;
    out->is_eu_disallowed = json_flag(card, "extra_gated_eu_disallowed", false);
    return find_fields(out, arena, settings, card, err);
}

static bool
is_date(const char *text)
{
    int64_t at_ms;

    return strlen(text) == DATE_LENGTH && clock_parse(&at_ms, text);
}

static bool
is_option(const struct card_field *field, const char *text)
{
    for (size_t i = 0; i < field->option_count; i++)
        if (strcmp(text, field->options[i].value) == 0)
            return true;
    return false;
}

/* Lines may be broken; what moves a reviewer's terminal may not come in. */
static bool
has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < 0x20 && strchr("\t\r\n", *text) == NULL) ||
            *text == 0x7f ||
            ((unsigned char)text[0] == 0xc2 && (unsigned char)text[1] < 0xa0))
            return true;
    return false;
}

/* What is wrong with an answer; NULL when it will do. */
static const char *
find_fault(const struct card_field *field, const char *text)
{
    if (text == NULL || text_is_blank(text))
        return "has no answer";
    if (has_control(text))
        return "has a control character in its answer";
    if (strlen(text) > FORM_ANSWER_LIMIT)
        return "has an answer that is too long";
    switch (field->type) {
    case CARD_CHECKBOX:
        return strcmp(text, "on") == 0 ? NULL : "is not ticked";
    case CARD_DATE:
        return is_date(text) ? NULL : "wants a date such as 2026-11-24";
    case CARD_COUNTRY:
        return country_find(text) != NULL ? NULL
                                          : "wants a country's code such as CH";
    case CARD_SELECT:
        return is_option(field, text) ? NULL : "has none of its options";
    case CARD_TEXT:
    case CARD_IP_LOCATION:
        break;
    }
    return NULL;
}

/* The answer as text: programs also say that a box is ticked by true. */
static const char *
answer_text(const struct card_field *field, const json_t *given,
            const char *address)
{
    const json_t *answer = json_object_get(given, field->label);

    if (field->type == CARD_IP_LOCATION)
        return address != NULL ? address : "unknown";
    if (field->type == CARD_CHECKBOX &&
        (json_is_true(answer) ||
         (json_is_string(answer) &&
          strcmp(json_string_value(answer), "true") == 0)))
        return "on";
    return json_string_value(answer);
}

int
form_check_answers(json_t **out, struct arena *arena, const struct form *form,
                   const json_t *given, const char *address, struct error *err)
{
    *out = json_keep(arena, json_object());
    for (size_t i = 0; i < form->count; i++) {
        const struct card_field *field = &form->fields[i];
        const char *text = answer_text(field, given, address);
        const char *fault = find_fault(field, text);

        if (fault != NULL)
            return error_set(err, ERROR_BAD_REQUEST,
                             "the question \"%.200s\" %s", field->label, fault);
        json_object_set_new(*out, field->label, json_string(text));
    }
    return 0;
}

static json_t *
field_to_json(const struct card_field *field)
{
    json_t *object = json_pack("{s:s, s:s}", "label", field->label, "type",
                               card_type_text(field->type));
    json_t *options = json_array();

    for (size_t i = 0; i < field->option_count; i++)
        json_array_append_new(
            options, json_pack("{s:s, s:s}", "label", field->options[i].label,
                               "value", field->options[i].value));
    if (field->type == CARD_SELECT)
        json_object_set(object, "options", options);
    json_decref(options);
    return object;
}

json_t *
form_to_json(const struct form *form, struct arena *arena)
{
    json_t *questions = json_array();

    for (size_t i = 0; i < form->count; i++)
        json_array_append_new(questions, field_to_json(&form->fields[i]));
    return json_keep(arena,
                     json_pack("{s:s?, s:s?, s:s?, s:s, s:o}", "prompt",
                               form->prompt, "heading", form->heading,
                               "description", form->description, "button",
                               form->button, "questions", questions));
}
