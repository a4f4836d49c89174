#include "registry/routes/model_form.h"

#include <string.h>

#include "auth/access.h"
#include "auth/country.h"
#include "auth/licence.h"

/* The heading that a form has when the card names none. */
static const char default_heading[] = "Ask for access";

static const char *
sent_value(struct request *request, const struct model_form *shown,
           const char *label)
{
    const char *value = NULL;

    if (shown->is_sent)
        value = request_form(request, label, 0);
    return value != NULL ? value : "";
}

int
model_form_render_licence(const struct html **out, struct request *request,
                          const struct gate_settings *settings,
                          struct error *err)
{
    struct licence licence;
    char digest[DIGEST_TEXT_SIZE];

    *out = page_empty();
    if (!settings->has_licence)
        return 0;
    if (licence_find(&licence, request->db, request->arena, &settings->licence,
                     err) < 0)
        return -1;
    digest_write(digest, &settings->licence);
    return page_render(out, request->arena, "model_licence",
                       (struct page_hole[]){
                           {"name", settings->licence_name, NULL},
                           {"text", licence.text, NULL},
                           {"digest", digest, NULL},
                           {0},
                       },
                       err);
}

static int
render_option(const struct html **out, struct arena *arena,
              const struct card_option *option, bool is_chosen,
              struct error *err)
{
    return page_render(out, arena,
                       is_chosen ? "model_option_chosen" : "model_option",
                       (struct page_hole[]){
                           {"value", option->value, NULL},
                           {"label", option->label, NULL},
                           {0},
                       },
                       err);
}

/* The options of a select: the field's own, or the world's countries. */
static const struct card_option *
list_options(size_t *out_count, struct arena *arena,
             const struct card_field *field)
{
    struct card_option *options;
    size_t count = 0;

    *out_count = field->option_count;
    if (field->type != CARD_COUNTRY)
        return field->options;
    while (country_at(count) != NULL)
        count++;
    options = arena_array(arena, count, sizeof(*options));
    for (size_t i = 0; i < count; i++) {
        options[i].label = country_at(i)->name;
        options[i].value = country_at(i)->code;
    }
    *out_count = count;
    return options;
}

static int
render_options(const struct html **out, struct request *request,
               const struct card_field *field, const char *chosen,
               struct error *err)
{
    size_t count;
    const struct card_option *options =
        list_options(&count, request->arena, field);
    const struct html **parts =
        arena_array(request->arena, count, sizeof(const struct html *));

    for (size_t i = 0; i < count; i++)
        if (render_option(&parts[i], request->arena, &options[i],
                          strcmp(options[i].value, chosen) == 0, err) < 0)
            return -1;
    *out = page_join(request->arena, parts, count);
    return 0;
}

/* The page of a field, by its type. */
static const struct {
    const char *page;
    const char *type; /* of an input */
} inputs[] = {
    [CARD_TEXT] = {"model_field", "text"},
    [CARD_CHECKBOX] = {"model_field_tick", NULL},
    [CARD_DATE] = {"model_field", "date"},
    [CARD_COUNTRY] = {"model_field_select", NULL},
    [CARD_SELECT] = {"model_field_select", NULL},
    [CARD_IP_LOCATION] = {"model_field_region", NULL},
};

static int
render_field(const struct html **out, struct request *request,
             const struct model_form *shown, size_t which, struct error *err)
{
    const struct card_field *field = &shown->form->fields[which];
    const char *value = sent_value(request, shown, field->label);
    const struct html *options = page_empty();

    if ((field->type == CARD_SELECT || field->type == CARD_COUNTRY) &&
        render_options(&options, request, field, value, err) < 0)
        return -1;
    return page_render(
        out, request->arena, inputs[field->type].page,
        (struct page_hole[]){
            {"id", arena_format(request->arena, "answer-%zu", which), NULL},
            {"label", field->label, NULL},
            {"type", inputs[field->type].type, NULL},
            {"value", value, NULL},
            {"options", NULL, options},
            {0},
        },
        err);
}

static int
render_fields(const struct html **out, struct request *request,
              const struct model_form *shown, struct error *err)
{
    size_t count = shown->is_licence_alone ? 0 : shown->form->count;
    const struct html **parts =
        arena_array(request->arena, count, sizeof(const struct html *));

    for (size_t i = 0; i < count; i++)
        if (render_field(&parts[i], request, shown, i, err) < 0)
            return -1;
    *out = page_join(request->arena, parts, count);
    return 0;
}

static int
render_agree(const struct html **out, struct request *request,
             const struct gate_settings *settings, struct error *err)
{
    char digest[DIGEST_TEXT_SIZE];

    *out = page_empty();
    if (!settings->has_licence)
        return 0;
    digest_write(digest, &settings->licence);
    return page_render(out, request->arena, "model_agree",
                       (struct page_hole[]){
                           {"name", settings->licence_name, NULL},
                           {"digest", digest, NULL},
                           {0},
                       },
                       err);
}

static int
render_text(const struct html **out, struct request *request, const char *text,
            struct error *err)
{
    *out = page_empty();
    if (text == NULL)
        return 0;
    return page_render(out, request->arena, "model_form_text",
                       (struct page_hole[]){{"text", text, NULL}, {0}}, err);
}

int
model_form_render(const struct html **out, struct request *request,
                  const struct model_form *shown, struct error *err)
{
    const struct form *form = shown->form;
    const struct html *description;
    const struct html *prompt;
    const struct html *fields;
    const struct html *agree;

    if (render_text(&description, request, form->description, err) < 0 ||
        render_text(&prompt, request, form->prompt, err) < 0 ||
        render_fields(&fields, request, shown, err) < 0 ||
        render_agree(&agree, request, shown->settings, err) < 0)
        return -1;
    return page_render(
        out, request->arena, "model_form",
        (struct page_hole[]){
            {"heading", form->heading != NULL ? form->heading : default_heading,
             NULL},
            {"description", NULL, description},
            {"prompt", NULL, prompt},
            {"path",
             access_repository_name(request->arena, &request->repository),
             NULL},
            {"name", request->repository.full_name, NULL},
            {"csrf", page_csrf(request), NULL},
            {"fields", NULL, fields},
            {"agree", NULL, agree},
            {"button", form->button, NULL},
            {0},
        },
        err);
}
