#include "storage/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t
read_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_now_ms(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t
clock_monotonic_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_monotonic_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void
clock_write(char out[CLOCK_TEXT_SIZE], int64_t at_ms)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm parts;
    size_t length;

    if (at_ms < 0 || gmtime_r(&seconds, &parts) == NULL ||
        parts.tm_year > 8099) {
        snprintf(out, CLOCK_TEXT_SIZE, "9999-12-31T23:59:59.999Z");
        return;
    }
    length = strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + length, CLOCK_TEXT_SIZE - length, ".%03dZ",
             (int)(at_ms % 1000));
}

/* Digits after a decimal point, as milliseconds; the text after them. */
static const char *
read_fraction(int *out_ms, const char *text)
{
    int scale = 100;

    *out_ms = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        *out_ms += (*text - '0') * scale;
        scale /= 10;
    }
    return text;
}

bool
clock_parse(int64_t *out_ms, const char *text)
{
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%d", &parts);
    int fraction_ms = 0;
    int day = parts.tm_mday;

    if (rest == NULL)
        return false;
    if (*rest == 'T') {
        rest = strptime(rest, "T%H:%M:%S", &parts);
        if (rest != NULL && *rest == '.')
            rest = read_fraction(&fraction_ms, rest + 1);
        if (rest == NULL || *rest != 'Z')
            return false;
        rest++;
    }
    if (*rest != '\0')
        return false;
    *out_ms = (int64_t)timegm(&parts) * 1000 + fraction_ms;
    /* Of 30 February timegm makes 2 March. */
    return parts.tm_mday == day;
}
