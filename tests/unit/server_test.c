#include <string.h>
#include <unistd.h>

#include "registry/http/cookie.h"
#include "tests/check.h"
#include "tests/http/client.h"

#define HOST "Host: registry.test\r\n"

static int
hello(struct request *request, struct response *response, struct error *err)
{
    (void)request;
    (void)err;
    response_text(response, 200, "hello");
    return 0;
}

static int
echo(struct request *request, struct response *response, struct error *err)
{
    size_t length;
    const char *body = request_body(&length, request);

    if (body == NULL)
        return error_set(err, ERROR_TOO_LARGE, NULL);
    response_bytes(response, 200, "text/plain", body, length);
    return 0;
}

static const struct route routes[] = {
    {"GET", "/hello", RIGHT_PUBLIC, hello, NULL, 0},
    {"POST", "/echo", RIGHT_PUBLIC, echo, NULL, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

static struct test_server *
open_server(void)
{
    return test_server_open((struct server_options){
        .routes = tables, .loops = 2, .workers = 2, .io_threads = 2});
}

TEST(a_request_is_answered)
{
    struct test_server *test = open_server();
    struct test_answer answer =
        test_ask(test, "GET /hello HTTP/1.1\r\n" HOST "\r\n");

    CHECK(answer.status == 200);
    CHECK_TEXT(answer.body, "hello");
    CHECK(test_header(&answer, "Date") != NULL);
    CHECK(test_header(&answer, "X-Request-Id") != NULL);
    test_server_close(test);
}

TEST(a_body_reaches_its_handler)
{
    struct test_server *test = open_server();
    struct test_answer answer = test_ask(test, "POST /echo HTTP/1.1\r\n" HOST
                                               "Content-Length: 4\r\n\r\nbody");

    CHECK(answer.status == 200);
    CHECK_TEXT(answer.body, "body");
    answer = test_ask(test, "POST /echo HTTP/1.1\r\n" HOST
                            "Transfer-Encoding: chunked\r\n\r\n"
                            "2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n");
    CHECK(answer.status == 200);
    CHECK_TEXT(answer.body, "body");
    test_server_close(test);
}
