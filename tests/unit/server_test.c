#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "registry/http/spool.h"
#include "storage/base/file.h"
#include "tests/check.h"
#include "tests/http/client.h"

#define HOST "Host: registry.test\r\n"
#define GET(path, headers) "GET " path " HTTP/1.1\r\n" HOST headers "\r\n"
#define SPOOL_BYTES 3145728

/* A handler that waits here until a test lets it go. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int waiting;
    bool is_open;
} door = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false};

static int
hello(struct request *request, struct response *response, struct error *err)
{
    (void)request;
    (void)err;
    response_text(response, 200, "hello");
    return 0;
}

static int
digits(struct request *request, struct response *response, struct error *err)
{
    (void)request;
    (void)err;
    response_bytes(response, 200, "text/plain", "0123456789", 10);
    response_etag(response, "\"digits\"");
    return 0;
}

/* Bytes that say where they stand, out of a file. */
static int
spooled(struct request *request, struct response *response, struct error *err)
{
    char line[17];
    int fd;

    (void)request;
    if (spool_open(&fd, "/tmp", err) < 0)
        return -1;
    for (int at = 0; at < SPOOL_BYTES; at += 16) {
        snprintf(line, sizeof(line), "%015d\n", at);
        if (file_write_all(fd, line, 16, err) < 0)
            return -1;
    }
    response_spool(response, 200, "application/octet-stream", fd);
    response_etag(response, "\"spooled\"");
    return 0;
}

static int
fail(struct request *request, struct response *response, struct error *err)
{
    (void)request;
    response_text(response, 200, "dropped");
    response_header(response, "X-Dropped", "too");
    return error_set(err, ERROR_CONFLICT, "it is there\r\nX-Evil: 1");
}

static int
wait(struct request *request, struct response *response, struct error *err)
{
    pthread_mutex_lock(&door.lock);
    door.waiting++;
    pthread_cond_broadcast(&door.changed);
    while (!door.is_open)
        pthread_cond_wait(&door.changed, &door.lock);
    pthread_mutex_unlock(&door.lock);
    return hello(request, response, err);
}

static int
address(struct request *request, struct response *response, struct error *err)
{
    (void)err;
    response_text(response, 200, request->caller.address);
    return 0;
}

static const struct route routes[] = {
    {"GET", "/hello", RIGHT_PUBLIC, hello, NULL, 0},
    {"GET", "/digits", RIGHT_PUBLIC, digits, NULL, 0},
    {"GET", "/spooled", RIGHT_PUBLIC, spooled, NULL, 0},
    {"GET", "/fail", RIGHT_PUBLIC, fail, NULL, 0},
    {"GET", "/wait", RIGHT_PUBLIC, wait, NULL, 0},
    {"GET", "/address", RIGHT_PUBLIC, address, NULL, 0},
    {"POST", "/hello", RIGHT_PUBLIC, hello, NULL, 0},
    {"GET", "/api/me", RIGHT_SIGNED_IN, hello, NULL, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

static struct test_server *
open_server(void)
{
    return test_server_open((struct server_options){
        .routes = tables, .loops = 2, .workers = 2, .io_threads = 2});
}

static void
ask_and_check(const char *request, int status, const char *body)
{
    struct test_server *test = open_server();
    struct test_answer answer = test_ask(test, request);

    CHECK(answer.status == status);
    CHECK_TEXT(answer.body, body);
    test_server_close(test);
}

TEST(a_request_is_answered_with_date_and_id)
{
    struct test_server *test = open_server();
    struct test_answer answer = test_ask(test, GET("/hello", ""));

    CHECK(answer.status == 200);
    CHECK_TEXT(answer.body, "hello");
    CHECK(test_header(&answer, "Date") != NULL);
    CHECK(strlen(test_header(&answer, "X-Request-Id")) == 24);
    CHECK_TEXT(test_header(&answer, "X-Content-Type-Options"), "nosniff");
    CHECK(strstr(test_header(&answer, "Access-Control-Expose-Headers"),
                 "X-Linked-ETag") != NULL);
    test_server_close(test);
}

TEST(a_sane_request_id_is_kept_and_another_replaced)
{
    struct test_server *test = open_server();
    struct test_answer answer =
        test_ask(test, GET("/hello", "X-Amzn-Trace-Id: Root=1-2\r\n"
                                     "X-Request-Id: other\r\n"));

    CHECK_TEXT(test_header(&answer, "X-Request-Id"), "Root=1-2");
    answer = test_ask(test, GET("/hello", "X-Request-Id: two words\r\n"));
    CHECK(strlen(test_header(&answer, "X-Request-Id")) == 24);
    test_server_close(test);
}

TEST(a_failed_handler_is_answered_with_code_and_message)
{
    struct test_server *test = open_server();
    struct test_answer answer = test_ask(test, GET("/fail", ""));

    CHECK(answer.status == 409);
    CHECK_TEXT(test_header(&answer, "X-Error-Code"), "Conflict");
    CHECK_TEXT(test_header(&answer, "X-Error-Message"),
               "it is there??X-Evil: 1");
    CHECK(test_header(&answer, "X-Dropped") == NULL);
    CHECK(test_header(&answer, "X-Evil") == NULL);
    test_server_close(test);
}

TEST(an_unknown_path_is_404_and_an_unknown_method_405)
{
    struct test_server *test = open_server();
    struct test_answer answer = test_ask(test, GET("/api/nothing", ""));

    CHECK(answer.status == 404);
    CHECK_TEXT(test_header(&answer, "X-Error-Code"), "NotFound");
    CHECK_TEXT(answer.body,
               "{\"error\":\"there is no such route of the API\"}");
    answer = test_ask(test, "PUT /hello HTTP/1.1\r\n" HOST "\r\n");
    CHECK(answer.status == 405);
    CHECK_TEXT(test_header(&answer, "Allow"), "GET, HEAD, POST");
    test_server_close(test);
}

TEST(an_anonymous_caller_is_refused_where_an_account_is_needed)
{
    struct test_server *test = open_server();
    struct test_answer answer = test_ask(test, GET("/api/me", ""));

    CHECK(answer.status == 401);
    CHECK(test_header(&answer, "WWW-Authenticate") != NULL);
    answer = test_ask(test, GET("/hello", "Authorization: Digest x\r\n"));
    CHECK(answer.status == 401);
    answer = test_ask(test, GET("/hello", "Authorization: Bearer \r\n"));
    CHECK(answer.status == 401);
    CHECK_TEXT(test_header(&answer, "X-Error-Message"),
               "Invalid credentials in Authorization header");
    test_server_close(test);
}

TEST(head_has_the_length_and_no_body)
{
    struct test_server *test = open_server();
    int fd = test_connect(test);
    struct test_answer answer;

    test_send(fd, "HEAD /digits HTTP/1.1\r\n" HOST "\r\n" GET("/hello", ""));
    answer = test_read(fd, true);
    CHECK(answer.status == 200);
    CHECK_TEXT(test_header(&answer, "Content-Length"), "10");
    CHECK_TEXT(test_read(fd, false).body, "hello");
    close(fd);
    test_server_close(test);
}

TEST(pipelined_requests_are_answered_in_their_order)
{
    struct test_server *test = open_server();
    int fd = test_connect(test);

    test_send(fd,
              GET("/hello", "") GET("/digits", "") GET(
                  "/x", "") "POST /hello HTTP/1.1\r\n" HOST
                            "Content-Length: 3\r\n\r\nabc" GET("/digits", ""));
    CHECK_TEXT(test_read(fd, false).body, "hello");
    CHECK_TEXT(test_read(fd, false).body, "0123456789");
    CHECK(test_read(fd, false).status == 404);
    CHECK_TEXT(test_read(fd, false).body, "hello");
    CHECK_TEXT(test_read(fd, false).body, "0123456789");
    close(fd);
    test_server_close(test);
}

TEST(thousands_of_pipelined_requests_need_no_more_stack_than_one)
{
    struct test_server *test = open_server();
    int fd = test_connect(test);
    static const char request[] = GET("/x", "");
    char block[100 * (sizeof(request) - 1) + 1] = "";

    for (size_t i = 0; i < 100; i++)
        memcpy(block + i * (sizeof(request) - 1), request, sizeof(request) - 1);
    for (int round = 0; round < 20; round++) {
        test_send(fd, block);
        for (int i = 0; i < 100; i++)
            CHECK(test_read(fd, false).status == 404);
    }
    close(fd);
    test_server_close(test);
}

/* What a front server could take for one request and this one for two. */
TEST(a_smuggled_request_is_never_answered)
{
    static const char *const requests[] = {
        "POST /hello HTTP/1.1\r\n" HOST "Content-Length: 4\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET("/digits", ""),
        "POST /hello HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
        "Content-Length: 60\r\n\r\n0\r\n\r\n" GET("/digits", ""),
        "POST /hello HTTP/1.1\r\n" HOST "Content-Length: 0\r\n"
        "Content-Length: 60\r\n\r\n" GET("/digits", ""),
        "POST /hello HTTP/1.1\r\n" HOST "X-A:\rTransfer-Encoding: chunked\r\n"
        "Content-Length: 60\r\n\r\n0\r\n\r\n" GET("/digits", ""),
        "POST /hello HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n"
        "\r\n0\r\n\r\n" GET("/digits", ""),
        "POST /hello HTTP/1.1\r\n" HOST "X-A: b\r\n Content-Length: 60\r\n"
        "\r\n" GET("/digits", ""),
    };
    struct test_server *test = open_server();

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int fd = test_connect(test);
        struct test_answer answer;

        test_send(fd, requests[i]);
        answer = test_read(fd, false);
        CHECK(answer.status == 400 || answer.status == 501);
        CHECK_TEXT(test_header(&answer, "Connection"), "close");
        CHECK(test_is_ended(fd));
        close(fd);
    }
    test_server_close(test);
}

TEST(http_1_0_gets_one_answer_and_the_end)
{
    struct test_server *test = open_server();
    int fd = test_connect(test);

    test_send(fd, "GET /hello HTTP/1.0\r\n\r\n");
    CHECK_TEXT(test_read(fd, false).body, "hello");
    CHECK(test_is_ended(fd));
    close(fd);
    test_server_close(test);
}

TEST(one_range_is_206)
{
    struct test_server *test = open_server();
    struct test_answer answer =
        test_ask(test, GET("/digits", "Range: bytes=2-4\r\n"));

    CHECK(answer.status == 206);
    CHECK_TEXT(answer.body, "234");
    CHECK_TEXT(test_header(&answer, "Content-Range"), "bytes 2-4/10");
    answer =
        test_ask(test, GET("/spooled", "Range: bytes=2097152-2097166\r\n"));
    CHECK(answer.status == 206);
    CHECK_TEXT(answer.body, "000000002097152");
    test_server_close(test);
}

TEST(several_ranges_come_as_parts)
{
    struct test_server *test = open_server();
    struct test_answer answer =
        test_ask(test, GET("/digits", "Range: bytes=0-1,-2\r\n"));
    char boundary[64] = "";
    char want[512];

    CHECK(answer.status == 206);
    sscanf(test_header(&answer, "Content-Type"),
           "multipart/byteranges; boundary=%63s", boundary);
    snprintf(want, sizeof(want),
             "--%s\r\nContent-Type: text/plain\r\n"
             "Content-Range: bytes 0-1/10\r\n\r\n01"
             "\r\n--%s\r\nContent-Type: text/plain\r\n"
             "Content-Range: bytes 8-9/10\r\n\r\n89\r\n--%s--\r\n",
             boundary, boundary, boundary);
    CHECK_TEXT(answer.body, want);
    test_server_close(test);
}

TEST(a_range_outside_is_416_with_the_length)
{
    struct test_server *test = open_server();
    struct test_answer answer =
        test_ask(test, GET("/digits", "Range: bytes=10-\r\n"));

    CHECK(answer.status == 416);
    CHECK_TEXT(test_header(&answer, "Content-Range"), "bytes */10");
    CHECK_TEXT(test_header(&answer, "X-Error-Code"), "RangeNotSatisfiable");
    test_server_close(test);
}

TEST(if_range_with_another_etag_gives_the_whole)
{
    ask_and_check(GET("/digits", "Range: bytes=2-4\r\nIf-Range: \"old\"\r\n"),
                  200, "0123456789");
    ask_and_check(GET("/digits", "Range: bytes=2-4\r\n"
                                 "If-Range: W/\"digits\"\r\n"),
                  200, "0123456789");
    ask_and_check(GET("/digits", "Range: bytes=2-4\r\n"
                                 "If-Range: \"digits\"\r\n"),
                  206, "234");
}

TEST(what_the_client_has_is_304)
{
    struct test_server *test = open_server();
    struct test_answer answer = test_ask(
        test, GET("/digits", "If-None-Match: \"a\", W/\"digits\"\r\n"));

    CHECK(answer.status == 304);
    CHECK_TEXT(test_header(&answer, "ETag"), "\"digits\"");
    CHECK(test_header(&answer, "Content-Length") == NULL);
    CHECK(test_ask(test, GET("/digits", "If-None-Match: *\r\n")).status == 304);
    CHECK(
        test_ask(test, GET("/digits", "If-None-Match: \"digit\"\r\n")).status ==
        200);
    test_server_close(test);
}

TEST(a_long_answer_leaves_whole_out_of_its_file)
{
    struct test_server *test = open_server();
    struct test_answer answer = test_ask(test, GET("/spooled", ""));
    bool is_right = answer.length == SPOOL_BYTES;

    for (int at = 0; is_right && at < SPOOL_BYTES; at += 16)
        is_right = strtol(answer.body + at, NULL, 10) == at;
    CHECK(is_right);
    test_server_close(test);
}

TEST(a_trusted_proxy_says_who_the_client_is)
{
    static const char request[] =
        GET("/address", "X-Forwarded-For: 198.51.100.7\r\n");
    struct test_server *test = open_server();

    CHECK_TEXT(test_ask(test, request).body, "127.0.0.1");
    test_server_close(test);
    test = test_server_open((struct server_options){
        .routes = tables, .loops = 1, .trusted_proxies = "127.0.0.1"});
    CHECK_TEXT(test_ask(test, request).body, "198.51.100.7");
    test_server_close(test);
}

TEST(another_sites_page_cannot_change_anything)
{
    struct test_server *test = open_server();

    CHECK(test_ask(test, "POST /hello HTTP/1.1\r\n" HOST
                         "Sec-Fetch-Site: cross-site\r\n\r\n")
              .status == 403);
    CHECK(test_ask(test, "POST /hello HTTP/1.1\r\n" HOST
                         "Origin: https://evil.test\r\n\r\n")
              .status == 403);
    CHECK(test_ask(test, "POST /hello HTTP/1.1\r\n" HOST "Origin: null\r\n\r\n")
              .status == 403);
    CHECK(test_ask(test, "POST /hello HTTP/1.1\r\n" HOST
                         "Origin: http://registry.test\r\n\r\n")
              .status == 200);
    CHECK(
        test_ask(test, GET("/hello", "Origin: https://evil.test\r\n")).status ==
        200);
    test_server_close(test);
}

TEST(a_request_is_one_line_of_the_log_without_its_query)
{
    struct service service = {.url = "http://registry.test",
                              .log = {memfd_create("log", MFD_CLOEXEC)}};
    struct test_server *test = test_server_open((struct server_options){
        .routes = tables, .service = &service, .loops = 1});
    char line[4096] = "";

    test_ask(test, GET("/digits?token=hf_secret",
                       "X-Request-Id: the-id\r\nCookie: a=hf_secret\r\n"));
    test_server_close(test);
    CHECK(pread(service.log.fd, line, sizeof(line) - 1, 0) > 0);
    CHECK(strchr(line, '\n') == strrchr(line, '\n'));
    CHECK(strstr(line, "\"event\":\"request\"") != NULL);
    CHECK(strstr(line, "\"id\":\"the-id\"") != NULL);
    CHECK(strstr(line, "\"route\":\"/digits\"") != NULL);
    CHECK(strstr(line, "\"status\":200") != NULL);
    CHECK(strstr(line, "\"bytes\":10") != NULL);
    CHECK(strstr(line, "\"ms\":") != NULL);
    CHECK(strstr(line, "secret") == NULL);
    close(service.log.fd);
}

static void
wait_for_waiting(int count)
{
    pthread_mutex_lock(&door.lock);
    while (door.waiting < count)
        pthread_cond_wait(&door.changed, &door.lock);
    pthread_mutex_unlock(&door.lock);
}

TEST(a_stop_lets_a_request_under_way_finish)
{
    struct test_server *test = open_server();
    int busy = test_connect(test);
    int idle = test_connect(test);
    struct test_answer answer;

    door.waiting = 0;
    door.is_open = false;
    test_send(idle, GET("/hello", ""));
    CHECK(test_read(idle, false).status == 200);
    test_send(busy, GET("/wait", ""));
    wait_for_waiting(1);
    server_stop(test_server_server(test));
    CHECK(test_is_ended(idle)); /* which shows that the stop began */
    pthread_mutex_lock(&door.lock);
    door.is_open = true;
    pthread_cond_broadcast(&door.changed);
    pthread_mutex_unlock(&door.lock);
    answer = test_read(busy, false);
    CHECK(answer.status == 200);
    CHECK_TEXT(test_header(&answer, "Connection"), "close");
    close(busy);
    close(idle);
    test_server_close(test);
}

static int
count_run(struct db *db, struct arena *arena, void *state, struct error *err)
{
    int *count = state;

    (void)db;
    (void)arena;
    (void)err;
    pthread_mutex_lock(&door.lock);
    (*count)++;
    pthread_cond_broadcast(&door.changed);
    pthread_mutex_unlock(&door.lock);
    return 0;
}

TEST(a_job_runs_in_its_interval_and_once_more_at_the_stop)
{
    static int often;
    static int seldom;
    int listener = -1;
    struct service service = {.url = "", .log = {-1}};
    struct server_options options = {.listeners = &listener,
                                     .routes = tables,
                                     .service = &service,
                                     .loops = 1,
                                     .workers = 1,
                                     .io_threads = 1,
                                     .spool_folder = "/tmp"};
    struct server *server;
    struct error err;

    often = seldom = 0;
    CHECK(server_open(&server, &options, &err) == 0);
    server_every(server, "often", 1, count_run, &often);
    server_every(server, "seldom", 3600000, count_run, &seldom);
    server_stop(server); /* heard once the first jobs have begun */
    CHECK(server_run(server, &err) == 0);
    server_free(server);
    CHECK(often == 2);
    CHECK(seldom == 2);
}
