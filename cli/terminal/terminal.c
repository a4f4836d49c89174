#include "cli/terminal/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utf8proc.h>

void
terminal_look(struct terminal *out, struct interrupt *interrupt)
{
    *out = (struct terminal){
        .in_is_terminal = isatty(STDIN_FILENO),
        .out_is_terminal = isatty(STDOUT_FILENO),
        .err_is_terminal = isatty(STDERR_FILENO),
        .interrupt = interrupt,
    };
}

/* U+202A to U+202E, U+2066 to U+2069, U+200E, U+200F, U+061C, U+FEFF. */
static bool
turns_direction(utf8proc_int32_t c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
           c == 0x200e || c == 0x200f || c == 0x061c || c == 0xfeff;
}

static bool
is_harmless(utf8proc_int32_t c)
{
    if (c == '\n' || c == '\t')
        return true;
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
        return false;
    return !turns_direction(c);
}

char *
terminal_clean(struct arena *arena, const char *bytes, size_t length)
{
    char *out = arena_alloc(arena, length + 1);
    size_t written = 0;

    for (size_t at = 0; at < length;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)bytes + at,
                             (utf8proc_ssize_t)(length - at), &c);

        if (n <= 0) {
            out[written++] = '?';
            at++;
            continue;
        }
        if (is_harmless(c)) {
            memcpy(out + written, bytes + at, (size_t)n);
            written += (size_t)n;
        } else {
            out[written++] = '?';
        }
        at += (size_t)n;
    }
    out[written] = '\0';
    return out;
}

__attribute__((format(printf, 2, 0))) static void
print_clean(FILE *stream, const char *format, va_list args)
{
    struct arena *arena = arena_open();
    char *text = NULL;
    int length = vasprintf(&text, format, args);

    if (length >= 0)
        fputs(terminal_clean(arena, text, (size_t)length), stream);
    free(text);
    arena_free(arena);
}

void
terminal_print(const struct terminal *terminal, const char *format, ...)
{
    va_list args;

    (void)terminal;
    va_start(args, format);
    print_clean(stdout, format, args);
    va_end(args);
}

/* What was printed before comes before, also when both go to one place. */
void
terminal_note(const struct terminal *terminal, const char *format, ...)
{
    va_list args;

    (void)terminal;
    fflush(stdout);
    va_start(args, format);
    print_clean(stderr, format, args);
    va_end(args);
    fflush(stderr);
}

int
terminal_flush(const struct terminal *terminal, struct error *err)
{
    (void)terminal;
    if (fflush(stdout) != 0)
        return error_set_system(err, "standard output");
    if (ferror(stdout))
        return error_set(err, ERROR_INTERNAL, "standard output: write failed");
    return 0;
}

size_t
terminal_width(const char *text)
{
    size_t length = strlen(text);
    size_t width = 0;

    for (size_t at = 0; at < length;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)text + at,
                             (utf8proc_ssize_t)(length - at), &c);

        if (n <= 0)
            break;
        width += (size_t)utf8proc_charwidth(c);
        at += (size_t)n;
    }
    return width;
}
