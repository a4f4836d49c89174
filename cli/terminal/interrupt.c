#include "cli/terminal/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "storage/base/arena.h"

struct interrupt {
    int fd; /* of signalfd */
    atomic_bool is_set;
};

static void
only_sigint(sigset_t *out)
{
    sigemptyset(out);
    sigaddset(out, SIGINT);
}

int
interrupt_open(struct interrupt **out, struct error *err)
{
    sigset_t signals;
    int fd;

    only_sigint(&signals);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
        return error_set_system(err, "signals");
    fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return error_set_system(err, "signals");
    *out = xcalloc(1, sizeof(**out));
    (*out)->fd = fd;
    return 0;
}

void
interrupt_free(struct interrupt *interrupt)
{
    if (interrupt == NULL)
        return;
    close(interrupt->fd);
    free(interrupt);
}

/* The signal stays pending, so that every poll on the descriptor sees it. */
bool
interrupt_is_set(struct interrupt *interrupt)
{
    struct pollfd waiting;

    if (interrupt == NULL)
        return false;
    if (atomic_load(&interrupt->is_set))
        return true;
    waiting = (struct pollfd){.fd = interrupt->fd, .events = POLLIN};
    if (poll(&waiting, 1, 0) <= 0)
        return false;
    atomic_store(&interrupt->is_set, true);
    return true;
}

bool
interrupt_is_set_in(void *interrupt)
{
    return interrupt_is_set(interrupt);
}

int
interrupt_check(struct interrupt *interrupt, struct error *err)
{
    if (interrupt_is_set(interrupt))
        return error_set(err, ERROR_INTERRUPTED, NULL);
    return 0;
}

void
interrupt_clear(struct interrupt *interrupt)
{
    struct signalfd_siginfo info;

    if (interrupt == NULL)
        return;
    while (read(interrupt->fd, &info, sizeof(info)) > 0)
        ;
    atomic_store(&interrupt->is_set, false);
}

int
interrupt_fd(const struct interrupt *interrupt)
{
    return interrupt == NULL ? -1 : interrupt->fd;
}

int
interrupt_sleep(struct interrupt *interrupt, int timeout_ms, struct error *err)
{
    struct pollfd waiting = {.fd = interrupt_fd(interrupt), .events = POLLIN};

    poll(&waiting, 1, timeout_ms);
    return interrupt_check(interrupt, err);
}

void
interrupt_restore_mask(void)
{
    sigset_t signals;

    only_sigint(&signals);
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
}
