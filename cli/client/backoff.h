/*
 * backoff: when what failed on the way is tried again, and when no more.
 *
 * The first wait is short, each one after it twice as long up to a limit, and
 * a part of it is chance, so that many tools that one failure cut off do not
 * come back at the same moment.  A registry that says when it wants to be
 * asked again (Retry-After) is obeyed, unless that is too long to wait for.
 * What moves forward calls backoff_reset, and the count begins anew.
 */
#ifndef CLI_CLIENT_BACKOFF_H
#define CLI_CLIENT_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/terminal/progress.h"
#include "storage/base/error.h"

/* 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10 … s; half of each is chance. */
#define BACKOFF_FIRST_MS 200
#define BACKOFF_MOST_MS 10000
/* Of bytes that somebody waits for: given up after some 20 s of waiting. */
#define BACKOFF_TRANSFER_TRIES 8
#define BACKOFF_TRANSFER_ASKED_S 300
/* Of a short question: after some 5 s. */
#define BACKOFF_QUESTION_TRIES 6
#define BACKOFF_QUESTION_ASKED_S 10

/* After so many failures, about half a second, a person is told. */
#define BACKOFF_TELL 3

struct backoff {
    int tries;         /* in a row that fail, the last of which is final */
    int asked_seconds; /* the longest Retry-After that is obeyed */
    int failed;        /* in a row */
    int64_t until_ms;  /* no try before; of clock_monotonic_ms */
};

/*
 * Counts a failure.  0: try again once backoff_is_over.  -1 with err, whose
 * message then says what the registry asked for: that was the last try, or
 * trying again does not help.  Failures within a wait are one: what breaks the
 * network breaks all connections at once.
 */
int backoff_fail(struct backoff *backoff, int64_t now_ms, struct error *err);

/*
 * The same, and says through progress, once, that it goes on trying.  Nothing
 * is said where nothing is shown.
 */
int backoff_fail_aloud(struct backoff *backoff, struct progress *progress,
                       struct error *err);

/* Whether the wait after the last failure is over. */
bool backoff_is_over(const struct backoff *backoff, int64_t now_ms);

/* Something came or was taken. */
void backoff_reset(struct backoff *backoff);

/* The wait after so many failures in a row; chance is any number. */
int backoff_wait_ms(int failed, uint32_t chance);

#endif
