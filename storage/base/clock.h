/*
 * clock: points in time as milliseconds since 1970 (UTC), and as text.
 *
 * The text is RFC 3339 with milliseconds, "2026-11-24T05:23:06.000Z", as the
 * Hub writes it.
 */
#ifndef STORAGE_BASE_CLOCK_H
#define STORAGE_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_TEXT_SIZE 32

/* Never a time: what "no end" is written as. */
#define CLOCK_NEVER INT64_MAX

int64_t clock_now_ms(void);

/* Since an arbitrary start; never goes back. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

void clock_write(char out[CLOCK_TEXT_SIZE], int64_t at_ms);

/*
 * Reads "2026-11-24", "2026-11-24T05:23:06Z" and fractions of a second; a day
 * alone is its first moment.  False when it is none of these, or no day of the
 * calendar.
 */
bool clock_parse(int64_t *out_ms, const char *text);

#endif
