#include "cli/terminal/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/base/clock.h"
#include "storage/base/file.h"

/* What the shell says when there is no such program. */
#define EXIT_NO_PROGRAM 127

static const char *
find_pager(void)
{
    const char *pager = getenv("WEIGH_PAGER");

    if (pager == NULL)
        pager = getenv("PAGER");
    return pager == NULL ? "less" : pager;
}

/* In the child: never returns. */
static void
become_pager(const char *pager, int from)
{
    interrupt_restore_mask();
    setenv("LESSSECURE", "1", 1);
    setenv("LESS", "-M", 0);
    unsetenv("LESSOPEN");
    unsetenv("LESSCLOSE");
    if (dup2(from, STDIN_FILENO) >= 0)
        execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
    _exit(EXIT_NO_PROGRAM);
}

/* Feeds the child; it may stop reading before the end. */
static void
feed(int to, const char *text, size_t length)
{
    struct error err;

    (void)file_write_all(to, text, length, &err);
    close(to);
}

static int
run_pager(int *out_status, const char *pager, const char *text,
          struct error *err)
{
    int ends[2];
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_system(err, "pager");
    child = fork();
    if (child == 0)
        become_pager(pager, ends[0]);
    close(ends[0]);
    if (child < 0) {
        close(ends[1]);
        return error_set_system(err, "pager");
    }
    feed(ends[1], text, strlen(text));
    while (waitpid(child, out_status, 0) < 0 && errno == EINTR)
        ;
    return 0;
}

int
pager_show(struct pager_shown *out, const struct terminal *terminal,
           const char *bytes, size_t length, struct error *err)
{
    struct arena *arena = arena_open();
    const char *text = terminal_clean(arena, bytes, length);
    const char *pager = find_pager();
    int64_t begun_ms = clock_monotonic_ms();
    int status = 0;
    int result = 0;

    *out = (struct pager_shown){.how = "whole text in a pager"};
    if (terminal->out_is_terminal && terminal->in_is_terminal &&
        pager[0] != '\0' && strcmp(pager, "cat") != 0) {
        fflush(stdout);
        result = run_pager(&status, pager, text, err);
        /* Ctrl-C inside the pager was meant for it. */
        interrupt_clear(terminal->interrupt);
        out->shown_ms = clock_monotonic_ms() - begun_ms;
        if (result < 0 || !WIFEXITED(status) ||
            WEXITSTATUS(status) != EXIT_NO_PROGRAM)
            goto done;
    }
    out->how = "whole text printed";
    out->shown_ms = 0;
    terminal_print(terminal, "%s\n", text);
    result = terminal_flush(terminal, err);

done:
    arena_free(arena);
    return result;
}
