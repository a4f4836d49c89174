#include "registry/http/proxy.h"

#include "tests/check.h"

static const char list[] = "10.0.0.0/8, 192.0.2.1 ,2001:db8::/33";

static void
check_client(const char *peer, const char *forwarded, const char *want)
{
    struct arena *arena = arena_open();
    struct header headers[] = {{"X-Forwarded-For", "203.0.113.99"},
                               {"x-forwarded-for", forwarded}};
    const struct head head = {.headers = headers, .header_count = 2};

    CHECK_TEXT(proxy_find_client(arena, list, peer, &head), want);
    arena_free(arena);
}

TEST(addresses_and_networks_are_trusted)
{
    CHECK(proxy_is_trusted(list, "10.255.0.1"));
    CHECK(proxy_is_trusted(list, "192.0.2.1"));
    CHECK(proxy_is_trusted(list, "2001:db8:7fff::1"));
    CHECK(!proxy_is_trusted(list, "2001:db8:8000::1"));
    CHECK(!proxy_is_trusted(list, "11.0.0.1"));
    CHECK(!proxy_is_trusted(list, "192.0.2.10"));
    CHECK(!proxy_is_trusted(list, "::1"));
    CHECK(!proxy_is_trusted(list, "no address"));
    CHECK(!proxy_is_trusted(NULL, "10.0.0.1"));
    CHECK(!proxy_is_trusted("", "10.0.0.1"));
    CHECK(!proxy_is_trusted("10.0.0.0/33,/8,x/8,10.0.0.0/", "10.0.0.1"));
}

TEST(a_list_holds_addresses_and_networks_alone)
{
    CHECK(proxy_is_list("10.0.0.1"));
    CHECK(proxy_is_list("10.0.0.0/8, ::1"));
    CHECK(!proxy_is_list("10.0.0.0/33"));
    CHECK(!proxy_is_list("10.0.0.1, localhost"));
    CHECK(!proxy_is_list("10.0.0.1,,::1"));
}

TEST(a_stranger_cannot_say_who_it_is)
{
    check_client("203.0.113.5", "198.51.100.1", "203.0.113.5");
}

TEST(the_last_address_that_is_no_proxy_is_the_client)
{
    check_client("10.0.0.1", "198.51.100.1", "198.51.100.1");
    check_client("10.0.0.1", "1.1.1.1, 198.51.100.1 , 10.2.3.4",
                 "198.51.100.1");
    check_client("10.0.0.1", "2001:db8:ffff::2", "2001:db8:ffff::2");
    check_client("10.0.0.1", "10.0.0.2", "10.0.0.2");
}

TEST(what_is_no_address_ends_the_search)
{
    check_client("10.0.0.1", "", "10.0.0.1");
    check_client("10.0.0.1", "evil", "10.0.0.1");
    check_client("10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2");
}
