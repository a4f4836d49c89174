#include "storage/git/wants.h"

#include <string.h>

#include "storage/git/inflate.h"
#include "storage/git/pktline.h"
#include "tests/check.h"

#define ONE "1111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222"

/* Parses text; the arena lives on, for the caller to free. */
static int
parse(struct wants *out, struct arena **out_arena, const char *text,
      struct error *err)
{
    *out_arena = arena_open();
    return wants_parse(out, *out_arena, text, strlen(text), err);
}

TEST(a_clone_says_what_it_wants_and_can)
{
    struct arena *arena;
    struct wants wants;
    struct error err;
    struct oid two;

    CHECK(parse(&wants, &arena,
                "005fwant " ONE " multi_ack_detailed side-band-64k "
                "agent=git/2\n0032want " TWO "\n0000"
                "0009done\n",
                &err) == 0);
    CHECK(wants.wants.count == 2 && wants.haves.count == 0);
    CHECK(oid_parse(&two, TWO) && oid_is_equal(&wants.wants.oids[1], &two));
    CHECK(wants.has_acks && wants.has_sideband);
    CHECK(wants.is_done && wants.has_negotiation && wants.depth == 0);
    arena_free(arena);
}

TEST(a_shallow_fetch_says_how_deep_and_what_it_has)
{
    struct arena *arena;
    struct wants wants;
    struct error err;

    CHECK(parse(&wants, &arena,
                "0032want " ONE "\n0035shallow " TWO "\n"
                "000cdeepen 3"
                "0000"
                "0032have " TWO "\n0000",
                &err) == 0);
    CHECK(wants.depth == 3 && wants.shallows.count == 1);
    CHECK(wants.haves.count == 1 && wants.has_negotiation && !wants.is_done);
    CHECK(!wants.has_acks && !wants.has_sideband);
    arena_free(arena);
}

TEST(wants_alone_are_no_negotiation_yet)
{
    struct arena *arena;
    struct wants wants;
    struct error err;

    CHECK(parse(&wants, &arena, "0032want " ONE "\n000cdeepen 10000", &err) ==
          0);
    CHECK(!wants.has_negotiation && wants.depth == 1);
    arena_free(arena);
}

TEST(what_is_no_negotiation_is_refused)
{
    static const char *const bad[] = {
        "003",
        "zzzz",
        "0001",
        "0032want " ONE,                        /* longer than there is */
        "0031want " ONE,                        /* no flush */
        "000awant 1\n0000",                     /* not a name */
        "0032want " ONE "\n00000009have\n",     /* not a name */
        "000cdeepen 00000",                     /* not a depth */
        "000cdeepen x0000",                     /* not a number */
        "0032want " ONE "\n00000009done\n0000", /* after the end */
        "0014filter blob:none0000",             /* not offered */
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct arena *arena;
        struct wants wants;
        struct error err;

        if (parse(&wants, &arena, bad[i], &err) == 0)
            check_fail(__FILE__, __LINE__, bad[i]);
        arena_free(arena);
    }
}

/* Hostile input 33. */
TEST(a_packed_body_is_made_plain_and_a_bomb_is_not)
{
    /* printf 'hello' | gzip -n */
    static const unsigned char hello[] = {
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x86,
        0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00};
    struct buffer out = {0};
    struct error err;

    CHECK(inflate_gzip(&out, hello, sizeof(hello), 100, &err) == 0);
    CHECK_TEXT(out.bytes, "hello");
    buffer_free(&out);
    CHECK(inflate_gzip(&out, hello, sizeof(hello), 4, &err) < 0);
    CHECK(err.code == ERROR_TOO_LARGE);
    buffer_free(&out);
    CHECK(inflate_gzip(&out, hello, sizeof(hello) - 3, 100, &err) < 0);
    buffer_free(&out);
    CHECK(inflate_gzip(&out, "plain", 5, 100, &err) < 0);
    CHECK(err.code == ERROR_BAD_REQUEST);
    buffer_free(&out);
}
