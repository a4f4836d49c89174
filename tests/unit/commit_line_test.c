#include "registry/routes/commit_line.h"

#include <string.h>

#include "tests/check.h"

#define LINE_LIMIT_BYTES ((size_t)14 * 1024 * 1024)

static int
parse(struct commit_line *out, struct arena *arena, const char *text,
      struct error *err)
{
    return commit_line_parse(out, arena, text, strlen(text), err);
}

TEST(each_kind_of_line_is_read)
{
    struct arena *arena = arena_open();
    struct commit_line line;
    struct error err;

    CHECK(parse(&line, arena,
                "{\"key\":\"header\",\"value\":{\"summary\":\"s\","
                "\"description\":\"d\",\"parentCommit\":\"p\"}}",
                &err) == 0);
    CHECK(line.kind == COMMIT_LINE_HEADER);
    CHECK_TEXT(line.parent, "p");
    CHECK(parse(&line, arena,
                "{\"key\":\"file\",\"value\":{\"path\":\"a/b\","
                "\"content\":\"AAEC\",\"encoding\":\"base64\"}}",
                &err) == 0);
    CHECK(line.length == 3 && memcmp(line.bytes, "\0\1\2", 3) == 0);
    CHECK(parse(&line, arena,
                "{\"key\":\"lfsFile\",\"value\":{\"path\":\"a\",\"algo\":"
                "\"sha256\",\"oid\":\"ba7816bf8f01cfea414140de5dae2223b00361a3"
                "96177a9cb410ff61f20015ad\"}}",
                &err) == 0);
    CHECK(line.kind == COMMIT_LINE_WEIGHTS && line.size_bytes == -1);
    CHECK(parse(&line, arena,
                "{\"key\":\"deletedFolder\",\"value\":{\"path\":\"a/b/\"}}",
                &err) == 0);
    CHECK_TEXT(line.path, "a/b");
    arena_free(arena);
}

TEST(what_is_no_line_is_refused)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{\"key\":\"header\"}",
        "{\"key\":\"copyFile\",\"value\":{}}",
        "{\"key\":\"file\",\"value\":{\"path\":\"../a\",\"content\":\"\"}}",
        "{\"key\":\"file\",\"value\":{\"path\":\"a\",\"content\":\"A\","
        "\"encoding\":\"base64\"}}",
        "{\"key\":\"file\",\"value\":{\"path\":\"a\",\"content\":\"A\","
        "\"encoding\":\"rot13\"}}",
        "{\"key\":\"lfsFile\",\"value\":{\"path\":\"a\",\"oid\":\"BA\"}}",
        "{\"key\":\"lfsFile\",\"value\":{\"path\":\"a\",\"algo\":\"md5\","
        "\"oid\":\"ba\"}}",
        "{\"key\":\"deletedFile\",\"value\":{\"path\":\"a/\"}}",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct arena *arena = arena_open();
        struct commit_line line;
        struct error err;

        if (parse(&line, arena, bad[i], &err) == 0)
            check_fail(__FILE__, __LINE__, bad[i]);
        arena_free(arena);
    }
}

TEST(lines_come_one_by_one_whatever_their_length)
{
    struct arena *arena = arena_open();
    size_t length = 3000000;
    char *body = arena_alloc(arena, length + 16);
    struct memory_source source;
    struct commit_reader reader = {.source = &source.source,
                                   .line_limit_bytes = LINE_LIMIT_BYTES};
    struct error err;
    const char *line;
    size_t size;

    memset(body, 'x', length + 16);
    memcpy(body, "first\n\n", sizeof("first\n\n") - 1);
    memcpy(body + 7 + length, "\nlast", sizeof("\nlast"));
    source_of_memory(&source, body, length + 12);
    CHECK(commit_reader_next(&line, &size, &reader, &err) == 0 && size == 5);
    CHECK(commit_reader_next(&line, &size, &reader, &err) == 0 && size == 0);
    CHECK(commit_reader_next(&line, &size, &reader, &err) == 0);
    CHECK(size == length && line[0] == 'x' && line[length - 1] == 'x');
    CHECK(commit_reader_next(&line, &size, &reader, &err) == 0);
    CHECK(size == 4 && memcmp(line, "last", 4) == 0);
    CHECK(commit_reader_next(&line, &size, &reader, &err) == 0);
    CHECK(line == NULL);
    commit_reader_free(&reader);
    arena_free(arena);
}

TEST(a_line_over_the_limit_is_refused_before_it_is_read_whole)
{
    struct arena *arena = arena_open();
    size_t length = 2 * LINE_LIMIT_BYTES;
    char *body = arena_alloc(arena, length);
    struct memory_source source;
    struct commit_reader reader = {.source = &source.source,
                                   .line_limit_bytes = LINE_LIMIT_BYTES};
    struct error err;
    const char *line;
    size_t size;

    memset(body, 'x', length);
    source_of_memory(&source, body, length);
    CHECK(commit_reader_next(&line, &size, &reader, &err) < 0);
    CHECK(err.code == ERROR_TOO_LARGE);
    CHECK(reader.offset < length);
    commit_reader_free(&reader);
    arena_free(arena);
}
