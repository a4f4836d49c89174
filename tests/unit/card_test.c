#include "storage/model/card.h"

#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/buffer.h"
#include "storage/base/json.h"
#include "tests/check.h"

/* Parses a card of this text; the arena lives until the test ends. */
static int
parse(struct card *out, struct arena *arena, const char *text,
      struct error *err)
{
    err->message[0] = '\0';
    return card_parse(out, arena, text, strlen(text), err);
}

static bool
is_refused(const char *text)
{
    struct arena *arena = arena_open();
    struct card card;
    struct error err;
    bool result =
        parse(&card, arena, text, &err) < 0 && err.code == ERROR_UNPROCESSABLE;

    arena_free(arena);
    return result;
}

TEST(a_card_tells_licence_tags_and_where_its_text_begins)
{
    static const char text[] = "---\n"
                               "license: other\n"
                               "license_name: acme\n"
                               "license_link: LICENSE\n"
                               "language: no\n"
                               "tags:\n- llama\n- 7\n- tiny\n"
                               "base_model: acme/base\n"
                               "pipeline_tag: text-generation\n"
                               "---\n# Tiny\n";
    struct arena *arena = arena_open();
    struct card card;
    struct error err;

    CHECK(parse(&card, arena, text, &err) == 0);
    CHECK_TEXT(card.license, "other");
    CHECK_TEXT(card.license_name, "acme");
    CHECK_TEXT(card.license_link, "LICENSE");
    CHECK_TEXT(card.pipeline_tag, "text-generation");
    CHECK(card.library_name == NULL);
    CHECK(card.tags.count == 2);
    CHECK_TEXT(card.tags.items[1], "tiny");
    CHECK(card.base_models.count == 1);
    CHECK_TEXT(json_text(card.data, "language"), "no");
    CHECK_TEXT(text + card.body_offset, "# Tiny\n");
    arena_free(arena);
}

TEST(a_readme_without_front_matter_is_an_empty_card)
{
    static const char *const texts[] = {
        "",
        "# Tiny\n",
        "---",
        "---\nlicense: mit\n",
        "a\n---\nb: c\n---\n",
        "---\n---\n",
        "---\n# nothing\n---\n",
    };
    struct arena *arena = arena_open();
    struct card card;
    struct error err;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK(parse(&card, arena, texts[i], &err) == 0);
        CHECK(json_object_size(card.data) == 0);
        CHECK(card.license == NULL && card.field_count == 0);
    }
    CHECK(parse(&card, arena, "\xef\xbb\xbf---\r\nlicense: mit\r\n---\r\nx",
                &err) == 0);
    CHECK_TEXT(card.license, "mit");
    arena_free(arena);
}

TEST(scalars_are_those_of_yaml_1_2)
{
    static const char text[] =
        "---\n[ '1', 1, -2, 0x10, 0o17, 1.5, 1e3, .5, true, yes, ~, null,\n"
        "2024-01-01, 1_000, 12e, +, 1:30, \"\", .inf, 99999999999999999999 ]\n"
        "---\n";
    struct arena *arena = arena_open();
    struct card card;
    struct error err;
    char *with_key;

    with_key = arena_format(arena, "---\na: %s", text + 4);
    CHECK(parse(&card, arena, with_key, &err) == 0);
    CHECK_TEXT(
        json_write(NULL, arena, json_object_get(card.data, "a")),
        "[\"1\",1,-2,16,15,1.5,1000.0,0.5,true,\"yes\",null,null,"
        "\"2024-01-01\",\"1_000\",\"12e\",\"+\",\"1:30\",\"\",\".inf\",1e20]");
    CHECK(is_refused(text));
    arena_free(arena);
}

TEST(a_gates_form_keeps_the_order_of_the_card)
{
    static const char text[] = "---\n"
                               "extra_gated_prompt: \"Do you **agree**?\"\n"
                               "extra_gated_heading: Ask\n"
                               "extra_gated_description: Soon.\n"
                               "extra_gated_button_content: Send\n"
                               "extra_gated_eu_disallowed: true\n"
                               "extra_gated_fields:\n"
                               "  Company: text\n"
                               "  Country: country\n"
                               "  Since: date_picker\n"
                               "  I want to use it for:\n"
                               "    type: select\n"
                               "    options:\n"
                               "    - Research\n"
                               "    - 7\n"
                               "    - label: Other\n"
                               "      value: other\n"
                               "  geo: ip_location\n"
                               "  I agree: checkbox\n"
                               "---\n";
    static const enum card_type want[] = {CARD_TEXT,        CARD_COUNTRY,
                                          CARD_DATE,        CARD_SELECT,
                                          CARD_IP_LOCATION, CARD_CHECKBOX};
    struct arena *arena = arena_open();
    struct card card;
    struct error err;

    CHECK(parse(&card, arena, text, &err) == 0);
    CHECK_TEXT(card.prompt, "Do you **agree**?");
    CHECK_TEXT(card.heading, "Ask");
    CHECK_TEXT(card.description, "Soon.");
    CHECK_TEXT(card.button, "Send");
    CHECK(card.is_eu_disallowed);
    CHECK(card.field_count == 6);
    for (size_t i = 0; i < card.field_count; i++)
        CHECK(card.fields[i].type == want[i]);
    CHECK_TEXT(card.fields[3].label, "I want to use it for");
    CHECK(card.fields[3].option_count == 3);
    CHECK_TEXT(card.fields[3].options[1].value, "7");
    CHECK_TEXT(card.fields[3].options[2].label, "Other");
    CHECK_TEXT(card.fields[3].options[2].value, "other");
    CHECK_TEXT(card_type_text(CARD_DATE), "date_picker");
    arena_free(arena);
}

TEST(a_form_that_cannot_be_shown_is_refused)
{
    CHECK(is_refused("---\nextra_gated_fields: text\n---\n"));
    CHECK(is_refused("---\nextra_gated_fields:\n  A: colour\n---\n"));
    CHECK(is_refused("---\nextra_gated_fields:\n  A: {type: select}\n---\n"));
    CHECK(is_refused("---\nextra_gated_fields:\n  A: [text]\n---\n"));
    CHECK(is_refused("---\nextra_gated_fields:\n  '': text\n---\n"));
    CHECK(is_refused("---\nextra_gated_fields:\n  A: {type: select, options: "
                     "[[x]]}\n---\n"));
}

TEST(yaml_that_hides_or_explodes_is_refused)
{
    static const char bomb[] =
        "---\n"
        "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
        "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
        "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
        "---\n";
    struct buffer deep = {0};

    CHECK(is_refused(bomb));
    CHECK(is_refused("---\na: &a [*a]\n---\n"));
    CHECK(is_refused("---\na: 1\na: 2\n---\n"));
    CHECK(is_refused("---\na: !!python/object:os.system x\n---\n"));
    CHECK(is_refused("---\n[a]: 1\n---\n"));
    CHECK(is_refused("---\na: \"\\0\"\n---\n"));
    CHECK(is_refused("---\na: {\n---\n"));
    CHECK(is_refused("---\na: *b\n---\n"));
    CHECK(is_refused("---\n- a\n---\n"));
    CHECK(is_refused("---\na: 1\n...\nb: 2\n---\n"));
    CHECK(is_refused("---\na: \xff\n---\n"));
    buffer_append_text(&deep, "---\na: ");
    for (int i = 0; i < 5000; i++)
        buffer_append_text(&deep, "[");
    buffer_append_text(&deep, "\n---\n");
    CHECK(is_refused(deep.bytes));
    buffer_free(&deep);
    buffer_append_text(&deep, "---\n");
    while (deep.length <= CARD_YAML_LIMIT_BYTES + 10)
        buffer_append_text(&deep, "# filled up with what means nothing\n");
    buffer_append_text(&deep, "---\n");
    CHECK(is_refused(deep.bytes));
    buffer_free(&deep);
}
