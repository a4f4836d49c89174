#include "cli/terminal/prompt.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "storage/base/text.h"

/* One byte, or 0 at the end of the input. */
static int
read_byte(char *out, const struct terminal *terminal, struct error *err)
{
    struct pollfd waiting[2] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = interrupt_fd(terminal->interrupt), .events = POLLIN},
    };
    ssize_t n;

    for (;;) {
        if (poll(waiting, 2, -1) < 0 && errno != EINTR)
            return error_set_system(err, "standard input");
        if (interrupt_check(terminal->interrupt, err) < 0)
            return -1;
        n = read(STDIN_FILENO, out, 1);
        if (n >= 0)
            return (int)n;
        if (errno != EINTR && errno != EAGAIN)
            return error_set_system(err, "standard input");
    }
}

/* The bytes of a line, ended by NUL. */
static int
read_line(char out[PROMPT_LIMIT + 1], const struct terminal *terminal,
          struct error *err)
{
    size_t length = 0;
    char byte = 0;
    int n;

    while ((n = read_byte(&byte, terminal, err)) > 0 && byte != '\n') {
        if (length == PROMPT_LIMIT)
            return error_set(err, ERROR_USAGE, "an answer over %d bytes",
                             PROMPT_LIMIT);
        out[length++] = byte;
    }
    if (n < 0)
        return -1;
    if (n == 0 && length == 0)
        return error_set(err, ERROR_USAGE, "the input ended before an answer");
    out[length] = '\0';
    if (strlen(out) != length || !text_is_utf8(out, length))
        return error_set(err, ERROR_USAGE, "the answer is not UTF-8");
    return 0;
}

int
prompt_line(const char **out, const struct terminal *terminal,
            struct arena *arena, const char *question, struct error *err)
{
    char line[PROMPT_LIMIT + 1];
    const char *begin = line;
    size_t length;

    terminal_note(terminal, "%s", question);
    if (read_line(line, terminal, err) < 0)
        return -1;
    begin += strspn(begin, " \t\r");
    length = strlen(begin);
    while (length > 0 && strchr(" \t\r", begin[length - 1]) != NULL)
        length--;
    *out = arena_bytes(arena, begin, length);
    return 0;
}

int
prompt_secret(char **out, const struct terminal *terminal, struct arena *arena,
              const char *question, struct error *err)
{
    char line[PROMPT_LIMIT + 1];
    struct termios before;
    struct termios hidden;
    bool is_hidden =
        terminal->in_is_terminal && tcgetattr(STDIN_FILENO, &before) == 0;
    int result;

    /* Hidden before it is asked: who answers at once is not shown, or lost. */
    if (is_hidden) {
        hidden = before;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    terminal_note(terminal, "%s", question);
    result = read_line(line, terminal, err);
    if (is_hidden) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        terminal_note(terminal, "\n");
    }
    if (result == 0)
        *out = arena_text(arena, line);
    explicit_bzero(line, sizeof(line));
    return result;
}
