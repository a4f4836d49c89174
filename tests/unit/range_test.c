#include <stdbool.h>
#include <string.h>

#include "registry/http/range.h"
#include "storage/base/buffer.h"
#include "tests/check.h"

static struct range_set
parse(const char *header, uint64_t size)
{
    struct range_set set;

    range_parse(&set, header, size);
    return set;
}

static bool
is_one(const char *header, uint64_t size, uint64_t offset, uint64_t length)
{
    struct range_set set = parse(header, size);

    return set.kind == RANGE_SOME && set.count == 1 &&
           set.ranges[0].offset == offset && set.ranges[0].length == length;
}

TEST(the_three_forms_of_a_range_are_read)
{
    CHECK(is_one("bytes=0-0", 10, 0, 1));
    CHECK(is_one("bytes=2-5", 10, 2, 4));
    CHECK(is_one("bytes=2-", 10, 2, 8));
    CHECK(is_one("bytes=-3", 10, 7, 3));
    CHECK(is_one("Bytes= 2-5 ", 10, 2, 4));
}

TEST(a_range_is_cut_at_the_end_of_the_body)
{
    CHECK(is_one("bytes=2-99", 10, 2, 8));
    CHECK(is_one("bytes=-99", 10, 0, 10));
    CHECK(is_one("bytes=9-18446744073709551615", 10, 9, 1));
}

TEST(a_range_outside_of_the_body_is_416)
{
    CHECK(parse("bytes=10-", 10).kind == RANGE_NONE);
    CHECK(parse("bytes=10-12,99-", 10).kind == RANGE_NONE);
    CHECK(parse("bytes=-0", 10).kind == RANGE_NONE);
    CHECK(parse("bytes=0-", 0).kind == RANGE_NONE);
}

TEST(what_is_malformed_asks_for_everything)
{
    static const char *const headers[] = {
        "bytes",       "bytes=",        "bytes=-",
        "bytes=a-b",   "bytes=5-2",     "bytes=1-2,",
        "bytes=,1-2",  "bytes=1-2;3-4", "bytes=1 -2",
        "items=1-2",   "bytes=--1",     "bytes=18446744073709551616-",
        "bytes=0x1-2",
    };

    CHECK(parse(NULL, 10).kind == RANGE_ALL);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        if (parse(headers[i], 10).kind != RANGE_ALL)
            check_text(__FILE__, __LINE__, headers[i], "left out of account");
}

TEST(several_ranges_keep_their_order_and_lose_those_outside)
{
    struct range_set set = parse("bytes=8-9, 0-1 ,50-60,-1", 10);

    CHECK(set.kind == RANGE_SOME && set.count == 3);
    CHECK(set.ranges[0].offset == 8 && set.ranges[1].offset == 0);
    CHECK(set.ranges[2].offset == 9 && set.ranges[2].length == 1);
}

TEST(ranges_that_repeat_the_body_or_are_too_many_ask_for_everything)
{
    struct buffer text = {0};

    CHECK(parse("bytes=0-,0-,0-", 10).kind == RANGE_ALL);
    buffer_append_text(&text, "bytes=0-0");
    for (int i = 1; i < LIMIT_RANGES; i++)
        buffer_append_format(&text, ",%d-%d", 2 * i, 2 * i);
    CHECK(parse(text.bytes, 1000).count == LIMIT_RANGES);
    buffer_append_text(&text, ",999-999");
    CHECK(parse(text.bytes, 1000).kind == RANGE_ALL);
    buffer_free(&text);
}
