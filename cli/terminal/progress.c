#include "cli/terminal/progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "storage/base/clock.h"

#define DRAW_EVERY_MS 100
#define LINE_EVERY_MS 5000
/* The weight of what was measured last in the rate that is shown. */
#define SMOOTHING 0.3

void
progress_size(char out[PROGRESS_SIZE_TEXT], uint64_t bytes)
{
    static const char *const units[] = {"B",  "kB", "MB", "GB",
                                        "TB", "PB", "EB"};
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 999.5) {
        value /= 1000.0;
        unit++;
    }
    if (unit == 0 || value >= 9.95)
        snprintf(out, PROGRESS_SIZE_TEXT, "%.0f %s", value, units[unit]);
    else
        snprintf(out, PROGRESS_SIZE_TEXT, "%.1f %s", value, units[unit]);
}

void
progress_begin(struct progress *out, const struct terminal *terminal,
               bool is_quiet, uint64_t total_bytes, uint64_t done_bytes)
{
    *out = (struct progress){
        .terminal = terminal,
        .is_quiet = is_quiet,
        .total_bytes = total_bytes,
        .done_bytes = done_bytes,
        .drawn_bytes = done_bytes,
        .drawn_ms = clock_monotonic_ms(),
    };
}

static void
measure(struct progress *progress, int64_t now_ms)
{
    double seconds = (double)(now_ms - progress->drawn_ms) / 1000.0;
    double bytes = (double)progress->done_bytes - (double)progress->drawn_bytes;

    if (seconds > 0.0 && bytes >= 0.0) {
        double rate = bytes / seconds;

        progress->rate =
            progress->rate <= 0.0
                ? rate
                : progress->rate * (1.0 - SMOOTHING) + rate * SMOOTHING;
    }
    progress->drawn_ms = now_ms;
    progress->drawn_bytes = progress->done_bytes;
}

/* "0:07", "1:02:03", or "-:--" while nobody can tell. */
static void
write_left(char out[32], const struct progress *progress)
{
    uint64_t left = progress->total_bytes - progress->done_bytes;
    uint64_t seconds;

    if (left > 0 && progress->rate < 1.0) {
        snprintf(out, 32, "-:--");
        return;
    }
    seconds = left == 0 ? 0 : (uint64_t)((double)left / progress->rate + 0.5);
    if (seconds >= 3600)
        snprintf(out, 32, "%" PRIu64 ":%02d:%02d", seconds / 3600,
                 (int)(seconds / 60 % 60), (int)(seconds % 60));
    else
        snprintf(out, 32, "%d:%02d", (int)(seconds / 60), (int)(seconds % 60));
}

static void
draw(struct progress *progress, int64_t now_ms, const char *end)
{
    char done[PROGRESS_SIZE_TEXT];
    char total[PROGRESS_SIZE_TEXT];
    char rate[PROGRESS_SIZE_TEXT];
    char left[32];
    bool is_terminal = progress->terminal->err_is_terminal;

    measure(progress, now_ms);
    progress_size(done, progress->done_bytes);
    progress_size(total, progress->total_bytes);
    progress_size(rate, (uint64_t)progress->rate);
    write_left(left, progress);
    fflush(stdout); /* what was said before comes before */
    fprintf(stderr, "%s%s of %s   %s/s   %s left%s%s", is_terminal ? "\r" : "",
            done, total, rate, left, is_terminal ? "\033[K" : "", end);
    fflush(stderr);
    progress->has_drawn = true;
}

void
progress_set(struct progress *progress, uint64_t done_bytes)
{
    bool is_terminal = progress->terminal->err_is_terminal;
    int64_t now_ms = clock_monotonic_ms();

    progress->done_bytes =
        done_bytes > progress->total_bytes ? progress->total_bytes : done_bytes;
    if (progress->is_quiet || now_ms - progress->drawn_ms <
                                  (is_terminal ? DRAW_EVERY_MS : LINE_EVERY_MS))
        return;
    draw(progress, now_ms, is_terminal ? "" : "\n");
}

void
progress_end(struct progress *progress)
{
    if (progress->is_quiet || progress->total_bytes == 0)
        return;
    draw(progress, clock_monotonic_ms(), "\n");
    progress->has_drawn = false;
}

void
progress_hide(struct progress *progress)
{
    if (!progress->has_drawn || !progress->terminal->err_is_terminal)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->has_drawn = false;
}
