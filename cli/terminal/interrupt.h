/*
 * interrupt: Ctrl-C as something to ask for, not something that happens.
 *
 * SIGINT is blocked for the whole program and read from a descriptor, so no
 * code runs inside a signal handler and no file is left half-written.  Whoever
 * works or waits for long asks interrupt_check now and then, or polls
 * interrupt_fd beside what it waits for.  May be asked from any thread.
 */
#ifndef CLI_TERMINAL_INTERRUPT_H
#define CLI_TERMINAL_INTERRUPT_H

#include <stdbool.h>

#include "storage/base/error.h"

struct interrupt;

/* Before any thread is started.  The caller frees *out with interrupt_free. */
int interrupt_open(struct interrupt **out, struct error *err);
void interrupt_free(struct interrupt *interrupt); /* NULL is allowed */

/* Once true, true until interrupt_clear.  NULL is never interrupted. */
bool interrupt_is_set(struct interrupt *interrupt);

/* The same, where a bool (*)(void *) is wanted. */
bool interrupt_is_set_in(void *interrupt);

/* ERROR_INTERRUPTED once a person pressed Ctrl-C. */
int interrupt_check(struct interrupt *interrupt, struct error *err);

/* Forgets one that was meant for another program, such as the pager. */
void interrupt_clear(struct interrupt *interrupt);

/* Readable when interrupted; -1 for NULL, which poll leaves out. */
int interrupt_fd(const struct interrupt *interrupt);

/* Waits; ERROR_INTERRUPTED when that came first. */
int interrupt_sleep(struct interrupt *interrupt, int timeout_ms,
                    struct error *err);

/* What the signal was before; for a program that is started. */
void interrupt_restore_mask(void);

#endif
