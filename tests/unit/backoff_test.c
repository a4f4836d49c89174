#include <string.h>

#include "cli/client/backoff.h"
#include "cli/client/refusal.h"
#include "tests/check.h"

#define TRANSFER                                                               \
    {                                                                          \
        .tries = BACKOFF_TRANSFER_TRIES,                                       \
        .asked_seconds = BACKOFF_TRANSFER_ASKED_S                              \
    }

TEST(waits_double_up_to_a_limit_and_half_of_each_is_chance)
{
    static const int most[] = {200, 400, 800, 1600, 3200, 6400, 10000, 10000};

    for (int i = 0; i < 8; i++) {
        CHECK(backoff_wait_ms(i + 1, 0) == most[i] / 2);
        CHECK(backoff_wait_ms(i + 1, (uint32_t)most[i] / 2) == most[i]);
        CHECK(backoff_wait_ms(i + 1, UINT32_MAX) <= most[i]);
    }
    CHECK(backoff_wait_ms(1000000, 0) == BACKOFF_MOST_MS / 2);
}

TEST(a_transfer_is_given_up_after_its_tries_in_a_row_and_not_before)
{
    struct backoff backoff = TRANSFER;
    struct error err;
    int64_t now_ms = 1000;
    int waits = 0;

    error_set(&err, ERROR_NETWORK, "cut");
    while (backoff_fail(&backoff, now_ms, &err) == 0) {
        CHECK(backoff.until_ms > now_ms);
        CHECK(!backoff_is_over(&backoff, backoff.until_ms - 1));
        CHECK(backoff_is_over(&backoff, backoff.until_ms));
        now_ms = backoff.until_ms;
        waits++;
    }
    CHECK(waits == BACKOFF_TRANSFER_TRIES - 1);
    CHECK(now_ms - 1000 > 10000 && now_ms - 1000 <= 22600);
    CHECK_TEXT(err.message, "cut");
}

TEST(whatever_comes_in_between_begins_the_count_anew)
{
    struct backoff backoff = TRANSFER;
    struct error err;
    int64_t now_ms = 0;

    error_set(&err, ERROR_NETWORK, "cut");
    for (int i = 0; i < 100; i++) {
        CHECK(backoff_fail(&backoff, now_ms, &err) == 0);
        CHECK(backoff.until_ms - now_ms <= BACKOFF_FIRST_MS);
        now_ms = backoff.until_ms;
        backoff_reset(&backoff);
    }
}

TEST(connections_that_break_together_count_once)
{
    struct backoff backoff = TRANSFER;
    struct error err;

    error_set(&err, ERROR_NETWORK, "cut");
    for (int i = 0; i < 64; i++)
        CHECK(backoff_fail(&backoff, 0, &err) == 0);
    CHECK(backoff.failed == 1);
}

TEST(what_trying_again_does_not_mend_is_final_at_once)
{
    static const enum error_code codes[] = {ERROR_GATED, ERROR_NOT_FOUND,
                                            ERROR_DIGEST_MISMATCH,
                                            ERROR_NO_SPACE, ERROR_INTERNAL};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct backoff backoff = TRANSFER;
        struct error err;

        error_set(&err, codes[i], "no");
        CHECK(backoff_fail(&backoff, 0, &err) == -1);
        CHECK_TEXT(err.message, "no");
    }
}

/* The error of a refusal with this Retry-After. */
static void
refuse(struct error *err, int status, const char *retry_after)
{
    const struct answer_header header = {"Retry-After", retry_after, NULL};
    const struct answer answer = {.status = status,
                                  .body = "{\"error\":\"later\"}",
                                  .length = 17,
                                  .headers = &header};

    CHECK(refusal_set(err, &answer) == -1);
}

TEST(a_registry_that_says_when_is_obeyed)
{
    struct backoff backoff = TRANSFER;
    struct error err;

    refuse(&err, 503, "7");
    CHECK(err.retry_after_seconds == 7);
    CHECK(backoff_fail(&backoff, 0, &err) == 0);
    CHECK(backoff.until_ms >= 7000 && backoff.until_ms < 7200);
    refuse(&err, 429, "2");
    CHECK(backoff_fail(&backoff, 10000, &err) == 0);
    CHECK(backoff.until_ms >= 12000 && backoff.until_ms < 12200);
}

TEST(a_wait_that_is_too_long_is_told_and_not_waited_for)
{
    struct backoff backoff = TRANSFER;
    struct error err;

    refuse(&err, 429, "3600");
    CHECK(backoff_fail(&backoff, 0, &err) == -1);
    CHECK(err.code == ERROR_TOO_MANY && err.status == 429);
    CHECK_TEXT(err.message, "later; it asks to be tried again in 3600 s");
}

TEST(a_time_to_come_back_counts_only_where_it_makes_sense)
{
    static const struct {
        int status;
        const char *text;
        int least;
        int most;
    } cases[] = {
        {503, "", 0, 0},
        {503, "-5", 0, 0},
        {503, "soon", 0, 0},
        {200, "5", 0, 0},
        {404, "5", 0, 0},
        {503, "Thu, 01 Jan 1970 00:00:00 GMT", 0, 0},
        {503, "Fri, 01 Jan 2100 00:00:00 GMT", 1000000, INT32_MAX},
        {503, "99999999999999999999", INT32_MAX, INT32_MAX},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err;

        refuse(&err, cases[i].status, cases[i].text);
        CHECK(err.retry_after_seconds >= cases[i].least);
        CHECK(err.retry_after_seconds <= cases[i].most);
    }
}

TEST(a_busy_registry_is_tried_again)
{
    const struct answer_header code = {"X-Error-Code", "Unavailable", NULL};
    const struct answer answer = {.status = 503, .body = "", .headers = &code};
    struct error err;

    CHECK(refusal_set(&err, &answer) == -1);
    CHECK(refusal_is_temporary(&err) && refusal_is_later(&err));
}
