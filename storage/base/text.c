#include "storage/base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "storage/base/hex.h"

/* How many bytes of ASCII, other than NUL, text begins with: eights of them. */
static size_t
skip_ascii(const utf8proc_uint8_t *text, size_t length)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t done = 0;
    uint64_t word;

    for (; done + sizeof(word) <= length; done += sizeof(word)) {
        memcpy(&word, text + done, sizeof(word));
        /* A byte of zero borrows, one over 0x7f has its own high bit. */
        if ((((word - ones) | word) & (ones << 7)) != 0)
            break;
    }
    return done;
}

bool
text_is_utf8(const char *text, size_t length)
{
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
    size_t left = length;

    while (left > 0) {
        size_t ascii = skip_ascii(at, left);
        utf8proc_ssize_t n = 0;
        utf8proc_int32_t point;

        if (ascii < left) {
            n = utf8proc_iterate(at + ascii, (utf8proc_ssize_t)(left - ascii),
                                 &point);
            if (n <= 0 || point == 0)
                return false;
        }
        at += ascii + (size_t)n;
        left -= ascii + (size_t)n;
    }
    return true;
}

static bool
is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

static bool
ends_with(const char *text, size_t length, const char *end)
{
    size_t n = strlen(end);

    return length >= n && strncasecmp(text + length - n, end, n) == 0;
}

int
text_check_name(const char *name, struct error *err)
{
    size_t length = strlen(name);

    if (length == 0 || length > TEXT_NAME_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a name has 1 to %d characters", TEXT_NAME_LIMIT);
    for (size_t i = 0; i < length; i++)
        if (!is_word(name[i]) && strchr("-_.", name[i]) == NULL)
            return error_set(err, ERROR_BAD_REQUEST,
                             "a name has only letters, digits, '-', '_' and "
                             "'.'");
    if (strstr(name, "--") != NULL || strstr(name, "..") != NULL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a name holds no '--' or '..'");
    if (strchr("-.", name[0]) != NULL || strchr("-.", name[length - 1]) != NULL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a name does not begin or end in '-' or '.'");
    if (ends_with(name, length, ".git") || ends_with(name, length, ".lock"))
        return error_set(err, ERROR_BAD_REQUEST,
                         "a name does not end in '.git' or '.lock'");
    return 0;
}

/* Most names are ASCII, where folding is the case of letters alone. */
static char *
fold_ascii(struct arena *arena, const char *text)
{
    char *folded = arena_text(arena, text);

    for (char *at = folded; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return folded;
}

static bool
is_ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

char *
text_fold(struct arena *arena, const char *text)
{
    utf8proc_uint8_t *folded = NULL;

    if (is_ascii(text, strlen(text)))
        return fold_ascii(arena, text);
    if (utf8proc_map((const utf8proc_uint8_t *)text, 0, &folded,
                     UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE |
                         UTF8PROC_CASEFOLD | UTF8PROC_IGNORE) < 0)
        return arena_text(arena, text);
    arena_defer(arena, free, folded);
    return (char *)folded;
}

/*
 * Whether some disk takes the segment for git's own folder: in any case, by
 * its short name, or with characters inside that the disk passes over.
 */
static const char *
find_git_name(const char *segment, size_t length)
{
    static const char *const names[] = {".git", "git~1"};
    const char *found = NULL;
    const char *folded;
    struct arena *arena;

    if (length != 4 && length != 5 && is_ascii(segment, length))
        return NULL;
    arena = arena_open();
    folded = text_fold(arena, arena_bytes(arena, segment, length));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(folded, names[i]) == 0)
            found = names[i];
    arena_free(arena);
    return found;
}

static int
check_segment(const char *segment, size_t length, struct error *err)
{
    const char *name;

    if (length == 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a path has no empty segment");
    if (length > TEXT_SEGMENT_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a path's segment has at most %d bytes",
                         TEXT_SEGMENT_LIMIT);
    if (segment[length - 1] == '.' || segment[length - 1] == ' ')
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a path's segment does not end in '.' or ' '");
    name = find_git_name(segment, length);
    if (name != NULL)
        return error_set(err, ERROR_UNPROCESSABLE, "a path holds no '%s'",
                         name);
    return 0;
}

/* A control character of two bytes, as CSI, which moves a terminal. */
static bool
is_c1(const char *at)
{
    return (unsigned char)at[0] == 0xc2 && (unsigned char)at[1] < 0xa0;
}

int
text_check_path(const char *path, struct error *err)
{
    size_t length = strlen(path);
    const char *at = path;

    if (length == 0 || length > TEXT_PATH_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE, "a path has 1 to %d bytes",
                         TEXT_PATH_LIMIT);
    if (!text_is_utf8(path, length))
        return error_set(err, ERROR_UNPROCESSABLE, "a path is UTF-8");
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f ||
            strchr("\\:", path[i]) != NULL || is_c1(path + i))
            return error_set(err, ERROR_UNPROCESSABLE,
                             "a path holds no backslash, colon or control "
                             "character");
    for (;;) {
        size_t n = strcspn(at, "/");

        if (check_segment(at, n, err) < 0)
            return -1;
        if (at[n] == '\0')
            return 0;
        at += n + 1;
    }
}

char *
text_percent_read(struct arena *arena, const char *text, size_t length)
{
    char *out = arena_alloc(arena, length + 1);
    size_t n = 0;

    for (size_t i = 0; i < length; i++) {
        int high;
        int low;

        if (text[i] == '\0')
            return NULL;
        if (text[i] != '%') {
            out[n++] = text[i];
            continue;
        }
        if (length - i < 3)
            return NULL;
        high = hex_digit(text[i + 1]);
        low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0 || high * 16 + low == 0)
            return NULL;
        out[n++] = (char)(high * 16 + low);
        i += 2;
    }
    out[n] = '\0';
    return out;
}

char *
text_percent_write(struct arena *arena, const char *text, const char *keep)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_alloc(arena, strlen(text) * 3 + 1);
    char *at = out;

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (is_word(*text) || strchr("-._~", *text) != NULL ||
            strchr(keep, *text) != NULL) {
            *at++ = *text;
            continue;
        }
        *at++ = '%';
        *at++ = digits[c >> 4];
        *at++ = digits[c & 15];
    }
    *at = '\0';
    return out;
}

char *
text_printable(struct arena *arena, const char *text)
{
    size_t left = strlen(text);
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
    char *out = arena_alloc(arena, left + 1);
    char *to = out;

    while (left > 0) {
        utf8proc_int32_t point;
        utf8proc_ssize_t n =
            utf8proc_iterate(at, (utf8proc_ssize_t)left, &point);
        bool bad = n <= 0 || (point < 0x20 && point != '\n' && point != '\t') ||
                   (point >= 0x7f && point < 0xa0);

        if (n <= 0)
            n = 1;
        if (bad)
            *to++ = '?';
        else
            for (utf8proc_ssize_t i = 0; i < n; i++)
                *to++ = (char)at[i];
        at += n;
        left -= (size_t)n;
    }
    *to = '\0';
    return out;
}

static bool
is_plain(const char *text)
{
    while (*text >= 0x20 && *text < 0x7f)
        text++;
    return *text == '\0';
}

char *
text_line(struct arena *arena, const char *text)
{
    char *out;

    if (is_plain(text))
        return arena_text(arena, text);
    out = text_printable(arena, text);
    for (char *at = out; *at != '\0'; at++)
        if (*at == '\n' || *at == '\t')
            *at = '?';
    return out;
}

/* Letters by Unicode's tables, but drawn as nothing. */
static bool
is_drawn_as_nothing(utf8proc_int32_t point)
{
    return point == 0x115f || point == 0x1160 || point == 0x3164 ||
           point == 0xffa0 || point == 0x2800;
}

bool
text_is_blank(const char *text)
{
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;

    while (*at != '\0') {
        utf8proc_int32_t point;
        utf8proc_ssize_t n = utf8proc_iterate(at, -1, &point);
        utf8proc_category_t category;

        if (n <= 0)
            return false;
        category = utf8proc_category(point);
        if (category != UTF8PROC_CATEGORY_ZS &&
            category != UTF8PROC_CATEGORY_ZL &&
            category != UTF8PROC_CATEGORY_ZP &&
            category != UTF8PROC_CATEGORY_CC &&
            category != UTF8PROC_CATEGORY_CF &&
            !utf8proc_get_property(point)->ignorable &&
            !is_drawn_as_nothing(point))
            return false;
        at += n;
    }
    return true;
}

int
text_compare_paths(const char *a, const char *b)
{
    while (*a == *b && *a != '\0') {
        a++;
        b++;
    }
    if (*a == *b)
        return 0;
    if (*a == '\0' || *b == '\0')
        return *a == '\0' ? -1 : 1;
    if (*a == '/' || *b == '/')
        return *a == '/' ? -1 : 1;
    return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

bool
text_is_same_name(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}
