#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/buffer.h"
#include "tests/check.h"
#include "tests/http/client.h"

#define HOST "Host: registry.test\r\n"
#define HEAD_BYTES 32768 /* the default */
#define HELLO "GET /hello HTTP/1.1\r\n" HOST "\r\n"

static int
hello(struct request *request, struct response *response, struct error *err)
{
    (void)request;
    (void)err;
    response_text(response, 200, "hello");
    return 0;
}

/* More than a socket's buffers hold. */
static int
much(struct request *request, struct response *response, struct error *err)
{
    size_t length = 32 << 20;

    (void)err;
    response_bytes(response, 200, "text/plain",
                   arena_alloc(request->arena, length), length);
    return 0;
}

static const struct route routes[] = {
    {"GET", "/hello", RIGHT_PUBLIC, hello, NULL, 0},
    {"POST", "/hello", RIGHT_PUBLIC, hello, NULL, 0},
    {"GET", "/much", RIGHT_PUBLIC, much, NULL, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

static struct test_server *
open_server(struct limits limits)
{
    return test_server_open((struct server_options){.routes = tables,
                                                    .loops = 1,
                                                    .workers = 1,
                                                    .io_threads = 1,
                                                    .limits = limits});
}

TEST(headers_that_come_too_slowly_are_408)
{
    struct test_server *test = open_server((struct limits){.head_ms = 500});
    int fd = test_connect(test);

    test_send(fd, "GET /hello HTTP/1.1\r\nHost:");
    CHECK(test_read(fd, false).status == 408);
    CHECK(test_is_ended(fd));
    close(fd);
    test_server_close(test);
}

TEST(a_connection_that_never_asks_is_ended)
{
    struct test_server *test = open_server((struct limits){.head_ms = 1});
    int fd = test_connect(test);

    CHECK(test_is_ended(fd));
    close(fd);
    test_server_close(test);
}

TEST(an_idle_kept_connection_is_ended)
{
    struct test_server *test = open_server((struct limits){.idle_ms = 1});
    int fd = test_connect(test);

    test_send(fd, HELLO);
    CHECK(test_read(fd, false).status == 200);
    CHECK(test_is_ended(fd));
    close(fd);
    test_server_close(test);
}

TEST(a_body_that_comes_too_slowly_is_408)
{
    struct test_server *test = open_server(
        (struct limits){.body_window_ms = 1, .body_bytes_per_second = 1 << 20});
    int fd = test_connect(test);

    test_send(fd,
              "POST /hello HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\nx");
    CHECK(test_read(fd, false).status == 408);
    close(fd);
    test_server_close(test);
}

TEST(an_answer_that_nobody_takes_is_reset)
{
    struct test_server *test = open_server((struct limits){.send_ms = 1});
    int fd = test_connect(test);
    struct pollfd poller = {.fd = fd}; /* tells of errors alone */

    test_send(fd, "GET /much HTTP/1.1\r\n" HOST "\r\n");
    CHECK(poll(&poller, 1, 10000) == 1); /* nothing is read meanwhile */
    CHECK(test_is_reset(fd));
    close(fd);
    test_server_close(test);
}

TEST(headers_over_the_limit_are_431_and_a_long_path_414)
{
    struct test_server *test = open_server((struct limits){0});
    struct buffer text = {0};

    buffer_append_text(&text, "GET / HTTP/1.1\r\n" HOST "X-A: ");
    for (int i = 0; i < HEAD_BYTES; i++)
        buffer_append_text(&text, "a");
    buffer_append_text(&text, "\r\n\r\n");
    CHECK(test_ask(test, text.bytes).status == 431);
    buffer_free(&text);
    buffer_append_text(&text, "GET /");
    for (int i = 0; i < 2 * HEAD_BYTES; i++)
        buffer_append_text(&text, "a");
    CHECK(test_ask(test, text.bytes).status == 414);
    buffer_free(&text);
    test_server_close(test);
}

TEST(a_connection_over_the_limit_is_told_to_try_again)
{
    struct test_server *test = open_server((struct limits){.connections = 2});
    int one = test_connect(test);
    int two = test_connect(test);
    int three;
    struct test_answer answer;

    test_send(one, HELLO);
    CHECK(test_read(one, false).status == 200);
    test_send(two, HELLO);
    CHECK(test_read(two, false).status == 200);
    three = test_connect(test);
    answer = test_read(three, false);
    CHECK(answer.status == 503);
    CHECK(test_header(&answer, "Retry-After") != NULL);
    CHECK(test_is_ended(three));
    close(three);
    close(two);
    test_send(one, HELLO);
    CHECK(test_read(one, false).status == 200);
    close(one);
    test_server_close(test);
}

TEST(one_address_has_only_so_many_connections)
{
    struct test_server *test =
        open_server((struct limits){.connections_per_address = 1});
    int one = test_connect(test);
    int two;
    struct test_answer answer;

    test_send(one, HELLO);
    CHECK(test_read(one, false).status == 200);
    two = test_connect(test);
    answer = test_read(two, false);
    CHECK(answer.status == 429);
    CHECK(test_header(&answer, "Retry-After") != NULL);
    close(two);
    close(one);
    test_server_close(test);
}

TEST(a_stop_does_not_wait_for_who_takes_nothing)
{
    struct test_server *test = open_server((struct limits){.stop_ms = 1});
    int fd = test_connect(test);
    char byte;

    test_send(fd, "GET /much HTTP/1.1\r\n" HOST "\r\n");
    CHECK(read(fd, &byte, 1) == 1);
    test_server_close(test);
    CHECK(test_is_reset(fd));
    close(fd);
}
