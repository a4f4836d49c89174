#include "storage/db/outage.h"

#include <stddef.h>

#include "storage/base/clock.h"
#include "tests/check.h"

TEST(nobody_waits_while_the_server_answers)
{
    struct outage outage = {0};

    CHECK(outage_admits(&outage) && outage_admits(&outage));
    outage_end(&outage);
    CHECK(outage_admits(&outage));
}

TEST(all_are_refused_right_after_the_server_was_found_to_hang)
{
    struct outage outage = {0};

    outage_begin(&outage);
    CHECK(!outage_admits(&outage) && !outage_admits(&outage));
}

TEST(after_the_pause_one_looks_and_the_others_are_refused)
{
    struct outage outage = {0};

    outage_begin(&outage);
    outage.until_ms = clock_monotonic_ms();
    CHECK(outage_admits(&outage));
    CHECK(!outage_admits(&outage) && !outage_admits(&outage));
}

TEST(an_answer_lets_all_in_again)
{
    struct outage outage = {0};

    outage_begin(&outage);
    outage.until_ms = clock_monotonic_ms();
    CHECK(outage_admits(&outage));
    outage_end(&outage);
    CHECK(outage_admits(&outage) && outage_admits(&outage));
}

TEST(who_looks_and_finds_nothing_begins_another_pause)
{
    struct outage outage = {0};

    outage_begin(&outage);
    outage.until_ms = clock_monotonic_ms();
    CHECK(outage_admits(&outage));
    outage_begin(&outage);
    CHECK(!outage_admits(&outage));
    CHECK(outage.until_ms <= clock_monotonic_ms() + OUTAGE_PAUSE_MS);
}

TEST(a_lone_connection_needs_no_leave)
{
    outage_begin(NULL);
    outage_end(NULL);
    CHECK(outage_admits(NULL));
}
