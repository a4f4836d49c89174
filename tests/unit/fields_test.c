#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/http/cookie.h"
#include "registry/http/fields.h"
#include "storage/base/arena.h"
#include "tests/check.h"

#define LIMIT 8

static int
parse(struct fields *out, struct arena *arena, const char *text)
{
    struct error err;

    return fields_parse(out, arena, text, strlen(text), LIMIT, &err);
}

TEST(fields_are_decoded_in_their_order)
{
    struct arena *arena = arena_open();
    struct fields form;

    CHECK(parse(&form, arena, "a=1&b=x+y%26%C3%A9&a=2&c&=d&&e=f=g") == 0);
    CHECK(form.count == 6);
    CHECK_TEXT(fields_find(&form, "a", 0), "1");
    CHECK_TEXT(fields_find(&form, "a", 1), "2");
    CHECK(fields_find(&form, "a", 2) == NULL);
    CHECK_TEXT(fields_find(&form, "b", 0), "x y&\xc3\xa9");
    CHECK_TEXT(fields_find(&form, "c", 0), "");
    CHECK_TEXT(fields_find(&form, "e", 0), "f=g");
    arena_free(arena);
}

TEST(a_repeated_field_may_be_spelled_with_brackets)
{
    struct arena *arena = arena_open();
    struct fields form;

    CHECK(parse(&form, arena, "q[]=a&q=b&q%5B%5D=c&qq=d") == 0);
    CHECK_TEXT(fields_find(&form, "q", 0), "a");
    CHECK_TEXT(fields_find(&form, "q", 1), "b");
    CHECK_TEXT(fields_find(&form, "q", 2), "c");
    CHECK(fields_find(&form, "q", 3) == NULL);
    arena_free(arena);
}

TEST(what_is_no_form_is_refused)
{
    struct arena *arena = arena_open();
    struct fields form;

    CHECK(parse(&form, arena, "a=%zz") < 0);
    CHECK(parse(&form, arena, "a=%") < 0);
    CHECK(parse(&form, arena, "a=%00") < 0);
    CHECK(parse(&form, arena, "a=%ff") < 0);
    CHECK(parse(&form, arena, "%80=a") < 0);
    CHECK(parse(&form, arena, "1&2&3&4&5&6&7&8&9") < 0);
    CHECK(parse(&form, arena, "1&2&3&4&5&6&7&8") == 0);
    CHECK(parse(&form, arena, "") == 0);
    CHECK(form.count == 0);
    arena_free(arena);
}

TEST(a_cookie_is_found_by_its_whole_name)
{
    struct arena *arena = arena_open();

    CHECK_TEXT(cookie_find(arena, "a=1; name=x ; b=2", "name"), "x");
    CHECK_TEXT(cookie_find(arena, "name=", "name"), "");
    CHECK(cookie_find(arena, "xname=1; name2=3", "name") == NULL);
    CHECK(cookie_find(arena, "", "name") == NULL);
    CHECK(cookie_find(arena, "; ;;", "name") == NULL);
    arena_free(arena);
}
