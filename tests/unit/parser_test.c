#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "registry/http/limits.h"
#include "registry/http/parser.h"
#include "storage/base/buffer.h"
#include "tests/check.h"

#define HOST "Host: a\r\n"

struct parse {
    struct arena *arena;
    struct parser parser;
    struct head head;
    struct error err;
    struct buffer body;
};

static int
keep_body(void *state, const char *bytes, size_t length, struct error *err)
{
    (void)err;
    buffer_append(state, bytes, length);
    return 0;
}

static int
parse_bytes(struct parse *parse, const char *bytes, size_t length)
{
    memset(parse, 0, sizeof(*parse));
    parse->arena = arena_open();
    return parser_head(&parse->head, &parse->parser, parse->arena, bytes,
                       length, &parse->err);
}

static int
parse(struct parse *parse, const char *text)
{
    return parse_bytes(parse, text, strlen(text));
}

static void
end(struct parse *parse)
{
    arena_free(parse->arena);
    buffer_free(&parse->body);
}

/* True when the head is refused with this status. */
static bool
is_refused(const char *text, int status)
{
    struct parse it;
    bool refused = parse(&it, text) < 0 && it.err.status == status;

    end(&it);
    return refused;
}

/*
 * Parses a body in pieces of step bytes behind a chunked head; the bytes that
 * belonged to it, or -1.
 */
static long
parse_chunks(struct parse *it, const char *text, size_t step)
{
    size_t length = strlen(text);
    size_t at = 0;

    if (parse(it, "POST / HTTP/1.1\r\n" HOST
                  "Transfer-Encoding: chunked\r\n\r\n") < 0)
        return -1;
    it->parser.body = keep_body;
    it->parser.body_state = &it->body;
    while (at < length && !it->parser.is_done) {
        size_t n = length - at < step ? length - at : step;
        size_t used;

        if (parser_body(&used, &it->parser, text + at, n, &it->err) < 0)
            return -1;
        at += used;
    }
    return it->parser.is_done ? (long)at : -1;
}

static bool
is_refused_body(const char *text)
{
    struct parse it;
    bool refused = parse_chunks(&it, text, 4096) < 0;

    end(&it);
    return refused;
}

TEST(a_head_gives_method_target_and_trimmed_headers)
{
    struct parse it;

    CHECK(parse(&it, "GET /a/b?c=d HTTP/1.1\r\n" HOST
                     "X-Word: \t two words \t \r\nX-Empty:\r\n\r\n") == 0);
    CHECK_TEXT(it.head.method, "GET");
    CHECK_TEXT(it.head.target, "/a/b?c=d");
    CHECK_TEXT(head_find(&it.head, "x-word"), "two words");
    CHECK_TEXT(head_find(&it.head, "X-Empty"), "");
    CHECK(head_find(&it.head, "X-Missing") == NULL);
    CHECK(it.head.keep_alive && !head_has_body(&it.head));
    end(&it);
}

TEST(an_absolute_target_is_taken_as_its_path)
{
    struct parse it;

    CHECK(parse(&it, "GET http://other/x?y HTTP/1.1\r\n" HOST "\r\n") == 0);
    CHECK_TEXT(it.head.target, "/x?y");
    end(&it);
    CHECK(parse(&it, "GET http://other HTTP/1.1\r\n" HOST "\r\n") == 0);
    CHECK_TEXT(it.head.target, "/");
    end(&it);
    CHECK(is_refused("GET * HTTP/1.1\r\n" HOST "\r\n", 400));
}

/* Hostile input 32. */
TEST(what_two_servers_could_read_in_two_ways_is_refused)
{
    static const char *const heads[] = {
        /* lengths and codings */
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        "Content-Length: 3\r\nContent-Length: 3\r\n",
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: -3\r\n",
        "Content-Length: 0x3\r\n",
        "Content-Length: 3 4\r\n",
        "Content-Length: 3, 3\r\n",
        "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding\r\n : chunked\r\n",
        /* line ends and folding */
        "X-A: b\r\n folded\r\n",
        "X-A: b\r\n\tTransfer-Encoding: chunked\r\n",
        "X-A: b\nX-C: d\r\n",
        "X-A: b\rX-C: d\r\n",
        "X-A:\rTransfer-Encoding: chunked\r\n",
        "X-A: b\r\n\rX-C: d\r\n",
        "X-A: \x01\r\n",
        "X-A: \x7f\r\n",
        "X-A: \xff\r\n",
        /* fields that must be one */
        "Host: b\r\n",
        "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
        "Range: bytes=0-1\r\nRange: bytes=2-3\r\n",
        "No colon\r\n",
        ": no name\r\n",
        "Expect: 200-ok\r\n",
    };

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        char text[512];
        struct parse it;

        snprintf(text, sizeof(text), "POST / HTTP/1.1\r\n" HOST "%s\r\n",
                 heads[i]);
        if (parse(&it, text) == 0)
            check_text(__FILE__, __LINE__, heads[i], "refused");
        end(&it);
    }
}

TEST(a_nul_in_a_head_is_refused)
{
    static const char text[] = "GET / HTTP/1.1\r\n" HOST "X-A: b\0c\r\n\r\n";
    struct parse it;

    CHECK(parse_bytes(&it, text, sizeof(text) - 1) < 0);
    CHECK(it.err.status == 400);
    end(&it);
}

TEST(a_coding_that_is_not_chunked_is_not_implemented)
{
    CHECK(is_refused("POST / HTTP/1.1\r\n" HOST
                     "Transfer-Encoding: gzip, chunked\r\n\r\n",
                     501));
}

TEST(only_http_1_is_spoken_and_1_1_names_its_host)
{
    struct parse it;

    CHECK(is_refused("GET / HTTP/1.1\r\n\r\n", 400));
    CHECK(is_refused("GET / HTTP/2.0\r\n" HOST "\r\n", 400));
    CHECK(is_refused("GET /\r\n\r\n", 400));
    CHECK(is_refused("PRI * HTTP/2.0\r\n\r\n", 400));
    CHECK(is_refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                     400));
    CHECK(parse(&it, "GET / HTTP/1.0\r\n\r\n") == 0);
    CHECK(!it.head.keep_alive);
    end(&it);
}

/* Adds a character length times. */
static void
fill(struct buffer *buffer, char character, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buffer_append(buffer, &character, 1);
}

TEST(a_path_over_the_limit_is_414_and_too_many_headers_431)
{
    struct buffer text = {0};

    buffer_append_text(&text, "GET /");
    fill(&text, 'a', LIMIT_TARGET_BYTES);
    buffer_append_text(&text, " HTTP/1.1\r\n" HOST "\r\n");
    CHECK(is_refused(text.bytes, 414));
    buffer_free(&text);
    buffer_append_text(&text, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < LIMIT_HEADERS; i++)
        buffer_append_format(&text, "X-%d: y\r\n", i);
    buffer_append_text(&text, "\r\n");
    CHECK(is_refused(text.bytes, 431));
    buffer_free(&text);
}

TEST(nobody_changes_the_protocol)
{
    struct parse it;

    CHECK(parse(&it, "POST / HTTP/1.1\r\n" HOST
                     "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                     "Content-Length: 2\r\n\r\n") == 0);
    it.parser.body = keep_body;
    it.parser.body_state = &it.body;
    size_t used;
    CHECK(parser_body(&used, &it.parser, "abGET", 5, &it.err) == 0);
    CHECK(used == 2 && it.parser.is_done);
    CHECK_TEXT(it.body.bytes, "ab");
    end(&it);
}

TEST(a_chunked_body_reads_the_same_in_whatever_pieces_it_comes)
{
    static const char text[] = "5\r\nhello\r\nb\r\n, the world\r\n"
                               "0\r\nX-Trailer: ignored\r\n\r\nGET ";

    for (size_t step = 1; step < sizeof(text); step++) {
        struct parse it;

        CHECK(parse_chunks(&it, text, step) == (long)sizeof(text) - 5);
        CHECK_TEXT(it.body.bytes, "hello, the world");
        end(&it);
    }
}

TEST(malformed_chunks_are_refused)
{
    CHECK(is_refused_body("5\nhello\r\n0\r\n\r\n"));
    CHECK(is_refused_body("5 \r\nhello\r\n0\r\n\r\n"));
    CHECK(is_refused_body("+5\r\nhello\r\n0\r\n\r\n"));
    CHECK(is_refused_body("0x5\r\nhello\r\n0\r\n\r\n"));
    CHECK(is_refused_body("5\r\nhelloXX0\r\n\r\n"));
    CHECK(is_refused_body("5\r\nhello\n0\r\n\r\n"));
    CHECK(is_refused_body("fffffffffffffffff\r\n"));
    CHECK(is_refused_body("-1\r\n"));
    CHECK(is_refused_body("\r\n"));
}

/* Hostile input 32. */
TEST(an_extension_of_a_chunk_is_refused)
{
    CHECK(is_refused_body("5;a\r\nhello\r\n0\r\n\r\n"));
    CHECK(is_refused_body("5;a=b\r\nhello\r\n0\r\n\r\n"));
    CHECK(is_refused_body("5;a=\"b\"\r\nhello\r\n0\r\n\r\n"));
    CHECK(is_refused_body("5;\r\nhello\r\n0\r\n\r\n"));
    CHECK(is_refused_body("5\r\nhello\r\n0;a=b\r\n\r\n"));
}

TEST(a_newline_without_its_return_is_seen_before_the_heads_end)
{
    CHECK(parser_has_bare_newline("GET / HTTP/1.1\nHost: a\n\n", 25, 0));
    CHECK(parser_has_bare_newline("\n", 1, 0));
    CHECK(!parser_has_bare_newline("GET\r\nHost", 9, 0));
    CHECK(!parser_has_bare_newline("GET\r\nHost", 9, 4));
    CHECK(!parser_has_bare_newline("", 0, 0));
}

TEST(trailers_are_bounded)
{
    struct buffer text = {0};

    buffer_append_text(&text, "0\r\n");
    for (int i = 0; i < 500; i++)
        buffer_append_text(&text, "X-Trailer: value\r\n");
    buffer_append_text(&text, "\r\n");
    CHECK(is_refused_body(text.bytes));
    buffer_free(&text);
}

TEST(the_end_of_a_head_is_found_across_reads)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET";
    size_t seen = 0;

    for (size_t i = 0; i < sizeof(text) - 4; i++)
        CHECK(parser_find_head(text, i, &seen) == 0);
    CHECK(parser_find_head(text, sizeof(text) - 1, &seen) == sizeof(text) - 4);
    CHECK(parser_skip_blank("\r\n\r\nGET", 7) == 4);
    CHECK(parser_skip_blank("\rGET", 4) == 0);
}
