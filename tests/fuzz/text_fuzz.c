/*
 * text: names, paths and escapes.  A name or path that is taken has none of
 * the forms that the rules are there to keep out; escapes go both ways.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "storage/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_segment(const char *segment)
{
    if (*segment == '\0' || strcmp(segment, ".") == 0 ||
        strcmp(segment, "..") == 0 || strcasecmp(segment, ".git") == 0)
        abort();
}

static void
check_path(struct arena *arena, const char *path)
{
    char *copy = arena_text(arena, path);

    for (const char *at = path; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f || *at == '\\')
            abort();
    if (!text_is_utf8(path, strlen(path)))
        abort();
    while (copy != NULL)
        check_segment(strsep(&copy, "/"));
}

static void
check_shown(const char *shown)
{
    for (const char *at = shown; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    const char *text = arena_bytes(arena, data, size);
    const char *escaped = text_percent_write(arena, text, "/");
    const char *plain = text_percent_read(arena, escaped, strlen(escaped));
    struct error err;

    if (plain == NULL || strcmp(plain, text) != 0)
        abort();
    (void)text_percent_read(arena, text, size);
    if (text_check_path(text, &err) == 0)
        check_path(arena, text);
    if (text_check_name(text, &err) == 0 &&
        (strpbrk(text, "/\\ %?#") != NULL || strstr(text, "..") != NULL))
        abort();
    check_shown(text_line(arena, text));
    (void)text_printable(arena, text);
    (void)text_fold(arena, text);
    arena_free(arena);
    return 0;
}
