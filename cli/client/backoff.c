#include "cli/client/backoff.h"

#include "cli/client/refusal.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"

int
backoff_wait_ms(int failed, uint32_t chance)
{
    int64_t most = BACKOFF_FIRST_MS;

    while (--failed > 0 && most < BACKOFF_MOST_MS)
        most *= 2;
    if (most > BACKOFF_MOST_MS)
        most = BACKOFF_MOST_MS;
    return (int)(most / 2 + (int64_t)chance % (most / 2 + 1));
}

/* Adds when the registry wants to be asked again; the rest stays. */
static int
give_up(struct error *err)
{
    const struct error said = *err;

    if (said.retry_after_seconds == 0)
        return -1;
    error_set(err, said.code, "%s; it asks to be tried again in %d s",
              said.message, said.retry_after_seconds);
    err->status = said.status;
    err->retry_after_seconds = said.retry_after_seconds;
    return -1;
}

bool
backoff_is_over(const struct backoff *backoff, int64_t now_ms)
{
    return now_ms >= backoff->until_ms;
}

int
backoff_fail(struct backoff *backoff, int64_t now_ms, struct error *err)
{
    uint32_t chance;
    int64_t wait_ms;

    if (!refusal_is_temporary(err))
        return -1;
    if (!backoff_is_over(backoff, now_ms))
        return 0;
    if (++backoff->failed >= backoff->tries ||
        err->retry_after_seconds > backoff->asked_seconds)
        return give_up(err);
    random_bytes(&chance, sizeof(chance));
    wait_ms = backoff_wait_ms(backoff->failed, chance);
    if (wait_ms < (int64_t)err->retry_after_seconds * 1000)
        wait_ms = (int64_t)err->retry_after_seconds * 1000 +
                  chance % BACKOFF_FIRST_MS;
    backoff->until_ms = now_ms + wait_ms;
    return 0;
}

int
backoff_fail_aloud(struct backoff *backoff, struct progress *progress,
                   struct error *err)
{
    const int failed = backoff->failed;

    if (backoff_fail(backoff, clock_monotonic_ms(), err) < 0)
        return -1;
    if (progress->is_quiet || failed == BACKOFF_TELL ||
        backoff->failed != BACKOFF_TELL)
        return 0;
    progress_hide(progress);
    terminal_note(progress->terminal, "%s; trying again\n", err->message);
    return 0;
}

void
backoff_reset(struct backoff *backoff)
{
    backoff->failed = 0;
}
