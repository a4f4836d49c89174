#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storage/base/digest.h"
#include "tests/check.h"
#include "tests/http/client.h"

#define HOST "Host: registry.test\r\n"
#define BIG_BYTES 5243201 /* 5 MiB and some */

/* What the sink below saw, and what a test tells it to do. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct digest_stream *stream;
    uint64_t bytes;
    int freed;
    int handled;
    bool is_shut;    /* add waits */
    bool fails;      /* add fails */
    bool is_refused; /* begin refuses */
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .changed = PTHREAD_COND_INITIALIZER};

static int
sink_add(void *state, const void *bytes, size_t length, struct error *err)
{
    (void)state;
    pthread_mutex_lock(&sink.lock);
    while (sink.is_shut)
        pthread_cond_wait(&sink.changed, &sink.lock);
    digest_stream_add(sink.stream, bytes, length);
    sink.bytes += length;
    pthread_mutex_unlock(&sink.lock);
    if (sink.fails)
        return error_set(err, ERROR_NO_SPACE, NULL);
    return 0;
}

static void
sink_free(void *state)
{
    (void)state;
    pthread_mutex_lock(&sink.lock);
    sink.freed++;
    pthread_cond_broadcast(&sink.changed);
    pthread_mutex_unlock(&sink.lock);
}

static int
begin(struct body_sink *out, struct request *request, struct error *err)
{
    (void)request;
    if (sink.is_refused)
        return error_set(err, ERROR_FORBIDDEN, "not you");
    *out = (struct body_sink){sink_add, sink_free, NULL, 64 << 20};
    return 0;
}

/* Answers with the digest of what came. */
static void
answer_digest(struct response *response, const struct digest *digest)
{
    char text[DIGEST_TEXT_SIZE];

    digest_write(text, digest);
    response_text(response, 200, text);
}

static int
end(struct request *request, struct response *response, struct error *err)
{
    struct digest digest;

    (void)request;
    (void)err;
    sink.handled++;
    digest_stream_read(&digest, sink.stream);
    answer_digest(response, &digest);
    return 0;
}

/* A body that the layer read, from wherever it put it. */
static int
read_whole(struct request *request, struct response *response,
           struct error *err)
{
    const struct source *source = request_source(request);
    char *bytes = arena_alloc(request->arena, (size_t)source->size_bytes + 1);
    struct digest digest;

    if (source_read(source, bytes, 0, (size_t)source->size_bytes, err) < 0)
        return -1;
    digest_of(&digest, bytes, (size_t)source->size_bytes);
    answer_digest(response, &digest);
    return 0;
}

static int
read_json(struct request *request, struct response *response, struct error *err)
{
    json_t *value;

    if (request_json(&value, request, err) < 0)
        return -1;
    response_json(response, 200, value);
    return 0;
}

static const struct route routes[] = {
    {"POST", "/sink", RIGHT_PUBLIC, end, begin, 0},
    {"POST", "/whole", RIGHT_PUBLIC, read_whole, NULL, 64 << 20},
    {"POST", "/short", RIGHT_PUBLIC, read_whole, NULL, 100000},
    {"POST", "/api/json", RIGHT_PUBLIC, read_json, NULL, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

static struct test_server *
open_server(void)
{
    digest_stream_free(sink.stream);
    sink.stream = digest_stream_open();
    sink.bytes = 0;
    sink.freed = sink.handled = 0;
    sink.is_shut = sink.fails = sink.is_refused = false;
    return test_server_open((struct server_options){
        .routes = tables, .loops = 2, .workers = 2, .io_threads = 2});
}

static void
close_server(struct test_server *test)
{
    test_server_close(test);
    digest_stream_free(sink.stream);
    sink.stream = NULL;
}

/* Bytes of no period, and their digest. */
static char *
make_body(size_t length, char digest_text[DIGEST_TEXT_SIZE])
{
    char *bytes = xcalloc(1, length);
    struct digest digest;
    unsigned seed = 1;

    for (size_t i = 0; i < length; i++) {
        seed = seed * 1103515245u + 12345u;
        bytes[i] = (char)(seed >> 16);
    }
    digest_of(&digest, bytes, length);
    digest_write(digest_text, &digest);
    return bytes;
}

static void
send_with_length(int fd, const char *path, const char *bytes, size_t length)
{
    char head[256];

    snprintf(head, sizeof(head),
             "POST %s HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n", path,
             length);
    test_send(fd, head);
    test_send_bytes(fd, bytes, length);
}

static void
send_in_chunks(int fd, const char *path, const char *bytes, size_t length)
{
    char head[256];

    snprintf(head, sizeof(head),
             "POST %s HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
             path);
    test_send(fd, head);
    for (size_t at = 0, step = 1; at < length; at += step) {
        step = step * 3 % 70001 + 1;
        if (step > length - at)
            step = length - at;
        snprintf(head, sizeof(head), "%zx\r\n", step);
        test_send(fd, head);
        test_send_bytes(fd, bytes + at, step);
        test_send(fd, "\r\n");
    }
    test_send(fd, "0\r\n\r\n");
}

/* Sends a long body both ways to path, twice on one connection. */
static void
check_long_body(const char *path)
{
    struct test_server *test = open_server();
    char digest[DIGEST_TEXT_SIZE];
    char *bytes = make_body(BIG_BYTES, digest);
    int fd = test_connect(test);

    send_with_length(fd, path, bytes, BIG_BYTES);
    CHECK_TEXT(test_read(fd, false).body, digest);
    digest_stream_free(sink.stream);
    sink.stream = digest_stream_open();
    send_in_chunks(fd, path, bytes, BIG_BYTES);
    CHECK_TEXT(test_read(fd, false).body, digest);
    close(fd);
    free(bytes);
    close_server(test);
}

TEST(a_long_body_streams_into_its_routes_sink)
{
    check_long_body("/sink");
    CHECK(sink.handled == 2 && sink.freed == 2);
}

TEST(a_long_body_without_a_sink_is_spooled)
{
    check_long_body("/whole");
}

TEST(bodies_around_the_size_of_memory_arrive_whole)
{
    static const size_t sizes[] = {
        0, 1, 262143, 262144, 262145, 1048575, 1048576, 1048577, 1310720,
    };
    struct test_server *test = open_server();
    int fd = test_connect(test);

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char digest[DIGEST_TEXT_SIZE];
        char *bytes = make_body(sizes[i], digest);

        send_with_length(fd, "/whole", bytes, sizes[i]);
        CHECK_TEXT(test_read(fd, false).body, digest);
        send_in_chunks(fd, "/whole", bytes, sizes[i]);
        CHECK_TEXT(test_read(fd, false).body, digest);
        free(bytes);
    }
    close(fd);
    close_server(test);
}

TEST(continue_is_said_only_when_the_begin_agreed)
{
    struct test_server *test = open_server();
    char digest[DIGEST_TEXT_SIZE];
    char *bytes = make_body(1000, digest);
    int fd = test_connect(test);

    test_send(fd, "POST /sink HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n"
                  "Expect: 100-continue\r\n\r\n");
    CHECK(test_read(fd, false).status == 100);
    test_send_bytes(fd, bytes, 1000);
    CHECK_TEXT(test_read(fd, false).body, digest);
    close(fd);
    free(bytes);
    close_server(test);
}

TEST(a_refusal_before_the_body_is_the_answer_and_the_end)
{
    struct test_server *test = open_server();
    int fd = test_connect(test);
    struct test_answer answer;

    sink.is_refused = true;
    test_send(fd, "POST /sink HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n"
                  "Expect: 100-continue\r\n\r\n");
    answer = test_read(fd, false);
    CHECK(answer.status == 403);
    CHECK_TEXT(test_header(&answer, "Connection"), "close");
    CHECK(test_is_ended(fd));
    close(fd);
    close_server(test);
    CHECK(sink.bytes == 0 && sink.handled == 0 && sink.freed == 0);
}

/* Who is still sending must not be met by a reset in place of the answer. */
TEST(a_refusal_reaches_who_sends_the_body_at_once)
{
    struct test_server *test = open_server();
    char digest[DIGEST_TEXT_SIZE];
    char *bytes = make_body(32768, digest);
    int fd = test_connect(test);
    struct pollfd poller = {.fd = fd, .events = POLLRDHUP};

    sink.is_refused = true;
    test_send(fd,
              "POST /sink HTTP/1.1\r\n" HOST "Content-Length: 32768\r\n\r\n");
    CHECK(poll(&poller, 1, 10000) == 1); /* the answer is there, and its end */
    CHECK(send(fd, bytes, 16384, MSG_NOSIGNAL) == 16384);
    CHECK(send(fd, bytes, 16384, MSG_NOSIGNAL) == 16384);
    CHECK(test_read(fd, false).status == 403);
    CHECK(!test_is_reset(fd));
    close(fd);
    free(bytes);
    close_server(test);
}

TEST(a_body_over_the_limit_is_413_unread)
{
    struct test_server *test = open_server();
    struct test_answer answer = test_ask(
        test, "POST /api/json HTTP/1.1\r\n" HOST
              "Content-Length: 1048577\r\nExpect: 100-continue\r\n\r\n");

    CHECK(answer.status == 413);
    CHECK_TEXT(test_header(&answer, "X-Error-Code"), "TooLarge");
    close_server(test);
}

TEST(a_chunked_body_is_cut_off_at_the_limit)
{
    struct test_server *test = open_server();
    char digest[DIGEST_TEXT_SIZE];
    char *bytes = make_body(100001, digest);
    int fd = test_connect(test);

    send_in_chunks(fd, "/short", bytes, 100001);
    CHECK(test_read(fd, false).status == 413);
    close(fd);
    free(bytes);
    close_server(test);
}

TEST(json_comes_and_goes)
{
    struct test_server *test = open_server();
    struct test_answer answer =
        test_ask(test, "POST /api/json HTTP/1.1\r\n" HOST
                       "Content-Length: 13\r\n\r\n{ \"a\": [1] } ");

    CHECK_TEXT(answer.body, "{\"a\":[1]}");
    answer = test_ask(test, "POST /api/json HTTP/1.1\r\n" HOST
                            "Content-Length: 9\r\n\r\n{\"a\": 1,}");
    CHECK(answer.status == 400);
    close_server(test);
}

TEST(a_long_json_answer_leaves_by_a_spool_file)
{
    struct test_server *test = open_server();
    size_t length = 900000;
    char *bytes = xcalloc(1, length + 1);
    int fd = test_connect(test);

    memset(bytes, 'x', length);
    bytes[0] = '[';
    bytes[1] = bytes[length - 2] = '"';
    bytes[length - 1] = ']';
    send_with_length(fd, "/api/json", bytes, length);
    CHECK_TEXT(test_read(fd, false).body, bytes);
    close(fd);
    free(bytes);
    close_server(test);
}

TEST(a_sink_that_fails_ends_the_body_with_its_error)
{
    struct test_server *test = open_server();
    char digest[DIGEST_TEXT_SIZE];
    char *bytes = make_body(600000, digest);
    int fd = test_connect(test);

    sink.fails = true;
    send_with_length(fd, "/sink", bytes, 600000);
    CHECK(test_read(fd, false).status == 507);
    close(fd);
    free(bytes);
    close_server(test);
    CHECK(sink.handled == 0 && sink.freed == 1);
}

TEST(malformed_chunks_end_the_body_with_400)
{
    struct test_server *test = open_server();
    int fd = test_connect(test);

    test_send(fd, "POST /sink HTTP/1.1\r\n" HOST
                  "Transfer-Encoding: chunked\r\n\r\n"
                  "5\r\nhello\r\nzz\r\n");
    CHECK(test_read(fd, false).status == 400);
    CHECK(test_is_ended(fd));
    close(fd);
    close_server(test);
    CHECK(sink.handled == 0 && sink.freed == 1);
}

static void
wait_for_free(void)
{
    pthread_mutex_lock(&sink.lock);
    while (sink.freed == 0)
        pthread_cond_wait(&sink.changed, &sink.lock);
    pthread_mutex_unlock(&sink.lock);
}

TEST(a_client_that_goes_away_leaves_nothing_behind)
{
    struct test_server *test = open_server();
    int fd = test_connect(test);

    test_send(fd, "POST /sink HTTP/1.1\r\n" HOST
                  "Content-Length: 1000\r\n\r\nsome");
    close(fd);
    wait_for_free();
    CHECK(sink.handled == 0 && sink.freed == 1);
    close_server(test);
}

/* Sends until nothing more is taken; how much was. */
static size_t
send_until_full(int fd)
{
    char block[65536] = "";
    size_t sent = 0;
    int idle = 0;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (idle < 20 && sent < (48 << 20)) {
        ssize_t n = send(fd, block, sizeof(block), MSG_NOSIGNAL);

        if (n > 0) {
            sent += (size_t)n;
            idle = 0;
        } else {
            idle++;
            usleep(10000);
        }
    }
    fcntl(fd, F_SETFL, 0);
    return sent;
}

/* Beside the kernel's buffers the server holds two pieces. */
TEST(a_slow_sink_makes_the_sender_wait)
{
    struct test_server *test = open_server();
    int fd = test_connect(test);
    char zeros[65536] = "";
    size_t sent;

    sink.is_shut = true;
    test_send(fd, "POST /sink HTTP/1.1\r\n" HOST
                  "Content-Length: 50331648\r\n\r\n");
    sent = send_until_full(fd);
    CHECK(sent > 0 && sent < (24 << 20));
    pthread_mutex_lock(&sink.lock);
    sink.is_shut = false;
    pthread_cond_broadcast(&sink.changed);
    pthread_mutex_unlock(&sink.lock);
    while (sent < 50331648) {
        size_t n = 50331648 - sent;

        n = n < sizeof(zeros) ? n : sizeof(zeros);
        test_send_bytes(fd, zeros, n);
        sent += n;
    }
    CHECK(test_read(fd, false).status == 200);
    CHECK(sink.bytes == 50331648);
    close(fd);
    close_server(test);
}
